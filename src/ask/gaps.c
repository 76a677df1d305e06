#include "ask/gaps.h"

static void
gaps_remove(struct gaps *gaps, size_t i)
{
	for (gaps->count--; i < gaps->count; i++)
		gaps->items[i] = gaps->items[i + 1];
}

/* ---- a run begins ---- */

/* What was made is swept for a day, and then no more. */
static bool
is_over(const struct gap *gap, bool is_made, instant_ms now, instant_ms since)
{
	if (gap->is_made)
		return is_made && gap->at < since;
	return gap->is_told && now - gap->first > GAP_KEPT_MS;
}

static void
forget(struct gaps *gaps, bool is_made, instant_ms now, instant_ms since)
{
	size_t i = 0;

	while (i < gaps->count) {
		gaps->items[i].is_read = gaps->items[i].is_telling = false;
		if (is_over(&gaps->items[i], is_made, now, since))
			gaps_remove(gaps, i);
		else
			i++;
	}
}

static struct span
span_of(const struct gap *gap)
{
	return (struct span){ gap->at, gap->at + 1 };
}

/* The first one of a kind in [since, ...), or NULL. */
static const struct gap *
first_from(const struct gaps *gaps, bool is_made, instant_ms since)
{
	const struct gap *first = NULL;
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		const struct gap *gap = &gaps->items[i];

		if (gap->is_made == is_made && gap->at >= since &&
		    (!first || gap->at < first->at))
			first = gap;
	}
	return first;
}

/* The one that is due longest comes last. */
static int
by_due(const void *a, const void *b)
{
	const struct gap *one = a, *other = b;

	return (one->due < other->due) - (one->due > other->due);
}

void
gaps_begin(struct gaps *gaps, bool is_made, instant_ms now,
	   struct spans *spans, struct arena *arena)
{
	const struct gap *gap;
	size_t i;

	forget(gaps, is_made, now, spans->now.since);
	/* What waits at the bottom is read last. */
	qsort(gaps->items, gaps->count, sizeof(*gaps->items), by_due);
	for (i = 0; i < gaps->count; i++)
		if (gaps->items[i].is_made == is_made &&
		    gaps->items[i].due <= now)
			vec_push(arena, &spans->wait,
				 span_of(&gaps->items[i]));
	while ((gap = first_from(gaps, is_made, spans->now.since))) {
		const struct span older = { spans->now.since, gap->at };

		if (older.since < older.until)
			vec_push(arena, &spans->wait, older);
		spans->now.since = gap->at + 1;
	}
}

/* ---- what is found ---- */

static struct gap *
find(struct gaps *gaps, bool is_made, instant_ms at)
{
	size_t i;

	for (i = 0; i < gaps->count; i++)
		if (gaps->items[i].is_made == is_made &&
		    gaps->items[i].at == at)
			return &gaps->items[i];
	return NULL;
}

struct gap *
gaps_find(struct gaps *gaps, bool is_made, struct span span)
{
	return span.until - 1 == span.since ? find(gaps, is_made, span.since) :
					      NULL;
}

/* Who was told can do without its being asked for again. */
static bool
make_room(struct gaps *gaps)
{
	size_t i = 0;

	if (gaps->count < GAPS_MOST)
		return true;
	while (i < gaps->count && !gaps->items[i].is_told)
		i++;
	if (i == gaps->count)
		return false;
	gaps_remove(gaps, i);
	return true;
}

static int64_t
wait_of(unsigned int tries, int64_t every_ms)
{
	int64_t wait = every_ms;

	for (; tries > 1 && wait < GAP_WAIT_MOST_MS; tries--)
		wait *= 2;
	return wait < GAP_WAIT_MOST_MS ? wait : GAP_WAIT_MOST_MS;
}

struct gap *
gaps_failed(struct gaps *gaps, bool is_made, instant_ms at, instant_ms now,
	    int64_t every_ms)
{
	struct gap *gap = find(gaps, is_made, at);

	if (!gap && !make_room(gaps))
		return NULL;
	if (!gap) {
		gap = &gaps->items[gaps->count++];
		*gap = (struct gap){
			.at = at, .is_made = is_made, .first = now,
		};
	}
	gap->is_read = false;
	gap->tries++;
	gap->due = now + wait_of(gap->tries, every_ms);
	return gap;
}

/* A record changes when it is made, or later. */
static size_t
count_from(const struct gaps *gaps, bool is_made, instant_ms since)
{
	size_t i, count = 0;

	for (i = 0; i < gaps->count; i++)
		count += gaps->items[i].is_made == is_made &&
			 gaps->items[i].at >= since;
	return count;
}

bool
gaps_must_tell(const struct gaps *gaps, const struct gap *gap, instant_ms now)
{
	return !gap->is_told && gap->tries >= GAP_TRIES &&
	       now - gap->first >= GAP_TOLD_MS &&
	       (!gap->is_made || count_from(gaps, true, gap->at) >
				 count_from(gaps, false, gap->at));
}

void
gaps_stored(struct gaps *gaps)
{
	size_t i = 0;

	while (i < gaps->count) {
		struct gap *gap = &gaps->items[i];

		gap->is_told |= gap->is_telling;
		gap->is_telling = false;
		if (gap->is_read)
			gaps_remove(gaps, i);
		else
			i++;
	}
}

instant_ms
gaps_untold(const struct gaps *gaps)
{
	instant_ms earliest = TIME_UNKNOWN;
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		const struct gap *gap = &gaps->items[i];

		if (!gap->is_made && !gap->is_told && !gap->is_telling &&
		    !gap->is_read &&
		    (earliest == TIME_UNKNOWN || gap->at < earliest))
			earliest = gap->at;
	}
	return earliest;
}

void
gaps_set_back(struct gaps *gaps, int64_t back_ms)
{
	size_t i;

	for (i = 0; i < gaps->count; i++) {
		gaps->items[i].first -= back_ms;
		gaps->items[i].due -= back_ms;
	}
}
