/*
 * SHA-256, random bytes, short codes, and signatures by a certificate: the door
 * to libcrypto.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/buf.h"
#include "base/outcome.h"

#include <stddef.h>
#include <stdint.h>

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

/*
 * A certificate and its private key in PEM form, one after the other in one
 * text. Permanent, with a sentence, when either is missing, the key is not
 * RSA, is of another certificate, or wants a passphrase.
 */
struct digest_certificate {
	unsigned char thumbprint[DIGEST_SIZE];	/* SHA-256 of the DER form */
	int64_t ends_s;		/* no longer valid from then on, in seconds
				   since 1970 */
};

enum outcome digest_certificate_read(const char *pem,
				     struct digest_certificate *out,
				     struct buf *error);

/* Append the signature of the bytes by the key: RSASSA-PSS with SHA-256, which
 * JSON Web Tokens call PS256. The text was read before without error. */
void digest_sign_ps256(const char *pem, const void *bytes, size_t count,
		       struct buf *signature);

/* From the kernel. */
void digest_random(void *out, size_t count);

#endif
