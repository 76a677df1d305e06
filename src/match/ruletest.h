/*
 * Tests in the rules language, as they are written: what arrives, and what is
 * expected. Running them is `tocsin test`'s business.
 *
 *	test "a high alert on a lab machine still pages" {
 *	    given alert { customer contoso  severity high  device "lab-17" }
 *	          at 2026-12-01T02:00:00+01:00
 *	    expect notify ana@mssp.example by nights
 *	}
 */
#ifndef MATCH_RULETEST_H
#define MATCH_RULETEST_H

#include "alert/alert.h"
#include "base/clock.h"
#include "conf/tree.h"

enum ruletest_expect { RULETEST_NOTIFY, RULETEST_DROP, RULETEST_HOLD };

struct ruletest {
	const char *name;
	struct diag_place place;	/* of the name */
	instant_ms at;			/* TIME_UNKNOWN: now */

	/* What arrives: fields of an alert, or a mail. */
	const struct conf_node *alert;	/* its block; NULL for a mail */
	const char *mail;		/* path; NULL for an alert */
	const char *to;			/* of a mail; NULL: as it says */

	enum ruletest_expect expect;
	const struct conf_node *outcome; /* its `notify`, `drop` or `hold`, for
					    the places of its words */
	conf_words recipients;		/* of notify */
	const char *by;			/* rule; NULL: whichever */
	const char *template;		/* NULL: whichever */
};

struct ruletests {
	VEC(struct ruletest *) list;	/* in the order of the files */
};

/* Read every `test`; what is wrong goes to `diag`. */
struct ruletests *ruletest_load(const struct conf *conf, struct diag *diag);

/* The alert of a test that has one, in the arena. */
struct alert *ruletest_alert(const struct ruletest *test, struct arena *arena);

#endif
