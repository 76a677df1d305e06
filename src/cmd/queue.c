/* queue: deliveries that are not done: list, show, retry, cancel. */
#include "cmd/order.h"

#include "base/text.h"
#include "cmd/journal.h"
#include "queue/queue.h"

enum { OPTION_ALL, OPTION_REASON };

enum { QUEUE_LIST_MOST = 10000 };	/* lines of one state */

static enum outcome
list_state(struct order *order, enum store_state state, size_t *count)
{
	struct store_deliveries deliveries = { 0 };
	enum outcome outcome = store_deliveries(order->store, state,
						QUEUE_LIST_MOST, order->arena,
						&deliveries, &order->error);
	size_t i;

	for (i = 0; i < deliveries.count; i++) {
		journal_delivery(&order->out, &deliveries.items[i]);
		if (deliveries.items[i].reply &&
		    state != STORE_SENT) {
			buf_puts(&order->out, "         ");
			text_escape(&order->out, deliveries.items[i].reply,
				    400);
			buf_putc(&order->out, '\n');
		}
	}
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

static bool
take_id(const char *word, int64_t *id_out)
{
	uint64_t id;

	if (!text_to_u64(word, &id) || id > INT64_MAX) {
		(void)cmd_usage("'%s' is no number of a delivery", word);
		return false;
	}
	*id_out = (int64_t)id;
	return true;
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
	journal_line(out, "recipient", delivery->recipient);
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
	enum outcome outcome;
	int64_t id;

	if (order->line->count != 2)
		return cmd_usage("show which ID?");
	if (!take_id(order->line->words[1], &id))
		return CMD_USAGE;
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
	int64_t id;
	size_t i;

	if (order->line->count < 2)
		return cmd_usage("%s which ID?", order->line->words[0]);
	if (!strcmp(order->line->words[0], "cancel") &&
	    (!order->line->values[OPTION_REASON] ||
	     !*order->line->values[OPTION_REASON]))
		return cmd_usage("say why with --reason TEXT: somebody will "
				 "ask why he was not told");
	for (i = 1; i < order->line->count; i++) {
		if (!take_id(order->line->words[i], &id))
			return CMD_USAGE;
		buf_reset(&order->error);
		if (change(order, id) != OUTCOME_OK)
			status = cmd_fail("%s", order->error.data);
	}
	return status;
}

static int
obey(struct order *order)
{
	static const struct {
		const char *name;
		int (*run)(struct order *order);
	} orders[] = {
		{ "list", list }, { "show", show }, { "retry", change_each },
		{ "cancel", change_each },
	};
	size_t i;

	if (!order->line->count)
		return list(order);
	for (i = 0; i < sizeof(orders) / sizeof(*orders); i++)
		if (!strcmp(order->line->words[0], orders[i].name))
			return orders[i].run(order);
	return cmd_usage("'%s' is none of list, show, retry, cancel",
			 order->line->words[0]);
}

static int
run(const struct cmd_line *line)
{
	return order_run(line, obey);
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
