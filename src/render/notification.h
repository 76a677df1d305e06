/*
 * What a template sees of one notification. tocsin-templates(5) lists every
 * name; notification_shape() is the same list for the compiler's check.
 *
 * All texts in it are safe to show: one line each, without characters that
 * hide or reorder others, cut to a sensible length. They still have to be
 * escaped for HTML.
 */
#ifndef RENDER_NOTIFICATION_H
#define RENDER_NOTIFICATION_H

#include "alert/alert.h"
#include "base/zone.h"
#include "render/notice.h"
#include "render/original.h"
#include "render/update.h"
#include "render/value.h"
#include "render/words.h"

/* Why this recipient is told. */
enum notification_reason {
	NOTIFICATION_RULE,
	NOTIFICATION_OTHERWISE,	/* no rule decided */
	NOTIFICATION_CATCH_ALL,	/* and there was no `otherwise` */
};

struct notification {
	const struct alert *alert;
	const char *customer;		/* display name; NULL when not known */
	const char *tenant;		/* of the customer, for a link when the
					   alert names none; or NULL */
	const char *incident;		/* what it is called, or NULL */
	const char *actions;		/* what Microsoft recommends: lines, or
					   NULL */
	struct update update;		/* what is new, if it was told before */
	enum notification_reason reason;
	const char *rule;		/* its name; "otherwise", "catch-all" */
	const char *rule_comment;	/* or NULL */
	const struct notice *notice;	/* what the relay itself has to say of
					   it; NULL: it is the alert's own. The
					   rule is NULL then */
	const char *code;		/* for `tocsin why` */
	const char *const *notes;	/* keys of words, or sentences; ended by
					   NULL; or NULL */
	/* What the configuration has for whoever acts on it: of the rule, or of
	 * the customer; each may be NULL. */
	const char *todo;
	const char *runbook;		/* a link */
	const char *phone;
	const char *note;		/* of the customer */
	const char *rule_note;
	const char *const *others;	/* names of contacts that are told as
					   well, ended by NULL; or NULL */
	bool is_customers;		/* the reader is the customer's own: how
					   we work is not for him */
	const struct original *original; /* what came, as far as the reader has
					   to look for himself; or NULL */
	const struct words *words;
	const struct zone *zone;	/* of the reader */
};

struct value *notification_value(struct arena *arena,
				 const struct notification *notification);

/* The value of an alert that has everything, with an item in every list. */
struct value *notification_shape(struct arena *arena,
				 const struct words *words);

/* Small answers that the built-in plain notification needs, too. All in words
 * of the reader; never NULL unless said. */
const char *notification_customer(struct arena *arena,
				  const struct notification *notification);
const char *notification_severity(struct arena *arena,
				  const struct notification *notification);
/* "?" when it is not known. */
const char *notification_severity_short(struct arena *arena,
				const struct notification *notification);
const char *notification_headline(struct arena *arena,
				  const struct notification *notification);
/* NULL when the alert has no time. */
const char *notification_time(struct arena *arena,
			      const struct notification *notification);
/* NULL for NOTIFICATION_RULE: the rule's name says it. */
const char *notification_reason(const struct notification *notification);
/* A note in words of the reader. */
const char *notification_note(struct arena *arena,
			      const struct notification *notification,
			      const char *note);
/* A link of https into the tenant's own portal, or NULL. */
const char *notification_link(struct arena *arena,
			      const struct notification *notification);
/* Whether nothing proves that the mail is Microsoft's. */
bool notification_is_unverified(const struct notification *notification);

#endif
