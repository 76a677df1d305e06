/*
 * Customers by what they are known by: tenant ids, intake mailboxes,
 * organisation names. Whose alert is it?
 *
 * The strongest evidence decides: a tenant id, then the mailbox that the mail
 * was delivered to, then the organisation's name. Evidence that disagrees
 * decides nothing: the mail is held, for a customer's data must not reach
 * another one because one of them made a mistake, or somebody a forgery.
 *
 *	two tenant ids in one mail			conflict
 *	tenant id of one, mailbox or name of another	conflict
 *	mailboxes of two				conflict
 *	tenant id of nobody, mailbox or name of one	conflict, unless that
 *							one has no tenant ids
 *	nothing of anybody				none
 *
 * An organisation that nobody claims decides nothing: names change, and a mail
 * writes them as it likes. But it is a doubt, which the reader is shown: at a
 * customer's mailbox it may be a stranger's. It is none when the tenant id is
 * the customer's and he lists no name at all.
 *
 * A tenant may also show as a domain name. That one counts when a customer
 * lists it, and is no evidence of a stranger when nobody does.
 */
#ifndef NORMALIZE_CUSTOMER_H
#define NORMALIZE_CUSTOMER_H

#include "conf/tree.h"

struct customer {
	const char *name;
	const char *display;		/* the name when there is none */
	const struct conf_node *node;
	size_t tenants;			/* how many it lists, */
	size_t guids;			/* and how many of them are GUIDs */
	size_t organizations;
};

struct customers {
	VEC(struct customer *) list;	/* in the order of the files */
	struct map *by_name;
	struct map *by_tenant;		/* folded; also below */
	struct map *by_mailbox;
	struct map *by_organization;
};

/* Reads the `customer` statements. Two of one name, and a tenant, mailbox or
 * organisation that two customers claim, are errors. */
struct customers *customers_load(struct arena *arena, const conf_nodes *nodes,
				 struct diag *diag);

/* What a mail says, and where: source is as in struct alert_value. */
struct customer_evidence {
	const char *text;
	const char *source;
};

struct customer_evidences {
	VEC(struct customer_evidence) tenants;
	VEC(struct customer_evidence) mailboxes;	/* of the envelope */
	VEC(struct customer_evidence) organizations;
};

enum customer_result {
	CUSTOMER_FOUND,
	CUSTOMER_NONE,
	CUSTOMER_CONFLICT,
};

struct customer_answer {
	enum customer_result result;
	const struct customer *customer;	/* NULL unless found */
	const char *why;			/* one sentence */
	const char *doubt;			/* the same, or NULL */
	const char *stranger;			/* the organisation that it is
						   about */
	bool is_strange;			/* that doubt about one who
						   lists names, and no tenant
						   speaks for him */
};

/* Why does a genuine mail not prove that it is of the customer of that name,
 * who may be NULL? One sentence, or NULL when it does. Anybody with a tenant
 * can have Microsoft send genuine mails to a mailbox, so one with a tenant id
 * is known by nothing less. `tenant` is what the mail says, or NULL;
 * `is_strange` as in the answer below. */
const char *customer_unproven(const struct customers *customers,
			      const char *name, const char *tenant,
			      bool is_strange);

struct customer_answer
customers_find(const struct customers *customers, struct arena *arena,
	       const struct customer_evidences *evidences);

#endif
