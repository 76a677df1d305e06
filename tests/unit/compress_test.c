#include "tap.h"

#include "base/compress.h"

#include "base/bug.h"

enum { LARGE = 3 << 20 };

static struct compressor *compressor;

/* Octets that nothing can make fewer. */
static void
fill_noise(char *bytes, size_t count)
{
	unsigned int state = 1;
	size_t i;

	for (i = 0; i < count; i++) {
		state = state * 1103515245 + 12345;
		bytes[i] = (char)(state >> 16);
	}
}

static size_t
there_and_back(const char *bytes, size_t length, const char *name)
{
	struct buf small = BUF_INIT;
	char *back = bug_alloc(length + 1);
	size_t size;

	buf_puts(&small, "before");
	compress_append(compressor, bytes, length, &small);
	size = small.len - strlen("before");
	ok(!memcmp(small.data, "before", 6), "%s: what stands before it is "
	   "left alone", name);
	ok(compress_undo(small.data + 6, size, back, length) &&
	   !memcmp(back, bytes, length), "%s comes back as it was", name);
	free(back);
	buf_release(&small);
	return size;
}

static void
test_there_and_back(void)
{
	char *large = bug_alloc(LARGE);
	size_t size;

	there_and_back("", 0, "nothing");
	there_and_back("a\0b", 3, "a NUL");
	memset(large, 'x', LARGE);
	ok(there_and_back(large, LARGE, "much of the same") < LARGE / 1000,
	   "and is small meanwhile");
	fill_noise(large, LARGE);
	size = there_and_back(large, LARGE, "noise");
	ok(size > LARGE && size < LARGE + LARGE / 100,
	   "and becomes a little more");
	there_and_back("short", 5, "what is short, behind what was long");
	free(large);
}

/* Whatever of it is changed, it is not taken for what it was. */
static void
test_damage(void)
{
	static const char text[] = "a mail, a mail, a mail, and a mail";
	struct buf small = BUF_INIT;
	char back[sizeof(text)];
	size_t i, passed = 0;

	compress_append(compressor, text, sizeof(text), &small);
	ok(!compress_undo(small.data, small.len, back, sizeof(text) - 1),
	   "fewer octets than it was made of are refused");
	ok(!compress_undo(small.data, small.len - 1, back, sizeof(text)),
	   "one that was cut is refused");
	ok(!compress_undo("", 0, back, sizeof(text)),
	   "none where there should be some is refused");
	for (i = 0; i < small.len; i++) {
		small.data[i] ^= 0x20;
		passed += compress_undo(small.data, small.len, back,
					sizeof(text)) &&
			  memcmp(back, text, sizeof(text));
		small.data[i] ^= 0x20;
	}
	is_int((int)passed, 0, "no octet can be changed unnoticed");
	buf_release(&small);
}

int
main(void)
{
	compressor = compressor_create();
	test_there_and_back();
	test_damage();
	compressor_destroy(&compressor);
	compressor_destroy(&compressor);	/* of none is nothing */
	return tap_done();
}
