/* held: mails that wait for a person: list, show, release. */
#include "cmd/order.h"

#include "base/text.h"
#include "cmd/journal.h"

enum { OPTION_CUSTOMER, OPTION_NOTE };

static int
list(struct order *order)
{
	struct store_helds helds = { 0 };
	enum outcome outcome = store_helds(order->store, STORE_HELD,
					   order->arena, &helds, &order->error);
	size_t i;

	for (i = 0; i < helds.count; i++) {
		buf_printf(&order->out, "%s  ", helds.items[i].code);
		clock_print(&order->out, helds.items[i].since);
		buf_puts(&order->out, "  ");
		text_escape(&order->out, helds.items[i].reason, 400);
		buf_putc(&order->out, '\n');
	}
	if (!helds.count)
		buf_puts(&order->out, "nothing is held\n");
	return order_end(order, outcome);
}

/* The item of the code in the second word, and what is held of it; NULL after
 * a sentence. */
static struct store_held *
find_held(struct order *order)
{
	const char *code = text_fold(order->arena, order->line->words[1]);
	struct store_held *held = NULL;
	struct store_item *item = NULL;
	enum outcome outcome = store_item_find(order->store, code, order->arena,
					       &item, &order->error);

	if (outcome == OUTCOME_OK && item)
		outcome = store_held(order->store, item->id, order->arena,
				     &held, &order->error);
	if (outcome != OUTCOME_OK)
		(void)cmd_fail("%s", order->error.data);
	else if (!held)
		(void)cmd_fail("no mail with the code '%s' is held", code);
	return held;
}

static int
show(struct order *order)
{
	struct store_held *held = find_held(order);
	struct buf *out = &order->out;

	if (!held)
		return CMD_NO;
	buf_printf(out, "mail %s\n", held->code);
	journal_line(out, "state", store_held_names[held->state]);
	journal_line(out, "reason", held->reason);
	journal_time(out, "since", held->since);
	journal_line(out, "by", held->who);
	journal_line(out, "customer", held->customer);
	journal_line(out, "note", held->note);
	if (held->message) {
		buf_putc(out, '\n');
		journal_message(out, held->message, held->message_length);
	}
	return order_end(order, OUTCOME_OK);
}

static int
release(struct order *order)
{
	const char *customer = order->line->values[OPTION_CUSTOMER];
	struct clock clock = clock_system();
	struct store_held *held;

	if (customer && !ruleset_find(order->generation->ruleset, customer))
		return cmd_fail("there is no customer '%s'", customer);
	held = find_held(order);
	if (!held)
		return CMD_NO;
	if (held->state != STORE_HELD)
		return cmd_fail("mail %s is held no longer; see tocsin why %s",
				held->code, held->code);
	return order_end(order, store_held_release(order->store, held->item,
			cmd_who(), customer, order->line->values[OPTION_NOTE],
			clock.now(&clock), &order->error));
}

static const struct order_verb verbs[] = {
	{ "list", NULL, false, list },
	{ "show", "CODE", false, show },
	{ "release", "CODE", false, release },
	{ NULL, NULL, false, NULL },
};

static int
run(const struct cmd_line *line)
{
	const struct order_verb *verb = order_verb_find(line, verbs);

	if (!verb)
		return CMD_USAGE;
	if ((line->values[OPTION_CUSTOMER] || line->values[OPTION_NOTE]) &&
	    verb->obey != release)
		return cmd_usage("--customer and --note belong to release");
	return order_run(line, verb->obey);
}

const struct command cmd_held = {
	.name = "held",
	.words = "[list | show CODE | release CODE]",
	.summary = "List, show or release mails that wait for a person",
	.detail = "A running daemon takes up a released mail within a "
		  "second.\n",
	.options = {
		[OPTION_CUSTOMER] = { "customer", "NAME",
				      "whose it is, decided by you" },
		[OPTION_NOTE] = { "note", "TEXT", "why, for the journal" },
	},
	.run = run,
};
