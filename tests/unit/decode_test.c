#include "parse/decode.h"
#include "parse/flowed.h"
#include "parse/parameter.h"

#include <tap.h>

typedef void decoder(struct buf *, const char *, size_t);

struct decode_case {
	const char *name;
	decoder *decode;
	const char *in;
	const char *want;
};

static const struct decode_case cases[] = {
	{ "quoted-printable: octets in either case of the digits",
	  decode_quoted_printable, "a=3Db=c3=A9", "a=b\xC3\xA9" },
	{ "quoted-printable: a soft break joins lines, CRLF or LF",
	  decode_quoted_printable, "on=\r\ne=\n two", "one two" },
	{ "quoted-printable: blanks behind a soft break are dropped",
	  decode_quoted_printable, "on= \t\r\ne", "one" },
	{ "quoted-printable: blanks at the end of a line are dropped",
	  decode_quoted_printable, "one \t\r\ntwo", "one\ntwo" },
	{ "quoted-printable: a malformed =ZZ stays as written",
	  decode_quoted_printable, "a=ZZb=4", "a=ZZb=4" },
	{ "quoted-printable: one digit at the end is no octet",
	  decode_quoted_printable, "x=A", "x=A" },
	{ "quoted-printable: an = at the very end is a soft break",
	  decode_quoted_printable, "x=", "x" },
	{ "quoted-printable: nothing is nothing",
	  decode_quoted_printable, "", "" },
	{ "base64: whole groups", decode_base64, "SGVsbG8h", "Hello!" },
	{ "base64: padding of one and of two", decode_base64, "SGVsbG8=",
	  "Hello" },
	{ "base64: line ends and foreign characters are skipped",
	  decode_base64, "SG\r\nVs*bG\x80" "8=", "Hello" },
	{ "base64: padding ends the data, a footer behind it is no junk",
	  decode_base64, "SGVsbG8=\r\n--\r\nScanned by X", "Hello" },
	{ "base64: a second text behind the padding is not decoded",
	  decode_base64, "SGVsbG8=SGVsbG8=", "Hello" },
	{ "base64: cut after two characters of a group", decode_base64,
	  "SGVsbG", "Hell" },
	{ "base64: cut after three characters of a group", decode_base64,
	  "SGVsbG8", "Hello" },
	{ "base64: cut after one character gives no stray octet",
	  decode_base64, "SGVsb", "Hel" },
	{ "base64: nothing is nothing", decode_base64, "", "" },
	{ "Q: underscores are blanks, an escaped one is not", decode_q,
	  "a_b=5Fc=20d", "a b_c d" },
	{ "Q: a malformed escape stays as written", decode_q, "a=zz_=", "a=zz =" },
};

struct flow_case {
	const char *name;
	bool delsp;
	const char *in;
	const char *want;
};

static const struct flow_case flows[] = {
	{ "flowed: a blank at the end joins lines", false,
	  "one \ntwo\nthree\n", "one two\nthree\n" },
	{ "flowed: with DelSp the blank is no text", true,
	  "\xE4\xB8\xAD \n\xE6\x96\x87\n", "\xE4\xB8\xAD\xE6\x96\x87\n" },
	{ "flowed: stuffed blanks are taken away", false,
	  " >no quote\n  two\n", ">no quote\n two\n" },
	{ "flowed: quotes are joined with their own depth only", false,
	  "> a \n> b\n> c \nd\n", "> a b\n> c \nd\n" },
	{ "flowed: a signature mark is no soft break", false,
	  "a\n-- \nb\n", "a\n-- \nb\n" },
	{ "flowed: no final line end", false, "one \ntwo", "one two" },
};

struct parameter_case {
	const char *name;
	const char *pairs[8];
	const char *want;
};

static const struct parameter_case parameters[] = {
	{ "a parameter as it stands",
	  { "filename", "a.png" }, "a.png" },
	{ "RFC 2231: charset, language and percent encoding",
	  { "filename*", "utf-8'fr'na%C3%AFve.txt" }, "na\xC3\xAFve.txt" },
	{ "RFC 2231: pieces, encoded and plain, in any order",
	  { "filename*1", "b%20", "filename*0*", "iso-8859-1''%E9",
	    "filename*2*", "c" }, "\xC3\xA9" "b%20c" },
	{ "RFC 2231: the encoded form goes before the plain one",
	  { "filename", "x", "filename*", "utf-8''y" }, "y" },
	{ "RFC 2231: a malformed % stays as written",
	  { "filename*", "utf-8''a%zz%4" }, "a%zz%4" },
	{ "RFC 2231: without quotes it is taken whole",
	  { "filename*", "abc" }, "abc" },
	{ "encoded words in a parameter are decoded",
	  { "filename", "=?utf-8?B?w6k=?=" }, "\xC3\xA9" },
	{ "an absent parameter is empty", { "name", "x" }, "" },
};

static void
check_parameter(const struct parameter_case *one)
{
	struct arena *arena = arena_create();
	struct parameters all = { 0 };
	size_t i;

	for (i = 0; one->pairs[i]; i += 2) {
		struct parameter pair = { one->pairs[i], one->pairs[i + 1] };

		vec_push(arena, &all, pair);
	}
	is(parameter_value(arena, &all, "filename"), one->want, "%s",
	   one->name);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf out = BUF_INIT;

		cases[i].decode(&out, cases[i].in, strlen(cases[i].in));
		is(out.data, cases[i].want, "%s", cases[i].name);
		buf_release(&out);
	}
	for (i = 0; i < sizeof(flows) / sizeof(*flows); i++) {
		struct buf out = BUF_INIT;

		flowed_join(&out, flows[i].in, strlen(flows[i].in),
			    flows[i].delsp);
		is(out.data, flows[i].want, "%s", flows[i].name);
		buf_release(&out);
	}
	for (i = 0; i < sizeof(parameters) / sizeof(*parameters); i++)
		check_parameter(&parameters[i]);
	return tap_done();
}
