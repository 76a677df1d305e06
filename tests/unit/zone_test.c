/* Zones: offsets, wall clocks, gaps and overlaps, and damaged files. */
#include "base/zone.h"

#include "base/file.h"

#include "tap.h"

#include <stdlib.h>
#include <unistd.h>

static instant_ms
at(const char *text)
{
	instant_ms when = TIME_UNKNOWN;

	if (!clock_parse(text, &when))
		printf("# bad time in the test: %s\n", text);
	return when;
}

static const struct zone *
zone(const char *name)
{
	struct buf error = BUF_INIT;
	const struct zone *found = zone_find(name, &error);

	if (!found)
		printf("# %s\n", error.data);
	buf_release(&error);
	return found;
}

static void
offsets(void)
{
	static const struct {
		const char *zone, *when;
		int offset_s;
		const char *abbreviation;
	} cases[] = {
		{ "UTC", "2026-07-01T00:00:00Z", 0, "UTC" },
		{ "Europe/Paris", "2026-01-01T00:00:00Z", 3600, "CET" },
		{ "Europe/Paris", "2026-03-29T00:59:59Z", 3600, "CET" },
		{ "Europe/Paris", "2026-03-29T01:00:00Z", 7200, "CEST" },
		{ "Europe/Paris", "2026-10-25T00:59:59.999Z", 7200, "CEST" },
		{ "Europe/Paris", "2026-10-25T01:00:00Z", 3600, "CET" },
		{ "Europe/Paris", "2126-07-01T00:00:00Z", 7200, "CEST" },
		{ "Europe/Paris", "1850-01-01T00:00:00Z", 561, "LMT" },
		{ "America/New_York", "2026-03-08T06:59:59Z", -18000, "EST" },
		{ "America/New_York", "2026-03-08T07:00:00Z", -14400, "EDT" },
		{ "America/New_York", "2026-11-01T06:00:00Z", -18000, "EST" },
		{ "America/Sao_Paulo", "2026-01-15T00:00:00Z", -10800, "-03" },
		{ "America/Sao_Paulo", "2018-12-15T00:00:00Z", -7200, "-02" },
		{ "Asia/Tokyo", "2026-07-01T00:00:00Z", 32400, "JST" },
		{ "Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39600, "+11" },
		{ "Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37800,
		  "+1030" },
		{ "America/Nuuk", "2060-07-01T00:00:00Z", -3600, "-01" },
		{ "Europe/Dublin", "2060-07-01T00:00:00Z", 3600, "IST" },
		{ "Europe/Dublin", "2060-01-01T00:00:00Z", 0, "GMT" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct zone *z = zone(cases[i].zone);

		is_int(z ? zone_offset_s(z, at(cases[i].when)) : -1,
		       cases[i].offset_s, "the offset of %s at %s",
		       cases[i].zone, cases[i].when);
		is(z ? zone_abbreviation(z, at(cases[i].when)) : NULL,
		   cases[i].abbreviation, "its abbreviation");
	}
}

static void
wall_clocks(void)
{
	static const struct {
		const char *zone, *wall, *when, *why;
	} cases[] = {
		{ "UTC", "2026-03-29T02:30:00", "2026-03-29T02:30:00Z",
		  "UTC has no gaps" },
		{ "Europe/Paris", "2026-07-01T12:00:00",
		  "2026-07-01T10:00:00Z", "in summer" },
		{ "Europe/Paris", "2026-03-29T01:59:59",
		  "2026-03-29T00:59:59Z", "just before a gap" },
		{ "Europe/Paris", "2026-03-29T02:00:00",
		  "2026-03-29T01:00:00Z", "the start of a gap is its end" },
		{ "Europe/Paris", "2026-03-29T02:30:00",
		  "2026-03-29T01:00:00Z", "a time in a gap is its end" },
		{ "Europe/Paris", "2026-03-29T03:00:00",
		  "2026-03-29T01:00:00Z", "the end of a gap" },
		{ "Europe/Paris", "2026-10-25T02:30:00",
		  "2026-10-25T00:30:00Z", "of two equal times the first" },
		{ "Europe/Paris", "2026-10-25T03:00:00",
		  "2026-10-25T02:00:00Z", "after an overlap" },
		{ "America/New_York", "2026-03-08T02:30:00",
		  "2026-03-08T07:00:00Z", "a gap west of Greenwich" },
		{ "America/New_York", "2026-11-01T01:30:00",
		  "2026-11-01T05:30:00Z", "an overlap west of Greenwich" },
		{ "America/Sao_Paulo", "2018-11-04T00:30:00",
		  "2018-11-04T03:00:00Z", "a gap at midnight" },
		{ "America/Sao_Paulo", "2026-11-04T00:00:00",
		  "2026-11-04T03:00:00Z", "no summer time any more" },
		{ "Asia/Tokyo", "2026-01-01T09:00:00",
		  "2026-01-01T00:00:00Z", "never a change" },
		{ "Australia/Lord_Howe", "2026-04-05T01:45:00",
		  "2026-04-04T14:45:00Z", "an overlap of half an hour" },
		{ "Australia/Lord_Howe", "2026-10-04T02:15:00",
		  "2026-10-03T15:30:00Z", "a gap of half an hour" },
		{ "Pacific/Apia", "2011-12-30T12:00:00",
		  "2011-12-30T10:00:00Z", "a day that never was" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct zone *z = zone(cases[i].zone);
		struct buf got = BUF_INIT;
		struct civil civil;

		clock_to_civil(at(cases[i].wall), &civil);
		clock_print(&got, z ? zone_from_civil(z, &civil) : 0);
		is(got.data, cases[i].when, "%s %s: %s", cases[i].zone,
		   cases[i].wall, cases[i].why);
		buf_release(&got);
	}
}

/* The C library knows one zone at a time; here that is enough. */
static long
libc_offset_s(const char *name, instant_ms when)
{
	time_t seconds = (time_t)(when / 1000);
	struct tm tm;

	setenv("TZ", name, 1);
	tzset();
	localtime_r(&seconds, &tm);
	return tm.tm_gmtoff;
}

static void
agrees_with_libc(void)
{
	const char *const *names = zone_names();
	instant_ms start = at("1900-01-01T00:00:00Z");
	instant_ms end = at("2110-01-01T00:00:00Z");
	size_t wrong = 0, bad = 0, count = 0;

	for (; *names; names++, count++) {
		const struct zone *z = zone(*names);
		instant_ms when;

		bad += !z;
		for (when = start; z && when < end;
		     when += INT64_C(40) * 86400 * 1000 + 12345678)
			if (zone_offset_s(z, when) !=
			    libc_offset_s(*names, when) && !wrong++)
				printf("# first %s at %lld\n", *names,
				       (long long)when);
	}
	ok(count > 400, "the list of zones has hundreds of names");
	is_int((long long)bad, 0, "every zone of the list can be read");
	is_int((long long)wrong, 0, "offsets are those of the C library");
}

static void
names(void)
{
	static const char *const bad[] = {
		"", "Europe/Pars", "../../etc/passwd", "/etc/localtime",
		"Europe", "europe paris", "tzdata.zi", "leapseconds",
		"Europe/../Europe/Paris", "right/Europe/Paris",
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf error = BUF_INIT;

		ok(!zone_find(bad[i], &error) && error.len,
		   "'%s' is no zone", bad[i]);
		buf_release(&error);
	}
	ok(zone("Europe/Paris") == zone("Europe/Paris"),
	   "a zone is read once");
	is(zone_name(zone("Asia/Tokyo")), "Asia/Tokyo", "a zone has a name");
	is_int(zone_offset_s(zone_utc(), 0), 0, "UTC needs no file");
}

static bool
parses(const char *bytes, size_t length)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	char *exact = malloc(length ? length : 1);	/* seen by ASan */
	struct zone *parsed;
	bool good;

	if (length)
		memcpy(exact, bytes, length);
	parsed = zone_parse(arena, "test", exact, length, &error);
	free(exact);
	good = parsed != NULL;
	if (good) {
		(void)zone_offset_s(parsed, INT64_C(4000000000000));
		(void)zone_offset_s(parsed, -INT64_C(4000000000000));
	}
	buf_release(&error);
	arena_destroy(&arena);
	return good;
}

static void
damage(void)
{
	struct buf file = BUF_INIT, error = BUF_INIT;
	size_t i, cut_good = 0;

	if (file_read("/usr/share/zoneinfo/Europe/Paris", 1 << 20, &file,
		      &error) != OUTCOME_OK)
		printf("# %s\n", error.data);
	ok(parses(file.data, file.len), "the whole file parses");
	for (i = 0; i < file.len; i++)
		cut_good += parses(file.data, i);
	is_int((long long)cut_good, 0, "no cut file parses");
	for (i = 0; i < file.len; i++) {
		char kept = file.data[i];

		file.data[i] = (char)(kept ^ (1 << i % 8));
		(void)parses(file.data, file.len);
		file.data[i] = (char)0xFF;
		(void)parses(file.data, file.len);
		file.data[i] = kept;
	}
	ok(true, "a changed byte anywhere does no harm");
	buf_release(&file);
	buf_release(&error);
}

/* ---- files that are as large as may be, and larger ---- */

static void
put(struct buf *out, int64_t value, int width)
{
	while (width--)
		buf_putc(out, (char)(value >> 8 * width));
}

static void
put_header(struct buf *out, int times, int types, int chars)
{
	buf_puts(out, "TZif2");
	put(out, 0, 8);			/* unused */
	put(out, 0, 7);
	put(out, 0, 4);			/* isut */
	put(out, 0, 4);			/* isstd */
	put(out, 0, 4);			/* leap */
	put(out, times, 4);
	put(out, types, 4);
	put(out, chars, 4);
}

/* Does a file with these numbers parse, whose types are all `offset_s` east? */
static bool
parses_sized(int times, int types, int chars, int offset_s)
{
	struct buf file = BUF_INIT;
	bool good;
	int i;

	put_header(&file, 0, 1, 1);	/* for old readers */
	put(&file, 0, 6 + 1);
	put_header(&file, times, types, chars);
	for (i = 0; i < times; i++)
		put(&file, i, 8);
	for (i = 0; i < times; i++)
		put(&file, 0, 1);
	for (i = 0; i < types; i++) {
		put(&file, offset_s, 4);
		put(&file, 0, 2);
	}
	for (i = 0; i < chars; i++)
		put(&file, 0, 1);
	buf_puts(&file, "\n\n");
	good = parses(file.data, file.len);
	buf_release(&file);
	return good;
}

static void
sizes(void)
{
	enum { HOURS = 3600 };

	ok(parses_sized(4096, 1, 1, 0) && !parses_sized(4097, 1, 1, 0),
	   "a zone has up to 4096 transitions");
	ok(parses_sized(1, 256, 1, 0) && !parses_sized(1, 257, 1, 0),
	   "up to 256 types");
	ok(parses_sized(1, 1, 4096, 0) && !parses_sized(1, 1, 4097, 0),
	   "up to 4096 octets of abbreviations");
	ok(parses_sized(1, 1, 1, 26 * HOURS) &&
	   parses_sized(1, 1, 1, -26 * HOURS) &&
	   !parses_sized(1, 1, 1, 26 * HOURS + 1) &&
	   !parses_sized(1, 1, 1, -26 * HOURS - 1),
	   "and is up to 26 hours off");
}

/* A file below TZDIR becomes that of another zone. */
static void
becomes(const char *from)
{
	struct buf bytes = BUF_INIT, error = BUF_INIT, path = BUF_INIT;

	buf_printf(&path, "/usr/share/zoneinfo/%s", from);
	if (*from && file_read(path.data, 100000, &bytes, &error))
		printf("# %s\n", error.data);
	buf_reset(&path);
	buf_printf(&path, "%s/Law", getenv("TZDIR"));
	if (file_replace(path.data, bytes.data, bytes.len, 0644, &error))
		printf("# %s\n", error.data);
	buf_release(&bytes);
	buf_release(&error);
	buf_release(&path);
}

static void
new_laws(void)
{
	char folder[] = "/tmp/zone_test-XXXXXX";
	const instant_ms when = at("2026-12-01T00:00:00Z");
	const struct zone *before;

	(void)setenv("TZDIR", mkdtemp(folder), 1);
	becomes("Europe/Paris");
	(void)zone_files_changed();	/* those of the other tests are gone */
	before = zone("Law");
	ok(zone("Law") == before && !zone_files_changed(),
	   "while its file stays, a zone does");
	becomes("Asia/Tokyo");
	ok(zone_files_changed(), "a file that has changed is seen");
	ok(!zone_files_changed(), "once");
	is_int(zone_offset_s(zone("Law"), when), 32400,
	       "who finds the zone anew has the new law");
	is_int(zone_offset_s(before, when), 3600, "who has it keeps the old");
	becomes("");
	ok(zone_files_changed(), "a file that has gone bad is seen");
	is_int(zone_offset_s(zone("Law"), when), 32400,
	       "and changes nothing");
	becomes("America/Bogota");
	is_int(zone_offset_s(zone("Law"), when), -18000,
	       "until it is good again");
	ok(zone_files_changed(), "which is seen, too");
	ok(!chdir(folder) && !unlink("Law") && !rmdir(folder),
	   "and nothing is left");
	(void)unsetenv("TZDIR");
}

int
main(void)
{
	offsets();
	wall_clocks();
	agrees_with_libc();
	names();
	damage();
	sizes();
	new_laws();
	return tap_done();
}
