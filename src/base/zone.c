/*
 * The changes of a zone up to the last one that its file lists; behind it the
 * rule of the file's footer. A wall clock is turned into an instant by trying
 * the offsets that hold a day before and a day after.
 */
#include "base/zone.h"

#include "base/file.h"
#include "base/map.h"
#include "base/thread.h"
#include "base/vec.h"
#include "base/zone_data.h"

#include <sys/stat.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

enum {
	ZONE_NAME_MOST = 64,
	ZONE_FILE_MOST = 64 * 1024,	/* the largest real one has 4 kB */
	ZONE_LIST_MOST = 1024 * 1024,
	DAY_S = 86400,
};

/* ---- from instants to offsets ---- */

static int64_t
year_start_s(int64_t year)
{
	struct civil first = { .year = year, .month = 1, .day = 1 };

	return clock_from_civil(&first) / 1000;
}

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Midnight of the day "Mm.w.d": the w-th weekday d of month m, 5 the last. */
static int64_t
month_day_s(const struct zone_yearly *yearly, int64_t year)
{
	struct civil first = { .year = year, .month = yearly->month, .day = 1 };
	instant_ms start = clock_from_civil(&first), next;
	int64_t day_s;

	first.month++;
	next = clock_from_civil(&first);
	day_s = start / 1000 + DAY_S * (int64_t)
		((yearly->day - clock_weekday(start) + 7) % 7 +
		 7 * (yearly->week - 1));
	return day_s < next / 1000 ? day_s : day_s - 7 * DAY_S;
}

/* As seconds on the wall since 1970. */
static int64_t
yearly_s(const struct zone_yearly *yearly, int64_t year)
{
	int64_t day_s;
	int day = yearly->day;

	if (yearly->form == YEARLY_MONTH) {
		day_s = month_day_s(yearly, year);
	} else {
		/* "J60" is 1 March in every year: it never counts a leap day */
		if (yearly->form == YEARLY_JULIAN &&
		    !(is_leap(year) && day >= 60))
			day--;
		day_s = year_start_s(year) + (int64_t)DAY_S * day;
	}
	return day_s + yearly->time_s;
}

/*
 * The latest change at or before `when_s` decides. Years are tried from the
 * one before to the one after, because a rule's time may lie up to a week
 * before or after its day, and so in another year.
 */
static const struct zone_type *
footer_type(const struct zone_footer *footer, int64_t when_s)
{
	const struct zone_type *latest = &footer->standard;
	int64_t latest_s = INT64_MIN, start_s, end_s;
	struct civil civil;
	int64_t year;

	if (!footer->has_dst)
		return latest;
	clock_to_civil(when_s * 1000, &civil);
	for (year = civil.year - 1; year <= civil.year + 1; year++) {
		start_s = yearly_s(&footer->dst_start, year) -
			  footer->standard.offset_s;
		end_s = yearly_s(&footer->dst_end, year) -
			footer->dst.offset_s;
		if (end_s <= when_s && end_s >= latest_s) {
			latest = &footer->standard;
			latest_s = end_s;
		}
		if (start_s <= when_s && start_s >= latest_s) {
			latest = &footer->dst;
			latest_s = start_s;
		}
	}
	return latest;
}

static const struct zone_type *
type_at(const struct zone *zone, instant_ms when)
{
	int64_t when_s = when / 1000 - (when % 1000 < 0);
	size_t low = 0, high = zone->time_count;

	if (zone->footer.known &&
	    (!high || when_s >= zone->times[high - 1]))
		return footer_type(&zone->footer, when_s);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (zone->times[middle] <= when_s)
			low = middle + 1;
		else
			high = middle;
	}
	/* before the first change the first type holds, RFC 9636 3.2 */
	return &zone->types[low ? zone->time_types[low - 1] : 0];
}

const char *
zone_name(const struct zone *zone)
{
	return zone->name;
}

int
zone_offset_s(const struct zone *zone, instant_ms when)
{
	return type_at(zone, when)->offset_s;
}

const char *
zone_abbreviation(const struct zone *zone, instant_ms when)
{
	return type_at(zone, when)->abbreviation;
}

void
zone_to_civil(const struct zone *zone, instant_ms when,
	      struct civil *civil_out)
{
	clock_to_civil(when + zone_offset_s(zone, when) * INT64_C(1000),
		       civil_out);
}

/* The first instant in (before, after] whose wall clock shows more than
 * `wall`: the end of the gap that `wall` lies in. */
static instant_ms
gap_end(const struct zone *zone, instant_ms wall, instant_ms before,
	instant_ms after)
{
	while (after - before > 1) {
		instant_ms middle = before + (after - before) / 2;

		if (middle + zone_offset_s(zone, middle) * INT64_C(1000) >
		    wall)
			after = middle;
		else
			before = middle;
	}
	return after;
}

instant_ms
zone_from_civil(const struct zone *zone, const struct civil *civil)
{
	const instant_ms day = DAY_S * INT64_C(1000);
	instant_ms wall = clock_from_civil(civil), with_old, with_new;
	int old_s = zone_offset_s(zone, wall - day);
	int new_s = zone_offset_s(zone, wall + day);

	with_old = wall - old_s * INT64_C(1000);
	if (zone_offset_s(zone, with_old) == old_s)
		return with_old;	/* the first, if there are two */
	with_new = wall - new_s * INT64_C(1000);
	if (zone_offset_s(zone, with_new) == new_s)
		return with_new;
	return gap_end(zone, wall, with_new, with_old);
}

/* ---- finding zones ---- */

/* How a file is known to be the one that was read. */
struct stamp {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;	/* all of it zero: there is none */
};

/* A zone as it was read last. */
struct cached {
	const struct zone *zone;
	struct stamp tried;		/* when it was last tried to read it */
	struct stamp seen;		/* by zone_files_changed() */
};

static pthread_mutex_t zone_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct arena *zone_arena;	/* never freed: see zone.h */
static struct map *zone_cache;		/* name to struct cached */

static void
cache_prepare(void)
{
	if (zone_cache)
		return;
	zone_arena = arena_create();
	zone_cache = map_create(zone_arena);
}

const char *
zone_directory(void)
{
	const char *directory = secure_getenv("TZDIR");

	return directory && *directory ? directory : ZONE_DIRECTORY;
}

static void
append_path(struct buf *path, const char *name)
{
	buf_printf(path, "%s/%s", zone_directory(), name);
}

static struct stamp
stamp_of(const char *name)
{
	struct buf path = BUF_INIT;
	struct stamp stamp = { .size = 0 };
	struct stat st;

	append_path(&path, name);
	if (!stat(path.data, &st))
		stamp = (struct stamp){ st.st_dev, st.st_ino, st.st_size,
					st.st_mtim };
	buf_release(&path);
	return stamp;
}

static bool
is_same(const struct stamp *a, const struct stamp *b)
{
	return a->device == b->device && a->inode == b->inode &&
	       a->size == b->size &&
	       a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

static bool
name_is_safe(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789_+-/";
	size_t length = strlen(name);

	return length && length <= ZONE_NAME_MOST && name[0] != '/' &&
	       strspn(name, allowed) == length;
}

static struct zone *
zone_read(const char *name, struct buf *error)
{
	struct buf bytes = BUF_INIT, why = BUF_INIT, path = BUF_INIT;
	struct zone *zone = NULL;

	append_path(&path, name);
	if (file_read(path.data, ZONE_FILE_MOST, &bytes, &why) == OUTCOME_OK)
		zone = zone_parse(zone_arena, name, bytes.data, bytes.len,
				  error);
	else
		buf_printf(error, "unknown timezone '%s'", name);
	buf_release(&bytes);
	buf_release(&why);
	buf_release(&path);
	return zone;
}

/* Of a file that has gone bad the zone stays as it was: it may be on the way to
 * a new one. */
static const struct zone *
read_anew(struct cached *cached, const struct stamp *stamp)
{
	struct buf why = BUF_INIT;
	const struct zone *zone = zone_read(cached->zone->name, &why);

	cached->tried = *stamp;
	if (zone)
		cached->zone = zone;
	buf_release(&why);
	return cached->zone;
}

static const struct zone *
read_first(const char *name, const struct stamp *stamp, struct buf *error)
{
	struct zone *zone = zone_read(name, error);
	struct cached *cached;

	if (!zone)
		return NULL;
	cached = arena_alloc(zone_arena, sizeof(*cached));
	*cached = (struct cached){ zone, *stamp, *stamp };
	(void)map_set(zone_cache, zone->name, cached);	/* was absent */
	return zone;
}

static const struct zone *
find(const char *name, struct buf *error)
{
	struct cached *cached;
	struct stamp stamp;

	cache_prepare();
	if (!name_is_safe(name)) {
		buf_printf(error, "'%s' is no name of a time zone", name);
		return NULL;
	}
	cached = map_find(zone_cache, name);
	stamp = stamp_of(name);		/* before it is read */
	if (!cached)
		return read_first(name, &stamp, error);
	if (is_same(&cached->tried, &stamp))
		return cached->zone;
	return read_anew(cached, &stamp);
}

static bool
look_at_files(void)
{
	bool changed = false;
	const char *name;
	void *value;
	size_t at = 0;

	cache_prepare();
	while (map_next(zone_cache, &at, &name, &value)) {
		struct cached *cached = value;
		struct stamp stamp = stamp_of(name);

		changed |= !is_same(&cached->seen, &stamp);
		cached->seen = stamp;
	}
	return changed;
}

bool
zone_files_changed(void)
{
	bool changed;

	thread_lock(&zone_mutex);
	changed = look_at_files();
	thread_unlock(&zone_mutex);
	return changed;
}

const struct zone *
zone_find(const char *name, struct buf *error)
{
	const struct zone *zone;

	thread_lock(&zone_mutex);
	zone = find(name, error);
	thread_unlock(&zone_mutex);
	return zone;
}

const struct zone *
zone_utc(void)
{
	static const struct zone utc = {
		.name = "UTC",
		.footer = { .known = true, .standard = { 0, "UTC" } },
	};

	return &utc;
}

/* tzdata.zi has a line "Z NAME ..." for a zone, "L TARGET NAME" for a link. */
static const char *
line_name(char *line)
{
	char *kind = strsep(&line, " "), *first = strsep(&line, " ");

	if (!first || (strcmp(kind, "Z") && strcmp(kind, "L")))
		return NULL;
	return *kind == 'Z' ? first : strsep(&line, " ");
}

static const char *const *
list_names(void)
{
	static VEC(const char *) names;
	struct buf text = BUF_INIT, why = BUF_INIT, path = BUF_INIT;
	char *rest, *line;

	if (names.count)
		return names.items;
	cache_prepare();
	/* without the list there is nothing to suggest, no more */
	append_path(&path, "tzdata.zi");
	(void)file_read(path.data, ZONE_LIST_MOST, &text, &why);
	buf_release(&path);
	rest = text.size ? text.data : NULL;
	while ((line = strsep(&rest, "\n"))) {
		const char *name = line_name(line);

		if (name)
			vec_push(zone_arena, &names,
				 arena_strdup(zone_arena, name));
	}
	vec_push(zone_arena, &names, NULL);
	buf_release(&text);
	buf_release(&why);
	return names.items;
}

const char *const *
zone_names(void)
{
	const char *const *names;

	thread_lock(&zone_mutex);
	names = list_names();
	thread_unlock(&zone_mutex);
	return names;
}
