#include "tap.h"

#include "base/base64.h"

/* RFC 4648 section 10. */
static const struct { const char *text, *want; } cases[] = {
	{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
};

/* The same octets as they stand in a URL. */
static const struct { const char *text, *want; } url_cases[] = {
	{ "", "" }, { "f", "Zg" }, { "fo", "Zm8" }, { "foo", "Zm9v" },
	{ "\xfb\xff\xbf", "-_-_" },
};

int
main(void)
{
	struct buf out = BUF_INIT, back = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_reset(&out);
		base64_append(&out, cases[i].text, strlen(cases[i].text));
		is(out.data, cases[i].want, "'%s' in base64", cases[i].text);
	}
	base64_append(&out, "\0\0", 2);
	is(out.data, "//79AAA=", "is appended, and a NUL is an octet");
	for (i = 0; i < sizeof(url_cases) / sizeof(*url_cases); i++) {
		buf_reset(&out);
		base64_append_url(&out, url_cases[i].text,
				  strlen(url_cases[i].text));
		is(out.data, url_cases[i].want, "'%s' in base64 for a URL",
		   url_cases[i].want);
		buf_reset(&back);
		ok(base64_decode_url(&back, out.data, out.len) &&
		   !strcmp(back.data, url_cases[i].text), "  and back");
	}
	buf_reset(&back);
	ok(base64_decode_url(&back, "Zg==", 4) && !strcmp(back.data, "f"),
	   "padding is nothing");
	ok(!base64_decode_url(&back, "Z!", 2) &&
	   !base64_decode_url(&back, "+/", 2) &&
	   !base64_decode_url(&back, "Zg\0Zg", 5),
	   "what is no digit of that alphabet is refused");
	buf_reset(&out);
	buf_puts(&out, "+=/");
	base64_append_url(&out, "f", 1);
	is(out.data, "+=/Zg", "what stands before it is left alone");
	buf_release(&out);
	buf_release(&back);
	return tap_done();
}
