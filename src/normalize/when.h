/*
 * Times as mails write them, in words of several languages.
 *
 *	1/23/2017 11:04:48 AM UTC	month first, for it says AM
 *	5/14/2026			month first, for there is no month 14
 *	January 24, 2025 00:00 UTC	24. Januar 2025	  24 de enero de 2025
 *	2026-11-21T23:13:39.5Z		2026/11/21 23:13 +01:00	  2026年11月21日
 *	24.01.2025 00:00		dots: day first
 *	Tue, 07 Jul 2026 12:00:01 +0000	a Date field
 *
 * Without a zone it is UTC, as all these mails say; a date alone is the start
 * of that day. Nothing is guessed: `1/2/2026 14:00`, which is January or
 * February, a zone with a name other than UTC, GMT or Z, and any word that is
 * not understood make the time unknown.
 */
#ifndef NORMALIZE_WHEN_H
#define NORMALIZE_WHEN_H

#include "base/clock.h"

#include <stdbool.h>

bool when_parse(const char *text, instant_ms *when_out);

#endif
