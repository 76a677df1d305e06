/* during: the instant of the decision lies in a window. */
#include "match/cond.h"

static bool
during_load(struct cond_load *load, const struct cond *test,
	    struct conf_word value, union cond_operand *out)
{
	(void)test;
	out->window = windows_use(load->windows, value, load->diag);
	if (!out->window || window_zone(out->window))
		return out->window;
	diag_error(load->diag, value.place, "add timezone ZONE to it",
		   "window '%s' has no time zone", value.text);
	return false;
}

static enum answer
during_fits(const struct cond *test, const struct facts *facts,
	    const struct fact *fact)
{
	(void)fact;
	return window_covers(cond_operand(test, 0)->window, facts->now) ?
		ANSWER_YES : ANSWER_NO;
}

/* "it is Tue 2026-12-01 02:00 CET" */
static void
during_tell(const struct cond *test, const struct facts *facts,
	    struct buf *out)
{
	static const char days[7][4] = {
		"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"
	};
	const struct zone *zone = window_zone(cond_operand(test, 0)->window);
	struct civil civil;

	zone_to_civil(zone, facts->now, &civil);
	buf_printf(out, "it is %s %04lld-%02d-%02d %02d:%02d %s",
		   days[clock_weekday(clock_from_civil(&civil))],
		   (long long)civil.year, civil.month, civil.day, civil.hour,
		   civil.minute, zone_abbreviation(zone, facts->now));
}

const struct cond_word cond_during = {
	.types = COND_NOW,
	.one_value = true,
	.load = during_load,
	.fits = during_fits,
	.tell = during_tell,
};
