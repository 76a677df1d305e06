/* What others wrote reaches a terminal, and is not obeyed there. */
#include "base/diag.h"
#include "base/json.h"
#include "base/text.h"

#include "tap.h"

static const struct harmless_case {
	const char *name, *text, *shown, *json;
} cases[] = {
	{ "text", "Caf\xC3\xA9 \xE3\x81\x82", "Caf\xC3\xA9 \xE3\x81\x82",
	  "\"Caf\xC3\xA9 \xE3\x81\x82\"" },
	{ "lines and tabs", "a\n\tb", "a\n\tb", "\"a\\n\\tb\"" },
	{ "ESC", "a\x1B[2Jb", "a\\x1b[2Jb", "\"a\\u001b[2Jb\"" },
	{ "a carriage return", "ok\rno", "ok\\x0dno", "\"ok\\rno\"" },
	{ "backspace", "a\bb", "a\\x08" "b", "\"a\\bb\"" },
	{ "DEL", "a\x7F", "a\\x7f", "\"a\\u007f\"" },
	{ "CSI in UTF-8", "\xC2\x9B" "31m", "\\u{009b}31m",
	  "\"\\u009b31m\"" },
	{ "CSI in one byte", "\x9B" "31m", "\\x9b31m", "\"\\ufffd31m\"" },
	{ "right to left", "a\xE2\x80\xAE" "b", "a\\u{202e}b",
	  "\"a\\u202e" "b\"" },
	{ "an isolate", "\xE2\x81\xA6", "\\u{2066}", "\"\\u2066\"" },
	{ "a line separator", "\xE2\x80\xA8", "\\u{2028}", "\"\\u2028\"" },
	{ "half a character", "a\xE2\x80", "a\\xe2\\x80",
	  "\"a\\ufffd\\ufffd\"" },
	{ "a zero-width joiner, which emoji need", "\xE2\x80\x8D",
	  "\xE2\x80\x8D", "\"\xE2\x80\x8D\"" },
	{ "what was escaped before", "\\x1b", "\\x1b", "\"\\\\x1b\"" },
};

static void
test_case(const struct harmless_case *c)
{
	struct json *array = json_array(), *back;
	struct buf shown = BUF_INIT, json = BUF_INIT, error = BUF_INIT;

	text_append_harmless(&shown, c->text, strlen(c->text));
	is(shown.data, c->shown, "%s on a terminal", c->name);
	json_add_text(array, c->text);
	json_print(array, &json);
	json.data[json.len - 1] = '\0';
	is(json.data + 1, c->json, "%s in JSON", c->name);
	json.data[json.len - 1] = ']';
	back = json_parse(json.data, json.len, &error);
	if (text_is_utf8(c->text, strlen(c->text)))
		is(json_text(json_first(back)), c->text, "and back");
	json_destroy(&array);
	json_destroy(&back);
	buf_release(&shown);
	buf_release(&json);
	buf_release(&error);
}

static void
test_nul(void)
{
	struct buf shown = BUF_INIT;

	text_append_harmless(&shown, "a\0b", 3);
	is(shown.data, "a\\x00b", "a NUL is shown");
	buf_release(&shown);
}

static void
test_file_name(void)
{
	static const struct diag_file file = {
		.name = "evil\x1B[2J.rules", .text = "x\n", .length = 2,
	};
	struct arena *arena = arena_create();
	struct diag *diag = diag_create(arena);
	struct buf out = BUF_INIT;

	diag_error(diag, (struct diag_place){ &file, 0, 1 }, NULL, "wrong");
	diag_print(diag, &out);
	ok(!strchr(out.data, 0x1B), "nor is the name of a file with an error");
	ok(text_starts(out.data, "evil?[2J.rules:1:1: error: wrong"),
	   "which is shown: %.30s", out.data);
	buf_release(&out);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		test_case(&cases[i]);
	test_nul();
	test_file_name();
	return tap_done();
}
