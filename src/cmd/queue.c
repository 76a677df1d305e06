/* queue: deliveries that are not done: list, show, retry, cancel. */
#include "cmd/order.h"

#include "base/text.h"
#include "cmd/journal.h"
#include "queue/queue.h"

enum { OPTION_ALL, OPTION_REASON };

enum { QUEUE_LIST_MOST = 10000 };	/* lines of one state */

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
	/* What waits for the next try last, so that it is seen first in a
	 * terminal; what is over only when asked for, but for failures. */
	static const enum store_state open[] = {
		STORE_FAILED, STORE_RETRY, STORE_PENDING, STORE_CLAIMED
	};
	enum outcome outcome = OUTCOME_OK;
	size_t count = 0, i;

	if (order->line->values[OPTION_ALL]) {
		outcome = list_state(order, STORE_SENT, &count);
		if (outcome == OUTCOME_OK)
			outcome = list_state(order, STORE_CANCELLED, &count);
	}
	for (i = 0; i < sizeof(open) / sizeof(*open); i++)
		if (outcome == OUTCOME_OK)
			outcome = list_state(order, open[i], &count);
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

static const struct order_verb verbs[] = {
	{ "list", NULL, false, list },
	{ "show", "ID", false, show },
	{ "retry", "ID", true, change_each },
	{ "cancel", "ID", true, change_each },
	{ NULL, NULL, false, NULL },
};

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
	if (line->values[OPTION_ALL] && strcmp(verb, "list"))
		return cmd_usage("--all belongs to list");
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
	.words = "[list | show ID | retry ID... | cancel ID...]",
	.summary = "List, show, retry or cancel deliveries",
	.options = {
		[OPTION_ALL] = { "all", NULL, "list those that are done, too" },
		[OPTION_REASON] = { "reason", "TEXT",
				    "why they are cancelled" },
	},
	.run = run,
};
