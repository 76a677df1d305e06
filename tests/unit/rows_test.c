#include "parse/rows.h"

#include <tap.h>

struct row_case {
	const char *line;
	const char *want;	/* label=value, "" for no row */
};

static const struct row_case cases[] = {
	{ "Severity: High", "Severity=High" },
	{ "Severity:High", "Severity=High" },
	{ "Severity : High", "Severity=High" },
	{ "  Severity:\tHigh  ", "Severity=High" },
	{ "Incident ID:4711", "Incident ID=4711" },
	{ "Severity\tHigh", "Severity=High" },
	{ "Severity\t\tHigh", "Severity=High" },
	{ "Title              | Malware | C2", "Title=Malware | C2" },
	{ "| Severity | High |", "Severity=High" },
	{ "- Severity: High", "Severity=High" },
	{ "\xE2\x80\xA2 Severity: High", "Severity=High" },
	{ "> > Severity: High", "Severity=High" },
	{ "*Severity:* High", "Severity=High" },
	{ "**Severity:** High", "Severity=High" },
	{ "Detection Time: 1/23/2017 11:04:48 AM UTC",
	  "Detection Time=1/23/2017 11:04:48 AM UTC" },
	{ "Link: https://x.y/z", "Link=https://x.y/z" },
	{ "Gravit\xC3\xA9 : \xC3\xA9lev\xC3\xA9" "e",
	  "Gravit\xC3\xA9=\xC3\xA9lev\xC3\xA9" "e" },
	{ "Gravit\xC3\xA9\xC2\xA0: haute", "Gravit\xC3\xA9=haute" },
	{ "\xE4\xB8\xA5\xE9\x87\x8D\xE6\x80\xA7\xEF\xBC\x9A\xE9\xAB\x98",
	  "\xE4\xB8\xA5\xE9\x87\x8D\xE6\x80\xA7=\xE9\xAB\x98" },
	{ "\xE9\x87\x8D\xE5\xA4\xA7\xE5\xBA\xA6: a",
	  "\xE9\x87\x8D\xE5\xA4\xA7\xE5\xBA\xA6=a" },
	{ "Title: a: b", "Title=a: b" },
	{ "", "" },
	{ "Severity", "" },
	{ "Severity:", "" },
	{ "Severity:   ", "" },
	{ ": High", "" },
	{ "https://x.y/z", "" },
	{ "See https://x.y/z", "" },
	{ "C:\\Windows\\x.exe", "" },
	{ "fe80::1", "" },
	{ "at 10:30 it began", "" },
	{ "10:30 it began", "" },
	{ "<b>: x", "" },
	{ "Device\tSeverity\tTime", "" },
	{ "this is a whole sentence with a colon: so", "" },
};

static void
check(const struct row_case *one)
{
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	const char *got = "";

	rows_from_text(arena, message, one->line);
	if (message->rows.count)
		got = arena_printf(arena, "%s=%s",
				   message->rows.items[0].label,
				   message->rows.items[0].value);
	is(got, one->want, "'%s' is %s", one->line,
	   *one->want ? one->want : "no row");
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check(&cases[i]);
	return tap_done();
}
