/* why: the recorded decision of a mail and the answer to every delivery. */
#include "cmd/order.h"

#include "base/text.h"
#include "cmd/journal.h"
#include "hold/cover.h"

#include <unistd.h>

enum { OPTION_MAIL };

static void
print_verdict(const struct store_item *item, struct buf *out)
{
	const struct store_verdict *verdict = &item->verdict;

	buf_printf(out, "decision     %s", verdict->action);
	if (verdict->rule)
		buf_printf(out, " by %s", verdict->rule);
	if (verdict->file && *verdict->file)
		buf_printf(out, " (%s:%lld)", verdict->file,
			   (long long)verdict->line);
	buf_putc(out, '\n');
	journal_line(out, "reason", verdict->reason);
	journal_line(out, "customer", verdict->customer);
	journal_line(out, "format", verdict->format);
	journal_line(out, "authentic", verdict->authentic);
	journal_time(out, "decided", verdict->decided);
	journal_line(out, "rules", verdict->rules_version);
}

static void
print_item(const struct store_item *item, struct buf *out)
{
	size_t i;

	buf_printf(out, "%s %s\n", item->kind, item->code);
	journal_time(out, "received", item->received);
	journal_line(out, "message-id", item->message_id);
	journal_line(out, "sender", item->sender && !*item->sender ? "<>" :
						   item->sender);
	for (i = 0; i < item->recipient_count; i++)
		journal_line(out, "recipient", item->recipients[i]);
	journal_line(out, "read", item->parse);
	if (item->duplicates) {
		buf_printf(out, "came again   %lld times",
			   (long long)item->duplicates);
		buf_puts(out, ", last ");
		clock_print(out, item->last_duplicate);
		buf_printf(out, " (%s: %s)\n", cover_same_mail()->name,
			   cover_same_mail()->sentence);
	}
	print_verdict(item, out);
}

static enum outcome
print_deliveries(struct order *order, const struct store_item *item)
{
	struct store_deliveries deliveries = { 0 };
	enum outcome outcome = store_item_deliveries(order->store, item->id,
						     order->arena, &deliveries,
						     &order->error);
	size_t i;

	buf_puts(&order->out, "\ndeliveries\n");
	for (i = 0; i < deliveries.count && outcome == OUTCOME_OK; i++) {
		journal_delivery(&order->out, &deliveries.items[i]);
		outcome = journal_attempts(order->store,
					   deliveries.items[i].id,
					   order->arena, &order->out,
					   &order->error);
	}
	if (!deliveries.count)
		buf_puts(&order->out, "  none\n");
	return outcome;
}

static enum outcome
print_all(struct order *order, const struct store_item *item)
{
	enum outcome outcome;

	print_item(item, &order->out);
	buf_puts(&order->out, "\nwhy\n");
	if (item->verdict.trace)
		journal_lines(&order->out, "  ", item->verdict.trace);
	outcome = print_deliveries(order, item);
	if (outcome != OUTCOME_OK)
		return outcome;
	return journal_events(order->store, item->id, order->arena,
			      &order->out, &order->error);
}

/* What came, and not a word of ours. */
static int
print_mail(struct order *order, const struct store_item *item)
{
	struct store_raw *raw = NULL;
	enum outcome outcome = store_raw(order->store, item->id, order->arena,
					 &raw, &order->error);

	if (outcome != OUTCOME_OK)
		return order_end(order, outcome);
	if (!raw)
		return cmd_fail("what came as %s is not kept; `keep raw` says "
				"for how long it would be", item->code);
	if (!isatty(STDOUT_FILENO))
		return cmd_write(raw->bytes, raw->length) ? CMD_OK : CMD_NO;
	journal_message(&order->out, raw->bytes, raw->length);
	return order_end(order, OUTCOME_OK);
}

static int
obey(struct order *order)
{
	const char *code = order->line->words[0];
	struct store_item *item = NULL;
	enum outcome outcome;

	outcome = store_item_find(order->store, text_fold(order->arena, code),
				  order->arena, &item, &order->error);
	if (outcome == OUTCOME_OK && !item)
		return cmd_fail("there is no mail with the code '%s'; the "
				"journal goes back %d days", code,
				STORE_JOURNAL_DAYS);
	if (outcome == OUTCOME_OK && order->line->values[OPTION_MAIL])
		return print_mail(order, item);
	if (outcome == OUTCOME_OK)
		outcome = print_all(order, item);
	return order_end(order, outcome);
}

static int
run(const struct cmd_line *line)
{
	if (line->count != 1)
		return cmd_usage("which CODE? It stands in the notification");
	return order_run(line, obey);
}

const struct command cmd_why = {
	.name = "why",
	.words = "CODE",
	.summary = "Tell the recorded decision of a mail and what became of it",
	.options = {
		[OPTION_MAIL] = { "mail", NULL, "print what came instead, as "
				  "it came" },
	},
	.run = run,
};
