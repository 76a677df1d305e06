#include "store/clockwatch.h"

static const char name[] = "clock";

static bool
is_jump(int64_t ms)
{
	return ms > CLOCKWATCH_JUMP_MS || ms < -CLOCKWATCH_JUMP_MS;
}

static enum clockwatch_news
jump(struct clockwatch *watch, int64_t by)
{
	watch->shift_ms += by;
	watch->stood_ms = 0;
	if (is_jump(watch->shift_ms))
		return CLOCKWATCH_JUMPED;
	watch->shift_ms = 0;
	return CLOCKWATCH_BACK;
}

static enum clockwatch_news
stand(struct clockwatch *watch, int64_t ms)
{
	if (ms > CLOCKWATCH_STEP_MOST_MS)
		ms = CLOCKWATCH_STEP_MOST_MS;
	watch->stood_ms += ms > 0 ? ms : 0;
	if (watch->stood_ms < CLOCKWATCH_STANDS_MS)
		return CLOCKWATCH_NONE;
	watch->shift_ms = watch->stood_ms = 0;
	return CLOCKWATCH_STANDS;
}

enum clockwatch_news
clockwatch_step(struct clockwatch *watch, instant_ms now)
{
	int64_t passed = watch->last == TIME_UNKNOWN ? 0 : now - watch->last;

	watch->last = now;
	if (is_jump(passed))
		return jump(watch, passed);
	return watch->shift_ms ? stand(watch, passed) : CLOCKWATCH_NONE;
}

enum outcome
clockwatch_read(struct store *store, struct arena *arena,
		struct clockwatch *out, struct buf *error)
{
	const char *text;
	long long last, shift, stood;
	enum outcome outcome = store_meta(store, name, arena, &text, error);

	*out = (struct clockwatch){ .last = TIME_UNKNOWN };
	if (outcome == OUTCOME_OK && text &&
	    sscanf(text, "%lld %lld %lld", &last, &shift, &stood) == 3)
		*out = (struct clockwatch){ last, shift, stood };
	return outcome;
}

void
clockwatch_put(struct change *change, const struct clockwatch *watch)
{
	change_put_meta(change, name, arena_printf(change->arena,
		"%lld %lld %lld", (long long)watch->last,
		(long long)watch->shift_ms, (long long)watch->stood_ms));
}

enum outcome
clockwatch_doubts(struct store *store, instant_ms now, bool *doubts_out,
		  struct buf *error)
{
	struct arena *arena = arena_create();
	struct clockwatch watch;
	enum outcome outcome = clockwatch_read(store, arena, &watch, error);

	*doubts_out = watch.shift_ms || (watch.last != TIME_UNKNOWN &&
					 is_jump(now - watch.last));
	arena_destroy(&arena);
	return outcome;
}
