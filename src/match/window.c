#include "match/window.h"

#include "base/vec.h"

enum { DAY_MINUTES = 24 * 60 };

struct range {
	unsigned char days;		/* bit 0 Sunday ... bit 6 Saturday */
	short from, to;			/* minutes; `to` > `from`, and more
					   than a day when it is tomorrow */
};

struct window {
	const struct zone *zone;
	VEC(struct range) ranges;
};

static const char *const day_names[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
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

static int
day_find(const char *name, size_t length)
{
	int day;

	for (day = 0; day_names[day]; day++)
		if (strlen(day_names[day]) == length &&
		    !strncasecmp(day_names[day], name, length))
			return day;
	return -1;
}

/* "mon" or "fri-mon" as bits; 0 when it is neither. */
static unsigned char
days_parse(const char *text)
{
	size_t length = strcspn(text, "-");
	int first = day_find(text, length), last = first;
	unsigned char days = 0;

	if (text[length] == '-')
		last = day_find(text + length + 1, strlen(text + length + 1));
	if (first < 0 || last < 0)
		return 0;
	for (;; first = (first + 1) % 7) {
		days |= (unsigned char)(1 << first);
		if (first == last)
			return days;
	}
}

/* "18:00" in minutes, or -1. */
static int
minutes_parse(const char *text, size_t length)
{
	size_t i;
	int hours, minutes;

	if (length != 5 || text[2] != ':')
		return -1;
	for (i = 0; i < length; i++)
		if (i != 2 && (text[i] < '0' || text[i] > '9'))
			return -1;
	hours = (text[0] - '0') * 10 + text[1] - '0';
	minutes = (text[3] - '0') * 10 + text[4] - '0';
	if (minutes > 59 || hours * 60 + minutes > DAY_MINUTES)
		return -1;
	return hours * 60 + minutes;
}

static bool
range_parse(struct conf_word word, struct range *range, struct diag *diag)
{
	size_t length = strcspn(word.text, "-");
	int from = minutes_parse(word.text, length), to = -1;

	if (word.text[length] == '-')
		to = minutes_parse(word.text + length + 1,
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

struct window *
window_load(struct arena *arena, const struct conf_node *node,
	    struct diag *diag)
{
	struct window *window = arena_alloc(arena, sizeof(*window));
	struct conf_word name = conf_word(node, 0);
	bool has_zone = conf_find(&node->block, "timezone");
	const struct conf_node *wrong = NULL;
	size_t i;

	window->zone = zone_utc();
	for (i = 0; i < node->block.count; i++)
		window_part(arena, window, node->block.items[i], &wrong, diag);
	if (!has_zone && !node->broken)
		diag_error(diag, name.place, "add timezone ZONE",
			   "window '%s' has no time zone", name.text);
	if (node->block.count == has_zone && !node->broken)
		diag_error(diag, name.place, "as mon-fri 18:00-08:00",
			   "window '%s' has no days", name.text);
	return window;
}

/* ---- asking ---- */

/* Does the range that begins on that date, if it does, cover the instant? */
static bool
range_covers(const struct range *range, const struct zone *zone,
	     const struct civil *date, instant_ms when)
{
	struct civil begin = *date, end = *date;

	if (!(range->days & 1 << clock_weekday(clock_from_civil(date))))
		return false;
	begin.minute = range->from;
	end.minute = range->to;		/* carries over to the next day */
	return when >= zone_from_civil(zone, &begin) &&
	       when < zone_from_civil(zone, &end);
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

const struct zone *
window_zone(const struct window *window)
{
	return window->zone;
}
