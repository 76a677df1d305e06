/*
 * Quirks of real mail, all in one place, each with its sample.
 *
 * Lists are in quirk_list.h, what stands before a subject in quirk_subject.h.
 * Two more are part of a grammar and stand there: the one slash of
 * https:/securitycenter.windows.com/alert/... (url_parse() in link.c), and a
 * table that became one line, "Vulnerability Name CVE-2026-48778 Severity High"
 * (use_flat_line() in extract.c).
 */
#ifndef NORMALIZE_QUIRK_H
#define NORMALIZE_QUIRK_H

#include "base/arena.h"

#include <stdbool.h>

/* The form in which labels are compared: one line, lower case, without marks
 * in front and without the colon, which may be a full-width one or have a
 * blank (of any kind) before it. "Gravité :" and "严重性：" occur. */
char *quirk_label(struct arena *arena, const char *label);

/* A value without the marks around it: "● Medium" is "Medium". */
char *quirk_value(struct arena *arena, const char *value);

/* The value of a row of `text` with the lines that it goes on in. A text part
 * is folded at 76 columns, and only the first line of
 *
 *	Title: Malware Command and Control (C2) traffic associated with the
 *	TECHNETIUM actor has been detected on your network
 *	Severity: Medium
 *
 * looks like a row. A line goes on when it is long and the next one is not a
 * row itself. */
const char *quirk_unfold(struct arena *arena, const char *text,
			 const char *value);

/* The same for a row of several values, each in a line of its own: those below
 * that are further in, are a point of a list, are one word, or stand behind a
 * comma. */
const char *quirk_unfold_list(struct arena *arena, const char *text,
			      const char *value);

/* Is `piece` what a line end left of `whole`? Then the text part only repeats
 * what the HTML part says, and is no second value. */
bool quirk_is_cut(struct arena *arena, const char *piece, const char *whole);

#endif
