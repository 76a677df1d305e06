/* What facts about the relay mean to whoever watches it: a table. */
#include "daemon/standing.h"

#include "tap.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NOW INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define MIB INT64_C(1048576)
#define GIB (1024 * MIB)

static struct arena *arena;

/* A row says what differs from a relay that runs and has nothing to do. */
static const struct row {
	const char *name;
	bool is_dead, is_fed;
	int64_t spooled, spooled_ms;	/* how many, for how long */
	int64_t retry, retry_ms;
	int64_t failed, held;
	int64_t free, total;		/* 0: plenty */
	const char *program;		/* that runs; NULL: the same */
	enum standing_level level;
	const char *line;
} rows[] = {
	{ "nothing is wrong", .line = "OK: 12 customers, 111 rules" },
	{ "nobody runs, nothing waits", .is_dead = true,
	  .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; no daemon runs" },
	{ "nobody runs, a mail is in the spool", .is_dead = true, .spooled = 1,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; no daemon runs and 1 "
		  "mail waits" },
	{ "nobody runs, mails are queued", .is_dead = true, .retry = 3,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; no daemon runs and 3 "
		  "mails wait" },
	{ "nobody runs, nobody asks", .is_dead = true, .is_fed = true,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; no daemon runs and "
		  "nobody asks the APIs" },
	{ "a mail that just came", .spooled = 1,
	  .spooled_ms = STANDING_SPOOL_LATE_S * SECOND,
	  .line = "OK: 12 customers, 111 rules" },
	{ "one that is late", .spooled = 1,
	  .spooled_ms = STANDING_SPOOL_LATE_S * SECOND + 1,
	  .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 1 mail in the spool since "
		  "11:58Z" },
	{ "one that is stuck", .spooled = 2,
	  .spooled_ms = STANDING_SPOOL_STUCK_S * SECOND + 1,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; 2 mails in the spool "
		  "since 11:49Z" },
	{ "a try that is usual", .retry = 1,
	  .retry_ms = STANDING_QUEUE_LATE_S * SECOND,
	  .line = "OK: 12 customers, 111 rules" },
	{ "one that is late", .retry = 1,
	  .retry_ms = STANDING_QUEUE_LATE_S * SECOND + 1,
	  .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 1 mail queued since "
		  "11:44Z" },
	{ "one that is too late", .retry = 1950, .retry_ms = 25 * HOUR,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; 1950 mails queued since "
		  "2026-11-21T11:00Z" },
	{ "failures", .failed = 80, .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 80 deliveries failed" },
	{ "one failure", .failed = 1, .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 1 delivery failed" },
	{ "something is held", .held = 1, .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 1 mail held since "
		  "12:00Z" },
	{ "a disk with room", .free = GIB, .total = 1000 * GIB,
	  .line = "OK: 12 customers, 111 rules" },
	{ "a disk that fills", .free = GIB - 1, .total = 1000 * GIB,
	  .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 1023 MiB free for /s" },
	{ "a full disk", .free = 127 * MIB, .total = 1000 * GIB,
	  .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; 127 MiB free for /s" },
	{ "a small disk counts by its parts", .free = 100 * MIB,
	  .total = 1000 * MIB, .line = "OK: 12 customers, 111 rules" },
	{ "and fills as well", .free = 99 * MIB, .total = 1000 * MIB,
	  .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; 99 MiB free for /s" },
	{ "another version runs", .program = "0.1", .level = STANDING_WARNING,
	  .line = "WARNING: 12 customers, 111 rules; version 0.1 runs, 0.2 is "
		  "installed" },
	{ "the worst comes first, and not all fit", .is_dead = true,
	  .spooled = 1, .failed = 1, .held = 1, .free = 99 * MIB,
	  .total = 1000 * MIB, .level = STANDING_CRITICAL,
	  .line = "CRITICAL: 12 customers, 111 rules; no daemon runs and 1 "
		  "mail waits; 99 MiB free for /s; 1 delivery failed; 1 "
		  "more" },
};

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *r = &rows[i];
		const struct report report = {
			.program = r->program ? r->program : "0.2",
			.rules = "x", .customers = 12, .rule_count = 111,
		};
		struct standing standing = {
			.is_alive = !r->is_dead, .is_fed = r->is_fed,
			.report = &report,
			.spooled = r->spooled,
			.spool_oldest = r->spooled ? NOW - r->spooled_ms
						   : TIME_UNKNOWN,
			.store = {
				.oldest = r->retry ? NOW - r->retry_ms
						   : TIME_UNKNOWN,
				.held = r->held,
				.held_since = r->held ? NOW : TIME_UNKNOWN,
			},
		};
		const struct standing_space space = {
			"/s", r->free, r->total, -1
		};
		struct standing_verdict verdict;

		standing.store.deliveries[STORE_RETRY] = r->retry;
		standing.store.deliveries[STORE_FAILED] = r->failed;
		if (r->total)
			vec_push(arena, &standing.spaces, space);
		verdict = standing_judge(&standing, "0.2", NOW, arena);
		is_int(verdict.level, r->level, "%s", r->name);
		is(verdict.line, r->line, "%s: its line", r->name);
	}
}

static const struct {
	const char *name;
	struct report_kept kept;
	const char *line;
} kept_rows[] = {
	{ "a broken file", { .file = "/etc/acme.rules", .text = "last good",
			     .errors = 2, .since = NOW - 2 * HOUR },
	  "WARNING: 0 customers, 0 rules; acme.rules kept since 10:00Z (2 "
	  "errors)" },
	{ "a new one", { .file = "/etc/acme.rules", .text = "none",
			 .errors = 1, .since = NOW },
	  "WARNING: 0 customers, 0 rules; acme.rules left out since 12:00Z (1 "
	  "error)" },
	{ "a customer", { .file = "/etc/acme.rules", .customer = "acme",
			  .text = "last good", .since = NOW },
	  "WARNING: 0 customers, 0 rules; acme kept since 12:00Z (gone from "
	  "acme.rules)" },
	{ "a name that is foreign", { .file = "/etc/\033[2J\n.rules",
				      .text = "last good", .since = NOW },
	  "WARNING: 0 customers, 0 rules; \\x1b[2J\\n.rules kept since 12:00Z "
	  "(0 errors)" },
};

static void
test_kept(void)
{
	size_t i;

	for (i = 0; i < sizeof(kept_rows) / sizeof(kept_rows[0]); i++) {
		struct report report = { .program = "0.2", .rules = "x" };
		struct standing standing = {
			.is_alive = true, .report = &report,
			.spool_oldest = TIME_UNKNOWN,
			.store = { .oldest = TIME_UNKNOWN },
		};

		vec_push(arena, &report.kept, kept_rows[i].kept);
		is(standing_judge(&standing, "0.2", NOW, arena).line,
		   kept_rows[i].line, "%s", kept_rows[i].name);
	}
}

static void
test_age(void)
{
	struct report before = { 0 }, after = { 0 };
	const struct report_kept old = {
		.file = "a", .text = "last good", .since = 5,
	};
	const struct report_kept again = {
		.file = "a", .text = "last good", .since = 9,
	};
	const struct report_kept other = {
		.file = "a", .customer = "c", .text = "last good", .since = 9,
	};

	vec_push(arena, &before.kept, old);
	vec_push(arena, &after.kept, again);
	vec_push(arena, &after.kept, other);
	report_age(&after, &before);
	is_int(after.kept.items[0].since, 5, "what is kept again is kept "
	       "since it was first");
	is_int(after.kept.items[1].since, 9, "what is kept for another reason "
	       "is not");
}

int
main(void)
{
	arena = arena_create();
	test_rows();
	test_kept();
	test_age();
	arena_destroy(&arena);
	return tap_done();
}
