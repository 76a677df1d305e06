/*
 * SHA-256, random bytes and short codes: the door to libcrypto's digests.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>

enum {
	DIGEST_SIZE = 32,	/* octets of a SHA-256 */
	DIGEST_HEX = 65,	/* in hexadecimal, with the NUL */
	DIGEST_CODE = 11,	/* a short code, with the NUL */
};

struct digest;

/* digest_create(), digest_add() as often as needed, digest_finish(), which
 * also destroys. */
struct digest *digest_create(void);
void digest_add(struct digest *digest, const void *bytes, size_t count);
/* The text and its NUL, so that ("ab","c") differs from ("a","bc"). */
void digest_add_text(struct digest *digest, const char *text);
void digest_finish(struct digest **digest, unsigned char out[DIGEST_SIZE]);

void digest_hex(const unsigned char digest[DIGEST_SIZE], char out[DIGEST_HEX]);

/*
 * Ten characters a person can read out on the telephone: the first 50 bits in
 * lower-case base 32 without i, l, o and u (Crockford's alphabet). Two of a
 * million mails share one with a chance of 1 in 2,000; whoever stores codes
 * must be ready for it.
 */
void digest_code(const unsigned char digest[DIGEST_SIZE],
		 char out[DIGEST_CODE]);

/* From the kernel. */
void digest_random(void *out, size_t count);

#endif
