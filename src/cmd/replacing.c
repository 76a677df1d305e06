#include "cmd/replacing.h"

#include "base/json.h"
#include "base/owner.h"
#include "base/text.h"
#include "cmd/order.h"
#include "conf/value.h"
#include "pipeline/replacement.h"

#include <errno.h>
#include <unistd.h>

/* ---- printing ---- */

void
replacing_print_time(const struct zone *zone, instant_ms when, struct buf *out)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	struct civil civil;

	zone_to_civil(zone, when, &civil);
	buf_printf(out, "%s %04d-%02d-%02d %02d:%02d",
		   days[clock_weekday(clock_from_civil(&civil))],
		   (int)civil.year, civil.month, civil.day, civil.hour,
		   civil.minute);
	if (civil.second)
		buf_printf(out, ":%02d", civil.second);
	buf_printf(out, " %s", zone_abbreviation(zone, when));
}

void
replacing_print(const struct store_replacement *it, const struct zone *zone,
		struct buf *out)
{
	buf_printf(out, "replacement %lld: ", (long long)it->id);
	text_escape(out, it->name, SIZE_MAX);
	buf_puts(out, " by ");
	text_escape(out, it->by, SIZE_MAX);
	buf_puts(out, " in ");
	text_escape(out, it->oncall, SIZE_MAX);
	buf_puts(out, " from ");
	replacing_print_time(zone, it->since, out);
	buf_puts(out, " until ");
	replacing_print_time(zone, it->until, out);
	buf_puts(out, " (");
	text_escape(out, it->who, SIZE_MAX);
	buf_puts(out, it->ended == TIME_UNKNOWN ? ")" : ", ended)");
	buf_putc(out, '\n');
}

static void
print_json(const struct store_replacement *it, struct buf *out)
{
	struct json *object = json_object();

	json_set_integer(object, "id", it->id);
	json_set_text(object, "oncall", it->oncall);
	json_set_text(object, "name", it->name);
	json_set_text(object, "by", it->by);
	json_set_instant(object, "from", it->since);
	json_set_instant(object, "until", it->until);
	json_set_text(object, "who", it->who);
	json_set_instant(object, "made", it->made);
	json_set_instant(object, "ended", it->ended);
	json_print(object, out);
	buf_putc(out, '\n');
	json_destroy(&object);
}

/* ---- reading ---- */

static bool
read_all(const struct generation *generation, struct arena *arena,
	 struct store_replacements *list, struct buf *error)
{
	struct store *store = NULL;
	enum outcome outcome = store_open(generation->settings.store, &store,
					  error);

	if (outcome != OUTCOME_OK)
		return false;
	outcome = store_replacements(store, arena, list, error);
	store_close(&store);
	return outcome == OUTCOME_OK;
}

/* As the owner of the state, whoever runs it. */
static bool
read_as_owner(const struct generation *generation, struct arena *arena,
	      struct store_replacements *list, struct buf *error)
{
	const char *state = generation->settings.state;
	bool good = owner_borrow(state);

	if (good)
		good = read_all(generation, arena, list, error);
	else
		buf_printf(error, "cannot act as the owner of %s: %s", state,
			   strerror(errno));
	if (!owner_return()) {
		buf_printf(error, "; cannot act as myself again: %s",
			   strerror(errno));
		good = false;
	}
	return good;
}

bool
replacing_load(const struct generation *generation, struct arena *arena,
	       struct store_replacements *list_out)
{
	const char *path = store_file(generation->settings.store);
	struct buf error = BUF_INIT;
	bool good = true;

	*list_out = (struct store_replacements){ 0 };
	if (path && !access(path, R_OK | W_OK))
		good = read_as_owner(generation, arena, list_out, &error);
	else if (path && errno != ENOENT && errno != ENOTDIR) {
		buf_printf(&error, "cannot open %s: %s", path,
			   strerror(errno));
		good = false;
	}
	if (!good)
		(void)cmd_fail("replacements by command are not known, and "
			       "left out: %s", error.data);
	buf_release(&error);
	return good;
}

/* ---- making ---- */

/* One that is being made. */
struct making {
	const struct replacing *words;
	const struct generation *generation;
	struct store_replacement it;
	struct arena *arena;
};

static int
refuse(const struct replacement_fault *fault)
{
	return cmd_fail(fault->remedy ? "%s (%s)" : "%s%s", fault->sentence,
			fault->remedy ? fault->remedy : "");
}

static bool
take_time(const char *option, const char *text, const struct zone *zone,
	  bool is_end, instant_ms *when_out)
{
	if (conf_parse_moment(text, zone, is_end, when_out))
		return true;
	(void)cmd_usage("--%s: '%s' is no time; write it as 2026-12-24T18:00, "
			"2026-12-24 or 2026-12-24T18:00:00+01:00", option,
			text);
	return false;
}

/* In the zone of the oncall; of one that there is not, any will do, as that is
 * what is said then. */
static int
take_times(struct making *making)
{
	const struct contact *oncall = contact_find(
		making->generation->contacts, making->words->oncall);
	const struct zone *zone = oncall && oncall->rota ? oncall->rota->zone
							 : zone_utc();

	if (!take_time("from", making->words->from, zone, false,
		       &making->it.since) ||
	    !take_time("until", making->words->until, zone, true,
		       &making->it.until))
		return CMD_USAGE;
	if (making->it.until <= making->it.since)
		return cmd_fail("this replacement ends before it begins "
				"(--from is the earlier one)");
	return CMD_OK;
}

/* Looked at and added in one transaction: what it follows is what there is. */
static enum outcome
add(struct making *making, struct store *store,
    struct replacement_fault *fault_out, struct replacement_fault *doubt_out,
    struct buf *error)
{
	struct store_replacements before = { 0 };
	enum outcome outcome = store_replacements(store, making->arena,
						  &before, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	*fault_out = replacement_error(making->generation, &before,
				       &making->it, making->arena);
	if (fault_out->sentence)
		return OUTCOME_OK;
	*doubt_out = replacement_doubt(making->generation, &before,
				       &making->it, making->it.made,
				       making->arena);
	return store_replacement_add(store, &making->it, &making->it.id,
				     error);
}

static int
say_made(const struct making *making, const struct replacement_fault *doubt)
{
	const struct contact *oncall = contact_find(
		making->generation->contacts, making->it.oncall);
	struct buf out = BUF_INIT;
	bool good;

	replacing_print(&making->it, oncall->rota->zone, &out);
	good = cmd_print(&out);
	buf_release(&out);
	if (doubt->sentence)
		(void)cmd_fail("warning: %s (tocsin oncall replace --end %lld "
			       "takes it back)", doubt->sentence,
			       (long long)making->it.id);
	return good ? CMD_OK : CMD_NO;
}

static int
make(struct making *making, struct store *store)
{
	struct replacement_fault fault = { 0 }, doubt = { 0 };
	struct buf error = BUF_INIT;
	enum outcome outcome = store_begin(store, &error);
	int status;

	if (outcome == OUTCOME_OK)
		outcome = store_end(store, add(making, store, &fault, &doubt,
					       &error), &error);
	if (outcome != OUTCOME_OK)
		status = cmd_fail("%s", error.data);
	else if (fault.sentence)
		status = refuse(&fault);
	else
		status = say_made(making, &doubt);
	buf_release(&error);
	return status;
}

static int
open_and_make(struct making *making)
{
	struct store *store;
	int status = take_times(making);

	if (status != CMD_OK)
		return status;
	store = order_open_store(making->generation);
	if (!store)
		return CMD_NO;
	status = make(making, store);
	store_close(&store);
	return status;
}

int
replacing_add(const struct cmd_line *line, const struct replacing *replacing)
{
	struct clock clock = clock_system();
	struct generation *generation = cmd_load(line);
	struct making making = {
		.words = replacing, .generation = generation,
		.it = {
			.oncall = replacing->oncall, .name = replacing->name,
			.by = replacing->by, .made = clock.now(&clock),
			.who = cmd_who(), .ended = TIME_UNKNOWN,
		},
	};
	int status;

	if (!generation)
		return CMD_NO;
	making.arena = arena_create();
	status = open_and_make(&making);
	arena_destroy(&making.arena);
	/* What is not as the files say is said, but it is made. */
	(void)cmd_end(&generation, status);
	return status;
}

/* ---- ending, listing ---- */

static int
end(struct order *order)
{
	struct clock clock = clock_system();
	const char *text = order->line->words[0];
	uint64_t id;

	if (!text_to_u64(text, &id) || id > INT64_MAX)
		return cmd_fail("'%s' is no number of a replacement; see "
				"tocsin oncall replace", text);
	buf_printf(&order->out, "replacement %s has ended\n", text);
	return order_end(order, store_replacement_end(order->store,
			(int64_t)id, clock.now(&clock), &order->error));
}

int
replacing_end(const struct cmd_line *line, const char *id)
{
	struct cmd_line of = *line;
	char *words[] = { (char *)id, NULL };

	of.words = words;
	of.count = 1;
	return order_run(&of, end);
}

static const struct zone *
zone_of(const struct order *order, const char *name)
{
	const struct contact *oncall =
		contact_find(order->generation->contacts, name);

	return oncall && oncall->rota ? oncall->rota->zone : zone_utc();
}

static int
list(struct order *order, bool as_json)
{
	struct store_replacements all = { 0 };
	enum outcome outcome = store_replacements(order->store, order->arena,
						  &all, &order->error);
	size_t i;

	for (i = 0; i < all.count; i++) {
		const struct store_replacement *it = &all.items[i];

		if (as_json)
			print_json(it, &order->out);
		else
			replacing_print(it, zone_of(order, it->oncall),
					&order->out);
	}
	return order_end(order, outcome);
}

static int
list_text(struct order *order)
{
	return list(order, false);
}

static int
list_json(struct order *order)
{
	return list(order, true);
}

int
replacing_list(const struct cmd_line *line, bool as_json)
{
	return order_run(line, as_json ? list_json : list_text);
}
