/*
 * Words: what the relay itself says in a notification, in the reader's
 * language. One file templates/words/LANG.words for each:
 *
 *	language fr "Français"
 *	word severity-high "Élevée"
 *
 * A text may have holes, which are filled when it is said:
 *
 *	word quiet "Nothing has come since {since}."
 *
 * English has every word there is. Another language that lacks one shows the
 * English one, and words_check() warns of it. A file in the configured folder
 * replaces single words of the shipped file of the same language, or brings a
 * new language.
 */
#ifndef RENDER_WORDS_H
#define RENDER_WORDS_H

#include "base/clock.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/zone.h"
#include "render/shelf.h"
#include "render/value.h"

#include <stdbool.h>

struct words;			/* of one language */
struct languages;		/* all of them */

/* All files words/LANG.words of the shelf. Never NULL; what is wrong goes to
 * `diag`. */
struct languages *words_load(struct arena *arena, const struct shelf *shelf,
			     struct diag *diag);

/* Warn of words that languages somebody reads lack: `used`, ended by NULL, are
 * what contacts and customers name. What nobody reads may be incomplete. */
void words_check(const struct languages *languages, const char *const *used);

/* "pt-BR" exactly, or a language whose first part is the same ("pt", "pt-PT");
 * NULL when there is none. Without case. */
const struct words *words_find(const struct languages *languages,
			       const char *language);

/* words_find(), and English when there is none or `language` is NULL. */
const struct words *words_choose(const struct languages *languages,
				 const char *language);

/* Codes of all languages, ended by NULL. */
const char *const *words_languages(struct arena *arena,
				   const struct languages *languages);

/* "pt-BR" */
const char *words_language(const struct words *words);

/* A word of this language or else of English; NULL when English has none. */
const char *words_text(const struct words *words, const char *key);

/* What stands in a hole of a text. */
struct words_hole {
	const char *name;		/* without braces; NULL ends a list */
	const char *text;		/* NULL: the word `unknown` */
};

/* Append a word with its holes filled. What fills one is not read again, and a
 * hole without a name in the list stays. A word that is none is its key. */
void words_print(const struct words *words, const char *key,
		 const struct words_hole *holes, struct buf *out);

/* Append "3 days": the largest unit of which it is a whole number. */
void words_print_duration(const struct words *words, int64_t milliseconds,
			  struct buf *out);

/* All words by their keys, as a template has them; to be read only. */
struct value *words_value(const struct words *words);

/* The keys of all words, ended by NULL. */
const char *const *words_keys(struct arena *arena, const struct words *words);

/* Append an instant as a clock on the reader's wall shows it: by the words
 * `date-format`, `weekday-N` (0 is Sunday), `day-1` and `month-N`, with what
 * the language calls the zone (`zone-NAME` or `zone-CET`), or else its
 * abbreviation. */
void words_print_time(const struct words *words, const struct zone *zone,
		      instant_ms when, struct buf *out);

/* Append two instants; of one day the day is said once. */
void words_print_span(const struct words *words, const struct zone *zone,
		      instant_ms from, instant_ms to, struct buf *out);

#endif
