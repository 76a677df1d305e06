#include "deliver/pace.h"

#include "base/bug.h"

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* At once, whatever the relay would take. */
static size_t
most(const struct pace *pace)
{
	size_t most = pace->limits.connections ? pace->limits.connections :
		      PACE_CONNECTIONS;

	return pace->limits.rate ? least(most, pace->limits.rate) : most;
}

void
pace_init(struct pace *pace)
{
	*pace = (struct pace){ .until = TIME_UNKNOWN };
	pace_forget(pace);
}

void
pace_release(struct pace *pace)
{
	free(pace->ended);
	pace->ended = NULL;
}

void
pace_note_end(struct pace *pace, instant_ms end)
{
	if (!pace->limits.rate)
		return;
	pace->ended[pace->ended_next] = end;
	pace->ended_next = (pace->ended_next + 1) % pace->limits.rate;
}

/* The ring in another size; what it had goes on to count. */
static void
change_rate(struct pace *pace, size_t rate)
{
	struct pace before = *pace;
	size_t i;

	pace->limits.rate = rate;
	pace->ended_next = 0;
	pace->ended = rate ? bug_alloc(rate * sizeof(*pace->ended)) : NULL;
	for (i = 0; i < rate; i++)
		pace->ended[i] = TIME_UNKNOWN;
	for (i = 0; i < before.limits.rate; i++)
		pace_note_end(pace, before.ended[(before.ended_next + i) %
						 before.limits.rate]);
	pace_release(&before);
}

void
pace_limit(struct pace *pace, const struct pace_limits *limits)
{
	if (pace->limits.connections != limits->connections)
		pace->ceiling = SIZE_MAX;
	if (pace->limits.rate != limits->rate)
		change_rate(pace, limits->rate);
	pace->limits = *limits;
	pace->share = least(pace->share, most(pace));
}

void
pace_forget(struct pace *pace)
{
	pace->is_proven = pace->is_probing = false;
	pace->share = least(PACE_BEGIN, most(pace));
	pace->ceiling = SIZE_MAX;
	pace->successes = 0;
	pace->doubts = pace->pauses = 0;
	pace->until = TIME_UNKNOWN;
}

/* ---- the rate ---- */

/* Deliveries that ended within the time, of which each may have reached the
 * server a moment before it ended. A clock that was set back ends all. */
static size_t
recent(const struct pace *pace, instant_ms now)
{
	size_t count = 0, i;

	for (i = 0; i < pace->limits.rate; i++)
		count += pace->ended[i] != TIME_UNKNOWN &&
			 pace->ended[i] <= now &&
			 now - pace->ended[i] < pace->limits.rate_ms;
	return count;
}

static size_t
rate_room(const struct pace *pace, instant_ms now)
{
	size_t used;

	if (!pace->limits.rate)
		return SIZE_MAX;
	used = pace->under_way + recent(pace, now);
	return used < pace->limits.rate ? pace->limits.rate - used : 0;
}

/* When the oldest of those that fill the time leaves it. */
static instant_ms
rate_next(const struct pace *pace, instant_ms now)
{
	instant_ms next = TIME_UNKNOWN;
	size_t i;

	for (i = 0; i < pace->limits.rate; i++) {
		instant_ms end = pace->ended[i];

		if (end == TIME_UNKNOWN || end > now ||
		    now - end >= pace->limits.rate_ms)
			continue;
		end += pace->limits.rate_ms;
		if (next == TIME_UNKNOWN || end < next)
			next = end;
	}
	return next;
}

/* ---- room ---- */

/* A pause that is longer than any is one of before the clock was set back. */
static bool
is_pausing(const struct pace *pace, instant_ms now)
{
	return pace->is_probing && pace->until != TIME_UNKNOWN &&
	       now < pace->until && pace->until - now <= PACE_FAILED_MOST_MS;
}

size_t
pace_room(const struct pace *pace, instant_ms now)
{
	size_t ahead = pace->is_probing ? 1 : pace->share * PACE_AHEAD;

	if (is_pausing(pace, now) || pace->under_way >= ahead)
		return 0;
	return least(ahead - pace->under_way, rate_room(pace, now));
}

size_t
pace_abreast(const struct pace *pace)
{
	return pace->is_probing ? 1 : pace->share;
}

instant_ms
pace_next(const struct pace *pace, instant_ms now)
{
	if (pace_room(pace, now))
		return now;
	if (is_pausing(pace, now))
		return pace->until;
	return rate_room(pace, now) ? TIME_UNKNOWN : rate_next(pace, now);
}

/* ---- what happens ---- */

void
pace_depart(struct pace *pace)
{
	pace->under_way++;
}

int64_t
pace_pause(int64_t first, int64_t longest, unsigned int times)
{
	int64_t length = first;

	while (times-- && length < longest)
		length *= 2;
	return length < longest ? length : longest;
}

static void
pause_for(struct pace *pace, int64_t first, int64_t longest, instant_ms now)
{
	/* What departed before the last pause began says nothing new. */
	if (is_pausing(pace, now))
		return;
	pace->is_probing = true;
	pace->share = 1;
	pace->successes = 0;
	pace->until = now + pace_pause(first, longest, pace->pauses++);
}

/* Twice as many each time around, up to what is known to be too many; from
 * there on with patience. */
static void
grow(struct pace *pace)
{
	size_t limit = most(pace);

	pace->successes++;
	if (pace->share >= limit ||
	    (pace->share >= pace->ceiling &&
	     pace->successes < pace->share * PACE_PATIENCE))
		return;
	if (pace->share >= pace->ceiling)
		pace->ceiling = pace->share + 1;
	pace->share++;
	pace->successes = 0;
}

static bool
succeed(struct pace *pace)
{
	bool is_back = pace->is_probing || !pace->is_proven;

	pace->is_proven = true;
	pace->is_probing = false;
	pace->doubts = pace->pauses = 0;
	pace->until = TIME_UNKNOWN;
	grow(pace);
	return is_back;
}

static void
slow_down(struct pace *pace, instant_ms now)
{
	if (pace->is_probing || pace->share == 1) {
		pause_for(pace, PACE_SLOWER_MS, PACE_SLOWER_MOST_MS, now);
		return;
	}
	pace->share--;
	pace->ceiling = pace->share;
	pace->successes = 0;
}

bool
pace_answer(struct pace *pace, enum pace_word word, instant_ms now)
{
	if (!pace->under_way)
		BUG("an answer to a delivery that did not depart");
	pace->under_way--;
	if (word != PACE_NOTHING)
		pace_note_end(pace, now);
	switch (word) {
	case PACE_NOTHING:
		return false;
	case PACE_WORKS:
		return succeed(pace);
	case PACE_SLOWER:
		slow_down(pace, now);
		return false;
	case PACE_DOUBTFUL:
		if (pace->is_proven && !pace->is_probing &&
		    ++pace->doubts < PACE_DOUBTS)
			return false;
		pause_for(pace, PACE_FAILED_MS, PACE_FAILED_MOST_MS, now);
		return false;
	case PACE_FAILED:
		pause_for(pace, PACE_FAILED_MS, PACE_FAILED_MOST_MS, now);
		return false;
	case PACE_REFUSED:
		pause_for(pace, PACE_REFUSED_MS, PACE_FAILED_MOST_MS, now);
		return false;
	}
	BUG("word %d", (int)word);
}
