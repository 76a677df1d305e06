/* Regular expressions: what they mean, and that none can run away. */
#include "match/regex.h"

#include "base/clock.h"

#include "tap.h"

static struct arena *arena;

static void
meaning(void)
{
	static const struct {
		const char *pattern, *text;
		enum regex_result want;
		const char *why;
	} cases[] = {
		{ "lab", "my LAB-17", REGEX_YES, "anywhere, without case" },
		{ "^lab$", "lab\n", REGEX_NO, "$ is the very end" },
		{ "\xC3\xA9t\xC3\xA9", "\xC3\x89T\xC3\x89", REGEX_YES,
		  "case beyond ASCII" },
		{ "^.$", "\xC3\xA9", REGEX_YES, "a character is one, not two" },
		{ "^$", "", REGEX_YES, "the empty text" },
		{ "a", "", REGEX_NO, "nothing in the empty text" },
		{ "a", "a\xFF", REGEX_LIMIT, "not UTF-8: nobody knows" },
		{ "^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		  REGEX_LIMIT, "a pattern that explodes is stopped" },
		{ "^(a|a?)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
		  REGEX_LIMIT, "another one" },
		{ "(*LIMIT_MATCH=4000000000)^(a+)+$",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", REGEX_LIMIT,
		  "a pattern cannot raise its own limit" },
	};
	size_t i, offset;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf error = BUF_INIT;
		struct regex *regex = regex_compile(arena, cases[i].pattern,
						    &error, &offset);
		uint32_t steps = REGEX_ALERT_STEPS;

		is_int(regex ? (int)regex_match(regex, cases[i].text,
						strlen(cases[i].text), &steps) :
		       -1, cases[i].want, "/%s/: %s", cases[i].pattern,
		       cases[i].why);
		buf_release(&error);
	}
}

static void
mistakes(void)
{
	char large[300], nested[200];
	const struct {
		const char *pattern;
		size_t offset;
		const char *error;
	} cases[] = {
		{ "a(b", 3, "missing closing parenthesis" },
		{ "*", 0, "quantifier does not follow a repeatable item" },
		{ "a\\Cb", 3, "using \\C is disabled by the application" },
		{ "[z-a]", 3, "range out of order in character class" },
		{ large, 256, "more than 256 bytes" },
		{ nested, 51, "parentheses are too deeply nested" },
	};
	size_t i, offset;

	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	memset(nested, '(', 100);
	memset(nested + 100, ')', 99);
	nested[199] = '\0';
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf error = BUF_INIT;

		ok(!regex_compile(arena, cases[i].pattern, &error, &offset),
		   "case %zu is refused", i);
		is(error.data, cases[i].error, "with PCRE2's message");
		is_int((long long)offset, (long long)cases[i].offset,
		       "at its place");
		buf_release(&error);
	}
}

/* Twenty texts of 64 kB against a pattern that backtracks. */
static void
bounded(void)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	clock_t begun = clock();
	uint32_t steps = REGEX_ALERT_STEPS;
	struct regex *regex;
	size_t i, offset;

	regex = regex_compile(arena, "(.*)*(.*)*(.*)*z$", &error, &offset);
	for (i = 0; i < 65536; i++)
		buf_putc(&text, 'y');
	for (i = 0; i < 20; i++)
		(void)regex_match(regex, text.data, text.len, &steps);
	ok(tap_effort(begun) < 50,
	   "large texts against a bad pattern take bounded time");
	buf_release(&text);
	buf_release(&error);
}

/* Many texts, each of which stays just below its own limit. */
static void
all_together(void)
{
	struct buf error = BUF_INIT;
	uint32_t steps = 100000;
	struct regex *bad, *good;
	int i, unknown = 0;
	size_t offset;

	bad = regex_compile(arena, "^(a+)+$", &error, &offset);
	good = regex_compile(arena, "^srv-[0-9]+$", &error, &offset);
	is_int(regex_match(bad, "aaaaaaaaaaaaaab", 15, &steps), REGEX_NO,
	       "a text that costs much is compared");
	ok(steps < 100000, "and costs its steps");
	for (i = 0; i < 20; i++)
		unknown += regex_match(bad, "aaaaaaaaaaaaaab", 15, &steps) ==
			   REGEX_LIMIT;
	ok(unknown > 0, "the comparisons of one alert have a limit together");
	is_int(steps, 0, "behind which nothing is compared");
	is_int(regex_match(good, "srv-1", 5, &steps), REGEX_LIMIT,
	       "and nobody knows");
	steps = REGEX_ALERT_STEPS;
	for (i = 0; i < 30000; i++)
		(void)regex_match(good, "srv-0815", 8, &steps);
	ok(steps > 0, "a thousand rules and thirty ordinary devices are far "
	   "below it: %u steps left", steps);
	buf_release(&error);
}

static enum regex_result
result_of(const char *pattern, size_t length, char last, uint32_t *steps)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	enum regex_result result;
	size_t offset;

	while (text.len < length)
		buf_putc(&text, 'a');
	buf_putc(&text, last);
	result = regex_match(regex_compile(arena, pattern, &error, &offset),
			     text.data, text.len, steps);
	buf_release(&text);
	buf_release(&error);
	return result;
}

/* One a more doubles the steps of the first pattern; the second takes memory
 * for each a. */
static void
limits(void)
{
	uint32_t steps = REGEX_ALERT_STEPS, before;
	long long cost, times, i;

	is_int(result_of("^(a+)+$", 15, 'b', &steps), REGEX_NO,
	       "a hundred thousand steps are taken");
	is_int(result_of("^(a+)+$", 16, 'b', &steps), REGEX_LIMIT,
	       "and not twice as many");
	is_int(result_of("^(.)*$", 3000, 'a', &steps), REGEX_YES,
	       "1 MiB of memory");
	is_int(result_of("^(.)*$", 4500, 'a', &steps), REGEX_LIMIT,
	       "and not twice as much");

	steps = before = REGEX_ALERT_STEPS;
	(void)result_of("^(a+)+$", 13, 'b', &steps);
	cost = before - steps;
	times = 4000000 / cost;
	for (i = 1; i < times; i++)
		(void)result_of("^(a+)+$", 13, 'b', &steps);
	is_int(result_of("^(a+)+$", 2, 'b', &steps), REGEX_NO,
	       "of one alert four million steps are taken");
	times = 3000000 / cost;
	for (i = 0; i < times; i++)
		(void)result_of("^(a+)+$", 13, 'b', &steps);
	is_int(result_of("^(a+)+$", 2, 'b', &steps), REGEX_LIMIT,
	       "and not seven");
}

int
main(void)
{
	arena = arena_create();
	limits();
	meaning();
	mistakes();
	bounded();
	all_together();
	arena_destroy(&arena);
	return tap_done();
}
