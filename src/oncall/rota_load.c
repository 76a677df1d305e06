/*
 * From the tree to a rota. A clause that is missing or wrong is reported, and
 * the layer or replacement it belongs to is left out, as nobody can say what it
 * was to mean.
 */
#include "conf/value.h"
#include "oncall/rota.h"

enum { EVERY_MOST = 999 };

struct loader {
	struct arena *arena;
	struct rota *rota;
	struct windows *windows;
	struct diag *diag;
};

static void
take_name(struct loader *loader, struct conf_word name)
{
	if (*name.text)
		vec_push(loader->arena, &loader->rota->named, name);
}

/* ---- rotate ---- */

static void
at_rotation(const void *layer, instant_ms when, struct arena *arena,
	    rota_names *out, struct period *period_out)
{
	const char *name = rotation_at(layer, when, period_out);

	if (name)
		vec_push(arena, out, name);
}

static bool
missing(struct loader *loader, const struct conf_node *node, const char *what,
	const char *remedy)
{
	if (!node->broken)
		diag_error(loader->diag, node->place, remedy,
			   "this `%s` does not say %s", node->keyword, what);
	return false;
}

/* "daily", "weekly", "every N days|weeks": exactly one of them. */
static bool
load_pace(struct loader *loader, const struct conf_node *node, int *days_out,
	  bool *weekly_out)
{
	const struct conf_node *daily = conf_find(&node->clauses, "daily");
	const struct conf_node *weekly = conf_find(&node->clauses, "weekly");
	const struct conf_node *every = conf_find(&node->clauses, "every");
	size_t count = 1;

	if (!daily + !weekly + !every == 3)
		return missing(loader, node, "how often", "daily, weekly, "
			       "every N days or every N weeks");
	if (!daily + !weekly + !every < 2) {
		diag_error(loader->diag, node->place, "keep one of daily, "
			   "weekly and every", "it turns in two ways");
		return false;
	}
	*weekly_out = weekly || (every && !strcmp(conf_word(every, 1).text,
						  "weeks"));
	if (every && !conf_number(conf_word(every, 0), EVERY_MOST,
				  loader->diag, &count))
		return false;
	*days_out = (int)count * (*weekly_out ? 7 : 1);
	return true;
}

/* The first such day at or after `date`. */
static bool
move_to_day(struct loader *loader, const struct conf_node *on, bool weekly,
	    struct civil *date)
{
	struct conf_word word = conf_word(on, 0);
	int day = conf_day(word.text, strlen(word.text));

	if (day < 0)
		return false;		/* the parser has said so */
	if (!weekly) {
		diag_error(loader->diag, on->place, "write weekly, or leave "
			   "the day out", "only what turns by weeks has a day");
		return false;
	}
	date->day += (day - clock_weekday(clock_from_civil(date)) + 7) % 7;
	return true;
}

static bool
load_anchor(struct loader *loader, const struct conf_node *node, bool weekly,
	    struct civil *first_out)
{
	const struct conf_node *at = conf_find(&node->clauses, "at");
	const struct conf_node *from = conf_find(&node->clauses, "from");
	const struct conf_node *on = conf_find(&node->clauses, "on");
	int minutes;

	if (!at)
		return missing(loader, node, "at what time", "at HH:MM");
	if (!from)
		return missing(loader, node, "who and since when",
			       "from DATE NAME, NAME");
	if (node->broken || !conf_clock(conf_word(at, 0), loader->diag,
					&minutes) ||
	    !conf_date(conf_word(from, 0), loader->diag, first_out))
		return false;
	if (on && !move_to_day(loader, on, weekly, first_out))
		return false;
	first_out->minute = minutes;
	return true;
}

static bool
load_window(struct loader *loader, const struct conf_node *node,
	    struct rotation *rotation)
{
	const struct conf_node *during = conf_find(&node->clauses, "during");
	const struct window *window;

	if (!during)
		return true;
	window = windows_use(loader->windows, conf_word(during, 0),
			     loader->diag);
	if (window)
		rotation->window = window_in(window, rotation->zone,
					     loader->arena);
	return window;
}

/* The words of `from` behind the date. */
static conf_words
load_names(struct loader *loader, const struct conf_node *node)
{
	const struct conf_node *from = conf_find(&node->clauses, "from");
	conf_words names = { 0 };
	size_t i;

	for (i = 1; from && i < from->words.count; i++) {
		take_name(loader, from->words.items[i]);
		vec_push(loader->arena, &names, from->words.items[i]);
	}
	return names;
}

static void
load_rotate(struct loader *loader, const struct conf_node *node)
{
	struct rotation *rotation = arena_alloc(loader->arena,
						sizeof(*rotation));
	const struct rota_layer layer = { at_rotation, rotation };
	bool weekly = false, good;

	rotation->zone = loader->rota->zone;
	rotation->names = load_names(loader, node);
	good = load_pace(loader, node, &rotation->days, &weekly) &&
	       load_anchor(loader, node, weekly, &rotation->first);
	if (load_window(loader, node, rotation) && good &&
	    rotation->names.count)
		vec_push(loader->arena, &loader->rota->layers, layer);
}

/* ---- calendar ---- */

static void
at_feed(const void *layer, instant_ms when, struct arena *arena,
	rota_names *out, struct period *period_out)
{
	const char *const *names;
	size_t count = feed_at(layer, when, &names, period_out), i;

	for (i = 0; i < count; i++)
		vec_push(arena, out, names[i]);
}

static void
load_calendar(struct loader *loader, const struct conf_node *node)
{
	struct feed *feed = feed_load(loader->arena, node,
				      conf_word(loader->rota->node, 0),
				      loader->rota->zone, loader->diag);
	const struct rota_layer layer = { at_feed, feed };
	size_t i;

	if (!feed)
		return;
	for (i = 0; i < feed->names.count; i++)
		take_name(loader, feed->names.items[i]);
	vec_push(loader->arena, &loader->rota->feeds, feed);
	vec_push(loader->arena, &loader->rota->layers, layer);
}

/* ---- replace ---- */

static bool
load_moment(struct loader *loader, const struct conf_node *node,
	    const char *keyword, instant_ms *when_out)
{
	const struct conf_node *clause = conf_find(&node->clauses, keyword);
	bool is_end = !strcmp(keyword, "until");

	if (!clause)
		return missing(loader, node, is_end ? "until when" :
			       "from when", is_end ? "until TIME" :
			       "from TIME");
	return !clause->broken &&
	       conf_moment(conf_word(clause, 0), loader->rota->zone, is_end,
			   loader->diag, when_out);
}

static void
load_replace(struct loader *loader, const struct conf_node *node)
{
	const struct conf_node *by = conf_find(&node->clauses, "by");
	struct rota_replacement it = { .name = conf_word(node, 0) };

	take_name(loader, it.name);
	if (!by) {
		(void)missing(loader, node, "by whom", "by NAME");
		return;
	}
	it.by = conf_word(by, 0);
	take_name(loader, it.by);
	if (!load_moment(loader, node, "from", &it.period.since) ||
	    !load_moment(loader, node, "until", &it.period.until))
		return;
	if (it.period.until <= it.period.since)
		diag_error(loader->diag, conf_word(conf_find(&node->clauses,
			   "until"), 0).place, NULL,
			   "this replacement ends before it begins");
	else
		vec_push(loader->arena, &loader->rota->replacements, it);
}

/* ---- */

static void
load_part(struct loader *loader, const struct conf_node *node)
{
	if (!strcmp(node->keyword, "rotate")) {
		load_rotate(loader, node);
	} else if (!strcmp(node->keyword, "calendar")) {
		load_calendar(loader, node);
	} else if (!strcmp(node->keyword, "replace")) {
		load_replace(loader, node);
	} else if (!strcmp(node->keyword, "otherwise")) {
		loader->rota->otherwise = conf_word(node, 0);
		take_name(loader, conf_word(node, 0));
	} else if (!strcmp(node->keyword, "hand-over")) {
		loader->rota->hand_over = conf_word(node, 0);
	}
}

static const struct zone *
load_zone(struct loader *loader, const struct conf_node *node)
{
	const struct conf_node *line = conf_find(&node->block, "timezone");
	const struct zone *zone = line ?
		window_zone_load(conf_word(line, 0), loader->diag) : NULL;

	if (!line && !node->broken)
		diag_error(loader->diag, conf_word(node, 0).place,
			   "add timezone ZONE", "oncall '%s' has no time zone",
			   conf_word(node, 0).text);
	return zone ? zone : zone_utc();
}

struct rota *
rota_load(struct arena *arena, const struct conf_node *node,
	  struct windows *windows, struct diag *diag)
{
	struct rota *rota = arena_alloc(arena, sizeof(*rota));
	struct loader loader = {
		.arena = arena, .rota = rota, .windows = windows, .diag = diag,
	};
	size_t errors = diag_errors(diag), i;

	*rota = (struct rota){
		.node = node, .otherwise = { .text = "" },
		.hand_over = { .text = "" },
	};
	rota->zone = load_zone(&loader, node);
	for (i = 0; i < node->block.count; i++)
		load_part(&loader, node->block.items[i]);
	if (!rota->layers.count && !*rota->otherwise.text && !node->broken &&
	    errors == diag_errors(diag))
		diag_error(diag, conf_word(node, 0).place,
			   "add rotate ..., or otherwise NAME",
			   "oncall '%s' never has anybody",
			   conf_word(node, 0).text);
	return rota;
}
