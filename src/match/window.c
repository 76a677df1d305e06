#include "match/window.h"

#include "base/vec.h"
#include "conf/value.h"

enum {
	DAY_MINUTES = 24 * 60,
	WEEK_MINUTES = 7 * DAY_MINUTES,
	/* A range comes once a week; where clocks jump over it, both its ends
	 * are there all the same. */
	SEARCH_DAYS = 7,
	/* Edges at which nothing changes, one after the other. */
	EDGES_MOST = 64,
};

struct range {
	unsigned char days;		/* bit 0 Sunday ... bit 6 Saturday */
	short from, to;			/* minutes; `to` > `from`, and more
					   than a day when it is tomorrow */
};

struct window {
	const struct zone *zone;	/* NULL: of whoever uses it */
	bool is_always;			/* there is no minute without it */
	VEC(struct range) ranges;
};

/* ---- loading ---- */

const struct zone *
window_zone_load(struct conf_word word, struct diag *diag)
{
	struct buf error = BUF_INIT;
	const struct zone *zone = zone_find(word.text, &error);

	if (!zone)
		diag_error(diag, word.place,
			   diag_did_you_mean(diag, word.text, zone_names(),
				"an IANA name such as Europe/Paris"),
			   "%s", error.data);
	buf_release(&error);
	return zone;
}

/* "mon" or "fri-mon" as bits; 0 when it is neither. */
static unsigned char
days_parse(const char *text)
{
	size_t length = strcspn(text, "-");
	int first = conf_day(text, length), last = first;
	unsigned char days = 0;

	if (text[length] == '-')
		last = conf_day(text + length + 1, strlen(text + length + 1));
	if (first < 0 || last < 0)
		return 0;
	for (;; first = (first + 1) % 7) {
		days |= (unsigned char)(1 << first);
		if (first == last)
			return days;
	}
}

static bool
range_parse(struct conf_word word, struct range *range, struct diag *diag)
{
	size_t length = strcspn(word.text, "-");
	int from = conf_minutes(word.text, length), to = -1;

	if (word.text[length] == '-')
		to = conf_minutes(word.text + length + 1,
				   strlen(word.text + length + 1));
	if (from < 0 || from == DAY_MINUTES || to < 0) {
		diag_error(diag, word.place, "as 18:00-08:00 or 00:00-24:00, "
			   "with a plain - and no blanks",
			   "'%s' is no range of the clock", word.text);
		return false;
	}
	if (from == to) {
		diag_error(diag, word.place, "the whole day is 00:00-24:00",
			   "range '%s' is empty", word.text);
		return false;
	}
	range->from = (short)from;
	range->to = (short)(to > from ? to : to + DAY_MINUTES);
	return true;
}

static bool
days_add(const char *text, struct diag_place place, struct range *range,
	 struct diag *diag)
{
	unsigned char days = days_parse(text);

	range->days |= days;
	if (!days)
		diag_error(diag, place, "write DAYS RANGE, as mon-fri "
			   "18:00-08:00, with plain -",
			   "'%s' is no day of the week", text);
	return days != 0;
}

/* The keyword is the first day, the last word the clock range, and the words
 * between are further days. */
static bool
range_load(const struct conf_node *node, struct range *range,
	   struct diag *diag)
{
	const conf_words *words = &node->words;
	size_t i;

	if (!days_add(node->keyword, node->place, range, diag))
		return false;
	if (!words->count) {
		diag_error(diag, node->place, "as mon-fri 18:00-08:00",
			   "'%s' has no range of the clock", node->keyword);
		return false;
	}
	for (i = 0; i + 1 < words->count; i++)
		if (!days_add(words->items[i].text, words->items[i].place,
			      range, diag))
			return false;
	return range_parse(words->items[i], range, diag);
}

static bool
is_same_line(const struct conf_node *before, const struct conf_node *node)
{
	size_t start = before->place.offset;

	return !memchr(before->place.file->text + start, '\n',
		       node->place.offset - start);
}

/* Behind a mistake days and ranges are taken for each other up to the end of
 * the line: it is the only one that is said. */
static void
window_part(struct arena *arena, struct window *window,
	    const struct conf_node *node, const struct conf_node **wrong,
	    struct diag *diag)
{
	struct range range = { 0 };
	const struct zone *zone;

	if (!strcmp(node->keyword, "timezone")) {
		zone = window_zone_load(conf_word(node, 0), diag);
		if (zone)
			window->zone = zone;
	} else if (*wrong && is_same_line(*wrong, node)) {
		*wrong = node;
	} else if (range_load(node, &range, diag)) {
		vec_push(arena, &window->ranges, range);
	} else {
		*wrong = node;
	}
}

static bool
covers_week(const struct window *window)
{
	bool minutes[WEEK_MINUTES] = { false };
	size_t i;
	int day, minute;

	for (i = 0; i < window->ranges.count; i++) {
		const struct range *range = &window->ranges.items[i];

		for (day = 0; day < 7; day++)
			for (minute = range->from; minute < range->to &&
			     range->days & 1 << day; minute++)
				minutes[(day * DAY_MINUTES + minute) %
					WEEK_MINUTES] = true;
	}
	return !memchr(minutes, false, sizeof(minutes));
}

struct window *
window_load(struct arena *arena, const struct conf_node *node,
	    struct diag *diag)
{
	struct window *window = arena_alloc(arena, sizeof(*window));
	struct conf_word name = conf_word(node, 0);
	bool has_zone = conf_find(&node->block, "timezone");
	const struct conf_node *wrong = NULL;
	size_t i;

	window->zone = has_zone ? zone_utc() : NULL;
	for (i = 0; i < node->block.count; i++)
		window_part(arena, window, node->block.items[i], &wrong, diag);
	if (node->block.count == has_zone && !node->broken)
		diag_error(diag, name.place, "as mon-fri 18:00-08:00",
			   "window '%s' has no days", name.text);
	window->is_always = covers_week(window);
	return window;
}

const struct window *
window_in(const struct window *window, const struct zone *zone,
	  struct arena *arena)
{
	struct window *copy;

	if (window->zone)
		return window;
	copy = arena_alloc(arena, sizeof(*copy));
	*copy = *window;
	copy->zone = zone;
	return copy;
}

/* ---- asking ---- */

/* Begin and end of the range that begins on that date. */
static void
edges_of(const struct range *range, const struct zone *zone,
	 const struct civil *date, instant_ms edges_out[2])
{
	struct civil begin = *date, end = *date;

	begin.minute = range->from;
	end.minute = range->to;		/* carries over to the next day */
	edges_out[0] = zone_from_civil(zone, &begin);
	edges_out[1] = zone_from_civil(zone, &end);
}

/* Does the range that begins on that date, if it does, cover the instant? */
static bool
range_covers(const struct range *range, const struct zone *zone,
	     const struct civil *date, instant_ms when)
{
	instant_ms edges[2];

	if (!(range->days & 1 << clock_weekday(clock_from_civil(date))))
		return false;
	edges_of(range, zone, date, edges);
	return when >= edges[0] && when < edges[1];
}

bool
window_covers(const struct window *window, instant_ms when)
{
	struct civil now, today, yesterday;
	size_t i;

	zone_to_civil(window->zone, when, &now);
	today = (struct civil){
		.year = now.year, .month = now.month, .day = now.day
	};
	yesterday = today;
	yesterday.day--;
	for (i = 0; i < window->ranges.count; i++) {
		const struct range *range = &window->ranges.items[i];

		if (range_covers(range, window->zone, &today, when) ||
		    range_covers(range, window->zone, &yesterday, when))
			return true;
	}
	return false;
}

/* Begin and end of each range that begins within that many days. The nearest
 * one behind `when`, or the last one up to it; `none` when there is none. */
static instant_ms
find_edge(const struct window *window, instant_ms when, bool behind,
	  instant_ms none)
{
	instant_ms nearest = none, edges[2];
	struct civil today;
	size_t i, j;
	int day;

	zone_to_civil(window->zone, when, &today);
	for (day = behind ? -2 : -SEARCH_DAYS;
	     day <= (behind ? SEARCH_DAYS : 1); day++) {
		struct civil date = {
			.year = today.year, .month = today.month,
			.day = today.day + day,
		};
		int bit = 1 << clock_weekday(clock_from_civil(&date));

		for (i = 0; i < window->ranges.count; i++) {
			if (!(window->ranges.items[i].days & bit))
				continue;
			edges_of(&window->ranges.items[i], window->zone, &date,
				 edges);
			for (j = 0; j < 2; j++)
				if (behind ? edges[j] > when &&
					     edges[j] < nearest
					   : edges[j] <= when &&
					     edges[j] > nearest)
					nearest = edges[j];
		}
	}
	return nearest;
}

bool
window_span(const struct window *window, instant_ms when,
	    instant_ms *since_out, instant_ms *until_out)
{
	bool covers = window_covers(window, when);
	int i;

	*since_out = INT64_MIN;
	*until_out = INT64_MAX;
	if (window->is_always || !window->ranges.count)
		return covers;
	*since_out = *until_out = when;
	for (i = 0; i < EDGES_MOST; i++) {
		*until_out = find_edge(window, *until_out, true, INT64_MAX);
		if (*until_out == INT64_MAX ||
		    window_covers(window, *until_out) != covers)
			break;
	}
	for (i = 0; i < EDGES_MOST; i++) {
		*since_out = find_edge(window, *since_out - (i > 0), false,
				       INT64_MIN);
		if (*since_out == INT64_MIN ||
		    window_covers(window, *since_out - 1) != covers)
			break;
	}
	return covers;
}

const struct zone *
window_zone(const struct window *window)
{
	return window->zone;
}
