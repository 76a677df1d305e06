/*
 * The Test Anything Protocol, for prove(1).
 *
 * A test program calls ok() and is() and ends with `return tap_done();`. The
 * plan is printed last, so a program that dies early is seen as failed.
 */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int tap_count;
static int tap_failures;

__attribute__((format(printf, 2, 3), unused))
static bool
ok(bool good, const char *name, ...)
{
	va_list args;

	tap_count++;
	if (!good)
		tap_failures++;
	printf("%s %d - ", good ? "ok" : "not ok", tap_count);
	va_start(args, name);
	vprintf(name, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	return good;
}

/* Two texts, either of which may be NULL; a failure prints got and want. */
__attribute__((format(printf, 3, 4), unused))
static bool
is(const char *got, const char *want, const char *name, ...)
{
	bool good = got && want ? !strcmp(got, want) : got == want;
	char line[512];
	va_list args;

	va_start(args, name);
	vsnprintf(line, sizeof(line), name, args);
	va_end(args);
	ok(good, "%s", line);
	if (!good)
		printf("#  got: %s\n# want: %s\n", got ? got : "(null)",
		       want ? want : "(null)");
	return good;
}

__attribute__((format(printf, 3, 4), unused))
static bool
is_int(long long got, long long want, const char *name, ...)
{
	char line[512];
	va_list args;

	va_start(args, name);
	vsnprintf(line, sizeof(line), name, args);
	va_end(args);
	ok(got == want, "%s", line);
	if (got != want)
		printf("#  got: %lld\n# want: %lld\n", got, want);
	return got == want;
}

/* A fixed piece of work, in the unit of clock(3). */
static double
tap_yardstick(void)
{
	static unsigned char octets[1 << 16];
	static volatile unsigned int hash = 1;
	static double cost;
	clock_t begun = clock();
	size_t i;

	if (cost > 0)
		return cost;
	for (i = 0; i < (size_t)1 << 27; i++)
		hash = (hash ^ octets[i % sizeof(octets)]) * 16777619u;
	return cost = (double)(clock() - begun) + 1;
}

/* The processor time since `begun`, which clock() returned, as a ratio to that
 * of a fixed piece of work: a machine may be slow or busy, and the sanitizers
 * take their share. One is about a tenth of a second. */
__attribute__((unused))
static double
tap_effort(clock_t begun)
{
	return (double)(clock() - begun) / tap_yardstick();
}

/* Of things that are alike, one in how many is tried. The sanitizers take four
 * times as long and are to see each line, not each value: the tests as shipped
 * try all. LONG=1 has the sanitizers do so, too. */
__attribute__((unused))
static unsigned int
tap_stride(void)
{
#ifdef __SANITIZE_ADDRESS__
	return getenv("LONG") ? 1 : 4;
#else
	return 1;
#endif
}

__attribute__((unused))
static int
tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures ? 1 : 0;
}

#endif
