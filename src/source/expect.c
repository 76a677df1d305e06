#include "source/expect.h"

#include "conf/value.h"

enum { EVERY_LEAST_MS = 1000 };

static void
load_one(const struct conf *conf, const struct conf_node *customer,
	 const struct conf_node *clause, struct diag *diag,
	 expectations *list)
{
	const struct conf_node *every = conf_find(&clause->clauses, "every");
	struct expectation one = {
		.customer = conf_word(customer, 0).text,
		.display = conf_word(customer, 1).text,
		.is_poll = !strcmp(clause->keyword, "poll"),
	};

	if (!*one.display)
		one.display = one.customer;
	if (!every) {
		if (!clause->broken)
			diag_error(diag, clause->place, "add every DURATION",
				   "'expect' does not say how often");
		return;
	}
	if (!conf_duration(conf_word(every, 0), diag, &one.every_ms))
		return;
	if (one.every_ms < EVERY_LEAST_MS)
		diag_error(diag, conf_word(every, 0).place, "1s or more",
			   "nothing can be expected every %s",
			   conf_word(every, 0).text);
	if (one.is_poll && !conf_find(&customer->block, "poll"))
		diag_error(diag, clause->place, "add poll graph using APP",
			   "customer '%s' is not polled", one.customer);
	vec_push(conf->arena, list, one);
}

static void
load_customer(const struct conf *conf, const struct conf_node *customer,
	      struct diag *diag, expectations *list)
{
	bool seen[2] = { false, false };
	size_t i, j;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		for (j = 0; !strcmp(node->keyword, "expect") &&
		     j < node->clauses.count; j++) {
			const struct conf_node *clause = node->clauses.items[j];
			bool *again = &seen[!strcmp(clause->keyword, "poll")];

			if (*again)
				diag_error(diag, clause->place, "keep one of "
					   "them", "second 'expect %s'",
					   clause->keyword);
			else
				load_one(conf, customer, clause, diag, list);
			*again = true;
		}
	}
}

void
expect_load(const struct conf *conf, struct diag *diag, expectations *list)
{
	size_t i;

	for (i = 0; i < conf->nodes.count; i++)
		if (!strcmp(conf->nodes.items[i]->keyword, "customer"))
			load_customer(conf, conf->nodes.items[i], diag, list);
}
