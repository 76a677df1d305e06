#include "hold/again.h"

#include "base/bug.h"
#include "tap.h"

#define MINUTE INT64_C(60000)
#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */

/* What came first and told ana@x.example at noon, what comes next, and whether
 * she is told again. */
static const struct row {
	const char *name;
	const char *first;	/* the alert as JSON; authentic unless said */
	const char *second;
	int minutes;		/* after noon that the second one comes */
	bool told_again;
} rows[] = {
#define MAIL "\"intake\":\"mail\",\"authentic\":\"pass\",\"customer\":\"c\","
#define API "\"intake\":\"api\",\"authentic\":\"pass\",\"customer\":\"c\","
	{ "the API repeats itself",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}", 1, false },
	{ "another alert",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"b\",\"severity\":\"low\"}", 1, true },
	{ "another customer's alert of that id",
	  "{" API "\"alert\":\"a\"}",
	  "{\"intake\":\"api\",\"authentic\":\"pass\",\"customer\":\"d\","
	  "\"alert\":\"a\"}", 1, true },
	{ "the severity is raised",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\"}", 1, true },
	{ "the severity is lowered",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}", 1, false },
	{ "a severity of tomorrow may be a raise",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"dire\"}", 1, true },
	{ "the severity cannot be read any more",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":null,"
	  "\"incomplete\":{\"severity\":\"?\"}}", 1, true },
	{ "nor could it before",
	  "{" API "\"alert\":\"a\",\"incomplete\":{\"severity\":\"?\"}}",
	  "{" API "\"alert\":\"a\",\"severity\":\"dire\"}", 1, false },
	{ "and can be read again",
	  "{" API "\"alert\":\"a\",\"incomplete\":{\"severity\":\"?\"}}",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}", 1, true },
	{ "the severity contradicts what cannot be read",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"incomplete\":{\"severity\":\"?\"}}", 1, true },
	{ "it is resolved",
	  "{" API "\"alert\":\"a\",\"status\":\"new\"}",
	  "{" API "\"alert\":\"a\",\"status\":\"resolved\"}", 1, false },
	{ "it opens again",
	  "{" API "\"alert\":\"a\",\"status\":\"resolved\"}",
	  "{" API "\"alert\":\"a\",\"status\":\"new\"}", 1, true },
	{ "a device is added",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"]}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\",\"y\"]}", 1, true },
	{ "a device has its full name now",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"]}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x.example\"]}", 1, false },
	{ "a device of that name elsewhere",
	  "{" API "\"alert\":\"a\",\"device\":[\"x.a.example\"]}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x.b.example\"]}", 1, true },
	{ "a device goes",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\",\"y\"]}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"]}", 1, false },
	{ "a device that cannot be read is added",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"]}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"],"
	  "\"incomplete\":{\"device\":\"?\"}}", 1, true },
	{ "as before, one cannot be read",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"],"
	  "\"incomplete\":{\"device\":\"?\"}}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"],\"title\":\"t\","
	  "\"incomplete\":{\"device\":\"?\"}}", 1, false },
	{ "it is resolved, or perhaps not, and worse",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"status\":\"resolved\",\"incomplete\":{\"status\":\"?\"}}",
	  1, true },
	{ "a version whose time cannot be read is not older",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2026-11-22T11:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\"}", 1, true },
	{ "nor is one of the future",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2026-11-22T11:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"updated\":\"2099-11-22T11:00:00Z\"}", 1, true },
	{ "an older version of it comes late",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2026-11-22T11:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"updated\":\"2026-11-22T10:00:00Z\"}", 1, false },
	{ "an older version, after one of the future",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2099-11-22T11:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"updated\":\"2026-11-22T12:00:00Z\"}", 1, true },
	{ "an older version, after one that is most of a day ahead",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2026-11-23T11:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"updated\":\"2026-11-23T10:00:00Z\"}", 1, false },
	{ "an older version, after one that is more than a day ahead",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"updated\":\"2026-11-23T13:00:00Z\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\","
	  "\"updated\":\"2026-11-22T12:00:00Z\"}", 1, true },
	{ "months later",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\",\"title\":\"t\"}",
	  60 * 24 * 60, false },

	{ "a mail about what the API told",
	  "{" API "\"alert\":\"a\"}", "{" MAIL "\"alert\":\"a\"}", 5, false },
	{ "and that says it is worse, which the API does not",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, false },
	{ "the API about what a mail told",
	  "{" MAIL "\"alert\":\"a\"}",
	  "{" API "\"alert\":\"a\",\"device\":[\"x\"]}", 5, false },
	{ "the API says that it is worse than the mail said",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\"}", 5, true },
	{ "the API about what a forgery told",
	  "{\"intake\":\"mail\",\"authentic\":\"fail\",\"customer\":\"c\","
	  "\"alert\":\"a\"}", "{" API "\"alert\":\"a\"}", 5, true },
	{ "a mail of an incident that the API told of",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 5, false },
	{ "and that is more severe",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"low\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 5, true },
	{ "and whose severity is not known",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\"}", 5, true },
	{ "and that comes later, but soon enough",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 29, false },
	{ "and that comes much later",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 31, true },
	{ "an alert of an incident that a mail told of",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"created\":\"2026-11-22T11:50:00Z\"}", 5, false },
	{ "an alert that was made half an hour before the mail",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"created\":\"2026-11-22T11:31:00Z\"}", 5, false },
	{ "an alert that was made after the mail",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"created\":\"2026-11-22T12:01:00Z\"}", 5, true },
	{ "an alert that was made long before the mail",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"created\":\"2026-11-22T11:00:00Z\"}", 5, true },
	{ "an alert of an incident that was merged with the mail's",
	  "{" MAIL "\"incident\":\"m1\",\"severity\":\"high\"}",
	  "{" API "\"alert\":\"a\",\"tenant\":\"t\",\"incident\":\"m2\","
	  "\"severity\":\"high\",\"created\":\"2026-11-22T11:50:00Z\"}", 5,
	  false },
	{ "two mails of one alert",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, false },
	{ "and the second is more severe",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, true },
	{ "and nobody knows how severe the second is",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" MAIL "\"alert\":\"a\"}", 5, true },
	{ "and the second names another device",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\",\"device\":[\"x\"]}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\",\"device\":[\"y\"]}",
	  5, true },
	{ "and the first proved nothing",
	  "{\"intake\":\"mail\",\"authentic\":\"none\",\"customer\":\"c\","
	  "\"alert\":\"a\",\"severity\":\"high\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, true },
	{ "two mails of one incident",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 5, true },
};

/* The same while the API does not answer. */
static const struct row ill[] = {
	{ "a mail about what the API told before",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"low\"}", 5, false },
	{ "and that says it is worse now",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, true },
	{ "a mail about what was resolved before the API fell ill",
	  "{" API "\"alert\":\"a\",\"severity\":\"low\","
	  "\"status\":\"resolved\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"low\"}", 5, false },
	{ "a mail of an incident that the API told of before",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 5, true },
};

/* Of tenant "t", known beforehand. */
static const struct store_incident merged = { "t", "m1", NULL, "m2" };

static struct alert *
alert_of(struct arena *arena, const char *text)
{
	struct buf error = BUF_INIT;
	struct json *json = json_parse(text, strlen(text), &error);
	struct alert *alert = alert_from_json(arena, json, &error);

	if (!alert)
		BUG("%s: %s", text, error.data);
	json_destroy(&json);
	buf_release(&error);
	return alert;
}

static bool
come(struct store *store, struct arena *arena, const char *text, bool is_ill,
     instant_ms at)
{
	const struct alert *alert = alert_of(arena, text);
	bool by_api = !strcmp(alert_text(alert, ALERT_INTAKE), "api");
	const struct duplicate_key key = { .hex = "" };
	const struct hold_question question = { .alert = alert, .key = &key };
	struct buf error = BUF_INIT;
	struct hold_state state;
	struct again again = {
		.alert = alert, .state = &state, .is_completed = !is_ill,
		.now = at, .digest = by_api ? text : NULL,
	};
	struct change change;
	bool told;

	change_init(&change, arena);
	if (hold_load(store, &question, arena, &state, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	again_look(&again, arena);
	told = again_is_covered(&again) ||
	       again_told(&again, arena, "Ana@x.example");
	again_remember(&again, 0, &change);
	again_remember_told(&again, "ana@x.example", &change);
	if (change_apply(&change, store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	buf_release(&error);
	return told;
}

static void
test_row(const struct row *row, bool is_ill)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct store *store;

	if (store_open("memory", &store, &error) != OUTCOME_OK ||
	    store_incident_put(store, &merged, NOON, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	ok(!come(store, arena, row->first, false, NOON), "%s: the first is told",
	   row->name);
	ok(come(store, arena, row->second, is_ill,
		NOON + row->minutes * MINUTE) != row->told_again, "%s: the second is%s", row->name,
	   row->told_again ? " as well" : " not");
	store_close(&store);
	buf_release(&error);
	arena_destroy(&arena);
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		test_row(&rows[i], false);
	for (i = 0; i < sizeof(ill) / sizeof(*ill); i++)
		test_row(&ill[i], true);
	return tap_done();
}
