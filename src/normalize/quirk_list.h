/*
 * The values of a cell or line that lists several.
 *
 * A line end parts them, and so do commas and semicolons of any script: "a; b"
 * and "a、b". When there is nothing but host names or accounts, so do blanks,
 * bars and slashes: "a1 b1", "a1 / b1". A person's name has a comma of its own
 * ("Doe, Jane"), so users are parted by commas only when each is an account
 * (a@b, a\b).
 *
 *	quirk_list_start(&list, QUIRK_LIST_HOSTS, text);
 *	while (quirk_list_next(&list, &piece))
 *		...
 */
#ifndef NORMALIZE_QUIRK_LIST_H
#define NORMALIZE_QUIRK_LIST_H

#include <stdbool.h>
#include <stddef.h>

enum quirk_list_kind { QUIRK_LIST_TEXTS, QUIRK_LIST_HOSTS, QUIRK_LIST_USERS };

struct quirk_list {
	const char *at;
	enum quirk_list_kind kind;
	bool commas, blanks;	/* do they part values? */
};

/* What says that there are more ("+2 more", "...", "and others"), and a host
 * with what no host name has, is a piece that is not `whole`: there may be
 * values behind it that nobody reads. */
struct quirk_piece {
	const char *text;	/* in the text of the list */
	size_t length;		/* never 0 */
	bool whole;
};

/* `text` has to outlive the list. */
void quirk_list_start(struct quirk_list *list, enum quirk_list_kind kind,
		      const char *text);
bool quirk_list_next(struct quirk_list *list, struct quirk_piece *piece_out);

#endif
