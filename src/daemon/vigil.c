/*
 * Two units of work, which read the state, the spool and the store in the
 * clerk's thread, since the loop never waits for a disk: one looks how all
 * stands, the other tells what is not as the files say. A load that ends while
 * its unit is under way lets it run once more.
 */
#include "daemon/vigil.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/log.h"
#include "daemon/service.h"
#include "daemon/standing.h"
#include "pipeline/notice.h"

enum {
	VIGIL_LOOK_MS = 60000,
	VIGIL_KEPT_MS = 15 * 60000,
};

struct duty {
	struct unit unit;
	bool is_under_way, again;
	const struct generation *generation;	/* borrowed meanwhile */
	instant_ms now;
};

struct vigil {
	struct vigil_world world;
	struct loop_timer *timer;	/* to look */
	struct loop_timer *late;	/* to tell */
	instant_ms started;
	struct arena *arena;		/* of the report */
	struct report report;

	struct duty looking;
	const char *line;		/* that it found; NULL: none */
	struct duty telling;
};

static instant_ms
now(const struct vigil *vigil)
{
	return vigil->world.clock->now(vigil->world.clock);
}

static void
begin(struct vigil *vigil, struct duty *duty)
{
	duty->again = duty->is_under_way;
	if (duty->is_under_way)
		return;
	duty->is_under_way = true;
	duty->now = now(vigil);
	duty->generation = generations_borrow(vigil->world.generations);
	clerk_submit(vigil->world.clerk, &duty->unit);
}

static void
end(struct vigil *vigil, struct duty *duty)
{
	generations_return(vigil->world.generations, duty->generation);
	duty->is_under_way = false;
	if (duty->again)
		begin(vigil, duty);
}

/* ---- how all stands ---- */

static enum outcome
look(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct vigil *vigil = CONTAINER_OF(unit, struct vigil, looking.unit);
	const struct settings *settings = &vigil->looking.generation->settings;
	const struct standing_place place = {
		.state = settings->state, .spool = settings->spool,
		.store = store,
	};
	struct standing standing;
	enum outcome outcome = standing_gather(&place, arena, &standing,
					       error);

	(void)change;
	vigil->line = outcome != OUTCOME_OK ? NULL :
		standing_judge(&standing, TOCSIN_VERSION, vigil->looking.now,
			       arena).line;
	return outcome;
}

/* Of trouble with the store those speak who have something to store. */
static void
looked(struct unit *unit, enum outcome outcome, const char *error)
{
	struct vigil *vigil = CONTAINER_OF(unit, struct vigil, looking.unit);
	struct buf text = BUF_INIT;

	(void)error;
	if (outcome == OUTCOME_OK && vigil->line) {
		buf_printf(&text, "STATUS=%s", vigil->line);
		service_notify(text.data);
	}
	buf_release(&text);
	end(vigil, &vigil->looking);
}

static void
start_to_look(void *context)
{
	struct vigil *vigil = context;

	begin(vigil, &vigil->looking);
	loop_timer_set(vigil->timer, VIGIL_LOOK_MS);
}

/* ---- what is not as the files say ---- */

/* A customer is missed at once; a file with errors is hardly news to who edits
 * it, until he has gone to sleep. What was left out was never in force. */
static bool
is_news(const struct report_kept *kept, instant_ms now)
{
	int64_t ago = now - kept->since;

	/* One in the future is of before the clock was set back. */
	return kept->customer ||
	       ((ago >= VIGIL_KEPT_MS || ago < -VIGIL_KEPT_MS) &&
		strcmp(kept->text, "none"));
}

/* Once for each time: that has an identity. */
static enum outcome
say(struct vigil *vigil, const struct report_kept *kept, struct store *store,
    struct change *change, struct arena *arena, struct buf *error)
{
	const char *forget = arena_printf(arena, "tocsin forget %s",
					  kept->customer ? kept->customer : "");
	const char *const gone[] = { forget, NULL };
	static const char *const check[] = { "tocsin check", NULL };
	const struct pipeline_word word = {
		.identity = arena_printf(arena, "kept %s %s %lld", kept->file,
					 forget, (long long)kept->since),
		.customer = kept->customer,
		.notice = {
			.kind = kept->customer ? NOTICE_GONE : NOTICE_KEPT,
			.name = kept->file, .since = kept->since,
			.commands = kept->customer ? gone : check,
		},
	};

	return pipeline_say(vigil->telling.generation, store, &word,
			    vigil->telling.now, change, error);
}

static enum outcome
tell(struct unit *unit, struct store *store, struct change *change,
     struct arena *arena, struct buf *error)
{
	struct vigil *vigil = CONTAINER_OF(unit, struct vigil, telling.unit);
	struct report *report = NULL;
	enum outcome outcome;
	size_t i;

	/* The one in `vigil` is the loop's. */
	outcome = report_read(vigil->telling.generation->settings.state, arena,
			      &report, error);
	for (i = 0; report && outcome == OUTCOME_OK && i < report->kept.count;
	     i++)
		if (is_news(&report->kept.items[i], vigil->telling.now))
			outcome = say(vigil, &report->kept.items[i], store,
				      change, arena, error);
	return outcome;
}

static void
told(struct unit *unit, enum outcome outcome, const char *error)
{
	struct vigil *vigil = CONTAINER_OF(unit, struct vigil, telling.unit);

	if (outcome == OUTCOME_OK) {
		vigil->world.stored(vigil->world.context);
	} else {
		log_warning("trouble", "in", "store", "what", error, NULL);
		loop_timer_set(vigil->late, VIGIL_LOOK_MS);
	}
	end(vigil, &vigil->telling);
}

/* Milliseconds until what is kept now, and is no news yet, becomes news; -1:
 * nothing does. */
static int64_t
news_in_ms(const struct vigil *vigil)
{
	int64_t soonest = -1;
	size_t i;

	for (i = 0; i < vigil->report.kept.count; i++) {
		const struct report_kept *kept = &vigil->report.kept.items[i];
		int64_t wait = kept->since + VIGIL_KEPT_MS - now(vigil);

		/* A clock that is set back is no reason to wait longer. */
		wait = wait > VIGIL_KEPT_MS ? VIGIL_KEPT_MS : wait;
		if (wait > 0 && (soonest < 0 || wait < soonest))
			soonest = wait;
	}
	return soonest;
}

static void
start_to_tell(void *context)
{
	struct vigil *vigil = context;

	loop_timer_set(vigil->late, news_in_ms(vigil));
	begin(vigil, &vigil->telling);
}

/* ---- the report ---- */

static void
count(struct report *report, const struct generation *generation)
{
	const struct ruleset *ruleset = generation->ruleset;
	size_t i;

	report->customers = (int64_t)ruleset->customer_count;
	for (i = 0; i < ruleset->customer_count; i++)
		report->rule_count +=
			(int64_t)ruleset->customers[i].rule_count;
}

static void
add_kept(struct report *report, const struct report_kept *kept,
	 struct arena *arena)
{
	struct report_kept copy = *kept;

	copy.file = arena_strdup(arena, kept->file);
	copy.text = arena_strdup(arena, kept->text);
	copy.customer = kept->customer ? arena_strdup(arena, kept->customer)
				       : NULL;
	vec_push(arena, &report->kept, copy);
}

static void
write_report(struct vigil *vigil, const char *state, struct report *report,
	     struct arena *arena)
{
	struct report *before = NULL;
	struct buf error = BUF_INIT;

	(void)report_read(state, arena, &before, &error);
	report_age(report, before);
	buf_reset(&error);
	if (report_write(state, report, &error) != OUTCOME_OK)
		log_warning("trouble", "what", error.data, NULL);
	buf_release(&error);
	arena_destroy(&vigil->arena);
	vigil->arena = arena;
	vigil->report = *report;
}

void
vigil_loaded(struct vigil *vigil, const struct last_good *loaded, bool is_new,
	     instant_ms asked)
{
	const struct generation *generation =
		generations_current(vigil->world.generations);
	struct arena *arena = arena_create();
	struct report report = {
		.program = TOCSIN_VERSION,
		.rules = arena_strdup(arena, generation->conf->version),
		.started = vigil->started, .asked = asked,
	};
	size_t i;

	count(&report, generation);
	for (i = 0; i < loaded->kept.count; i++)
		add_kept(&report, &loaded->kept.items[i], arena);
	for (i = 0; !is_new && i < vigil->report.kept.count; i++)
		if (vigil->report.kept.items[i].customer)
			add_kept(&report, &vigil->report.kept.items[i], arena);
	write_report(vigil, generation->settings.state, &report, arena);
	loop_timer_set(vigil->late, -1);
	if (report.kept.count)
		start_to_tell(vigil);
	if (getenv("NOTIFY_SOCKET"))
		start_to_look(vigil);
}

struct vigil *
vigil_create(const struct vigil_world *world)
{
	struct vigil *vigil = bug_alloc(sizeof(*vigil));

	*vigil = (struct vigil){
		.world = *world,
		.arena = arena_create(),
		.timer = loop_timer(world->loop, start_to_look, vigil),
		.late = loop_timer(world->loop, start_to_tell, vigil),
		.looking = { .unit = { .work = look, .done = looked } },
		.telling = { .unit = { .work = tell, .done = told } },
	};
	vigil->started = now(vigil);
	return vigil;
}

void
vigil_destroy(struct vigil **vigil)
{
	loop_timer_set((*vigil)->timer, -1);
	loop_timer_set((*vigil)->late, -1);
	if ((*vigil)->looking.is_under_way || (*vigil)->telling.is_under_way)
		clerk_drain((*vigil)->world.clerk);
	arena_destroy(&(*vigil)->arena);
	free(*vigil);
	*vigil = NULL;
}
