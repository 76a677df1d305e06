/*
 * Is it the same message again?
 *
 * An MTA runs its pipe twice for one message when it was stopped in between,
 * so accepting must be idempotent. Two files are the same message when they
 * have the same recipients (in any order, without case), the same Message-ID
 * and the same octets below the envelope. The key says so, and the code that
 * people read is made from it: a message that comes twice, even to a relay
 * that lost its store, bears the same code and the same Message-IDs.
 */
#ifndef HOLD_DUPLICATE_H
#define HOLD_DUPLICATE_H

#include "base/digest.h"

#include <stddef.h>

struct duplicate_key {
	char hex[DIGEST_HEX];		/* the identity */
	char octets[DIGEST_HEX];	/* SHA-256 of the message proper */
	char code[DIGEST_CODE];
};

/* `octets` is the SHA-256 of the message proper. */
void duplicate_key(const char *const *recipients, size_t count,
		   const char *message_id,
		   const unsigned char octets[DIGEST_SIZE],
		   struct duplicate_key *key_out);

#endif
