#include "source/salvage.h"

#include "base/bug.h"
#include "tap.h"

static struct arena *arena;

/* "a1 a2", ids of what can be read; then what is left out; then, when it is
 * cut, " ~ " and the rest. */
static const char *
describe(const struct salvage *found)
{
	const struct json *one = json_first(json_member(found->page, "value"));
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	for (; one; one = json_next(one))
		buf_printf(&text, "%s%s", text.len ? " " : "",
			   json_member(one, "id") ?
			   json_text(json_member(one, "id")) : "null");
	for (i = 0; i < found->left.count; i++)
		buf_printf(&text, " | %s", found->left.items[i].text);
	if (found->is_cut)
		buf_printf(&text, " ~ %s", found->is_ended ? "(ended)" :
			   found->rest.text);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static const char *
salvaged(const char *text, size_t length)
{
	struct salvage found;
	const char *said = "nothing";

	if (salvage_page(text, length, arena, &found))
		said = describe(&found);
	json_destroy(&found.page);
	return said;
}

static const struct {
	const char *name, *page, *want;
} pages[] = {
	{ "a page that is whole", "{\"value\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
	  "a b" },
	{ "two points in a number", "{\"value\":[{\"n\":1.2.3},{\"id\":\"b\"},"
	  "{\"n\":true false}]}", "b | {\"n\":1.2.3} | {\"n\":true false}" },
	{ "what brackets say inside of texts", "{\"value\":[{\"n\":1.2.3,"
	  "\"t\":\"]}\\\"]}\"},{\"id\":\"b\"}]}",
	  "b | {\"n\":1.2.3,\"t\":\"]}\\\"]}\"}" },
	{ "broken off in a record", "{\"value\":[{\"id\":\"a\"},{\"id\":\"b\",",
	  "a ~ {\"id\":\"b\"," },
	{ "broken off in a text, and an error behind",
	  "{\"value\":[{\"id\":\"a\"},{\"id\":\"b{\"error\":{\"code\":\"X\"}}}",
	  "a ~ {\"id\":\"b{\"" },
	{ "broken off between records", "{\"value\":[{\"id\":\"a\"}",
	  "a ~ " },
	{ "an error behind a whole list", "{\"value\":[{\"id\":\"a\"}]"
	  "{\"error\":{}}", "a ~ (ended)" },
	{ "a quote too many: nothing behind it is believed",
	  "{\"value\":[{\"id\":\"a\"},{\"t\":\"x\"y\"},{\"id\":\"c\"},"
	  "{\"t\":\"z\"w\"},{\"id\":\"e\"}]}",
	  "a ~ {\"t\":\"x\"" },
	{ "a bracket too many: its pieces are not records",
	  "{\"value\":[{\"id\":\"a\"},{\"id\":\"b\"},\"e\":[{}]},{\"id\":\"c\"}]}",
	  "a ~ {\"id\":\"b\"},\"e\"" },
	{ "a bracket of the other kind", "{\"value\":[{\"id\":\"a\"},{\"id\":"
	  "\"b\",\"e\":[{}},{\"x\":1}]},{\"id\":\"c\"}]}",
	  "a ~ {\"id\":\"b\",\"e\":[{}" },
	{ "two brackets too many", "{\"value\":[{\"id\":\"a\"},{\"id\":\"b\"}},"
	  "\"e\":1}]}", "a ~ {\"id\":\"b\"}" },
	{ "the bracket of the list where one of a record was",
	  "{\"value\":[{\"id\":\"a\"},]\"id\":\"b\"},{\"id\":\"c\"}]}",
	  "a ~ ]\"id\":\"b\"},{\"id\":\"c\"}]}" },
	{ "the same, where a comma was", "{\"value\":[{\"id\":\"a\"},"
	  "{\"id\":\"b\"},\"e\",{\"f\":1}},{\"id\":\"c\"}]}",
	  "a null ~ {\"id\":\"b\"},\"e\",{\"f\":1}" },
	{ "a text for a record", "{\"value\":[{\"n\":1.2.3},\"e\",{\"id\":\"c\"}]}",
	  "c ~ {\"n\":1.2.3},\"e\",{\"id\":\"c\"}" },
	{ "a record that swallows another one", "{\"value\":[{\"id\":\"a\"},"
	  "{\"id\":\"b\",{},{\"id\":\"c\"}},{\"id\":\"d\"}]}",
	  "a d ~ {\"id\":\"b\",{},{\"id\":\"c\"}},{\"id\":\"d\"}" },
	{ "what stands before the list", "{\"@odata.context\":\"x\",\"n\":[{}],"
	  "\"value\":[{\"id\":\"a\"},{\"n\":1.2.3}]}", "a | {\"n\":1.2.3}" },
	{ "no JSON beside the list", "{\"@odata.count\":1.2.3,"
	  "\"value\":[{\"id\":\"a\"}]}", "a ~ (ended)" },
	{ "another page", "<html>", "nothing" },
	{ "an error", "{\"error\":{\"code\":\"X\"", "nothing" },
	{ "no list", "{\"value\":{\"id\":", "nothing" },
	{ "a list that is deeper", "{\"a\":{\"value\":[{\"n\":1.2.3}]}}",
	  "nothing" },
	{ "nothing at all", "", "nothing" },
};

static void
test_pages(void)
{
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		is(salvaged(pages[i].page, strlen(pages[i].page)),
		   pages[i].want, "%s", pages[i].name);
}

/* base/json.h reads it; here it must not end the page. */
static void
test_nul(void)
{
	static const char page[] = "{\"value\":[{\"id\":\"a\"},"
		"{\"id\":\"b\0\"},{\"n\":1.2.3},{\"id\":\"c\"}]}";

	is(salvaged(page, sizeof(page) - 1), "a b\xef\xbf\xbd c | {\"n\":1.2.3}",
	   "a NUL harms no other record");
}

static void
test_deep(void)
{
	enum { LEVELS = 100000 };
	struct buf page = BUF_INIT;
	const char *said;
	size_t i;

	buf_puts(&page, "{\"value\":[{\"id\":\"a\"},{\"n\":");
	for (i = 0; i < LEVELS; i++)
		buf_putc(&page, '[');
	for (i = 0; i < LEVELS; i++)
		buf_putc(&page, ']');
	buf_puts(&page, "},{\"id\":\"c\"}]}");
	said = salvaged(page.data, page.len);
	ok(!strncmp(said, "a c | {\"n\":[[", 12), "nor does one that is deep");
	buf_release(&page);
}

static void
test_many(void)
{
	struct buf page = BUF_INIT;
	size_t i;

	buf_puts(&page, "{\"value\":[");
	for (i = 0; i < 99; i++)
		buf_puts(&page, "{\"n\":1.2.3},");
	buf_puts(&page, "{\"id\":\"a\"}]}");
	ok(!strncmp(salvaged(page.data, page.len), "a | {\"n\":1.2.3}", 15),
	   "of a hundred records, ninety-nine may be none");
	buf_cut(&page, page.len - 2);
	buf_puts(&page, ",{\"n\":1.2.3},{\"n\":1.2.3}]}");
	is(salvaged(page.data, page.len), "nothing", "but not more");
	buf_release(&page);
}

static void
test_link(void)
{
	static const char page[] = "{\"value\":[{\"n\":1.2.3}],"
				   "\"@odata.nextLink\":\"https://x/\"}";
	struct salvage found;

	ok(salvage_page(page, strlen(page), arena, &found) && !found.is_cut,
	   "a page with such a record ends as it should");
	is(json_text(json_member(found.page, "@odata.nextLink")), "https://x/",
	   "and has its link");
	json_destroy(&found.page);
}

static void
test_words(void)
{
	static const char page[] = "{\"value\":[{\"id\":\"b{\"error\":"
		"{\"code\":\"UnknownError\",\"message\":\"\"}}}";
	struct salvage found;

	ok(salvage_page(page, strlen(page), arena, &found), "broken off");
	is(found.rest.sentence, "the page breaks off in this record with an "
	   "error of the API: UnknownError", "the API's own word is said");
	json_destroy(&found.page);
}

/* Wherever a page breaks off: what was whole before is there, and nothing is
 * passed but that. */
static void
test_everywhere(void)
{
	static const char page[] = "{\"value\":[{\"id\":\"a\",\"t\":\"}]\\\"\"},"
		"{\"id\":\"b\",\"e\":[{\"x\":{}}]},{\"id\":\"c\",\"n\":1.5}]}";
	size_t cut, ends[3] = { 0 }, i, lost = 0;

	for (i = 0; i < 3; i++)
		ends[i] = (size_t)(strstr(i ? page + ends[i - 1] :
			page, i == 0 ? "},{\"id\":\"b" : i == 1 ?
			"},{\"id\":\"c" : "}]}\0") + 1 - page);
	for (cut = strlen("{\"value\":["); cut < strlen(page); cut++) {
		struct salvage found;
		size_t want = (cut >= ends[0]) + (cut >= ends[1]) +
			      (cut >= ends[2]);

		if (!salvage_page(page, cut, arena, &found) ||
		    found.count != want || found.left.count || !found.is_cut)
			lost++;
		json_destroy(&found.page);
	}
	is_int((int64_t)lost, 0, "wherever it breaks off, what was whole is "
	       "there");
}

int
main(void)
{
	arena = arena_create();
	test_pages();
	test_nul();
	test_deep();
	test_many();
	test_link();
	test_words();
	test_everywhere();
	arena_destroy(&arena);
	return tap_done();
}
