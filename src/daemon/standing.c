/*
 * A problem is found by a function of its own, listed in `looks` in the order
 * in which problems of one level are told.
 */
#include "daemon/standing.h"

#include "base/text.h"
#include "daemon/service.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define MIB INT64_C(1048576)

enum {
	LINE_PROBLEMS = 3,	/* that one line names */
	LINE_PROBLEM_MOST = 80,	/* octets of each */
};

const char *const standing_names[] = {
	"ok", "warning", "critical", "unknown", NULL
};

/* ---- gathering ---- */

/* tocsin-deliver begins a name with the second. */
static instant_ms
since_of(int folder, const char *name)
{
	char *end;
	long long second = strtoll(name, &end, 10);
	struct stat st;

	if (end != name && *end == '.')
		return second * 1000;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
		return TIME_UNKNOWN;
	return (instant_ms)st.st_mtim.tv_sec * 1000;
}

/* What is no plain file is no mail. */
static bool
is_mail(int folder, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_name[0] == '.')
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_REG;
	return !fstatat(folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
	       S_ISREG(st.st_mode);
}

static void
count_mails(DIR *folder, struct standing *standing)
{
	const struct dirent *entry;

	while ((entry = readdir(folder))) {
		instant_ms since;

		if (!is_mail(dirfd(folder), entry))
			continue;
		standing->spooled++;
		since = since_of(dirfd(folder), entry->d_name);
		if (since != TIME_UNKNOWN &&
		    (standing->spool_oldest == TIME_UNKNOWN ||
		     since < standing->spool_oldest))
			standing->spool_oldest = since;
	}
}

static enum outcome
look_into_spool(const char *spool, struct arena *arena,
		struct standing *standing, struct buf *error)
{
	const char *path = arena_printf(arena, "%s/new", spool);
	DIR *folder = opendir(path);

	/* The daemon makes it. */
	if (!folder && errno == ENOENT && !access(spool, X_OK))
		return OUTCOME_OK;
	if (!folder) {
		buf_printf(error, "cannot read the spool %s: %s", path,
			   strerror(errno));
		return OUTCOME_TEMPORARY;
	}
	count_mails(folder, standing);
	(void)closedir(folder);		/* only read from */
	return OUTCOME_OK;
}

static void
look_for_space(const char *path, struct arena *arena,
	       struct standing *standing)
{
	struct standing_space space = { .path = path };
	struct statvfs fs;

	if (statvfs(path, &fs))
		return;			/* whoever uses it says more */
	space.free = (int64_t)(fs.f_bavail * fs.f_frsize);
	space.total = (int64_t)(fs.f_blocks * fs.f_frsize);
	space.free_files = fs.f_files ? (int64_t)fs.f_favail : -1;
	vec_push(arena, &standing->spaces, space);
}

static bool
on_one_disk(const char *a, const char *b)
{
	struct stat left, right;

	return !stat(a, &left) && !stat(b, &right) &&
	       left.st_dev == right.st_dev;
}

static enum outcome
look_into_store(struct store *store, struct arena *arena,
		struct standing *standing, struct buf *error)
{
	struct store_polls all = { 0 };
	enum outcome outcome = store_standing(store, &standing->store, error);
	size_t i;

	if (outcome == OUTCOME_OK)
		outcome = store_polls(store, arena, &all, error);
	for (i = 0; i < all.count; i++)
		if (all.items[i].failed != TIME_UNKNOWN)
			vec_push(arena, &standing->feeds, all.items[i]);
	standing->is_fed = all.count > 0;
	standing->has_store = outcome == OUTCOME_OK;
	return outcome;
}

enum outcome
standing_gather(const struct standing_place *place, struct arena *arena,
		struct standing *standing_out, struct buf *error)
{
	struct report *report = NULL;
	enum outcome outcome;

	*standing_out = (struct standing){
		.spool_oldest = TIME_UNKNOWN,
		.store = { .oldest = TIME_UNKNOWN,
			   .held_since = TIME_UNKNOWN },
	};
	outcome = service_look(place->state, &standing_out->is_alive,
			       &standing_out->pid, error);
	if (outcome == OUTCOME_OK)
		outcome = report_read(place->state, arena, &report, error);
	standing_out->report = report;
	if (outcome == OUTCOME_OK)
		outcome = look_into_spool(place->spool, arena, standing_out,
					  error);
	if (outcome == OUTCOME_OK && place->store)
		outcome = look_into_store(place->store, arena, standing_out,
					  error);
	look_for_space(place->state, arena, standing_out);
	if (!on_one_disk(place->state, place->spool))
		look_for_space(place->spool, arena, standing_out);
	return outcome;
}

/* ---- judging ---- */

struct judge {
	const struct standing *facts;
	const char *program;
	instant_ms now;
	struct arena *arena;
	struct standing_verdict *verdict;
};

static void
find(const struct judge *judge, enum standing_level level,
     const char *format, ...) __attribute__((format(printf, 3, 4)));

static void
find(const struct judge *judge, enum standing_level level,
     const char *format, ...)
{
	struct standing_problem problem = { .level = level };
	va_list args;

	va_start(args, format);
	problem.what = arena_vprintf(judge->arena, format, args);
	va_end(args);
	vec_push(judge->arena, &judge->verdict->problems, problem);
	if (level > judge->verdict->level)
		judge->verdict->level = level;
}

/* "10:14Z", or "2026-11-30T10:14Z" of another day. */
static const char *
when(const struct judge *judge, instant_ms instant)
{
	struct civil then, today;

	clock_to_civil(instant, &then);
	clock_to_civil(judge->now, &today);
	if (then.year == today.year && then.month == today.month &&
	    then.day == today.day)
		return arena_printf(judge->arena, "%02d:%02dZ", then.hour,
				    then.minute);
	return arena_printf(judge->arena, "%04d-%02d-%02dT%02d:%02dZ",
			    (int)then.year, then.month, then.day, then.hour,
			    then.minute);
}

static const char *
counted(const struct judge *judge, int64_t count, const char *noun)
{
	return arena_printf(judge->arena, "%lld %s%s", (long long)count, noun,
			    count == 1 ? "" : "s");
}

static int64_t
waiting(const struct standing *facts)
{
	const int64_t *of = facts->store.deliveries;

	return of[STORE_PENDING] + of[STORE_CLAIMED] + of[STORE_RETRY];
}

static bool
is_older(const struct judge *judge, instant_ms since, int seconds)
{
	return since != TIME_UNKNOWN &&
	       judge->now - since > (int64_t)seconds * 1000;
}

/* While nobody runs. */
static void
judge_death(const struct judge *judge)
{
	const struct standing *facts = judge->facts;
	int64_t mails = facts->spooled + waiting(facts);

	if (facts->is_alive)
		return;
	if (mails)
		find(judge, STANDING_CRITICAL, "no daemon runs and %s wait%s",
		     counted(judge, mails, "mail"), mails == 1 ? "s" : "");
	else if (facts->is_fed)
		find(judge, STANDING_CRITICAL, "no daemon runs and nobody asks "
		     "the APIs");
	else
		find(judge, STANDING_WARNING, "no daemon runs");
}

static void
judge_spool(const struct judge *judge)
{
	const struct standing *facts = judge->facts;
	instant_ms since = facts->spool_oldest;

	if (!facts->is_alive ||
	    !is_older(judge, since, STANDING_SPOOL_LATE_S))
		return;
	find(judge, is_older(judge, since, STANDING_SPOOL_STUCK_S) ?
	     STANDING_CRITICAL : STANDING_WARNING,
	     "%s in the spool since %s",
	     counted(judge, facts->spooled, "mail"), when(judge, since));
}

static void
judge_queue(const struct judge *judge)
{
	const struct standing *facts = judge->facts;
	instant_ms since = facts->store.oldest;

	if (!facts->is_alive ||
	    !is_older(judge, since, STANDING_QUEUE_LATE_S))
		return;
	find(judge, is_older(judge, since, STANDING_QUEUE_STUCK_S) ?
	     STANDING_CRITICAL : STANDING_WARNING,
	     "%s queued since %s",
	     counted(judge, waiting(facts), "mail"), when(judge, since));
}

static void
judge_one_space(const struct judge *judge, const struct standing_space *space,
		const char *what, int64_t free, int64_t low, int64_t out)
{
	if (free < low)
		find(judge, free < out ? STANDING_CRITICAL : STANDING_WARNING,
		     "%lld %s free for %s", (long long)free, what,
		     space->path);
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
judge_space(const struct judge *judge)
{
	size_t i;

	for (i = 0; i < judge->facts->spaces.count; i++) {
		const struct standing_space *space =
			&judge->facts->spaces.items[i];
		int64_t percent = space->total / MIB / 100;

		judge_one_space(judge, space, "MiB", space->free / MIB,
			least(STANDING_SPACE_LOW_MIB,
			      STANDING_SPACE_LOW_PERCENT * percent),
			least(STANDING_SPACE_OUT_MIB,
			      STANDING_SPACE_OUT_PERCENT * percent));
		if (space->free_files >= 0)
			judge_one_space(judge, space, "inodes",
					space->free_files, 10000, 1000);
	}
}

/* "acme.rules", since the folder is the same for all. */
static const char *
short_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
judge_kept(const struct judge *judge)
{
	const struct report *report = judge->facts->report;
	size_t i;

	for (i = 0; report && i < report->kept.count; i++) {
		const struct report_kept *kept = &report->kept.items[i];
		const char *since = when(judge, kept->since);

		if (kept->customer)
			find(judge, STANDING_WARNING, "%s kept since %s (gone "
			     "from %s)", kept->customer, since,
			     short_name(kept->file));
		else
			find(judge, STANDING_WARNING, "%s %s since %s (%s)",
			     short_name(kept->file),
			     strcmp(kept->text, "none") ? "kept" : "left out",
			     since, counted(judge, kept->errors, "error"));
	}
}

static void
judge_failed(const struct judge *judge)
{
	int64_t failed = judge->facts->store.deliveries[STORE_FAILED];

	if (failed)
		find(judge, STANDING_WARNING, "%s failed",
		     failed == 1 ? "1 delivery" :
		     arena_printf(judge->arena, "%lld deliveries",
				  (long long)failed));
}

static void
judge_held(const struct judge *judge)
{
	int64_t held = judge->facts->store.held;

	if (held)
		find(judge, STANDING_WARNING, "%s held since %s",
		     counted(judge, held, "mail"),
		     when(judge, judge->facts->store.held_since));
}

static void
judge_feeds(const struct judge *judge)
{
	const struct store_polls *feeds = &judge->facts->feeds;

	if (feeds->count == 1)
		find(judge, STANDING_WARNING, "%s of %s fails since %s",
		     feeds->items[0].source, feeds->items[0].customer,
		     when(judge, feeds->items[0].failed));
	else if (feeds->count)
		find(judge, STANDING_WARNING, "%zu feeds fail", feeds->count);
}

/* Programs were installed and the daemon was not restarted. */
static void
judge_version(const struct judge *judge)
{
	const struct report *report = judge->facts->report;

	if (judge->facts->is_alive && report &&
	    strcmp(report->program, judge->program))
		find(judge, STANDING_WARNING, "version %s runs, %s is "
		     "installed", report->program, judge->program);
}

static void (*const looks[])(const struct judge *judge) = {
	judge_death, judge_spool, judge_queue, judge_space, judge_kept,
	judge_failed, judge_held, judge_feeds, judge_version,
};

/* The worst first, else as they were found. */
static void
sort(struct standing_verdict *verdict)
{
	size_t i, j;

	for (i = 1; i < verdict->problems.count; i++) {
		struct standing_problem problem = verdict->problems.items[i];

		for (j = i; j && verdict->problems.items[j - 1].level <
		     problem.level; j--)
			verdict->problems.items[j] =
				verdict->problems.items[j - 1];
		verdict->problems.items[j] = problem;
	}
}

static const char *
write_line(const struct judge *judge)
{
	static const char *const titles[] = {
		"OK", "WARNING", "CRITICAL", "UNKNOWN"
	};
	const struct standing_verdict *verdict = judge->verdict;
	const struct report *report = judge->facts->report;
	struct buf line = BUF_INIT;
	const char *written;
	size_t i;

	buf_printf(&line, "%s: %s", titles[verdict->level],
		   report || verdict->problems.count ? "" : "it runs");
	if (report)
		buf_printf(&line, "%s, %s",
			   counted(judge, report->customers, "customer"),
			   counted(judge, report->rule_count, "rule"));
	for (i = 0; i < verdict->problems.count && i < LINE_PROBLEMS; i++) {
		buf_puts(&line, i || report ? "; " : "");
		text_escape(&line, verdict->problems.items[i].what,
			    LINE_PROBLEM_MOST);
	}
	if (i < verdict->problems.count)
		buf_printf(&line, "; %zu more", verdict->problems.count - i);
	written = arena_strdup(judge->arena, line.data);
	buf_release(&line);
	return written;
}

struct standing_verdict
standing_judge(const struct standing *standing, const char *program,
	       instant_ms now, struct arena *arena)
{
	struct standing_verdict verdict = { .level = STANDING_OK };
	const struct judge judge = {
		.facts = standing, .program = program, .now = now,
		.arena = arena, .verdict = &verdict,
	};
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		looks[i](&judge);
	sort(&verdict);
	verdict.line = write_line(&judge);
	return verdict;
}
