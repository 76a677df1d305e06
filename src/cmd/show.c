/* show: a customer's effective rules, in the order in which they are tried. */
#include "cmd/replacing.h"

#include "base/text.h"

static void
print_names(const char *label, const struct conf_node *customer,
	    const char *keyword, struct buf *out)
{
	size_t i, j, count = 0;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		if (strcmp(node->keyword, keyword))
			continue;
		for (j = 0; j < node->words.count; j++)
			buf_printf(out, "%s%s", count++ ? ", " : label,
				   node->words.items[j].text);
	}
	if (count)
		buf_putc(out, '\n');
}

/* What is shown, and where. */
struct view {
	const struct generation *g;
	struct store_replacements stored; /* of who is on duty */
	struct arena *arena;
	struct buf *out;
};

/* "      primary: ana@mssp.example, bob@mssp.example", as it is now. */
static void
print_contact(const struct view *view, const char *name, bool by_pager)
{
	const struct contacts *contacts = view->g->contacts;
	const struct contact *contact = contact_find(contacts, name);
	struct clock clock = clock_system();
	recipients who = { 0 };
	size_t i;

	buf_printf(view->out, "      %s:", name);
	if (contact)
		(by_pager ? contact_page : contact_resolve)(contacts, contact,
				&view->stored, clock.now(&clock), view->arena,
				&who, NULL);
	if (!who.count)
		buf_puts(view->out, " nobody");
	for (i = 0; i < who.count; i++)
		buf_printf(view->out, "%s %s", i ? "," : "",
			   who.items[i].endpoint.address);
	buf_putc(view->out, '\n');
}

static void
print_contacts(const struct view *view, const struct conf_node *node)
{
	const struct conf_node *notify;
	size_t at = 0, i;

	while ((notify = rule_next_notify(node, &at)))
		for (i = 0; i < notify->words.count; i++)
			print_contact(view, notify->words.items[i].text,
				      rule_by_pager(notify));
}

static void
print_rule(const struct view *view, const struct rule *rule, size_t number)
{
	buf_printf(view->out, "%3zu %s (%s:%u)", number, rule->name,
		   rule->node->place.file->name, rule->line);
	if (*rule_comment(rule))
		buf_printf(view->out, " \"%s\"", rule_comment(rule));
	buf_puts(view->out, "\n      ");
	rule_describe(rule, view->out);
	buf_putc(view->out, '\n');
	print_contacts(view, rule->node);
}

static void
print_last(const struct view *view, const struct ruleset_customer *customer)
{
	if (customer->otherwise) {
		buf_printf(view->out, "    otherwise (%s:%u)\n",
			   customer->otherwise->place.file->name,
			   customer->otherwise_line);
		print_contacts(view, customer->otherwise);
	} else {
		buf_puts(view->out, "    catch-all\n");
		print_contact(view, view->g->settings.catch_all.text, false);
	}
}

static void
print_customer(const struct generation *g,
	       const struct ruleset_customer *customer, struct buf *out)
{
	struct view view = { .g = g, .arena = arena_create(), .out = out };
	size_t i;

	/* Without them it says so, and shows the rules all the same. */
	(void)replacing_load(g, view.arena, &view.stored);
	buf_printf(out, "customer %s \"%s\"\n", customer->name,
		   customer->display);
	print_names("  tenant        ", customer->node, "tenant", out);
	print_names("  mailbox       ", customer->node, "mailbox", out);
	print_names("  organization  ", customer->node, "organization", out);
	print_names("  language      ", customer->node, "language", out);
	print_names("  timezone      ", customer->node, "timezone", out);
	print_names("  recipients    ", customer->node, "recipients", out);
	for (i = 0; i < customer->rule_count; i++)
		print_rule(&view, &customer->rules[i], i + 1);
	print_last(&view, customer);
	arena_destroy(&view.arena);
}

static int
unknown_customer(const struct generation *g, const char *name)
{
	size_t count = g->ruleset->customer_count, i;
	const char **names = arena_array(g->arena, count + 1, sizeof(*names));
	const char *nearest;

	for (i = 0; i < count; i++)
		names[i] = g->ruleset->customers[i].name;
	nearest = text_nearest(name, names);
	if (nearest)
		return cmd_fail("there is no customer '%s' (did you mean "
				"'%s'?)", name, nearest);
	return cmd_fail("there is no customer '%s'", name);
}

static int
run(const struct cmd_line *line)
{
	const struct ruleset_customer *customer;
	struct generation *generation;
	struct buf out = BUF_INIT;
	int status = CMD_NO;

	if (line->count != 1)
		return cmd_usage("which CUSTOMER?");
	generation = cmd_load(line);
	if (!generation)
		return CMD_NO;
	customer = ruleset_find(generation->ruleset, line->words[0]);
	if (customer) {
		print_customer(generation, customer, &out);
		status = cmd_print(&out) ? CMD_OK : CMD_NO;
	} else {
		status = unknown_customer(generation, line->words[0]);
	}
	buf_release(&out);
	return cmd_end(&generation, status);
}

const struct command cmd_show = {
	.name = "show",
	.words = "CUSTOMER",
	.summary = "Print a customer's rules in the order they are tried",
	.run = run,
};
