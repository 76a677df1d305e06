#include "hold/incident.h"

#include "base/bug.h"
#include "tap.h"

/* What the API of tenant "t" has said. */
static const struct store_incident known[] = {
	{ "t", "1", "One", NULL },
	{ "t", "2", "Two", "3" },
	{ "t", "3", "Three", "4" },
	{ "t", "4", "Four", NULL },
	{ "t", "5", NULL, "4" },
	{ "t", "6", "Six", "7" },
	{ "t", "7", "Seven", "6" },
	{ "t", "8", "Eight", "99" },
};

static const struct {
	const char *name, *id, *ids, *called;
} rows[] = {
	{ "one that nobody knows is itself", "0", " 0", NULL },
	{ "one that was not merged has its name", "1", " 1", "One" },
	{ "what was merged comes first", "4", " 2 5 3 4", "Four" },
	{ "from wherever one looks", "2", " 5 3 2 4", "Four (4)" },
	{ "a circle ends", "6", " 7 6", NULL },
	{ "what it was merged into may be unknown", "8", " 8 99", "Eight (99)" },
};

static const char *
ids_of(const struct incident *incident, struct arena *arena)
{
	const char *text = "";
	size_t i;

	for (i = 0; i < incident->ids.count; i++)
		text = arena_printf(arena, "%s %s", text,
				    incident->ids.items[i]);
	return text;
}

static void
test_rows(struct store *store, struct arena *arena)
{
	struct buf error = BUF_INIT;
	struct incident got;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (incident_look(store, "t", rows[i].id, arena, &got,
				  &error) != OUTCOME_OK)
			BUG("%s", error.data);
		is(ids_of(&got, arena), rows[i].ids, "%s", rows[i].name);
		if (rows[i].called)
			is(got.name, rows[i].called, "%s: its name",
			   rows[i].name);
	}
	if (incident_look(store, "u", "2", arena, &got, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	is(ids_of(&got, arena), " 2", "another tenant counts for itself");
}

/* Hundreds that were merged into one. */
static void
test_many(struct store *store, struct arena *arena)
{
	struct buf error = BUF_INIT;
	struct incident got;
	int i;

	for (i = 0; i < 300; i++) {
		const struct store_incident one = {
			"t", arena_printf(arena, "m%d", i), NULL, "big"
		};

		if (store_incident_put(store, &one, 1, &error) != OUTCOME_OK)
			BUG("%s", error.data);
	}
	if (incident_look(store, "t", "m200", arena, &got, &error) !=
	    OUTCOME_OK)
		BUG("%s", error.data);
	is_int((long long)got.ids.count, 16, "a mail names sixteen of them");
	ok(strstr(ids_of(&got, arena), " big") &&
	   strstr(ids_of(&got, arena), " m200"),
	   "but the one that is left, and its own");
}

/* Each was merged into the next. */
static void
test_chain(struct store *store, struct arena *arena)
{
	struct buf error = BUF_INIT;
	struct incident got;
	int i;

	for (i = 0; i < 20; i++) {
		const struct store_incident one = {
			"t", arena_printf(arena, "c%d", i), NULL,
			arena_printf(arena, "c%d", i + 1)
		};

		if (store_incident_put(store, &one, 1, &error) != OUTCOME_OK)
			BUG("%s", error.data);
	}
	if (incident_look(store, "t", "c0", arena, &got, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	is(got.ids.items[got.ids.count - 1], "c8",
	   "a merge is followed eight times");
}

int
main(void)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	struct store *store;
	size_t i;

	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (store_incident_put(store, &known[i], 1, &error) !=
		    OUTCOME_OK)
			BUG("%s", error.data);
	test_rows(store, arena);
	test_many(store, arena);
	test_chain(store, arena);
	store_close(&store);
	buf_release(&error);
	arena_destroy(&arena);
	return tap_done();
}
