/* Where a link that is written out in a text ends. */
#include "tap.h"

#include "normalize/written.h"

/* `want`: the links, each with a `+` behind it when it may go on. */
static const struct { const char *text, *want; } cases[] = {
	{ "no link", "" },
	{ "See https://a.example/b?c=d for more", "https://a.example/b?c=d" },
	{ "HTTPS:/a.example", "HTTPS:/a.example" },
	{ "(see https://a.example/b?tid=1).", "https://a.example/b?tid=1" },
	{ "https://a.example/b.", "https://a.example/b" },
	{ "https://a.example/b, and", "https://a.example/b" },
	{ "\"https://a.example/b\"", "https://a.example/b" },
	{ "'https://a.example/b'!", "https://a.example/b" },
	{ "*https://a.example/b*", "https://a.example/b" },
	{ "[View](https://a.example/b?c=1)", "https://a.example/b?c=1" },
	{ "[https://a.example/b]: x", "https://a.example/b" },
	{ "{https://a.example/b}", "https://a.example/b" },
	{ "https://a.example/b_(c)?d=(e)", "https://a.example/b_(c)?d=(e)" },
	{ "https://a.example/?tid={x-1}).", "https://a.example/?tid={x-1}" },
	{ "https://a.example/b\xE3\x80\x82", "https://a.example/b" },
	{ "<https://a.example/b>", "https://a.example/b" },
	{ "<https://a.example/b-\n4c?d>", "https://a.example/b-4c?d" },
	{ "<https://a.example/b-\r\n  4c?d\n5>", "https://a.example/b-4c?d5" },
	{ "<URL:https://a.example/b\nc>", "https://a.example/bc" },
	{ "> <https://a.example/b-\n> 4c?d>", "https://a.example/b-4c?d" },
	{ "<https://a.example/b\n", "https://a.example/b" },
	{ "https://a.example/b\n4c?d", "https://a.example/b+" },
	{ "https://a.example/b\r\n4c", "https://a.example/b+" },
	{ "https://a.example/b_\n-4", "https://a.example/b_+" },
	{ "> https://a.example/b\n> 4c", "https://a.example/b+" },
	{ "https://a.example/b\n\n4c", "https://a.example/b" },
	{ "https://a.example/b\nSeverity: High", "https://a.example/b" },
	{ "https://a.example/b.\nMicrosoft Corporation",
	  "https://a.example/b" },
	{ "https://a.example/b\nhttps://a.example/4",
	  "https://a.example/b https://a.example/4" },
	{ "https://a.example/b", "https://a.example/b" },
};

static const char *
links(struct arena *arena, const char *text)
{
	struct written_link link;
	const char *all = "";

	while (written_next(arena, &text, &link))
		all = arena_printf(arena, "%s%s%s%s", all, *all ? " " : "",
				   link.url, link.cut ? "+" : "");
	return all;
}

int
main(void)
{
	struct arena *arena = arena_create();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(links(arena, cases[i].text), cases[i].want, "\"%s\"",
		   cases[i].text);
	arena_destroy(&arena);
	return tap_done();
}
