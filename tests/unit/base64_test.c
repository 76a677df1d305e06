#include "tap.h"

#include "base/base64.h"

/* RFC 4648 section 10. */
static const struct { const char *text, *want; } cases[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
};

int
main(void)
{
	struct buf out = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		base64_append(&out, cases[i].text, strlen(cases[i].text));
		is(out.data, cases[i].want, "'%s' in base64", cases[i].text);
	}
	base64_append(&out, "\0\0", 2);
	is(out.data, "//79AAA=", "is appended, and a NUL is an octet");
	buf_release(&out);
	return tap_done();
}
