/* The alert record: what it keeps of what it is given. */
#include "alert/alert.h"

#include "tap.h"

static void
test_many_values(void)
{
	struct arena *arena = arena_create();
	struct alert *alert = alert_create(arena);
	int i;

	for (i = 0; i < 1002; i++)
		(void)alert_add(alert, ALERT_DEVICE,
				arena_printf(arena, "d%d", i), "test");
	is_int((long long)alert->fields[ALERT_DEVICE].count, 1000,
	       "a field has up to 1000 values");
	ok(alert->fields[ALERT_DEVICE].incomplete != NULL,
	   "and knows when there were more");
	arena_destroy(&arena);
}

static void
test_contradictions(void)
{
	static const struct {
		const char *name;
		enum alert_field field;
		const char *first, *second;
		bool incomplete;
	} cases[] = {
		{ "of two known severities the kept one is certain",
		  ALERT_SEVERITY, "low", "high", false },
		{ "a severity beside an unknown word is not",
		  ALERT_SEVERITY, "low", "Schlimm", true },
		{ "nor is an unknown word beside a severity",
		  ALERT_SEVERITY, "Schlimm", "low", true },
		{ "of two titles neither is", ALERT_TITLE, "a", "b", true },
		{ "a title said twice is", ALERT_TITLE, "a", "A", false },
		{ "two devices are both", ALERT_DEVICE, "a", "b", false },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_create();
		struct alert *alert = alert_create(arena);

		(void)alert_add(alert, cases[i].field, cases[i].first, "a");
		(void)alert_add(alert, cases[i].field, cases[i].second, "b");
		is_int(alert->fields[cases[i].field].incomplete != NULL,
		       cases[i].incomplete, "%s", cases[i].name);
		arena_destroy(&arena);
	}
}

/* What the journal keeps must decide as what was journaled. */
static void
test_journal(void)
{
	struct arena *arena = arena_create();
	struct alert *alert = alert_create(arena), *again;
	struct buf error = BUF_INIT;
	struct json *json;

	(void)alert_add(alert, ALERT_DEVICE, "lab-1", "test");
	alert_incomplete(alert, ALERT_DEVICE, "evidence[%d] has no name", 1);
	alert_incomplete(alert, ALERT_DEVICE, "and another reason");
	json = alert_to_json(alert);
	again = alert_from_json(arena, json, &error);
	is(again ? again->fields[ALERT_DEVICE].incomplete : error.data,
	   "evidence[1] has no name", "the first reason comes back");
	is(again ? again->fields[ALERT_USER].incomplete : error.data, NULL,
	   "and no other field gets one");
	json_destroy(&json);
	buf_release(&error);
	arena_destroy(&arena);
}

int
main(void)
{
	test_many_values();
	test_contradictions();
	test_journal();
	return tap_done();
}
