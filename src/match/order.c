#include "match/order.h"

#include <strings.h>

int
order_rank(const char *word)
{
	enum severity severity = severity_parse(word);

	if (severity != SEVERITY_UNKNOWN)
		return (int)severity;
	return strcasecmp(word, "none") ? ORDER_UNKNOWN : 0;
}

static enum answer
order_answer(enum alert_field field, const struct fact *fact, int rank,
	     bool below)
{
	int has = fact ? order_rank(fact->folded) : ORDER_UNKNOWN;

	if (has == ORDER_UNKNOWN && field != ALERT_SEVERITY)
		return ANSWER_UNKNOWN;
	if (has == ORDER_UNKNOWN)
		return below ? ANSWER_NO : ANSWER_YES;
	return (has < rank) == below ? ANSWER_YES : ANSWER_NO;
}

enum answer
order_at_least(enum alert_field field, const struct fact *fact, int rank)
{
	return order_answer(field, fact, rank, false);
}

enum answer
order_below(enum alert_field field, const struct fact *fact, int rank)
{
	return order_answer(field, fact, rank, true);
}
