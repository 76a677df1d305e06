/*
 * Rules that can never decide, because an earlier rule decides wherever they
 * could: warnings for whoever wrote them.
 *
 * Only what is certain is said: an earlier rule without a condition, an equal
 * condition, one of which the later only adds to ("severity at least high"
 * before "severity at least high and device is x"), or one that is weaker in
 * its list of values or, however it is written, in its order ("severity at
 * least medium" before "severity in high, medium"). Rules with `also` and drops
 * that end shadow nothing; a drop shadows a rule that tells only if nothing
 * unread can keep it from dropping.
 */
#ifndef MATCH_SHADOW_H
#define MATCH_SHADOW_H

#include "match/rule.h"
#include "match/worlds.h"

/* `otherwise` may be NULL. Memory in `scratch` is needed until this returns. */
void shadow_check(const struct rule *rules, size_t rule_count,
		  const struct conf_node *otherwise,
		  const struct worlds *worlds, struct arena *scratch,
		  struct diag *diag);

#endif
