/*
 * Text: UTF-8, folding for comparison, and the small questions that several
 * stages ask of a string.
 *
 * "Text" is UTF-8, NUL-terminated unless a length is given.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* The next character (a Unicode scalar value) of `text`, whose end is `end`,
 * and the number of bytes it takes; U+FFFD and 1 for an invalid byte (so
 * surrogates and overlong forms are invalid, RFC 3629 section 3). */
uint32_t text_decode(const char *text, const char *end, size_t *length_out);
void text_encode(struct buf *out, uint32_t character);
bool text_is_utf8(const char *text, size_t length);
bool text_is_ascii(const char *text);

/* Append with invalid bytes as U+FFFD and NUL dropped; how many were bad. */
size_t text_append_valid(struct buf *out, const char *bytes, size_t length);

/* Characters in `length` bytes. */
size_t text_count(const char *text, size_t length);

/* Invisible: white space of any kind, U+00A0, zero-width characters, byte
 * order mark, bidirectional controls (U+202A-E, U+2066-9), C0 and C1. */
bool text_is_invisible(uint32_t character);

/* A copy without invisible characters at both ends. */
char *text_trim(struct arena *arena, const char *text, size_t length);

/* text_trim() and every run of invisible characters inside as one blank: one
 * line that cannot reorder or hide what is around it. */
char *text_fold_space(struct arena *arena, const char *text, size_t length);

/* At most `most` bytes of it, whole characters, "..." behind when it was cut;
 * otherwise `text` itself. */
const char *text_cut(struct arena *arena, const char *text, size_t most);

/* The form in which texts are equal "without case, whole value": trimmed, each
 * character in lower case by Unicode's simple mapping. */
char *text_fold(struct arena *arena, const char *text);
uint32_t text_lower(uint32_t character);
bool text_same(const char *a, const char *b);

/* Octet by octet; NULL is equal to NULL. */
bool text_equal(const char *a, const char *b);

/* `pattern` with `*` (any run) and `?` (one character); both folded before. */
bool text_glob(const char *pattern, const char *text);

/* xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, hexadecimal, any case. */
bool text_is_guid(const char *text);

/* An address fit for SMTP and for a header: local@domain, no control
 * character, blank, angle bracket or quote (RFC 5321 4.1.2 without the
 * quoted form), at most 254 octets (4.5.3.1.3). UTF-8 is allowed. */
bool text_is_address(const char *text);

/* The value of a hexadecimal digit, or -1. */
int text_hex(char digit);

/* A whole decimal number and nothing else. */
bool text_to_u64(const char *text, uint64_t *value_out);

/* The candidate most like `word`, for "did you mean"; NULL when none is near.
 * `candidates` ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);

/* Append so that a terminal, a log line or a diagnostic stays one line and
 * obeys nobody: control and bidirectional characters as \xNN or \u{NNNN},
 * quote and backslash escaped; at most `most` bytes, then "...". */
void text_escape(struct buf *out, const char *text, size_t most);

/* Characters that a terminal obeys or that turn the text beside them around:
 * controls, but for the line end and the tab, and bidirectional ones. */
bool text_is_command(uint32_t character);

/* Append a whole text of many lines so that a terminal obeys nobody: these
 * characters, and bytes that are no UTF-8, as text_escape() has them. What has
 * been escaped before stays as it is. */
void text_append_harmless(struct buf *out, const char *text, size_t length);

#endif
