/*
 * Functions that do not compile in this project, each with what to use
 * instead. The compiler is given this file before every other one, so it first
 * pulls in the system headers that declare them.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define BANNED(function) sorry_##function##_is_a_banned_function

/* No bound on the destination: use buf_append() or arena_printf(). */
#undef strcpy
#define strcpy(x, y) BANNED(strcpy)
#undef stpcpy
#define stpcpy(x, y) BANNED(stpcpy)
#undef strcat
#define strcat(x, y) BANNED(strcat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)

/* May leave no terminator, or pad with megabytes: arena_strndup(). */
#undef strncpy
#define strncpy(x, y, n) BANNED(strncpy)
#undef strncat
#define strncat(x, y, n) BANNED(strncat)

/* Hidden state shared by every caller: strsep(), gmtime_r(), zone.h. */
#undef strtok
#define strtok(x, y) BANNED(strtok)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef ctime
#define ctime(t) BANNED(ctime)
#undef asctime
#define asctime(t) BANNED(asctime)

/* Cannot tell an error from a zero: text_to_u64(). */
#undef atoi
#define atoi(s) BANNED(atoi)
#undef atol
#define atol(s) BANNED(atol)
#undef atoll
#define atoll(s) BANNED(atoll)

/* Predictable: digest_random(). */
#undef rand
#define rand() BANNED(rand)
#undef random
#define random() BANNED(random)

/* A shell between us and a program: posix_spawn(). */
#undef system
#define system(c) BANNED(system)
#undef popen
#define popen(c, m) BANNED(popen)

#endif
