/* oncall: who is on duty, and until when. */
#include "cmd/replacing.h"

#include "base/json.h"
#include "base/text.h"
#include "conf/value.h"

enum {
	OPTION_AT, OPTION_NEXT, OPTION_JSON, OPTION_FROM, OPTION_UNTIL,
	OPTION_END,
};

#define DAY_MS INT64_C(86400000)

enum { NEXT_DAYS_MOST = 3660 };	/* ten years are a question, more a mistake */

struct view {
	const struct contacts *contacts;
	struct store_replacements stored;
	struct period range;
	bool as_json;
	struct arena *arena;		/* of one turn */
	struct buf out;
};

/* TIME_UNKNOWN where it is open. */
static instant_ms
end_of(instant_ms when)
{
	return when == INT64_MIN || when == INT64_MAX ? TIME_UNKNOWN : when;
}

static void
print_json(struct view *view, const struct contact *oncall,
	   const struct rota_turn *duty)
{
	struct json *object = json_object(), *persons;
	size_t i;

	json_set_text(object, "oncall", oncall->name);
	json_set_instant(object, "from", end_of(duty->period.since));
	json_set_instant(object, "to", end_of(duty->period.until));
	persons = json_set_array(object, "persons");
	for (i = 0; i < duty->names.count; i++)
		json_add_text(persons, duty->names.items[i]);
	if (duty->by == ROTA_LAYER)
		json_set_integer(object, "layer", (int64_t)duty->layer);
	else
		json_set_text(object, "layer", rota_by(duty, view->arena));
	json_print(object, &view->out);
	buf_putc(&view->out, '\n');
	json_destroy(&object);
}

static void
print_time(struct view *view, const struct zone *zone, const char *word,
	   instant_ms when)
{
	if (end_of(when) == TIME_UNKNOWN)
		return;
	buf_printf(&view->out, " %s ", word);
	replacing_print_time(zone, when, &view->out);
}

/* "ana (Ana Souza)" */
static void
print_name(struct view *view, const char *name)
{
	const struct contact *contact = contact_find(view->contacts, name);

	text_escape(&view->out, name, SIZE_MAX);
	if (!contact || !strcmp(contact->display, name))
		return;
	buf_puts(&view->out, " (");
	text_escape(&view->out, contact->display, SIZE_MAX);
	buf_putc(&view->out, ')');
}

static void
print_text(struct view *view, const struct contact *oncall,
	   const struct rota_turn *duty)
{
	const struct zone *zone = oncall->rota->zone;
	size_t i;

	print_name(view, oncall->name);
	buf_puts(&view->out, ": ");
	for (i = 0; i < duty->names.count; i++) {
		buf_puts(&view->out, i ? ", " : "");
		print_name(view, duty->names.items[i]);
	}
	if (duty->by == ROTA_NOBODY)
		buf_puts(&view->out, "nobody");
	else
		buf_printf(&view->out, ", %s,", rota_by(duty, view->arena));
	print_time(view, zone, "from", duty->period.since);
	if (duty->period.until == INT64_MAX)
		buf_puts(&view->out, " for good");
	print_time(view, zone, "until", duty->period.until);
	buf_putc(&view->out, '\n');
}

/* Those by command that are not over, behind its turns; one that was ended
 * before it began never comes. */
static void
print_replacements(struct view *view, const struct contact *oncall)
{
	size_t i;

	for (i = 0; i < view->stored.count; i++) {
		const struct store_replacement *it = &view->stored.items[i];

		if (strcmp(it->oncall, oncall->name) ||
		    it->until <= view->range.since ||
		    it->until <= it->since)
			continue;
		buf_puts(&view->out, "  ");
		replacing_print(it, oncall->rota->zone, &view->out);
	}
}

static void
print_oncall(struct view *view, const struct contact *oncall)
{
	instant_ms when = view->range.since;
	rota_replacements more;
	struct rota_turn duty;

	do {
		more = contact_replacements(view->contacts, oncall,
					    &view->stored, view->arena);
		duty = rota_at(oncall->rota, &more, when, view->arena);
		(view->as_json ? print_json : print_text)(view, oncall, &duty);
		when = duty.period.until;
		arena_reset(view->arena);
	} while (when < view->range.until);
	if (!view->as_json)
		print_replacements(view, oncall);
}

/* A turn that is not known is no gap. */
static void
say_unfetched(const struct contact *oncall)
{
	size_t i;

	for (i = 0; i < oncall->rota->feeds.count; i++) {
		const struct feed *feed = oncall->rota->feeds.items[i];

		if (!feed->copy)
			fprintf(stderr, "tocsin oncall: %s: the calendar at %s "
				"was not fetched yet, as far as this user can "
				"see\n", oncall->name, feed->place);
	}
}

static int
unknown_oncall(const struct contacts *contacts, const char *name)
{
	const struct contact *other = contact_find(contacts, name);
	struct arena *arena = arena_create();
	VEC(const char *) names = { 0 };
	const char *nearest;
	size_t i;

	for (i = 0; i < contacts->list.count; i++)
		if (contacts->list.items[i]->rota)
			vec_push(arena, &names, contacts->list.items[i]->name);
	vec_push(arena, &names, NULL);
	nearest = text_nearest(name, names.items);
	if (other)
		(void)cmd_fail("'%s' is a %s, and so has no turns", name,
			       other->node->keyword);
	else if (nearest)
		(void)cmd_fail("there is no oncall '%s' (did you mean "
			       "'%s'?)", name, nearest);
	else
		(void)cmd_fail("there is no oncall '%s'", name);
	arena_destroy(&arena);
	return CMD_NO;
}

static int
print_all(struct view *view, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < view->contacts->list.count; i++) {
		const struct contact *contact = view->contacts->list.items[i];

		if (!contact->rota || (name && strcmp(name, contact->name)))
			continue;
		say_unfetched(contact);
		print_oncall(view, contact);
		count++;
	}
	if (name && !count)
		return unknown_oncall(view->contacts, name);
	return cmd_print(&view->out) ? CMD_OK : CMD_NO;
}

/* The range that is asked for; without `--next` the instant. */
static bool
take_range(const struct cmd_line *line, struct period *range_out)
{
	const char *next = line->values[OPTION_NEXT];
	int64_t length = 1;

	if (!cmd_instant(line->values[OPTION_AT], &range_out->since))
		return false;
	if (next && (!conf_parse_duration(next, &length) || !length ||
		     length > NEXT_DAYS_MOST * DAY_MS)) {
		(void)cmd_usage("--next is a duration up to %dd, as 14d, not "
				"'%s'", NEXT_DAYS_MOST, next);
		return false;
	}
	range_out->until = range_out->since + length;
	return true;
}

static int
print_duty(const struct cmd_line *line)
{
	struct view view = {
		.as_json = line->values[OPTION_JSON], .out = BUF_INIT,
	};
	struct arena *arena;
	struct generation *generation;
	bool is_whole;
	int status;

	if (line->count > 1)
		return cmd_usage("one NAME, or none");
	if (!take_range(line, &view.range))
		return CMD_USAGE;
	generation = cmd_load(line);
	if (!generation)
		return CMD_NO;
	arena = arena_create();
	is_whole = replacing_load(generation, arena, &view.stored);
	view.contacts = generation->contacts;
	view.arena = arena_create();
	status = print_all(&view, line->count ? line->words[0] : NULL);
	arena_destroy(&view.arena);
	arena_destroy(&arena);
	buf_release(&view.out);
	return cmd_end(&generation, is_whole ? status : CMD_NO);
}

/* "replace bob by ana in primary", with its times. */
static int
add_replacement(const struct cmd_line *line)
{
	const struct replacing it = {
		.from = line->values[OPTION_FROM],
		.until = line->values[OPTION_UNTIL],
		.name = line->words[1],
		.by = line->count == 6 ? line->words[3] : NULL,
		.oncall = line->count == 6 ? line->words[5] : NULL,
	};

	if (line->count != 6 || strcmp(line->words[2], "by") ||
	    strcmp(line->words[4], "in"))
		return cmd_usage("replace NAME by NAME in ONCALL --from TIME "
				 "--until TIME");
	if (!it.from || !it.until)
		return cmd_usage("--from TIME and --until TIME say when");
	return replacing_add(line, &it);
}

static int
replace(const struct cmd_line *line)
{
	const char *id = line->values[OPTION_END];
	bool has_times = line->values[OPTION_FROM] ||
			 line->values[OPTION_UNTIL];

	if (line->values[OPTION_AT] || line->values[OPTION_NEXT])
		return cmd_usage("--at and --next are for turns");
	if (id && (line->count > 1 || has_times))
		return cmd_usage("replace --end ID, and nothing else");
	if (line->values[OPTION_JSON] && (id || line->count > 1))
		return cmd_usage("--json is for lists");
	if (id)
		return replacing_end(line, id);
	if (line->count == 1 && !has_times)
		return replacing_list(line, line->values[OPTION_JSON]);
	return add_replacement(line);
}

static int
run(const struct cmd_line *line)
{
	if (line->count && !strcmp(line->words[0], "replace"))
		return replace(line);
	if (line->values[OPTION_FROM] || line->values[OPTION_UNTIL] ||
	    line->values[OPTION_END])
		return cmd_usage("--from, --until and --end belong to "
				 "replace");
	return print_duty(line);
}

const struct command cmd_oncall = {
	.name = "oncall",
	.words = "[NAME | replace [NAME by NAME in ONCALL]]",
	.summary = "Say who is on duty, and until when; replace somebody",
	.detail = "One line a turn: of each `oncall`, or of NAME alone. With "
		  "`replace` the second\ntakes over the duty of the first "
		  "from TIME to TIME, as by a line of the file; alone it\n"
		  "lists the replacements that were made so.\n",
	.options = {
		[OPTION_AT] = { "at", "TIME", "as if it were TIME" },
		[OPTION_NEXT] = { "next", "DURATION",
				  "all turns from then on, as 14d" },
		[OPTION_JSON] = { "json", NULL, "one object a line" },
		[OPTION_FROM] = { "from", "TIME",
				  "of `replace`, as 2026-12-24T18:00" },
		[OPTION_UNTIL] = { "until", "TIME", "likewise" },
		[OPTION_END] = { "end", "ID",
				 "of `replace`: it is over from now on" },
	},
	.run = run,
};
