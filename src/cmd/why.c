/* why: the recorded decision of a mail and the answer to every delivery. */
#include "cmd/load.h"

#include "base/text.h"
#include "cmd/journal.h"

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
	journal_line(out, "sender", item->sender);
	for (i = 0; i < item->recipient_count; i++)
		journal_line(out, "recipient", item->recipients[i]);
	journal_line(out, "read", item->parse);
	if (item->duplicates) {
		buf_printf(out, "came again   %lld times",
			   (long long)item->duplicates);
		buf_puts(out, ", last ");
		clock_print(out, item->last_duplicate);
		buf_putc(out, '\n');
	}
	print_verdict(item, out);
}

static void
print_trace(const char *trace, struct buf *out)
{
	buf_puts(out, "\nwhy\n");
	while (trace && *trace) {
		size_t length = strcspn(trace, "\n");

		buf_printf(out, "  %.*s\n", (int)length, trace);
		trace += length + (trace[length] == '\n');
	}
}

static enum outcome
print_deliveries(struct store *store, const struct store_item *item,
		 struct arena *arena, struct buf *out, struct buf *error)
{
	struct store_deliveries deliveries = { 0 };
	enum outcome outcome = store_item_deliveries(store, item->id, arena,
						     &deliveries, error);
	size_t i;

	buf_puts(out, "\ndeliveries\n");
	for (i = 0; i < deliveries.count && outcome == OUTCOME_OK; i++) {
		journal_delivery(out, &deliveries.items[i]);
		outcome = journal_attempts(store, deliveries.items[i].id, arena,
					   out, error);
	}
	if (!deliveries.count)
		buf_puts(out, "  none\n");
	return outcome;
}

static enum outcome
print_all(struct store *store, const struct store_item *item,
	  struct arena *arena, struct buf *out, struct buf *error)
{
	enum outcome outcome;

	print_item(item, out);
	print_trace(item->verdict.trace, out);
	outcome = print_deliveries(store, item, arena, out, error);
	if (outcome == OUTCOME_OK)
		outcome = journal_events(store, item->id, arena, out, error);
	return outcome;
}

static int
explain_code(struct store *store, const char *code)
{
	struct arena *arena = arena_create();
	struct buf out = BUF_INIT, error = BUF_INIT;
	struct store_item *item = NULL;
	enum outcome outcome;
	int status = CMD_NO;

	outcome = store_item_find(store, code, arena, &item, &error);
	if (outcome == OUTCOME_OK && item)
		outcome = print_all(store, item, arena, &out, &error);
	if (outcome != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	else if (!item)
		(void)cmd_fail("there is no mail with the code '%s'; the "
			       "journal goes back %d days", code,
			       STORE_JOURNAL_DAYS);
	else if (cmd_print(&out))
		status = CMD_OK;
	buf_release(&out);
	buf_release(&error);
	arena_destroy(&arena);
	return status;
}

static int
run(const struct cmd_line *line)
{
	struct generation *generation;
	struct store *store;
	int status = CMD_NO;

	if (line->count != 1)
		return cmd_usage("which CODE? It stands in the notification");
	generation = cmd_load_anyway(line);
	if (!generation)
		return CMD_NO;
	store = cmd_open_store(generation);
	if (store) {
		status = explain_code(store, line->words[0]);
		store_close(&store);
	}
	generation_destroy(&generation);
	return status;
}

const struct command cmd_why = {
	.name = "why",
	.words = "CODE",
	.summary = "Tell the recorded decision of a mail and what became of it",
	.run = run,
};
