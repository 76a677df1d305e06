/*
 * How long it takes to match one alert against few and many rules.
 *
 *	match one|spread exact|prefix|suffix|title|severity COUNT...
 *
 * All rules belong to one customer, or ten to each. One line of output for each
 * COUNT: the number of rules, nanoseconds of processor time for an alert
 * (median, least and most of the rounds), rules tried for an alert on average.
 * The rounds of all COUNTs are interleaved, so that a machine that is busy is
 * busy for all. Each alert meets one of the rules, any of them.
 */
#include "lib/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	ALERTS = 1000,
	ROUNDS = 15,
	PER_CUSTOMER = 10,
	COUNTS_MOST = 8,
};

/* A condition for rule number %07u. */
static const struct kind {
	const char *name, *condition;
} kinds[] = {
	{ "exact", "device is \"pc-%07u.corp.example\"" },
	{ "prefix", "device like \"pc-%07u*\"" },
	{ "suffix", "device like \"*-%07u.corp.example\"" },
	{ "title", "title contains \"case %07u\"" },
	{ "severity", "severity at least medium and device is \"pc-%07u\"" },
	{ NULL, NULL }
};

struct set {
	unsigned int count;
	struct arena *arena;
	struct ruleset *ruleset;
	struct alert *alerts[ALERTS];
	int64_t rounds[ROUNDS];
	size_t tried;
};

/* Of the processor, which may have others to serve. */
static int64_t
now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Always the same numbers. */
static unsigned int
next_random(void)
{
	static uint64_t state = 1;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(state >> 33);
}

static const struct kind *
kind_find(const char *name)
{
	const struct kind *kind = kinds;

	while (kind->name && strcmp(kind->name, name))
		kind++;
	return kind->name ? kind : NULL;
}

static unsigned int
customer_of(const struct set *set, unsigned int rule, bool spread)
{
	return spread && set->count > PER_CUSTOMER ? rule / PER_CUSTOMER : 0;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
write_rules(const struct set *set, const struct kind *kind, bool spread,
	    struct buf *text)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		unsigned int customer = customer_of(set, i, spread);

		if (!i || customer != customer_of(set, i - 1, spread))
			buf_printf(text, "%scustomer c%u {\nrecipients "
				   "@example.com\n", i ? "}\n" : "", customer);
		buf_printf(text, "rule r%u when ", i);
		buf_printf(text, kind->condition, i);
		buf_puts(text, " notify ana\n");
	}
	buf_puts(text, "}\n");
}
#pragma GCC diagnostic pop

static struct alert *
make_alert(const struct set *set, bool spread)
{
	unsigned int rule = next_random() % set->count;
	struct arena *arena = set->arena;
	struct alert *alert = alert_create(arena);

	alert_add(alert, ALERT_CUSTOMER,
		  arena_printf(arena, "c%u", customer_of(set, rule, spread)),
		  "bench");
	alert_add(alert, ALERT_SEVERITY, "high", "bench");
	alert_add(alert, ALERT_TITLE, arena_printf(arena, "Suspicious "
		  "PowerShell command line, case %07u, on one endpoint", rule),
		  "bench");
	alert_add(alert, ALERT_DEVICE,
		  arena_printf(arena, "pc-%07u.corp.example", rule), "bench");
	alert_add(alert, ALERT_CATEGORY, "Execution", "bench");
	alert_add(alert, ALERT_USER, "somebody@example.com", "bench");
	return alert;
}

static struct set *
set_create(const struct kind *kind, unsigned int count, bool spread)
{
	struct arena *arena = arena_create();
	struct set *set = arena_alloc(arena, sizeof(*set));
	struct diag *diag = diag_create(arena);
	struct buf text = BUF_INIT;
	size_t i;

	set->arena = arena;
	set->count = count;
	write_rules(set, kind, spread, &text);
	set->ruleset = rules_load(arena, text.data, diag);
	buf_release(&text);
	if (diag_errors(diag)) {
		fprintf(stderr, "the rules have errors\n");
		exit(1);
	}
	for (i = 0; i < ALERTS; i++)
		set->alerts[i] = make_alert(set, spread);
	return set;
}

static void
match_all(struct set *set, size_t round, struct arena *scratch)
{
	int64_t begin = now_ns();
	size_t i;

	set->tried = 0;
	for (i = 0; i < ALERTS; i++) {
		const struct alert *alert = set->alerts[i];
		struct verdict verdict = match_alert(set->ruleset,
			alert_text(alert, ALERT_CUSTOMER), alert, TEST_NOW, 0,
			scratch);

		if (verdict.kind != VERDICT_RULE) {
			fprintf(stderr, "an alert met no rule\n");
			exit(1);
		}
		set->tried += verdict.trace.count + verdict.unlisted;
		arena_reset(scratch);
	}
	set->rounds[round] = (now_ns() - begin) / ALERTS;
}

static int
compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void
report(struct set *set)
{
	qsort(set->rounds, ROUNDS, sizeof(set->rounds[0]), compare);
	printf("%u %lld %lld %lld %.2f\n", set->count,
	       (long long)set->rounds[ROUNDS / 2], (long long)set->rounds[0],
	       (long long)set->rounds[ROUNDS - 1],
	       (double)set->tried / ALERTS);
}

int
main(int argc, char **argv)
{
	const struct kind *kind = argc > 3 ? kind_find(argv[2]) : NULL;
	struct arena *scratch = arena_create();
	struct set *sets[COUNTS_MOST];
	size_t count = (size_t)argc - 3, round, i;

	if (!kind || count > COUNTS_MOST)
		return 2;
	for (i = 0; i < count; i++) {
		uint64_t rules;

		if (!text_to_u64(argv[i + 3], &rules))
			return 2;
		sets[i] = set_create(kind, (unsigned int)rules,
				     !strcmp(argv[1], "spread"));
	}
	for (i = 0; i < count; i++)
		match_all(sets[i], 0, scratch);	/* nobody counts it */
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < count; i++)
			match_all(sets[i], round, scratch);
	for (i = 0; i < count; i++) {
		report(sets[i]);
		arena_destroy(&sets[i]->arena);
	}
	arena_destroy(&scratch);
	return 0;
}
