#include "tap.h"

#include "normalize/when.h"

/* `want` NULL: not known. */
static const struct { const char *text, *want; } cases[] = {
	/* seen in mails */
	{ "1/23/2017 11:04:48 AM UTC", "2017-01-23T11:04:48Z" },
	{ "January 24, 2025 00:00 UTC", "2025-01-24T00:00:00Z" },
	{ "5/14/2026", "2026-05-14T00:00:00Z" },
	{ "Tue, 07 Jul 2026 12:00:01 +0000", "2026-07-07T12:00:01Z" },

	/* half days */
	{ "1/2/2026 12:00 AM", "2026-01-02T00:00:00Z" },
	{ "1/2/2026 12:30:15 pm (UTC)", "2026-01-02T12:30:15Z" },
	{ "1/2/2026 1:05 PM", "2026-01-02T13:05:00Z" },
	{ "1/2/2026 13:05 PM", NULL },
	{ "1/2/2026 0:05 AM", NULL },
	{ "2026年1月24日 下午2:05", "2026-01-24T14:05:00Z" },
	{ "2026/01/24 午前9:05", "2026-01-24T09:05:00Z" },

	/* ISO 8601 and RFC 3339 */
	{ "2026-11-21T23:13:39Z", "2026-11-21T23:13:39Z" },
	{ "2026-11-21T23:13:39.1234567Z", "2026-11-21T23:13:39.123Z" },
	{ "2026-11-21 23:13:39 +01:00", "2026-11-21T22:13:39Z" },
	{ "2026-11-21 23:13 -0530", "2026-11-22T04:43:00Z" },
	{ "2026-11-21 23:13 UTC+2", "2026-11-21T21:13:00Z" },
	{ "2026-11-21", "2026-11-21T00:00:00Z" },
	{ "2026年11月21日 23:13", "2026-11-21T23:13:00Z" },

	/* other languages */
	{ "24.01.2025 00:00", "2025-01-24T00:00:00Z" },
	{ "01.02.2025, 14:05 Uhr", "2025-02-01T14:05:00Z" },
	{ "24. Januar 2025 um 14:05 UTC", "2025-01-24T14:05:00Z" },
	{ "3. März 2025", "2025-03-03T00:00:00Z" },
	{ "24 janvier 2025 à 14:05", "2025-01-24T14:05:00Z" },
	{ "1 FÉVRIER 2025", "2025-02-01T00:00:00Z" },
	{ "24 de enero de 2025, 14:05", "2025-01-24T14:05:00Z" },
	{ "24 de março de 2025 às 14:05", "2025-03-24T14:05:00Z" },
	{ "24/01/2026 14:05", "2026-01-24T14:05:00Z" },
	{ "24-01-2026 14:05", "2026-01-24T14:05:00Z" },
	{ "3/3/2026 14:05", "2026-03-03T14:05:00Z" },

	/* invisible characters do not count */
	{ " \xC2\xA0" "5/14/2026\xE2\x80\xAF" "1:05\xE2\x80\xAFPM ",
	  "2026-05-14T13:05:00Z" },

	/* never guessed */
	{ "1/2/2026 14:00", NULL },
	{ "1/2/2026", NULL },
	{ "1-2-2026 2:00 PM", NULL },
	{ "5/14/2026 9:00 PST", NULL },
	{ "5/14/2026 9:00 CET", NULL },
	{ "5/14/26", NULL },
	{ "yesterday", NULL },
	{ "May 2026", NULL },
	{ "Smarch 13, 2026", NULL },
	{ "14:05", NULL },
	{ "", NULL },
	{ "2026", NULL },

	/* impossible */
	{ "13/14/2026", NULL },
	{ "2/30/2026", NULL },
	{ "2/29/2024 1:00 PM", "2024-02-29T13:00:00Z" },
	{ "2026-11-21T24:00:00Z", NULL },
	{ "2026-11-21T23:60:00Z", NULL },
	{ "2026-00-21", NULL },
	{ "2026-11-00", NULL },
	{ "0000-11-21", NULL },
	{ "1989-12-31", NULL },
	{ "1990-01-01", "1990-01-01T00:00:00Z" },
	{ "2999-12-31", "2999-12-31T00:00:00Z" },
	{ "3000-01-01", NULL },
	{ "99999-11-21", NULL },
	{ "2026-11-21T23:13:39+99:00", NULL },
	{ "2026-11-21T23:13:39Z and more", NULL },
	{ "99999999999999999999999999/1/1", NULL },
};

static void
run(const char *text, const char *want)
{
	struct buf got = BUF_INIT;
	instant_ms when;
	bool known = when_parse(text, &when);

	if (known)
		clock_print(&got, when);
	is(known ? got.data : NULL, want, "'%s' is %s", text,
	   want ? want : "not known");
	buf_release(&got);
}

int
main(void)
{
	char longest[1000];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		run(cases[i].text, cases[i].want);
	for (i = 100; i <= 101; i++) {
		instant_ms when;

		snprintf(longest, sizeof(longest), "%-*s", (int)i, "2026-11-21");
		ok(when_parse(longest, &when) == (i == 100),
		   "a time has up to 100 octets, here %zu", i);
	}
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	run(longest, NULL);
	return tap_done();
}
