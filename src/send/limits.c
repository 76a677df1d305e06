#include "send/limits.h"

#include "conf/value.h"

#define RATE_MOST_MS (INT64_C(24) * 3600 * 1000)

static void
load_rate(struct relay *relay, const struct conf_node *clause,
	  struct diag *diag)
{
	const struct conf_node *per = conf_find(&clause->clauses, "per");

	(void)conf_number(conf_word(clause, 0), LIMITS_RATE_MOST, diag,
			  &relay->rate);	/* it has complained */
	if (!per || !conf_duration(conf_word(per, 0), diag, &relay->rate_ms))
		relay->rate = 0;
	else if (relay->rate_ms < 1000 || relay->rate_ms > RATE_MOST_MS)
		diag_error(diag, conf_word(per, 0).place, "from 1s to 1d",
			   "a rate cannot be per %s", conf_word(per, 0).text);
}

bool
limits_load(struct relay *relay, const struct conf_node *clause,
	    struct diag *diag)
{
	if (!strcmp(clause->keyword, "connections")) {
		(void)conf_number(conf_word(clause, 0),
				  LIMITS_CONNECTIONS_MOST, diag,
				  &relay->connections);
		return true;
	}
	if (strcmp(clause->keyword, "rate"))
		return false;
	load_rate(relay, clause, diag);
	return true;
}
