/*
 * One transaction of the clerk. The difficulty is whose failure it is: that of
 * a unit must not harm those which share its transaction by chance; that of the
 * transaction itself is everybody's.
 */
#include "store/clerk_private.h"

#include "base/bug.h"

enum {
	/* Units of one transaction: other processes cannot write meanwhile,
	 * and the first one waits for the last. */
	GROUP_MOST = 32,
	/* Somebody who is faster every time, or a connection that breaks every
	 * time, is a failure like any other. */
	CONFLICTS_MOST = 5,
	CONFLICT_PAUSE_MS = 20,		/* doubled each time */
};

void
units_append(struct units *units, struct unit *unit)
{
	unit->next = NULL;
	if (units->first)
		units->last->next = unit;
	else
		units->first = unit;
	units->last = unit;
	units->count++;
}

void
units_join(struct units *units, struct units *more)
{
	units_put_back(more, units);
	*units = *more;
	*more = (struct units){ 0 };
}

void
units_put_back(struct units *units, struct units *more)
{
	if (!more->first)
		return;
	more->last->next = units->first;
	if (!units->first)
		units->last = more->last;
	units->first = more->first;
	units->count += more->count;
	*more = (struct units){ 0 };
}

static struct unit *
take_first(struct units *units)
{
	struct unit *unit = units->first;

	units->first = unit->next;
	units->count--;
	return unit;
}

static bool
is_alone(const struct unit *unit)
{
	return unit->is_alone || unit->has_failed;
}

void
units_take_group(struct units *waiting, struct units *group_out)
{
	*group_out = (struct units){ 0 };
	do
		units_append(group_out, take_first(waiting));
	while (waiting->first && group_out->count < GROUP_MOST &&
	       !is_alone(group_out->first) && !is_alone(waiting->first));
}

static enum outcome
run(struct unit *unit, struct store *store)
{
	enum outcome outcome;

	buf_reset(&unit->error);
	arena_reset(unit->arena);
	unit->change = arena_alloc(unit->arena, sizeof(*unit->change));
	change_init(unit->change, unit->arena);
	unit->change->has_deliveries = unit->is_again;
	outcome = unit->work(unit, store, unit->change, unit->arena,
			     &unit->error);
	if (outcome == OUTCOME_OK)
		outcome = change_apply(unit->change, store, &unit->error);
	return outcome;
}

/* `failed_out` is the unit that failed; NULL when it was the transaction. */
static enum outcome
transact(const struct units *group, struct store *store,
	 struct unit **failed_out, struct buf *error)
{
	enum outcome outcome = store_begin(store, error);
	struct unit *unit;

	*failed_out = NULL;
	if (outcome != OUTCOME_OK)
		return outcome;
	for (unit = group->first; unit; unit = unit->next) {
		outcome = run(unit, store);
		if (outcome != OUTCOME_OK) {
			*failed_out = unit;
			break;
		}
	}
	return store_end(store, outcome, error);
}

static void
say(const struct units *group)
{
	const struct unit *unit;

	for (unit = group->first; unit; unit = unit->next)
		change_say(unit->change);
}

static void
answer(struct units *group, enum outcome outcome, const char *error)
{
	struct unit *unit;

	for (unit = group->first; unit; unit = unit->next) {
		unit->outcome = outcome;
		if (outcome == OUTCOME_OK)
			buf_reset(&unit->error);
		else
			buf_puts(&unit->error, error);
	}
}

static void
separate(struct units *group)
{
	struct unit *unit;

	for (unit = group->first; unit; unit = unit->next)
		unit->has_failed = true;
}

static void
mark_again(struct units *group)
{
	struct unit *unit;

	for (unit = group->first; unit; unit = unit->next)
		unit->is_again = true;
}

bool
units_run(struct units *group, struct store *store, unsigned int *pause_ms_out)
{
	struct unit *oldest = group->first, *failed;
	struct buf error = BUF_INIT;
	enum outcome outcome = transact(group, store, &failed, &error);
	bool again = false;

	*pause_ms_out = 0;
	if (outcome == OUTCOME_OK) {
		say(group);
	} else if (failed && group->count > 1) {
		separate(group);
		again = true;
	} else if (outcome == OUTCOME_CONFLICT) {
		again = oldest->conflicts < CONFLICTS_MOST;
		*pause_ms_out = CONFLICT_PAUSE_MS << oldest->conflicts++;
		mark_again(group);
		outcome = OUTCOME_TEMPORARY;
	}
	if (!again)
		answer(group, outcome, error.data);
	buf_release(&error);
	return !again;
}
