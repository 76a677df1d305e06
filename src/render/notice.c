#include "render/notice.h"

#include "base/text.h"

enum {
	/* In octets: an error message may quote anything. */
	DETAIL_MOST = 1000,
	LINES_MOST = 20,
};

static const struct {
	const char *name;
	bool is_pressing;
} kinds[NOTICE_KINDS] = {
	[NOTICE_HELD] = { "held", true },
	[NOTICE_FAILED] = { "failed", true },
	[NOTICE_BOUNCED] = { "bounced", true },
	[NOTICE_FORMAT] = { "format", false },
	[NOTICE_RECORD] = { "record", true },
	[NOTICE_QUIET_MAIL] = { "quiet-mail", true },
	[NOTICE_QUIET_POLL] = { "quiet-poll", true },
	[NOTICE_HEARD_MAIL] = { "heard-mail", false },
	[NOTICE_HEARD_POLL] = { "heard-poll", false },
	[NOTICE_POLL_FAILED] = { "poll-failed", true },
	[NOTICE_POLL_GOOD] = { "poll-good", false },
	[NOTICE_APP_FAILED] = { "app-failed", true },
	[NOTICE_RELAY_FAILED] = { "relay-failed", true },
	[NOTICE_RELAY_GOOD] = { "relay-good", false },
	[NOTICE_FEED_OLD] = { "feed-old", true },
	[NOTICE_FEED_NONE] = { "feed-none", true },
	[NOTICE_FEED_GOOD] = { "feed-good", false },
	[NOTICE_LEFT] = { "left", true },
	[NOTICE_KEPT] = { "kept", true },
	[NOTICE_GONE] = { "gone", true },
	[NOTICE_CLOCK] = { "clock", true },
	[NOTICE_CLOCK_BACK] = { "clock-back", false },
	[NOTICE_ASIDE] = { "aside", true },
	[NOTICE_STAYS] = { "stays", true },
};

static const char *
key_of(struct arena *arena, const struct notice *notice, const char *suffix)
{
	return arena_printf(arena, "notice-%s%s", kinds[notice->kind].name,
			    suffix);
}

bool
notice_is_pressing(const struct notice *notice)
{
	return kinds[notice->kind].is_pressing;
}

/* A foreign text on one line, or NULL. */
static const char *
clean(struct arena *arena, const char *text)
{
	return text ? text_cut(arena, text_fold_space(arena, text,
						      strlen(text)),
			       DETAIL_MOST) : NULL;
}

static const char *
keep(struct arena *arena, struct buf *text)
{
	const char *copy = arena_strndup(arena, text->data, text->len);

	buf_release(text);
	return copy;
}

static const char *
time_text(struct arena *arena, instant_ms when, const struct words *words,
	  const struct zone *zone)
{
	struct buf text = BUF_INIT;

	if (!when || when == TIME_UNKNOWN)
		return NULL;
	words_print_time(words, zone, when, &text);
	return keep(arena, &text);
}

static const char *
duration_text(struct arena *arena, int64_t milliseconds,
	      const struct words *words)
{
	struct buf text = BUF_INIT;

	if (!milliseconds)
		return NULL;
	words_print_duration(words, milliseconds, &text);
	return keep(arena, &text);
}

static const char *
say(struct arena *arena, const struct notice *notice, const char *suffix,
    const struct words *words, const struct zone *zone)
{
	const struct words_hole holes[] = {
		{ "address", clean(arena, notice->address) },
		{ "tenant", clean(arena, notice->tenant) },
		{ "name", clean(arena, notice->name) },
		{ "since", time_text(arena, notice->since, words, zone) },
		{ "every", duration_text(arena, notice->every_ms, words) },
		{ "count", arena_printf(arena, "%zu", notice->count) },
		{ NULL, NULL }
	};
	struct buf text = BUF_INIT;

	words_print(words, key_of(arena, notice, suffix), holes, &text);
	return keep(arena, &text);
}

const char *
notice_title(struct arena *arena, const struct notice *notice,
	     const struct words *words)
{
	return say(arena, notice, "", words, zone_utc());
}

const char *
notice_short(const struct notice *notice, const struct words *words)
{
	struct arena *arena = arena_create();
	const char *text = words_text(words, key_of(arena, notice, "-short"));

	arena_destroy(&arena);
	return text;
}

const char *
notice_text(struct arena *arena, const struct notice *notice,
	    const struct words *words, const struct zone *zone)
{
	return say(arena, notice, "-text", words, zone);
}

static const char *
why_text(const struct notice *notice, const struct words *words)
{
	return notice->why ? words_text(words, notice->why) : NULL;
}

static struct value *
list_of(struct arena *arena, const char *const *lines)
{
	struct value *list = value_list(arena);
	size_t i;

	for (i = 0; lines && lines[i] && i < LINES_MOST; i++)
		value_add(list, value_text(arena, clean(arena, lines[i])));
	return list;
}

struct value *
notice_value(struct arena *arena, const struct notice *notice,
	     const struct words *words, const struct zone *zone)
{
	struct value *map = value_map(arena);

	value_set_text(map, "title", notice_title(arena, notice, words));
	value_set_text(map, "short", notice_short(notice, words));
	value_set_text(map, "text", notice_text(arena, notice, words, zone));
	value_set_text(map, "why", why_text(notice, words));
	value_set_text(map, "detail", clean(arena, notice->detail));
	value_set(map, "items", list_of(arena, notice->items));
	value_set(map, "commands", list_of(arena, notice->commands));
	value_set_bool(map, "has-items", notice->items && *notice->items);
	value_set_bool(map, "has-commands",
		       notice->commands && *notice->commands);
	return map;
}

static void
print_lines(struct arena *arena, const char *const *lines, struct buf *out)
{
	size_t i;

	for (i = 0; lines && lines[i] && i < LINES_MOST; i++)
		buf_printf(out, "    %s\n", clean(arena, lines[i]));
}

void
notice_print(struct arena *arena, const struct notice *notice,
	     const struct words *words, const struct zone *zone,
	     struct buf *out)
{
	const char *why = why_text(notice, words);

	if (why)
		buf_printf(out, "%s\n", why);
	if (notice->detail)
		buf_printf(out, "%s\n", clean(arena, notice->detail));
	print_lines(arena, notice->items, out);
	buf_printf(out, "%s\n", notice_text(arena, notice, words, zone));
	print_lines(arena, notice->commands, out);
}
