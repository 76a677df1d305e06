/*
 * A piece of the time line is cut out around an instant: all that was asked on
 * the way says how long its answer holds, and the piece is what is left. Pieces
 * that are alike are put together. That ends: two pieces that are alike are of
 * one layer, which then has somebody all the time, and either one name for ever
 * or another one at its next turn; or one replacement is upon both.
 */
#include "oncall/rota.h"

enum {
	/* A replacement until the year 9999, written for "for good", is not
	 * followed to its end each time that somebody asks. */
	PIECES_MOST = 10000,
};

static void
add_name(struct arena *arena, rota_names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (!strcmp(names->items[i], name))
			return;
	vec_push(arena, names, name);
}

/* The first layer that has somebody decides. */
static void
ask_layers(const struct rota *rota, instant_ms when, struct arena *arena,
	   struct rota_turn *duty)
{
	struct period period;
	size_t i;

	for (i = 0; i < rota->layers.count && !duty->names.count; i++) {
		const struct rota_layer *layer = &rota->layers.items[i];

		layer->at(layer->layer, when, arena, &duty->names, &period);
		period_cut(&duty->period, period);
		duty->by = ROTA_LAYER;
		duty->layer = i + 1;
	}
	if (duty->names.count)
		return;
	duty->by = ROTA_NOBODY;
	duty->layer = 0;
	if (!*rota->otherwise.text)
		return;
	duty->by = ROTA_OTHERWISE;
	vec_push(arena, &duty->names, rota->otherwise.text);
}

/* Somebody who is on duty himself cannot be so twice. */
static void
replace(const struct rota_replacement *replacement, struct arena *arena,
	struct rota_turn *duty)
{
	rota_names names = { 0 };
	bool acts = false;
	size_t i;

	for (i = 0; i < duty->names.count; i++) {
		const char *name = duty->names.items[i];
		bool is_it = !strcmp(name, replacement->name.text);

		add_name(arena, &names, is_it ? replacement->by.text : name);
		acts |= is_it;
	}
	if (!acts)
		return;
	duty->names = names;
	duty->by = ROTA_REPLACE;
	duty->layer = 0;
}

/* In force or not, it stays so until the nearer of its ends. */
static bool
is_in_force(struct period of, instant_ms when, struct period *period)
{
	bool before = when < of.since, after = when >= of.until;

	if (before)
		of = (struct period){ INT64_MIN, of.since };
	else if (after)
		of = (struct period){ of.until, INT64_MAX };
	period_cut(period, of);
	return !before && !after;
}

/* A rota with the replacements that act on it: `count` of its own ones, then
 * `more_count` of the further ones. */
struct replaced {
	const struct rota *rota;
	size_t count;
	const rota_replacements *more;
	size_t more_count;
};

static void
replace_all(const rota_replacements *all, size_t count, instant_ms when,
	    struct arena *arena, struct rota_turn *duty)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (is_in_force(all->items[i].period, when, &duty->period))
			replace(&all->items[i], arena, duty);
}

/* A piece around that instant. */
static struct rota_turn
piece_at(const struct replaced *of, instant_ms when, struct arena *arena)
{
	struct rota_turn duty = { .period = { INT64_MIN, INT64_MAX } };

	ask_layers(of->rota, when, arena, &duty);
	replace_all(&of->rota->replacements, of->count, when, arena, &duty);
	replace_all(of->more, of->more_count, when, arena, &duty);
	return duty;
}

static bool
is_alike(const struct rota_turn *a, const struct rota_turn *b)
{
	size_t i;

	if (a->by != b->by || a->layer != b->layer ||
	    a->names.count != b->names.count)
		return false;
	for (i = 0; i < a->names.count; i++)
		if (strcmp(a->names.items[i], b->names.items[i]))
			return false;
	return true;
}

struct rota_turn
rota_at(const struct rota *rota, const rota_replacements *more,
	instant_ms when, struct arena *arena)
{
	const struct replaced all = {
		rota, rota->replacements.count, more, more ? more->count : 0,
	};
	struct rota_turn duty = piece_at(&all, when, arena), next;
	size_t pieces = 0;

	while (duty.period.until != INT64_MAX && pieces++ < PIECES_MOST) {
		next = piece_at(&all, duty.period.until, arena);
		if (!is_alike(&duty, &next))
			break;
		duty.period.until = next.period.until;
	}
	while (duty.period.since != INT64_MIN && pieces++ < PIECES_MOST) {
		next = piece_at(&all, duty.period.since - 1, arena);
		if (!is_alike(&duty, &next))
			break;
		duty.period.since = next.period.since;
	}
	return duty;
}

const char *
rota_by(const struct rota_turn *duty, struct arena *arena)
{
	static const char *const words[] = {
		[ROTA_REPLACE] = "replace",
		[ROTA_OTHERWISE] = "otherwise",
		[ROTA_NOBODY] = "nobody",
	};

	return duty->by == ROTA_LAYER ?
	       arena_printf(arena, "layer %zu", duty->layer) : words[duty->by];
}

/* ---- checking ---- */

enum {
	CHECK_DAYS = 90,
	GAPS_SAID = 3,
};

#define DAY_MS INT64_C(86400000)

static void
print_time(const struct rota *rota, instant_ms when, struct buf *out)
{
	struct civil civil;

	zone_to_civil(rota->zone, when, &civil);
	buf_printf(out, "%04d-%02d-%02d %02d:%02d", (int)civil.year,
		   civil.month, civil.day, civil.hour, civil.minute);
}

static void
print_gap(const struct rota *rota, struct period gap, instant_ms now,
	  struct buf *out)
{
	buf_puts(out, out->len ? ", " : "");
	if (gap.since <= now)
		buf_puts(out, "now");
	else
		print_time(rota, gap.since, out);
	buf_puts(out, " to ");
	if (gap.until == INT64_MAX)
		buf_puts(out, "the end");
	else
		print_time(rota, gap.until, out);
}

static void
check_gaps(const struct rota *rota, instant_ms now, struct diag *diag)
{
	struct arena *arena = arena_create();
	struct buf gaps = BUF_INIT;
	size_t count = 0;
	instant_ms when = now;

	while (when < now + CHECK_DAYS * DAY_MS) {
		struct rota_turn duty = rota_at(rota, NULL, when, arena);

		if (duty.by == ROTA_NOBODY && count++ < GAPS_SAID)
			print_gap(rota, duty.period, now, &gaps);
		when = duty.period.until;
		arena_reset(arena);
	}
	if (count > GAPS_SAID)
		buf_printf(&gaps, " and %zu times more",
			   count - GAPS_SAID);
	if (count)
		diag_warning(diag, conf_word(rota->node, 0).place,
			     "add otherwise NAME: who is told then",
			     "of the next %d days there are times at which "
			     "nobody is on duty in '%s' (%s): %s", CHECK_DAYS,
			     conf_word(rota->node, 0).text,
			     zone_name(rota->zone), gaps.data);
	buf_release(&gaps);
	arena_destroy(&arena);
}

/* Is the name on duty at any time of the replacement, with those before it in
 * force? Who was not in so many pieces hardly ever comes. */
static bool
is_in_turn(const struct replaced *before, const struct rota_replacement *it)
{
	struct arena *arena = arena_create();
	instant_ms when = it->period.since;
	bool found = false;
	size_t pieces = 0, i;

	while (!found && when < it->period.until && pieces++ < PIECES_MOST) {
		struct rota_turn duty = piece_at(before, when, arena);

		for (i = 0; i < duty.names.count; i++)
			found |= !strcmp(duty.names.items[i], it->name.text);
		when = duty.period.until;
		arena_reset(arena);
	}
	arena_destroy(&arena);
	return found;
}

bool
rota_replaces(const struct rota *rota, const rota_replacements *more,
	      size_t number)
{
	const struct replaced before = {
		rota, rota->replacements.count, more, number,
	};

	return is_in_turn(&before, &more->items[number]);
}

static void
check_replacement(const struct rota *rota, size_t number, instant_ms now,
		  struct diag *diag)
{
	const struct rota_replacement *it = &rota->replacements.items[number];
	const struct replaced before = { rota, number, NULL, 0 };

	if (it->period.until <= now)
		diag_warning(diag, it->name.place, "remove it",
			     "this replacement of '%s' is over",
			     it->name.text);
	else if (!is_in_turn(&before, it))
		diag_warning(diag, it->name.place, NULL,
			     "'%s' is not in turn in this time, so there is "
			     "nothing to replace", it->name.text);
}

/* Of what is not known nothing can be said. */
static bool
is_known(const struct rota *rota)
{
	size_t i;

	for (i = 0; i < rota->feeds.count; i++)
		if (!rota->feeds.items[i]->copy)
			return false;
	return true;
}

void
rota_check(const struct rota *rota, instant_ms now, struct diag *diag)
{
	size_t i;

	for (i = 0; i < rota->feeds.count; i++)
		feed_check(rota->feeds.items[i], now, diag);
	if (!is_known(rota))
		return;
	check_gaps(rota, now, diag);
	for (i = 0; i < rota->replacements.count; i++)
		check_replacement(rota, i, now, diag);
}
