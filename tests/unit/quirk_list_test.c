/* The values of a cell that lists several. */
#include "tap.h"

#include "base/arena.h"
#include "normalize/quirk_list.h"

#define HOSTS QUIRK_LIST_HOSTS
#define USERS QUIRK_LIST_USERS
#define TEXTS QUIRK_LIST_TEXTS

/* `want`: the values between bars, each that is perhaps more with a `?`. */
static const struct {
	enum quirk_list_kind kind;
	const char *text, *want;
} cases[] = {
	{ HOSTS, "", "" },
	{ HOSTS, "lab-1", "lab-1" },
	{ HOSTS, "lab-1.contoso.example", "lab-1.contoso.example" },
	{ HOSTS, "CONTOSO\\LAB1$", "CONTOSO\\LAB1$?" },
	{ HOSTS, "LAB1$", "LAB1$" },
	{ HOSTS, "B\xC3\x9CRO-PC", "B\xC3\x9CRO-PC" },
	{ HOSTS, "lab-1\ndc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1, dc-1; web01", "lab-1|dc-1|web01" },
	{ HOSTS, "lab-1 dc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1 / dc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1/dc-1", "lab-1/dc-1?" },
	{ HOSTS, "lab-1 | dc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1\xE3\x80\x81" "dc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1\xEF\xBC\x8C" "dc-1", "lab-1|dc-1" },
	{ HOSTS, "\xE2\x80\xA2 lab-1 \xE2\x80\xA2 dc-1", "lab-1|dc-1" },
	{ HOSTS, "lab-1 and dc-1", "lab-1 and dc-1?" },
	{ HOSTS, "lab-1\xE5\x92\x8C" "dc-1",
	  "lab-1\xE5\x92\x8C" "dc-1?" },
	{ HOSTS, "lab-1 (+2 more)", "lab-1 (+2 more)?" },
	{ HOSTS, "lab-1 +2", "lab-1 +2?" },
	{ HOSTS, "lab-1, +2 more", "lab-1|+2 more?" },
	{ HOSTS, "lab-1, ...", "lab-1|...?" },
	{ HOSTS, "lab-1, \xE2\x80\xA6", "lab-1|\xE2\x80\xA6?" },
	{ HOSTS, "lab-1, others", "lab-1|others?" },
	{ HOSTS, "lab-1 (Windows 11)", "lab-1 (Windows 11)?" },
	{ HOSTS, "2 devices", "2 devices?" },
	{ HOSTS, "\" && rm -rf / #", "\" && rm -rf / #?" },
	{ HOSTS, "-", "-?" },
	{ HOSTS, "- lab-1\n  - dc-1\n* web01", "lab-1|dc-1|web01" },
	{ TEXTS, "Domain Controllers, Lab", "Domain Controllers|Lab" },
	{ TEXTS, "Lab\nServers", "Lab|Servers" },
	{ TEXTS, "Lab and 3 more", "Lab and 3 more?" },
	{ TEXTS, "Read/write", "Read/write" },
	{ USERS, "Doe, Jane; Roe, Rick", "Doe, Jane|Roe, Rick" },
	{ USERS, "a@x.example, b@x.example", "a@x.example|b@x.example" },
	{ USERS, "a@x.example b@x.example", "a@x.example|b@x.example" },
	{ USERS, "CONTOSO\\a, CONTOSO\\b", "CONTOSO\\a|CONTOSO\\b" },
	{ USERS, "Jane (a@x.example) and Rick (b@x.example)",
	  "Jane (a@x.example) and Rick (b@x.example)?" },
	{ USERS, "a@x.example (+1 more)", "a@x.example (+1 more)?" },
};

static const char *
values(struct arena *arena, enum quirk_list_kind kind, const char *text)
{
	struct quirk_piece piece;
	struct quirk_list list;
	const char *all = "";

	quirk_list_start(&list, kind, text);
	while (quirk_list_next(&list, &piece))
		all = arena_printf(arena, "%s%s%.*s%s", all, *all ? "|" : "",
				   (int)piece.length, piece.text,
				   piece.whole ? "" : "?");
	return all;
}

int
main(void)
{
	struct arena *arena = arena_create();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(values(arena, cases[i].kind, cases[i].text), cases[i].want,
		   "\"%s\"", cases[i].text);
	arena_destroy(&arena);
	return tap_done();
}
