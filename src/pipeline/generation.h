/*
 * A generation: everything loaded from one configuration, as a whole.
 *
 * It is read-only once loaded and lives in one arena. A reload makes a new one
 * and the old is destroyed when nothing refers to it; nothing is ever changed
 * in place, so a decision sees one consistent set of rules.
 */
#ifndef PIPELINE_GENERATION_H
#define PIPELINE_GENERATION_H

#include "base/clock.h"
#include "conf/settings.h"
#include "match/match.h"
#include "match/ruletest.h"
#include "normalize/normalize.h"
#include "oncall/contact.h"
#include "render/template.h"
#include "send/relay.h"
#include "source/expect.h"
#include "source/poll.h"

struct generation {
	struct arena *arena;
	struct diag *diag;		/* what was found while loading */
	const struct conf *conf;
	struct settings settings;
	const struct relay_set *relays;
	struct windows *windows;
	const struct contacts *contacts;
	const struct templates *templates;
	const struct formats *formats;
	const struct customers *customers;
	const struct ruleset *ruleset;
	const struct ruletests *tests;
	app_list apps;
	poll_plans polls;		/* in the order of the files */
	expectations expected;		/* likewise */
};

/*
 * Load the main file and all it includes with every check there is. Never
 * NULL; usable only when generation_good(). `instead` as in conf_load(). `now`
 * is for warnings about what ends soon.
 */
struct generation *generation_load(const char *path, const struct map *instead,
				   instant_ms now);
/* The same for who will send and ask nothing: a secret that is not on this
 * machine, or not for somebody who does not own the state, is a warning. */
struct generation *generation_look(const char *path, const struct map *instead,
				   instant_ms now);
void generation_destroy(struct generation **generation);

bool generation_good(const struct generation *generation);

/* Who is told what nobody else is told. */
const struct contact *generation_catch_all(const struct generation *generation);

/* Who that is at that time: when nobody is on duty, everybody who may be. With
 * `duties` not NULL, add how it came. */
void generation_resolve_catch_all(const struct generation *generation,
				  const struct store_replacements *stored,
				  instant_ms now, struct arena *arena,
				  recipients *out, contact_duties *duties);

/* May `endpoint` get data of `customer` (NULL: of nobody's)? Only what the
 * customer's `recipients` allow, and the catch-all. */
bool generation_allows(const struct generation *generation,
		       const char *customer, const struct endpoint *endpoint);

#endif
