/*
 * onboard: what the administrator of a customer has to do, as he finds it in
 * the portal, and then whether it works.
 */
#include "cmd/load.h"

#include "base/text.h"
#include "cmd/asking.h"

struct onboard {
	const char *failure;	/* of the first API that failed, or NULL */
	const char *incidents;	/* likewise, of what is read along */
	struct arena *arena;
};

static void
each(void *context, const struct poll_plan *plan,
     const struct pipeline_decision *decision)
{
	(void)context, (void)plan, (void)decision;
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	struct onboard *onboard = context;
	const char **at = poll_gives_alerts(plan) ? &onboard->failure
						  : &onboard->incidents;

	if (failure && !*at)
		*at = arena_printf(onboard->arena, "tenant %s, API %s: %s",
				   plan->tenant,
				   plan->source->name, failure);
}

static void
print_consent(const struct generation *g, const char *customer,
	      struct buf *out)
{
	const char *last = NULL;
	size_t i;

	for (i = 0; i < g->polls.count; i++) {
		const struct poll_plan *plan = g->polls.items[i];
		const struct oauth_client *client = &plan->app->client;

		if (strcmp(plan->customer, customer) ||
		    (last && !strcmp(last, plan->tenant)))
			continue;
		last = plan->tenant;
		buf_printf(out, "   for app %s:\n   %s/%s/adminconsent"
			   "?client_id=%s\n", plan->app->name, client->login,
			   plan->tenant, client->id);
	}
	if (!last)
		buf_puts(out, "   nothing: no API is polled for this "
			 "customer\n");
}

static void
print_mailboxes(const struct conf_node *customer, struct buf *out)
{
	size_t i, j, count = 0;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		for (j = 0; !strcmp(node->keyword, "mailbox") &&
		     j < node->words.count; j++)
			buf_printf(out, "%s%s", count++ ? ", " : "",
				   node->words.items[j].text);
	}
	if (!count)
		buf_puts(out, "(none yet: add `mailbox ADDRESS` to the "
			 "customer)");
}

static void
print_portals(const struct conf_node *customer, const char *portal,
	      struct buf *out)
{
	size_t i, j;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		for (j = 0; !strcmp(node->keyword, "tenant") &&
		     j < node->words.count; j++)
			if (text_is_guid(node->words.items[j].text))
				buf_printf(out, "   %s/?tid=%s\n", portal,
					   node->words.items[j].text);
	}
}

static void
print_steps(const struct generation *g,
	    const struct ruleset_customer *customer, struct buf *out)
{
	const struct poll_plan *plan = asking_plan(g, customer->name);

	buf_printf(out, "%s \"%s\"\n\n1. Its administrator opens this address "
		   "and accepts\n", customer->name, customer->display);
	print_consent(g, customer->name, out);
	buf_puts(out, "\n2. In the portal, Settings > Microsoft Defender XDR > "
		 "Email notifications >\n   Incidents > Add incident "
		 "notification rule:\n"
		 "     Alert severity             all that are to be told\n"
		 "     Device group scope         all device groups\n"
		 "     [ ] Send only one notification per incident: not "
		 "ticked\n"
		 "     [x] Include organization name in the email\n"
		 "     [x] Include tenant-specific portal link\n"
		 "     Recipients                 ");
	print_mailboxes(customer->node, out);
	buf_puts(out, "\n   then Send test email, and Save.\n"
		 "   Settings > Endpoints > Email notifications > Add item: "
		 "the same, and\n     [x] Include device information\n\n"
		 "3. The portal of the tenant, for those who have been let "
		 "in\n");
	print_portals(customer->node, plan ? plan->app->portal :
		      "https://security.microsoft.com", out);
}

static int
verify(struct generation *generation, const char *customer)
{
	struct onboard onboard = { .arena = arena_create() };
	struct asking asking = {
		.generation = generation, .customer = customer, .once = true,
		.each = each, .ended = ended, .context = &onboard,
	};
	struct buf out = BUF_INIT;
	int status = CMD_NO;

	asking.store = asking_open_dry(generation, customer);
	if (!asking.store) {
		generation_destroy(&generation);
	} else if (asking_run(&asking)) {
		buf_printf(&out, "\nverified: %s\n", onboard.failure ?
			   onboard.failure : "a token is given, and the API "
			   "answers");
		if (onboard.incidents)
			buf_printf(&out, "alerts come without the names of "
				   "their incidents: %s\n", onboard.incidents);
		if (cmd_print(&out) && !onboard.failure)
			status = CMD_OK;
	}
	if (asking.store)
		store_close(&asking.store);
	buf_release(&out);
	arena_destroy(&onboard.arena);
	return status;
}

/* When its mails last came. */
static void
print_mail(const struct generation *generation, const char *customer)
{
	struct store *store = cmd_open_store(generation);
	struct buf out = BUF_INIT, error = BUF_INIT;
	instant_ms last = TIME_UNKNOWN;

	if (!store)
		return;
	if (store_last_mail(store, customer, generation->settings.authserv,
			    INT64_MAX, &last, &error) != OUTCOME_OK)
		(void)cmd_fail("%s", error.data);
	buf_puts(&out, "\nverified: ");
	if (last == TIME_UNKNOWN)
		buf_puts(&out, "no mail that counts for this customer has "
			 "come yet");
	else
		buf_puts(&out, "its last mail came ");
	if (last != TIME_UNKNOWN)
		clock_print(&out, last);
	buf_putc(&out, '\n');
	(void)cmd_print(&out);		/* it has said so */
	buf_release(&out);
	buf_release(&error);
	store_close(&store);
}

static int
run(const struct cmd_line *line)
{
	const struct ruleset_customer *customer;
	struct generation *generation;
	struct buf out = BUF_INIT;
	const char *name;
	bool good;

	if (line->count != 1)
		return cmd_usage("which CUSTOMER?");
	name = line->words[0];
	generation = cmd_load_strict(line);
	if (!generation)
		return CMD_NO;
	customer = ruleset_find(generation->ruleset, name);
	if (!customer) {
		generation_destroy(&generation);
		return cmd_fail("there is no customer '%s'", name);
	}
	print_steps(generation, customer, &out);
	good = cmd_print(&out);
	buf_release(&out);
	print_mail(generation, name);
	if (good && asking_plan(generation, name))
		return verify(generation, name);
	generation_destroy(&generation);
	return good ? CMD_OK : CMD_NO;
}

const struct command cmd_onboard = {
	.name = "onboard",
	.words = "CUSTOMER",
	.summary = "Say what a customer's administrator must do, and verify",
	.run = run,
};
