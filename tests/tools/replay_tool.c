/*
 * Decide what the journal has decided once more: replay_tool CONFIG
 *
 * Every item that the rules of CONFIG, as they are now, decided is given to
 * pipeline_decide_alert() with the alert and the time of the journal. A line
 * is printed for each that comes out otherwise; the last one counts. Exit 1
 * when any does. What was held for its mail, before any rule was asked, what
 * other rules decided, and what was told before is passed over.
 */
#include "base/clock.h"
#include "pipeline/generation.h"
#include "pipeline/decide.h"
#include "store/store.h"

enum { REPLAY_PAGE = 100 };

struct replay {
	struct generation *generation;
	struct store *store;
	size_t same, different, passed_over;
};

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "replay_tool: %s: %s\n", what, why);
	exit(2);
}

static bool
same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static struct alert *
journal_alert(const struct store_item *item, struct arena *arena)
{
	struct buf error = BUF_INIT;
	const char *text = item->verdict.alert;
	struct json *object = json_parse(text, strlen(text), &error);
	struct alert *alert = NULL;

	if (object)
		alert = alert_from_json(arena, object, &error);
	if (!alert)
		fail(item->code, error.data);
	json_destroy(&object);
	buf_release(&error);
	return alert;
}

static bool
is_planned(const struct pipeline_decision *decision, const char *address)
{
	size_t i;

	for (i = 0; i < decision->plans.count; i++)
		if (!strcmp(decision->plans.items[i].endpoint.address, address))
			return true;
	return false;
}

/* The store has one delivery to one address, so has a decision. */
static bool
same_people(const struct replay *replay, const struct store_item *item,
	    const struct pipeline_decision *decision, struct arena *arena)
{
	struct store_deliveries deliveries = { 0 };
	struct buf error = BUF_INIT;
	size_t i, count = 0;

	if (store_item_deliveries(replay->store, item->id, arena, &deliveries,
				  &error) != OUTCOME_OK)
		fail(item->code, error.data);
	for (i = 0; i < deliveries.count; i++) {
		const struct store_delivery *delivery = &deliveries.items[i];

		if (delivery->kind != STORE_ALERT)
			continue;
		if (!is_planned(decision, delivery->address))
			return false;
		count++;
	}
	buf_release(&error);
	return count == decision->plans.count;
}

/* Did more than the rules decide: what the tenant had dealt with, or what was
 * known of the alert by then? The trace says so. */
static bool
is_overruled(const char *trace)
{
	static const char *const lines[] = { "handled: ", "known: " };
	size_t i;

	for (; trace; trace = strchr(trace, '\n')) {
		trace += *trace == '\n';
		for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
			if (!strncmp(trace, lines[i], strlen(lines[i])))
				return true;
	}
	return false;
}

static void
replay_item(struct replay *replay, const struct store_item *item,
	    struct arena *arena)
{
	const struct store_verdict *was = &item->verdict;
	const struct pipeline_decision *now;

	if (!was->alert || !strcmp(was->action, "hold") ||
	    is_overruled(was->trace) ||
	    !same_text(was->rules_version, replay->generation->conf->version)) {
		replay->passed_over++;
		return;
	}
	now = pipeline_decide_alert(replay->generation,
				    journal_alert(item, arena), was->decided,
				    arena);
	if (same_text(was->action, pipeline_action_names[now->action]) &&
	    same_text(was->rule, now->rule) &&
	    same_text(was->file, now->file) &&
	    was->line == (int64_t)now->line &&
	    same_text(was->template, now->template) &&
	    same_text(was->reason, now->reason) &&
	    same_people(replay, item, now, arena)) {
		replay->same++;
		return;
	}
	replay->different++;
	printf("%s: was %s by %s, now %s by %s\n%s", item->code, was->action,
	       was->rule, pipeline_action_names[now->action], now->rule,
	       now->trace);
}

static void
replay_all(struct replay *replay)
{
	struct buf error = BUF_INIT;
	size_t count = REPLAY_PAGE, i;
	int64_t after = 0;

	while (count == REPLAY_PAGE) {
		struct arena *arena = arena_create();
		struct store_items items = { 0 };

		if (store_items(replay->store, after, REPLAY_PAGE, arena,
				&items, &error) != OUTCOME_OK)
			fail("journal", error.data);
		count = items.count;
		for (i = 0; i < count; i++) {
			replay_item(replay, &items.items[i], arena);
			after = items.items[i].id;
		}
		arena_destroy(&arena);
	}
	buf_release(&error);
}

int
main(int argc, char **argv)
{
	struct clock clock = clock_system();
	struct replay replay = { 0 };
	struct buf error = BUF_INIT;

	if (argc != 2)
		fail("usage", "replay_tool CONFIG");
	replay.generation = generation_load(argv[1], NULL, clock.now(&clock));
	if (!generation_good(replay.generation))
		fail(argv[1], "has errors");
	if (store_open(replay.generation->settings.store, &replay.store,
		       &error) != OUTCOME_OK)
		fail("store", error.data);
	replay_all(&replay);
	printf("%zu the same, %zu different, %zu passed over\n", replay.same,
	       replay.different, replay.passed_over);
	store_close(&replay.store);
	generation_destroy(&replay.generation);
	buf_release(&error);
	return replay.different > 0;
}
