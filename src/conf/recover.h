/*
 * Recovery, where something stands that cannot: say so once, and find the place
 * to go on from.
 */
#ifndef CONF_RECOVER_H
#define CONF_RECOVER_H

#include "conf/cursor.h"

/* "expected WHAT after X, found Y", at the next token. */
void recover_expected(struct cursor *cursor, const char *what,
		      const char *remedy);

/* The next token is the one that was reported last. */
bool recover_is_refused(const struct cursor *cursor);

/* Parts of sentences, which last until the next statement begins:
 * "write: relay NAME { ... }", "'customer contoso'", and the clauses of which
 * there has to be one, "'alert' or 'mail'". */
const char *recover_usage(struct cursor *cursor, const struct grammar *line);
const char *recover_describe(struct cursor *cursor,
			     const struct conf_node *node);
const char *recover_needed(struct cursor *cursor, const struct grammar *line);

/* The next token, which `level` does not have, is one of a level around it, or
 * shows by its indentation that the } of the block was forgotten. */
bool recover_ends_level(const struct cursor *cursor,
			const struct cursor_level *level);

/* The next token ends a level in which any word may stand, for it begins a line
 * as a keyword of the block around. */
bool recover_ends_free(const struct cursor *cursor,
		       const struct cursor_level *level);

/* Skip to where a statement or clause begins or a block ends; or only words,
 * and to a keyword of `table` as well. */
void recover_skip(struct cursor *cursor, const struct cursor_level *level);
void recover_skip_words(struct cursor *cursor,
			const struct cursor_level *level,
			const struct grammar *table);

/* Skip a = or : that other languages have before a value, and report it. */
void recover_skip_equals(struct cursor *cursor, const struct grammar *line);

/* The line of `level` that the mistyped word was meant to be, reported; NULL
 * when it is near to none, or to a keyword of a level further out. */
const struct grammar *recover_guess(struct cursor *cursor,
				    const struct cursor_level *level,
				    bool *is_outer_out);

/* Report the next token, which cannot stand here, and skip it. */
void recover_refuse(struct cursor *cursor, const struct cursor_level *level);

/* Report a } outside of all blocks, unless it is that of something refused, and
 * skip it. */
void recover_refuse_close(struct cursor *cursor);

#endif
