#include "hold/again.h"

#include "base/bug.h"
#include "items.h"
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
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"t\"}",
	  5, false },
	{ "and that is more severe",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"low\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\"}",
	  5, true },
	{ "and whose severity is not known",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"title\":\"T\"}", 5, true },
	{ "and that comes later, but soon enough",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\"}",
	  29, false },
	{ "and that comes much later",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\"}",
	  31, true },
	{ "and that has another title",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"U\"}",
	  5, true },
	{ "and that has no title",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\"}", 5, true },
	{ "and that names one of its devices",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\",\"device\":[\"x\",\"y\"]}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"U\","
	  "\"device\":[\"y\"]}", 5, false },
	{ "and that names a device more",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\",\"device\":[\"x\",\"y\"]}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"U\","
	  "\"device\":[\"y\",\"z\"]}", 5, true },
	{ "and above which a person wrote",
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\","
	  "\"description\":\"words\"}", 5, true },
	{ "a mail of the whole incident, called as it is",
	  "{" API "\"alert\":\"a\",\"tenant\":\"t\",\"incident\":\"m2\","
	  "\"severity\":\"high\",\"title\":\"T\"}",
	  "{" MAIL "\"tenant\":\"t\",\"incident\":\"m2\","
	  "\"severity\":\"high\",\"title\":\"Attack\"}", 5, false },
#define OF_MAIL(more) \
	"{" MAIL "\"incident\":\"1\",\"severity\":\"high\"," more "}"
#define OF_API(created, more) \
	"{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\"," \
	"\"created\":\"2026-11-22T" created ":00Z\"," more "}"
	{ "an alert of an incident that a mail told of",
	  OF_MAIL("\"title\":\"T\""), OF_API("11:50", "\"title\":\"t\""), 5,
	  false },
	{ "an alert of another title, on a device that the mail named",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\",\"y\"]"),
	  OF_API("11:50", "\"title\":\"U\",\"device\":[\"x.example\"]"), 5,
	  false },
	{ "one on a device that the mail did not name",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\"]"),
	  OF_API("11:50", "\"title\":\"U\",\"device\":[\"y\"]"), 5, true },
	{ "one on that device and another",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\"]"),
	  OF_API("11:50", "\"title\":\"U\",\"device\":[\"x\",\"y\"]"), 5,
	  true },
	{ "one on that device and maybe on others",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\"]"),
	  OF_API("11:50", "\"title\":\"U\",\"device\":[\"x\"],"
		 "\"incomplete\":{\"device\":\"it was cut\"}"), 5, true },
	{ "one whose title may be another",
	  OF_MAIL("\"title\":\"T\""),
	  OF_API("11:50", "\"title\":\"T\","
		 "\"incomplete\":{\"title\":\"it was cut\"}"), 5, true },
	{ "one of another title without devices",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\"]"),
	  OF_API("11:50", "\"title\":\"U\""), 5, true },
	{ "one that is more severe",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"low\",\"title\":\"T\"}",
	  OF_API("11:50", "\"title\":\"T\""), 5, true },
	{ "an alert that was made half an hour before the mail",
	  OF_MAIL("\"title\":\"T\""), OF_API("11:31", "\"title\":\"T\""), 5,
	  false },
	{ "an alert that was made after the mail",
	  OF_MAIL("\"title\":\"T\""), OF_API("12:01", "\"title\":\"T\""), 5,
	  true },
	{ "an alert that was made long before the mail",
	  OF_MAIL("\"title\":\"T\""), OF_API("11:00", "\"title\":\"T\""), 5,
	  true },
	{ "an alert that does not say when it was made",
	  OF_MAIL("\"title\":\"T\""), "{" API "\"alert\":\"a\","
	  "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\"}", 5,
	  true },
	{ "an alert of an incident that a stranger's mail named",
	  OF_MAIL("\"title\":\"T\",\"organization\":\"Stranger\""),
	  OF_API("11:50", "\"title\":\"T\""), 5, true },
	{ "an alert of an incident that was merged with the mail's",
	  "{" MAIL "\"incident\":\"m1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" API "\"alert\":\"a\",\"tenant\":\"t\",\"incident\":\"m2\","
	  "\"severity\":\"high\",\"title\":\"T\","
	  "\"created\":\"2026-11-22T11:50:00Z\"}", 5, false },
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
	{ "and a stranger's proved nothing",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\","
	  "\"organization\":\"Stranger\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}", 5, true },
	{ "and a person wrote something above the second",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\","
	  "\"description\":\"words\"}", 5, true },
	{ "and above what the API told",
	  "{" API "\"alert\":\"a\",\"severity\":\"high\"}",
	  "{" MAIL "\"alert\":\"a\",\"severity\":\"high\","
	  "\"description\":\"words\"}", 5, true },
	{ "the API about what a stranger's mail told",
	  "{" MAIL "\"alert\":\"a\",\"organization\":\"Stranger\"}",
	  "{" API "\"alert\":\"a\"}", 5, true },
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
	  "{" API "\"alert\":\"a\",\"incident\":\"1\",\"severity\":\"high\","
	  "\"title\":\"T\"}",
	  "{" MAIL "\"incident\":\"1\",\"severity\":\"high\",\"title\":\"T\"}",
	  5, true },
};

/* One mail, then alerts of its incident, one after the other: it stands for one
 * of them at most. "-": not told again. */
static const struct {
	const char *name, *mail, *alerts[3], *want;
} onces[] = {
	{ "a mail stands for one alert of its title",
	  OF_MAIL("\"title\":\"T\""),
	  { "\"alert\":\"a\",\"title\":\"T\"",
	    "\"alert\":\"b\",\"title\":\"T\"" }, "-+" },
	{ "and for one on its device",
	  OF_MAIL("\"title\":\"T\",\"device\":[\"x\"]"),
	  { "\"alert\":\"b\",\"title\":\"U\",\"device\":[\"x\"]",
	    "\"alert\":\"a\",\"title\":\"T\",\"device\":[\"x\"]" }, "-+" },
	{ "for that one also when it comes again",
	  OF_MAIL("\"title\":\"T\""),
	  { "\"alert\":\"a\",\"title\":\"T\"",
	    "\"alert\":\"b\",\"title\":\"T\"",
	    "\"alert\":\"a\",\"title\":\"T, renamed\"" }, "-+-" },
	{ "one that it is not does not use it up",
	  OF_MAIL("\"title\":\"T\""),
	  { "\"alert\":\"b\",\"title\":\"U\"",
	    "\"alert\":\"a\",\"title\":\"T\"" }, "+-" },
};

/* Of tenant "t", known beforehand. */
static const struct store_incident merged = { "t", "m1", NULL, "m2" };
static const struct store_incident named = { "t", "m2", "Attack", NULL };

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

/* It becomes an item, as the journal has it. */
static int64_t
journal(struct store *store, struct arena *arena, const char *text,
	const char *code, instant_ms at)
{
	struct store_item item = {
		.code = code, .identity = code, .kind = "mail",
		.received = at, .spool = code, .parse = "whole",
		.verdict = { .customer = "c", .alert = text,
			     .action = "notify" },
	};
	struct buf error = BUF_INIT;
	enum store_added how;

	if (store_item_add(store, arena, &item, &how, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	return item.id;
}

static bool
says(const struct alert *alert, enum alert_field field, const char *text)
{
	const char *value = alert_text(alert, field);

	return value && !strcmp(value, text);
}

static bool
come(struct store *store, struct arena *arena, const char *text, bool is_ill,
     instant_ms at)
{
	static int count;
	const char *code = arena_printf(arena, "code%d", ++count);
	const struct alert *alert = alert_of(arena, text);
	bool by_api = says(alert, ALERT_INTAKE, "api");
	const struct duplicate_key key = { .hex = "" };
	const struct hold_question question = { .alert = alert, .key = &key };
	struct buf error = BUF_INIT;
	struct hold_state state;
	struct again again = {
		.alert = alert, .state = &state, .is_completed = !is_ill,
		.is_proven = says(alert, ALERT_AUTHENTIC, "pass") &&
			     !says(alert, ALERT_ORGANIZATION, "Stranger"),
		.has_words = says(alert, ALERT_DESCRIPTION, "words"),
		.now = at, .digest = by_api ? text : NULL,
	};
	struct again_cover cover;
	struct change change;

	change_init(&change, arena);
	if (hold_load(store, &question, arena, &state, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	again_look(&again, arena);
	cover = again_covers_all(&again);
	if (!cover.line)
		cover = again_told(&again, arena, "Ana@x.example");
	again_remember(&again, journal(store, arena, text, code, at), &change);
	if (cover.line)
		again_remember_cover(&again, &cover, &change);
	else
		again_remember_told(&again, code, "ana@x.example", &change);
	if (change_apply(&change, store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	buf_release(&error);
	return cover.line;
}

static struct store *
open_memory(void)
{
	struct buf error = BUF_INIT;
	struct store *store;

	if (store_open("memory", &store, &error) != OUTCOME_OK ||
	    store_incident_put(store, &merged, NOON, &error) != OUTCOME_OK ||
	    store_incident_put(store, &named, NOON, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	buf_release(&error);
	return store;
}

static void
test_row(const struct row *row, bool is_ill)
{
	struct arena *arena = arena_create();
	struct store *store = open_memory();

	ok(!come(store, arena, row->first, false, NOON), "%s: the first is told",
	   row->name);
	ok(come(store, arena, row->second, is_ill,
		NOON + row->minutes * MINUTE) != row->told_again,
	   "%s: the second is%s", row->name,
	   row->told_again ? " as well" : " not");
	store_close(&store);
	arena_destroy(&arena);
}

static void
test_once(size_t row)
{
	struct arena *arena = arena_create();
	struct store *store = open_memory();
	struct buf story = BUF_INIT;
	size_t i;

	(void)come(store, arena, onces[row].mail, false, NOON);
	for (i = 0; i < 3 && onces[row].alerts[i]; i++)
		buf_putc(&story, come(store, arena, arena_printf(arena,
			"{" API "\"incident\":\"1\",\"severity\":\"high\","
			"\"created\":\"2026-11-22T11:50:00Z\",%s}",
			onces[row].alerts[i]), false, NOON + MINUTE) ?
			 '-' : '+');
	is(story.data, onces[row].want, "%s", onces[row].name);
	buf_release(&story);
	store_close(&store);
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
	for (i = 0; i < sizeof(onces) / sizeof(*onces); i++)
		test_once(i);
	return tap_done();
}
