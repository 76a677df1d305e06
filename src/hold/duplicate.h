/*
 * Is it the same message again?
 *
 * An MTA runs its pipe twice for one message when it was stopped in between,
 * and a sender that heard no answer repeats it, so accepting must be
 * idempotent. Two files are the same message when they have the same recipients
 * (in any order, without case) and what their author wrote is the same. The key
 * says so, and the code that people read is made from it: a message that comes
 * twice, even to a relay that lost its store, bears the same code and the same
 * Message-IDs.
 *
 * One that proved to be genuine is another message than one that did not:
 * whoever sends a copy ahead must not keep the genuine one from being told. The
 * other way round nothing is lost, so a copy that proves nothing is looked for
 * under both keys.
 */
#ifndef HOLD_DUPLICATE_H
#define HOLD_DUPLICATE_H

#include "base/digest.h"

#include <stdbool.h>
#include <stddef.h>

struct duplicate_message {
	const char *const *recipients;
	size_t count;
	unsigned char written[DIGEST_SIZE];	/* of what its author wrote */
	unsigned char octets[DIGEST_SIZE];	/* of all of it */
	bool is_proven;		/* genuine; never of a record, which needs no
				   proof */
};

struct duplicate_key {
	char hex[DIGEST_HEX];		/* the identity */
	char proven[DIGEST_HEX];	/* that a genuine copy has or would
					   have */
	char octets[DIGEST_HEX];	/* SHA-256 of the message proper */
	char code[DIGEST_CODE];
};

void duplicate_key(const struct duplicate_message *message,
		   struct duplicate_key *key_out);

#endif
