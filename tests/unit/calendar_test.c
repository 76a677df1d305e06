/* Calendars as programs write them, what they say of nights in which clocks
 * change, and what would take a library minutes. */
#include "parse/calendar.h"


#include "parse/calendar_reader.h"

#include <tap.h>

#define BEGIN "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n"
#define END "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:ana\r\n" lines \
	"END:VEVENT\r\n"

/* Berlin's clocks change on 2026-10-25, 2027-03-28 and 2027-10-31. */
static const struct {
	const char *name, *lines, *want;
} cases[] = {
	{ "PagerDuty: turns written out, in UTC, nobody's mailto",
	  "METHOD:PUBLISH\r\nX-WR-CALNAME:On Call\r\n"
	  "BEGIN:VEVENT\r\nUID:Q1\r\nDTSTART;VALUE=DATE-TIME:20261201T080000Z"
	  "\r\nDTEND;VALUE=DATE-TIME:20261208T080000Z\r\n"
	  "DTSTAMP:20261101T000000Z\r\nATTENDEE:ana@mssp.example\r\n"
	  "SUMMARY:On Call - Ana Souza - SOC\r\nTRANSP:TRANSPARENT\r\n"
	  "URL:https://x.example\r\nEND:VEVENT\r\n",
	  "On Call - Ana Souza - SOC <ana@mssp.example> "
	  "2026-12-01T08:00:00Z 2026-12-08T08:00:00Z\n" },
	{ "Exchange: names of Windows, a zone from 1601, capitals",
	  "METHOD:PUBLISH\r\n"
	  "BEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD"
	  "\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\n"
	  "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;"
	  "BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	  "BEGIN:VEVENT\r\nUID:0400\r\n"
	  "DTSTART;TZID=W. Europe Standard Time:20270322T090000\r\n"
	  "DTEND;TZID=\"W. Europe Standard Time\":20270329T090000\r\n"
	  "RRULE:FREQ=WEEKLY;UNTIL=20270329T070000Z;INTERVAL=1;BYDAY=MO;WKST=MO"
	  "\r\nORGANIZER;CN=SOC:MAILTO:soc@mssp.example\r\n"
	  "ATTENDEE;ROLE=REQ-PARTICIPANT;CN=\"Souza; Ana\":MAILTO:ana@mssp"
	  "\r\n .example\r\nSUMMARY;LANGUAGE=de:Bereitschaft\\, Ana\r\n"
	  "X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\nBEGIN:VALARM\r\n"
	  "TRIGGER:-PT15M\r\nSUMMARY:no\r\nEND:VALARM\r\nEND:VEVENT\r\n",
	  "Bereitschaft, Ana <ana@mssp.example> 2027-03-22T08:00:00Z "
	  "2027-03-29T07:00:00Z 2027-03-29T07:00:00Z 2027-04-05T07:00:00Z\n" },
	{ "Google: a rule, one turn moved, one taken out",
	  "X-WR-TIMEZONE:Europe/Berlin\r\n"
	  "BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Berlin:20261207T180000\r\n"
	  "DTEND;TZID=Europe/Berlin:20261208T080000\r\n"
	  "RRULE:FREQ=DAILY;COUNT=4\r\nEXDATE;TZID=Europe/Berlin:20261208T18"
	  "0000\r\nUID:a@google.com\r\nSUMMARY:Bob\r\nEND:VEVENT\r\n"
	  "BEGIN:VEVENT\r\nDTSTART:20261209T200000Z\r\n"
	  "DTEND:20261210T070000Z\r\nUID:a@google.com\r\n"
	  "RECURRENCE-ID;TZID=Europe/Berlin:20261209T180000\r\n"
	  "SUMMARY:Cleo\r\nSEQUENCE:1\r\nEND:VEVENT\r\n",
	  "Bob 2026-12-07T17:00:00Z 2026-12-08T07:00:00Z 2026-12-10T17:00:00Z "
	  "2026-12-11T07:00:00Z\n"
	  "Cleo 2026-12-09T20:00:00Z 2026-12-10T07:00:00Z\n" },
	{ "a daily turn that begins in the hour that is left out",
	  EVENT("DTSTART;TZID=Europe/Berlin:20270327T023000\r\n"
		"DTEND;TZID=Europe/Berlin:20270328T023000\r\n"
		"RRULE:FREQ=DAILY;COUNT=3\r\n"),
	  "ana 2027-03-27T01:30:00Z 2027-03-28T01:00:00Z 2027-03-28T01:00:00Z "
	  "2027-03-29T00:30:00Z 2027-03-29T00:30:00Z 2027-03-30T00:30:00Z\n" },
	{ "and in the hour that comes twice",
	  EVENT("DTSTART;TZID=Europe/Berlin:20261024T023000\r\n"
		"DURATION:P1D\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"),
	  "ana 2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-25T00:30:00Z "
	  "2026-10-26T01:30:00Z\n" },
	{ "hours of a duration are exact",
	  EVENT("DTSTART;TZID=Europe/Berlin:20270327T180000\r\n"
		"DURATION:PT15H\r\n"),
	  "ana 2027-03-27T17:00:00Z 2027-03-28T08:00:00Z\n" },
	{ "a day, its end not included; and one without an end",
	  EVENT("DTSTART;VALUE=DATE:20270328\r\nDTEND;VALUE=DATE:20270330\r\n")
	  "BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:bob\r\n"
	  "DTSTART;VALUE=DATE:20270401\r\nEND:VEVENT\r\n",
	  "ana 2027-03-27T23:00:00Z 2027-03-29T22:00:00Z\n"
	  "bob 2027-03-31T22:00:00Z 2027-04-01T22:00:00Z\n" },
	{ "days that repeat until a day, which is one of them",
	  EVENT("DTSTART;VALUE=DATE:20261224\r\n"
		"RRULE:FREQ=DAILY;UNTIL=20261225\r\n"),
	  "ana 2026-12-23T23:00:00Z 2026-12-24T23:00:00Z "
	  "2026-12-24T23:00:00Z 2026-12-25T23:00:00Z\n" },
	{ "a time without a zone is one of the oncall's",
	  EVENT("DTSTART:20261201T090000\r\nDTEND:20261201T170000\r\n"),
	  "ana 2026-12-01T08:00:00Z 2026-12-01T16:00:00Z\n" },
	{ "a prefix before a zone, and a zone in small letters",
	  EVENT("DTSTART;TZID=/citadel.org/20210210_1/Asia/Tokyo:"
		"20261201T090000\r\nDTEND;TZID=asia/tokyo:20261201T100000\r\n"),
	  "ana 2026-12-01T00:00:00Z 2026-12-01T01:00:00Z\n" },
	{ "what a file says of a zone that is known is not believed",
	  "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:STANDARD\r\n"
	  "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\n"
	  "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	  EVENT("DTSTART;TZID=America/New_York:20261201T090000\r\n"
		"DURATION:PT1H\r\n"),
	  "ana 2026-12-01T14:00:00Z 2026-12-01T15:00:00Z\n" },
	{ "an unknown zone is said",
	  EVENT("DTSTART;TZID=Customized Time Zone:20261201T090000\r\n"
		"DURATION:PT1H\r\n"),
	  "! \"ana\": unknown time zone 'Customized Time Zone'\n" },
	{ "an exception in UTC, and one that is a day",
	  EVENT("DTSTART;TZID=Europe/Berlin:20261201T090000\r\n"
		"DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
		"EXDATE:20261202T080000Z\r\nEXDATE;VALUE=DATE:20261203\r\n"),
	  "ana 2026-12-01T08:00:00Z 2026-12-01T09:00:00Z "
	  "2026-12-04T08:00:00Z 2026-12-04T09:00:00Z\n" },
	{ "a turn that was cancelled",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY;COUNT=2\r\n")
	  EVENT("DTSTART:20261202T090000Z\r\nDURATION:PT1H\r\n"
		"RECURRENCE-ID:20261202T090000Z\r\nSTATUS:CANCELLED\r\n"),
	  "ana 2026-12-01T09:00:00Z 2026-12-01T10:00:00Z\n" },
	{ "an event that was cancelled, with what was changed of it",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY;COUNT=2\r\nSTATUS:CANCELLED\r\n")
	  EVENT("DTSTART:20261202T190000Z\r\nDURATION:PT1H\r\n"
		"RECURRENCE-ID:20261202T090000Z\r\n"), "" },
	{ "a file that cancels", "METHOD:CANCEL\r\n"
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"), "" },
	{ "of two that override one turn the newer counts, wherever it stands",
	  EVENT("DTSTART:20261202T150000Z\r\nDURATION:PT1H\r\nSEQUENCE:3\r\n"
		"RECURRENCE-ID:20261201T090000Z\r\n")
	  EVENT("DTSTART:20261202T110000Z\r\nDURATION:PT1H\r\nSEQUENCE:2\r\n"
		"RECURRENCE-ID:20261201T090000Z\r\n")
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"),
	  "ana 2026-12-02T15:00:00Z 2026-12-02T16:00:00Z\n" },
	{ "an override of a turn far away comes into the time looked at",
	  EVENT("DTSTART:20250101T090000Z\r\nDURATION:PT1H\r\n")
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RECURRENCE-ID:20250101T090000Z\r\n"),
	  "ana 2026-12-01T09:00:00Z 2026-12-01T10:00:00Z\n" },
	{ "every second week, by the week's first day",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=3;WKST=SU\r\n"),
	  "ana 2026-12-01T09:00:00Z 2026-12-01T10:00:00Z "
	  "2026-12-13T09:00:00Z 2026-12-13T10:00:00Z "
	  "2026-12-15T09:00:00Z 2026-12-15T10:00:00Z\n" },
	{ "the begin is a turn also where the rule leaves it out",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=WEEKLY;BYDAY=FR;COUNT=2\r\n"),
	  "ana 2026-12-01T09:00:00Z 2026-12-01T10:00:00Z "
	  "2026-12-04T09:00:00Z 2026-12-04T10:00:00Z\n" },
	{ "dates that are added, in another zone, once",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RDATE;TZID=Europe/Berlin:20261203T100000,20261201T100000\r\n"),
	  "ana 2026-12-01T09:00:00Z 2026-12-01T10:00:00Z "
	  "2026-12-03T09:00:00Z 2026-12-03T10:00:00Z\n" },
	{ "the 31st of each month is not the 1st of the next",
	  EVENT("DTSTART:20261031T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=MONTHLY;COUNT=2\r\n"),
	  "ana 2026-10-31T09:00:00Z 2026-10-31T10:00:00Z "
	  "2026-12-31T09:00:00Z 2026-12-31T10:00:00Z\n" },
	{ "a character that is folded in the middle, and octets that are none",
	  "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Zo\xC3\r\n \xAB\xFF\r\n"
	  "DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\nEND:VEVENT\r\n",
	  "Zo\xC3\xAB\xEF\xBF\xBD 2026-12-01T09:00:00Z "
	  "2026-12-01T10:00:00Z\n" },
	{ "what has no length is no turn",
	  EVENT("DTSTART:20261201T090000Z\r\n"),
	  "! \"ana\" 2026-12-01: it has no length\n" },
	{ "nor what ends before it begins",
	  EVENT("DTSTART:20261201T090000Z\r\nDTEND:20261201T080000Z\r\n"),
	  "! \"ana\" 2026-12-01: it has no length\n" },
	{ "a month that is none",
	  EVENT("DTSTART:20261201T090000Z\r\nDTEND;VALUE=DATE:20223075\r\n"),
	  "! \"ana\" 2026-12-01: a time in it is none\n" },
	{ "a rule that is none",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=WEEKLY;BYDAY=MO,XX\r\n"),
	  "! \"ana\" 2026-12-01: its rule is none\n" },
	{ "all that follow, rules of exceptions, periods, two rules",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RECURRENCE-ID;RANGE=THISANDFUTURE:20261201T090000Z\r\n")
	  EVENT("DTSTART:20261202T090000Z\r\nDURATION:PT1H\r\n"
		"EXRULE:FREQ=DAILY\r\n")
	  EVENT("DTSTART:20261203T090000Z\r\nDURATION:PT1H\r\n"
		"RDATE;VALUE=PERIOD:20261203T090000Z/PT1H\r\n")
	  EVENT("DTSTART:20261204T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n"),
	  "! \"ana\" 2026-12-01: it changes all that follow\n"
	  "! \"ana\" 2026-12-02: it has a rule of exceptions\n"
	  "! \"ana\" 2026-12-03: it has dates that are periods\n"
	  "! \"ana\" 2026-12-04: it has more than one rule\n" },
	{ "a rule that repeats each second, each hour, or many times a day",
	  EVENT("DTSTART:20261201T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=SECONDLY\r\n")
	  EVENT("DTSTART:20261202T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=HOURLY\r\n")
	  EVENT("DTSTART:20261203T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY;FREQ=SECONDLY\r\n")
	  EVENT("DTSTART:20261204T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY;BYHOUR=1,2\r\n")
	  EVENT("DTSTART:20261205T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:BYSECOND=1,2;FREQ=DAILY\r\n"),
	  "! \"ana\" 2026-12-01: it repeats more often than daily, or in no "
	  "known way\n"
	  "! \"ana\" 2026-12-02: it repeats more often than daily, or in no "
	  "known way\n"
	  "! \"ana\" 2026-12-03: it repeats more often than daily, or in no "
	  "known way\n"
	  "! \"ana\" 2026-12-04: it repeats several times a day\n"
	  "! \"ana\" 2026-12-05: it repeats several times a day\n" },
	{ "a rule that began too long ago",
	  EVENT("DTSTART:19700101T090000Z\r\nDURATION:PT1H\r\n"
		"RRULE:FREQ=DAILY\r\n"),
	  "! \"ana\" 1970-01-01: it repeats too often to be followed\n" },
};

static const struct {
	const char *name, *bytes, *want;
} refused[] = {
	{ "a page to log in", "<!DOCTYPE html><html>", "it is no calendar" },
	{ "nothing", "", "it is no calendar" },
	{ "half of a calendar", BEGIN EVENT("DTSTART:20261201T090000Z\r\n"),
	  "it ends too early" },
	{ "a card", "BEGIN:VCARD\r\nEND:VCARD\r\n", "it is no calendar" },
	{ "boxes in boxes", "BEGIN:VCALENDAR\nBEGIN:A\nBEGIN:A\nBEGIN:A\n"
	  "BEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\nBEGIN:A\n",
	  "what is in it is nested too deeply" },
};

static instant_ms
at(const char *text)
{
	instant_ms when = 0;

	ok(clock_parse(text, &when), "%s is a time", text);
	return when;
}

static void
print_event(const struct turns_event *event, struct buf *out)
{
	size_t i;

	buf_puts(out, event->summary);
	for (i = 0; i < event->attendees.count; i++)
		buf_printf(out, " <%s>", event->attendees.items[i]);
	for (i = 0; i < event->spans.count; i++) {
		buf_putc(out, ' ');
		clock_print(out, event->spans.items[i].since);
		buf_putc(out, ' ');
		clock_print(out, event->spans.items[i].until);
	}
	buf_putc(out, '\n');
}

static void
print_turns(const struct turns *turns, struct buf *out)
{
	size_t i;

	for (i = 0; turns && i < turns->events.count; i++)
		print_event(&turns->events.items[i], out);
	for (i = 0; turns && i < turns->refused.count; i++)
		buf_printf(out, "! %s\n", turns->refused.items[i]);
}

/* Through JSON and back nothing is lost. */
static void
check_json(struct arena *arena, const struct turns *turns, const char *name)
{
	struct buf first = BUF_INIT, second = BUF_INIT, error = BUF_INIT;
	struct json *json;
	struct turns *back = NULL;

	turns_print(turns, &first);
	json = json_parse(first.data, first.len, &error);
	back = turns_parse(arena, json, &error);
	if (back)
		turns_print(back, &second);
	is(second.data, first.data, "%s: the same through JSON", name);
	json_destroy(&json);
	buf_release(&first);
	buf_release(&second);
	buf_release(&error);
}

static void
check_cases(const struct calendar_wish *wish)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *arena = arena_create();
		struct buf bytes = BUF_INIT, got = BUF_INIT, error = BUF_INIT;
		struct turns *turns;

		buf_printf(&bytes, "%s%s%s", BEGIN, cases[i].lines, END);
		turns = calendar_parse(arena, bytes.data, bytes.len, wish,
				       &error);
		print_turns(turns, &got);
		is(turns ? got.data : error.data, cases[i].want, "%s",
		   cases[i].name);
		if (turns)
			check_json(arena, turns, cases[i].name);
		buf_release(&bytes);
		buf_release(&got);
		buf_release(&error);
		arena_destroy(&arena);
	}
}

static void
check_refused(const struct calendar_wish *wish)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct arena *arena = arena_create();
		struct buf error = BUF_INIT;

		ok(!calendar_parse(arena, refused[i].bytes,
				   strlen(refused[i].bytes), wish, &error),
		   "%s is refused", refused[i].name);
		is(error.data, refused[i].want, "... and why");
		buf_release(&error);
		arena_destroy(&arena);
	}
}

/* ---- hostile ones, in the cage ---- */

static void
repeat(struct buf *out, const char *text, size_t count)
{
	while (count--)
		buf_puts(out, text);
}

static void
make_line(struct buf *out)
{
	repeat(out, "DESCRIPTION:", 1);
	repeat(out, "0123456789", 2000000);
	buf_puts(out, "\r\n");
}

static void
make_folds(struct buf *out)
{
	buf_puts(out, "BEGIN:VEVENT\r\nSUMMARY:x");
	repeat(out, "\r\n x", 500000);
	buf_puts(out, "\r\nEND:VEVENT\r\n");
}

static void
make_zone(struct buf *out)
{
	buf_puts(out, "BEGIN:VTIMEZONE\r\nTZID:Mars\r\nBEGIN:STANDARD\r\n"
		 "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\n"
		 "TZOFFSETTO:+0100\r\nRRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\n"
		 "END:VTIMEZONE\r\n" EVENT("DTSTART;TZID=Mars:20261201T0900"
		 "00\r\nDURATION:PT1H\r\n"));
}

static void
make_bomb(struct buf *out)
{
	int i;

	buf_puts(out, "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T000000Z\r\n"
		 "DURATION:PT1S\r\nRRULE:FREQ=DAILY;BYHOUR=0");
	for (i = 1; i < 24; i++)
		buf_printf(out, ",%d", i);
	buf_puts(out, ";BYMINUTE=0");
	for (i = 1; i < 60; i++)
		buf_printf(out, ",%d", i);
	buf_puts(out, "\r\nEND:VEVENT\r\n");
}

static void
make_dates(struct buf *out)
{
	int i;

	buf_puts(out, "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T000000Z\r\n"
		 "DURATION:PT1S\r\nRDATE:20261201T000000Z");
	for (i = 0; i < 100000; i++)
		buf_puts(out, ",20261202T000000Z");
	buf_puts(out, "\r\nEND:VEVENT\r\n");
}

static void
make_many(struct buf *out)
{
	int i;

	for (i = 0; i < 20000; i++)
		buf_printf(out, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20200101T00"
			   "0000Z\r\nDURATION:PT1S\r\nRRULE:FREQ=DAILY\r\n"
			   "END:VEVENT\r\n", i);
}

static void
make_turns(struct buf *out)
{
	int i;

	for (i = 0; i < 4000; i++)
		buf_printf(out, "BEGIN:VEVENT\r\nUID:%d\r\nDTSTART:20261201T00"
			   "0000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
			   "END:VEVENT\r\n", i);
}

static void
make_guests(struct buf *out)
{
	buf_puts(out, "BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261201T000000Z\r\n"
		 "DURATION:PT1H\r\n");
	repeat(out, "ATTENDEE:mailto:a@b.example\r\n", 60000);
	buf_puts(out, "END:VEVENT\r\n");
}

static void
make_boxes(struct buf *out)
{
	repeat(out, "BEGIN:VEVENT\r\n", 20000);
}

static const struct {
	const char *name;
	void (*make)(struct buf *out);
	const char *want;
} hostile[] = {
	{ "a line of 20 MB", make_line, "it is larger than 2097152 octets" },
	{ "a line in 500,000 folds", make_folds,
	  "! \"\": a line of it is too long\n" },
	{ "a zone that changes each second", make_zone,
	  "! \"ana\": unknown time zone 'Mars'\n" },
	{ "each minute of each day", make_bomb,
	  "! \"\" 2026-12-01: it repeats several times a day\n" },
	{ "100,000 dates", make_dates,
	  "! \"\" 2026-12-01: a line of it is too long\n" },
	{ "20,000 daily events", make_many, "it has more than 5000 events" },
	{ "4,000 events a day for ever", make_turns, "it has more than 10000 "
	  "turns in the time that is looked at" },
	{ "60,000 guests", make_guests,
	  "! \"\" 2026-12-01: it has too many lines\n" },
	{ "20,000 boxes", make_boxes, "what is in it is nested too deeply" },
};

/* What the process has used, in all, so that a busy machine does not matter. */
static void
check_hostile(const char *program, const struct calendar_wish *wish)
{
	size_t i;

	for (i = 0; i < sizeof(hostile) / sizeof(*hostile); i++) {
		struct arena *arena = arena_create();
		struct buf bytes = BUF_INIT, got = BUF_INIT, error = BUF_INIT;
		struct turns *turns;

		buf_puts(&bytes, BEGIN);
		hostile[i].make(&bytes);
		buf_puts(&bytes, END);
		turns = calendar_read(program, wish->zone, wish->since,
				      wish->until, bytes.data, bytes.len,
				      arena, &error);
		print_turns(turns, &got);
		is(turns ? got.data : error.data, hostile[i].want, "%s",
		   hostile[i].name);
		buf_release(&bytes);
		buf_release(&got);
		buf_release(&error);
		arena_destroy(&arena);
	}
}

/* A process that lies, dies or keeps silent. */
static void
check_process(const struct calendar_wish *wish)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;

	ok(!calendar_read("/bin/true", wish->zone, wish->since, wish->until,
			  "", 0, arena, &error), "a process that says nothing");
	is(error.data, "tocsin-reader ended with status 0", "... is said");
	buf_reset(&error);
	ok(!calendar_read("/nowhere", wish->zone, wish->since, wish->until,
			  "", 0, arena, &error), "one that is not there");
	is(error.data, "cannot start /nowhere: No such file or directory",
	   "... is said");
	buf_reset(&error);
	ok(!calendar_read("/bin/echo", wish->zone, wish->since, wish->until,
			  "", 0, arena, &error) && error.len,
	   "one that says something else");
	buf_release(&error);
	arena_destroy(&arena);
}

int
main(void)
{
	const char *build = getenv("BUILD");
	struct buf error = BUF_INIT, program = BUF_INIT;
	struct calendar_wish wish = {
		.zone = zone_find("Europe/Berlin", &error),
		.since = at("2026-10-01T00:00:00Z"),
		.until = at("2027-12-31T00:00:00Z"),
	};

	buf_printf(&program, "%s/tocsin-reader", build ? build : "build");
	if (ok(wish.zone, "there are zones")) {
		check_cases(&wish);
		check_refused(&wish);
		check_hostile(program.data, &wish);
		check_process(&wish);
	}
	buf_release(&error);
	buf_release(&program);
	return tap_done();
}
