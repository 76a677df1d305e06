/*
 * Parts that can hold the mail itself and need a key, or a program, of their
 * own: the mail around them may say nothing, or what the gateway says that
 * sealed it. Whoever reads of it can do something against each kind.
 */
#ifndef PARSE_SEALED_H
#define PARSE_SEALED_H

#include "parse/message.h"

enum sealed {
	SEALED_NOT,
	SEALED_SMIME,		/* encrypted; what is only signed is read */
	SEALED_PGP,
	SEALED_PURVIEW,		/* Microsoft's message encryption */
	SEALED_GATEWAY,		/* likewise of others: opened by a portal */
	SEALED_TNEF,		/* winmail.dat, of Exchange */
	SEALED_OUTLOOK,		/* an item of Outlook's, as a file */
	SEALED_PIECE,		/* in several mails, or not in one at all */
	SEALED_LARGE,		/* S/MIME that the parser did not look into */
	SEALED_KINDS
};

/* "smime": also of the word `sealed-smime`. */
extern const char *const sealed_names[SEALED_KINDS];

/* By the type, in lower case, and the name of a part; so never SEALED_LARGE. */
enum sealed sealed_find(const char *type, const char *name);

/* What a part is of which the parser says more. */
enum sealed sealed_part(const struct message_part *part);

#endif
