/* What others write for JSON, and what is read of it. */
#include "base/json.h"

#include "tap.h"

#define STRANGE "\xEF\xBF\xBD"

/* The document as it was read, or what is wrong with it. */
static void
reads(const char *text, size_t length, const char *want)
{
	struct buf got = BUF_INIT, error = BUF_INIT;
	struct json *json = json_parse(text, length, &error);

	if (json)
		json_print(json, &got);
	is(json ? got.data : error.data, want, "gives %s", want);
	json_destroy(&json);
	buf_release(&error);
	buf_release(&got);
}

static void
test_mended(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		/* nothing to mend */
		{ "{\"a\":\"x\\ud83d\\ude00\"}",
		  "{\"a\":\"x\xF0\x9F\x98\x80\"}" },
		{ "{\"a\":\"\xF0\x9F\x98\x80 \\\\ud83d\"}",
		  "{\"a\":\"\xF0\x9F\x98\x80 \\\\ud83d\"}" },
		{ "\"\\\"NaN\\\\\"", "\"\\\"NaN\\\\\"" },

		/* half a pair */
		{ "{\"a\":\"x\\ud83d\"}", "{\"a\":\"x" STRANGE "\"}" },
		{ "{\"a\":\"\\ude00x\"}", "{\"a\":\"" STRANGE "x\"}" },
		{ "[\"\\ud83d\\ud83d\\ude00\"]",
		  "[\"" STRANGE "\xF0\x9F\x98\x80\"]" },
		{ "[\"\\ud83dx\",\"\\ud83d\\n\"]",
		  "[\"" STRANGE "x\",\"" STRANGE "\\n\"]" },
		{ "[\"\\uD83D\\u0041\"]", "[\"" STRANGE "A\"]" },

		/* what would end a string early */
		{ "[\"lab-1\\u0000dc-1\"]", "[\"lab-1" STRANGE "dc-1\"]" },
		{ "[\"lab-1\\u12x4dc-1\"]", "[\"lab-1" STRANGE "12x4dc-1\"]" },
		{ "[\"\\u12\"]", "[\"" STRANGE "12\"]" },

		/* no UTF-8; a surrogate in UTF-8 is none */
		{ "[\"a\xFF\x62\"]", "[\"a" STRANGE "b\"]" },
		{ "[\"\xED\xA0\xBD\"]",
		  "[\"" STRANGE STRANGE STRANGE "\"]" },
		{ "[\"\xF0\x9F\x98\"]",
		  "[\"" STRANGE STRANGE STRANGE "\"]" },

		/* numbers that are none */
		{ "{\"a\":NaN,\"b\":-Infinity,\"c\":[Infinity,-1]}",
		  "{\"a\":null,\"b\":null,\"c\":[null,-1]}" },
		{ "{\"a\":1e999}", "{\"a\":null}" },

		/* raw controls mean themselves */
		{ "[\"a\tb\nc\x01\"]", "[\"a\\tb\\nc\\u0001\"]" },

		/* what is none stays none */
		{ "", "no valid JSON at byte 0" },
		{ "{\"a\":\"x\\", "no valid JSON at byte 6" },
		{ "{\"a\":\"\\ud83d", "no valid JSON at byte 6" },
		{ "{\"a\":1} x", "no valid JSON at byte 8" },
		{ "{\"a\":nan}", "no valid JSON at byte 5" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		reads(cases[i].text, strlen(cases[i].text), cases[i].want);
	reads("[\"a\0b\"]", 7, "[\"a" STRANGE "b\"]");
	reads("[1,\0]", 5, "the JSON contains a NUL byte");
}

static void
test_all(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "{\"a\":1}", "[{\"a\":1}]" },
		{ "{\"a\":1}\n{\"a\":2}\r\n\r\n{\"a\":3}\n",
		  "[{\"a\":1},{\"a\":2},{\"a\":3}]" },
		{ "[1][2]", "[[1],[2]]" },
		{ "{\"a\":1}\n{\"a\":", "no valid JSON at byte 12" },
		{ "{\"a\":1},{\"a\":2}", "no valid JSON at byte 7" },
		{ "", "no valid JSON at byte 0" },
	};
	struct buf got = BUF_INIT, error = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json *json = json_parse_all(cases[i].text,
			strlen(cases[i].text), &error);

		if (json)
			json_print(json, &got);
		is(json ? got.data : error.data, cases[i].want, "all gives %s",
		   cases[i].want);
		json_destroy(&json);
		buf_reset(&got);
		buf_reset(&error);
	}
	buf_release(&error);
	buf_release(&got);
}

int
main(void)
{
	test_mended();
	test_all();
	return tap_done();
}
