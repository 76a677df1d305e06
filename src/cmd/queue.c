/* queue: deliveries that are not done: summary, list, show, retry, cancel. */
#include "cmd/order.h"

#include "base/text.h"
#include "cmd/journal.h"
#include "queue/queue.h"

enum { OPTION_ALL, OPTION_RELAY, OPTION_REASON };

enum {
	QUEUE_LIST_MOST = 10000,	/* lines of one state */
	QUEUE_REASON_MOST = 60,		/* octets of a reason in the summary */
};

/* What waits for the next try last, so that it is seen first in a terminal;
 * what is over only when asked for, but for failures. */
static const enum store_state open_states[] = {
	STORE_FAILED, STORE_RETRY, STORE_PENDING, STORE_CLAIMED
};

enum { OPEN_STATES = sizeof(open_states) / sizeof(*open_states) };

/* ---- the summary ---- */

/* A reply without what differs from one delivery to the next: from the first
 * word on that has a number of a queue or an address in it. The reply code and
 * its RFC 3463 kin stay. */
static const char *
reason_of(struct arena *arena, const char *reply)
{
	struct buf reason = BUF_INIT;
	const char *copy;

	if (!reply)
		return "not tried yet";
	while (*reply) {
		size_t word = strcspn(reply, " "), dots = strspn(reply,
							"0123456789.");

		if ((memchr(reply, '@', word) ||
		     (dots < word && strcspn(reply, "0123456789") < word)) &&
		    reason.len)
			break;
		buf_append(&reason, reply, word);
		reply += word + strspn(reply + word, " ");
		if (*reply)
			buf_putc(&reason, ' ');
	}
	copy = text_cut(arena, arena_strdup(arena, reason.data),
			QUEUE_REASON_MOST);
	buf_release(&reason);
	return copy;
}

static struct store_backlog *
find_alike(struct store_backlogs *groups, const struct store_backlog *one)
{
	size_t i;

	for (i = 0; i < groups->count; i++)
		if (!strcmp(groups->items[i].relay, one->relay) &&
		    groups->items[i].state == one->state &&
		    !strcmp(groups->items[i].reply, one->reply))
			return &groups->items[i];
	return NULL;
}

static void
gather(struct arena *arena, struct store_backlogs *groups,
       struct store_backlog one)
{
	struct store_backlog *alike;

	one.reply = reason_of(arena, one.reply);
	alike = find_alike(groups, &one);
	if (!alike) {
		vec_push(arena, groups, one);
		return;
	}
	alike->count += one.count;
	if (one.oldest < alike->oldest)
		alike->oldest = one.oldest;
}

/* By relay and reason, since one mended password mends a thousand lines. */
static enum outcome
summarize(struct order *order)
{
	struct store_backlogs all = { 0 }, groups = { 0 };
	enum outcome outcome = store_backlog(order->store, order->arena, &all,
					     &order->error);
	size_t i;

	for (i = 0; i < all.count; i++)
		gather(order->arena, &groups, all.items[i]);
	for (i = 0; i < groups.count; i++) {
		const struct store_backlog *group = &groups.items[i];

		buf_printf(&order->out, "%s: %lld %s since ", group->relay,
			   (long long)group->count,
			   store_state_names[group->state]);
		clock_print(&order->out, group->oldest);
		buf_puts(&order->out, ": ");
		text_escape(&order->out, group->reply, 400);
		buf_putc(&order->out, '\n');
	}
	if (groups.count)
		buf_putc(&order->out, '\n');
	return outcome;
}

/* ---- the list ---- */

static bool
is_among(const struct store_ids *ids, int64_t id)
{
	size_t i = 0;

	while (i < ids->count && ids->items[i] != id)
		i++;
	return i < ids->count;
}

static void
list_one(struct order *order, const struct store_delivery *delivery,
	 const struct store_ids *untold)
{
	journal_delivery(&order->out, delivery);
	if (delivery->reply && delivery->state != STORE_SENT) {
		buf_puts(&order->out, "         ");
		text_escape(&order->out, delivery->reply, 400);
		buf_putc(&order->out, '\n');
	}
	if (is_among(untold, delivery->id))
		buf_puts(&order->out, "         nobody else could be told of "
			 "this failure\n");
}

static enum outcome
list_state(struct order *order, enum store_state state, size_t *count)
{
	struct store_deliveries deliveries = { 0 };
	enum outcome outcome = store_deliveries(order->store, state,
						QUEUE_LIST_MOST, order->arena,
						&deliveries, &order->error);
	struct store_ids untold = { 0 };
	size_t i;

	if (outcome == OUTCOME_OK && state == STORE_FAILED)
		outcome = store_untold(order->store, order->arena, &untold,
				       &order->error);
	for (i = 0; i < deliveries.count; i++)
		list_one(order, &deliveries.items[i], &untold);
	*count += deliveries.count;
	return outcome;
}

static int
list(struct order *order)
{
	enum outcome outcome = summarize(order);
	size_t count = 0, i;

	if (outcome == OUTCOME_OK && order->line->values[OPTION_ALL]) {
		outcome = list_state(order, STORE_SENT, &count);
		if (outcome == OUTCOME_OK)
			outcome = list_state(order, STORE_CANCELLED, &count);
	}
	for (i = 0; i < OPEN_STATES && outcome == OUTCOME_OK; i++)
		outcome = list_state(order, open_states[i], &count);
	if (!count)
		buf_puts(&order->out, "nothing is queued\n");
	return order_end(order, outcome);
}

/* 0 when it is none. */
static int64_t
id_of(const char *word)
{
	uint64_t id;

	return text_to_u64(word, &id) && id <= INT64_MAX ? (int64_t)id : 0;
}

static void
print_delivery(struct order *order, const struct store_delivery *delivery)
{
	struct buf *out = &order->out;

	buf_printf(out, "delivery %lld of %s\n", (long long)delivery->id,
		   delivery->code);
	journal_line(out, "state", store_state_names[delivery->state]);
	journal_line(out, "kind", store_kind_names[delivery->kind]);
	journal_line(out, "customer", delivery->customer);
	journal_line(out, "recipient", delivery->address);
	journal_line(out, "contact", delivery->contact);
	journal_line(out, "rule", delivery->rule);
	journal_line(out, "template", delivery->template);
	journal_line(out, "relay", delivery->relay);
	journal_line(out, "message-id", delivery->message_id);
	journal_time(out, "created", delivery->created);
	if (delivery->state == STORE_RETRY)
		journal_time(out, "next try", delivery->due);
	journal_time(out, "gives up", delivery->expires);
	journal_line(out, "last answer", delivery->reply);
}

static int
show(struct order *order)
{
	struct store_delivery *delivery = NULL;
	int64_t id = id_of(order->line->words[1]);
	enum outcome outcome;

	outcome = store_delivery(order->store, id, order->arena, &delivery,
				 &order->error);
	if (outcome == OUTCOME_OK && !delivery)
		return cmd_fail("there is no delivery %lld", (long long)id);
	if (outcome == OUTCOME_OK) {
		print_delivery(order, delivery);
		outcome = journal_attempts(order->store, id, order->arena,
					   &order->out, &order->error);
	}
	return order_end(order, outcome);
}

static enum outcome
change(struct order *order, int64_t id)
{
	struct clock clock = clock_system();

	if (!strcmp(order->line->words[0], "retry"))
		return queue_retry_now(order->store, id, cmd_who(),
				       clock.now(&clock), &order->error);
	return queue_cancel(order->store, id, cmd_who(),
			    order->line->values[OPTION_REASON],
			    clock.now(&clock), &order->error);
}

static int
change_each(struct order *order)
{
	int status = CMD_OK;
	size_t i;

	for (i = 1; i < order->line->count; i++) {
		buf_reset(&order->error);
		if (change(order, id_of(order->line->words[i])) != OUTCOME_OK)
			status = cmd_fail("%s", order->error.data);
	}
	return status;
}

/* ---- retry: some by number, or many ---- */

static bool
is_meant(const struct order *order, const struct store_delivery *delivery)
{
	const char *relay = order->line->values[OPTION_RELAY];

	return !relay || !strcmp(relay, delivery->relay);
}

#define EVERY ((size_t)INT64_MAX)

static enum outcome
retry_state(struct order *order, enum store_state state, size_t *count)
{
	struct clock clock = clock_system();
	struct store_deliveries found = { 0 };
	enum outcome outcome = store_deliveries(order->store, state, EVERY,
						order->arena, &found,
						&order->error);
	size_t i;

	for (i = 0; i < found.count && outcome == OUTCOME_OK; i++) {
		if (!is_meant(order, &found.items[i]))
			continue;
		outcome = queue_retry_now(order->store, found.items[i].id,
					  cmd_who(), clock.now(&clock),
					  &order->error);
		(*count)++;
	}
	return outcome;
}

/* All or none of them. */
static int
retry_many(struct order *order)
{
	enum outcome outcome = store_begin(order->store, &order->error);
	size_t count = 0;

	if (outcome != OUTCOME_OK)
		return order_end(order, outcome);
	outcome = retry_state(order, STORE_RETRY, &count);
	if (outcome == OUTCOME_OK)
		outcome = retry_state(order, STORE_FAILED, &count);
	outcome = store_end(order->store, outcome, &order->error);
	buf_printf(&order->out, "%zu deliver%s due now\n", count,
		   count == 1 ? "y is" : "ies are");
	return order_end(order, outcome);
}

static int
retry(struct order *order)
{
	return order->line->count > 1 ? change_each(order) :
					retry_many(order);
}

static const struct order_verb verbs[] = {
	{ "list", NULL, false, list },
	{ "show", "ID", false, show },
	{ "retry", NULL, true, retry },
	{ "cancel", "ID", true, change_each },
	{ NULL, NULL, false, NULL },
};

/* --all and --relay, which say which deliveries are meant. */
static int
check_many(const struct cmd_line *line, const char *verb)
{
	bool all = line->values[OPTION_ALL], relay = line->values[OPTION_RELAY];

	if (strcmp(verb, "retry")) {
		if (relay)
			return cmd_usage("--relay belongs to retry");
		if (all && strcmp(verb, "list"))
			return cmd_usage("--all belongs to list and retry");
		return CMD_OK;
	}
	if ((line->count > 1) + all + relay != 1)
		return cmd_usage("retry either each ID, or --relay NAME, or "
				 "--all");
	return CMD_OK;
}

/* Before anything is changed. */
static int
check_line(const struct cmd_line *line, const char *verb)
{
	bool cancels = !strcmp(verb, "cancel");
	size_t i;

	for (i = 1; i < line->count; i++)
		if (!id_of(line->words[i]))
			return cmd_usage("'%s' is no number of a delivery",
					 line->words[i]);
	if (check_many(line, verb) != CMD_OK)
		return CMD_USAGE;
	if (line->values[OPTION_REASON] && !cancels)
		return cmd_usage("--reason belongs to cancel");
	if (cancels && (!line->values[OPTION_REASON] ||
			!*line->values[OPTION_REASON]))
		return cmd_usage("say why with --reason TEXT: somebody will "
				 "ask why he was not told");
	return CMD_OK;
}

static int
run(const struct cmd_line *line)
{
	const struct order_verb *verb = order_verb_find(line, verbs);

	if (!verb || check_line(line, verb->name) != CMD_OK)
		return CMD_USAGE;
	return order_run(line, verb->obey);
}

const struct command cmd_queue = {
	.name = "queue",
	.words = "[list | show ID | retry [ID...] | cancel ID...]",
	.summary = "List, show, retry or cancel deliveries",
	.options = {
		[OPTION_ALL] = { "all", NULL, "list those that are done, too; "
				 "retry all" },
		[OPTION_RELAY] = { "relay", "NAME",
				   "retry all that go through it" },
		[OPTION_REASON] = { "reason", "TEXT",
				    "why they are cancelled" },
	},
	.run = run,
};
