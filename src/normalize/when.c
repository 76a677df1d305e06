#include "normalize/when.h"

#include "base/text.h"

#include <ctype.h>

enum {
	WHEN_MOST = 100,	/* bytes: longer is prose, not a time */
	WORD_MOST = 24,
	YEAR_LEAST = 1990, YEAR_MOST = 2999,
	MINUTE_MS = 60 * 1000,
};

/* What is left of a text in lower case, and what was read of it. */
struct scan {
	const char *at;
	struct civil civil;
	int offset_min;
	bool half_day;		/* it said AM or PM */
	bool afternoon;
};

/* English with its abbreviations, German, French, Spanish, Portuguese. */
static const struct { const char *word; int month; } months[] = {
	{ "january", 1 }, { "jan", 1 }, { "januar", 1 }, { "janvier", 1 },
	{ "enero", 1 }, { "janeiro", 1 },
	{ "february", 2 }, { "feb", 2 }, { "februar", 2 }, { "février", 2 },
	{ "febrero", 2 }, { "fevereiro", 2 },
	{ "march", 3 }, { "mar", 3 }, { "märz", 3 }, { "mars", 3 },
	{ "marzo", 3 }, { "março", 3 },
	{ "april", 4 }, { "apr", 4 }, { "avril", 4 }, { "abril", 4 },
	{ "may", 5 }, { "mai", 5 }, { "mayo", 5 }, { "maio", 5 },
	{ "june", 6 }, { "jun", 6 }, { "juni", 6 }, { "juin", 6 },
	{ "junio", 6 }, { "junho", 6 },
	{ "july", 7 }, { "jul", 7 }, { "juli", 7 }, { "juillet", 7 },
	{ "julio", 7 }, { "julho", 7 },
	{ "august", 8 }, { "aug", 8 }, { "août", 8 }, { "agosto", 8 },
	{ "september", 9 }, { "sep", 9 }, { "sept", 9 }, { "septembre", 9 },
	{ "septiembre", 9 }, { "setembro", 9 },
	{ "october", 10 }, { "oct", 10 }, { "oktober", 10 }, { "octobre", 10 },
	{ "octubre", 10 }, { "outubro", 10 },
	{ "november", 11 }, { "nov", 11 }, { "novembre", 11 },
	{ "noviembre", 11 }, { "novembro", 11 },
	{ "december", 12 }, { "dec", 12 }, { "dezember", 12 },
	{ "décembre", 12 }, { "diciembre", 12 }, { "dezembro", 12 },
};

/* Words that may stand around a date and say nothing. */
static const char *const silent[] = {
	"mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday",
	"wednesday", "thursday", "friday", "saturday", "sunday", "t", "at",
	"um", "uhr", "à", "a", "às", "las", "de", "del", "on", NULL
};

static void
skip(struct scan *scan, const char *bytes)
{
	scan->at += strspn(scan->at, bytes);
}

static bool
take(struct scan *scan, const char *text)
{
	if (!text_starts(scan->at, text))
		return false;
	scan->at += strlen(text);
	return true;
}

static bool
take_number(struct scan *scan, size_t most, int *value_out)
{
	size_t digits = strspn(scan->at, "0123456789"), i;

	if (!digits || digits > most)
		return false;
	for (*value_out = 0, i = 0; i < digits; i++)
		*value_out = *value_out * 10 + (scan->at[i] - '0');
	scan->at += digits;
	return true;
}

/* Letters, ASCII or not; "" when there are none. */
static void
take_word(struct scan *scan, char word[WORD_MOST])
{
	size_t length = 0;

	while (isalpha((unsigned char)scan->at[length]) ||
	       (unsigned char)scan->at[length] >= 0x80)
		length++;
	if (length >= WORD_MOST)
		length = 0;
	memcpy(word, scan->at, length);
	word[length] = '\0';
	scan->at += length;
}

/* Silent words with the blanks, commas and dots around them. */
static void
skip_silent(struct scan *scan)
{
	for (;;) {
		struct scan before;
		char word[WORD_MOST];
		size_t i = 0;

		skip(scan, " ,");
		before = *scan;
		take_word(scan, word);
		while (*word && silent[i] && strcmp(word, silent[i]))
			i++;
		if (!*word || !silent[i]) {
			*scan = before;
			return;
		}
		skip(scan, ".");
	}
}

static bool
take_month(struct scan *scan)
{
	struct scan before = *scan;
	char word[WORD_MOST];
	size_t i;

	take_word(scan, word);
	for (i = 0; i < sizeof(months) / sizeof(*months); i++)
		if (!strcmp(word, months[i].word)) {
			scan->civil.month = months[i].month;
			skip(scan, ".");
			return true;
		}
	*scan = before;
	return false;
}

static bool
take_year(struct scan *scan)
{
	int year;

	skip_silent(scan);
	if (!take_number(scan, 4, &year))
		return false;
	scan->civil.year = year;
	return true;
}

/* "January 24, 2025" */
static bool
take_month_first(struct scan *scan)
{
	if (!take_month(scan))
		return false;
	skip(scan, " ");
	return take_number(scan, 2, &scan->civil.day) && take_year(scan);
}

/* "24. Januar 2025", "24 de enero de 2025"; the day has been read. */
static bool
take_month_behind(struct scan *scan, int day)
{
	scan->civil.day = day;
	skip(scan, ".");
	skip_silent(scan);
	return take_month(scan) && take_year(scan);
}

/* "2026-11-21", "2026年11月21日"; the year has been read. */
static bool
take_year_first(struct scan *scan, int year)
{
	bool east = take(scan, "年");
	char separator[2] = { *scan->at, '\0' };

	scan->civil.year = year;
	if (!east && (!*separator || !strchr("-/.", *separator) ||
		      !take(scan, separator)))
		return false;
	if (!take_number(scan, 2, &scan->civil.month) ||
	    !take(scan, east ? "月" : separator) ||
	    !take_number(scan, 2, &scan->civil.day))
		return false;
	return !east || take(scan, "日");
}

/* "1/23/2017", "24.01.2025"; the first number has been read. Which of two
 * numbers is the month is settled when it is known whether AM or PM follows;
 * until then they stand in the order of the text. */
static bool
take_three(struct scan *scan, int first, char *separator_out)
{
	char separator[2] = { *scan->at, '\0' };
	int year;

	if (!*separator || !strchr("-/.", *separator))
		return false;
	*separator_out = *separator;
	scan->civil.month = first;
	scan->at++;
	if (!take_number(scan, 2, &scan->civil.day) ||
	    !take(scan, separator) || !take_number(scan, 4, &year))
		return false;
	scan->civil.year = year;
	return true;
}

static bool
take_date(struct scan *scan, char *separator_out)
{
	const char *start = scan->at;
	struct scan numbers;
	int first;

	if (!take_number(scan, 4, &first))
		return take_month_first(scan);
	if (scan->at - start == 4)
		return take_year_first(scan, first);
	numbers = *scan;
	if (take_three(scan, first, separator_out))
		return true;
	*scan = numbers;
	*separator_out = '\0';
	return take_month_behind(scan, first);
}

static bool
settle_order(struct scan *scan, char separator)
{
	int first = scan->civil.month, second = scan->civil.day;

	if (!separator)
		return true;
	if (separator != '.' && first <= 12 && second > 12)
		return true;
	if (separator == '/' && first <= 12 && scan->half_day)
		return true;
	if (separator != '.' && first <= 12 && first != second)
		return false;		/* both orders make sense */
	scan->civil.day = first;
	scan->civil.month = second;
	return true;
}

static void
take_half_day(struct scan *scan)
{
	static const struct { const char *word; bool afternoon; } words[] = {
		{ "am", false }, { "pm", true }, { "上午", false },
		{ "下午", true }, { "午前", false }, { "午後", true },
	};
	size_t i;

	skip(scan, " ");
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (take(scan, words[i].word)) {
			scan->half_day = true;
			scan->afternoon = words[i].afternoon;
		}
	skip(scan, " ");
}

/* A fraction of a second, cut to milliseconds. */
static void
take_fraction(struct scan *scan)
{
	int weight = 100;

	for (; isdigit((unsigned char)*scan->at); scan->at++, weight /= 10)
		scan->civil.millisecond += (*scan->at - '0') * weight;
}

static bool
take_time(struct scan *scan)
{
	struct civil *civil = &scan->civil;

	take_half_day(scan);
	if (!take_number(scan, 2, &civil->hour))
		return !scan->half_day;
	if (!take(scan, ":") || !take_number(scan, 2, &civil->minute))
		return false;
	if (take(scan, ":") && !take_number(scan, 2, &civil->second))
		return false;
	if (take(scan, "."))
		take_fraction(scan);
	if (!scan->half_day)
		take_half_day(scan);
	if (!scan->half_day)
		return true;
	if (civil->hour < 1 || civil->hour > 12)
		return false;
	civil->hour = civil->hour % 12 + (scan->afternoon ? 12 : 0);
	return true;
}

/* "UTC", "Z", "+01:00", "(UTC+01:00)", or nothing. */
static bool
take_zone(struct scan *scan)
{
	int sign, hours, minutes = 0;
	const char *digits;
	bool named;

	skip_silent(scan);
	skip(scan, "(");
	named = take(scan, "utc") || take(scan, "gmt") || take(scan, "z");
	sign = take(scan, "+") ? 1 : take(scan, "-") ? -1 : 0;
	if (!sign)
		return named || !*scan->at;
	digits = scan->at;
	if (!take_number(scan, 4, &hours))
		return false;
	if (scan->at - digits > 2)
		minutes = hours % 100, hours /= 100;
	else if (take(scan, ":") && !take_number(scan, 2, &minutes))
		return false;
	scan->offset_min = sign * (hours * 60 + minutes);
	return hours <= 14 && minutes < 60;
}

static bool
scan_all(struct scan *scan)
{
	char separator = '\0';

	skip_silent(scan);
	if (!take_date(scan, &separator))
		return false;
	skip_silent(scan);
	skip(scan, "-");
	if (!take_time(scan) || !take_zone(scan))
		return false;
	skip(scan, " )");
	return !*scan->at && settle_order(scan, separator);
}

static bool
is_possible(const struct civil *civil)
{
	struct civil again;

	clock_to_civil(clock_from_civil(civil), &again);
	return civil->year >= YEAR_LEAST && civil->year <= YEAR_MOST &&
	       civil->month == again.month && civil->day == again.day &&
	       civil->hour < 24 && civil->minute < 60 && civil->second < 60;
}

bool
when_parse(const char *text, instant_ms *when_out)
{
	struct arena *arena;
	struct scan scan = { .at = NULL };
	bool good;

	if (strlen(text) > WHEN_MOST)
		return false;
	arena = arena_create();
	scan.at = text_fold(arena, text_fold_space(arena, text, strlen(text)));
	good = scan_all(&scan) && is_possible(&scan.civil);
	if (good)
		*when_out = clock_from_civil(&scan.civil) -
			    (instant_ms)scan.offset_min * MINUTE_MS;
	arena_destroy(&arena);
	return good;
}
