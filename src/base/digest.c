#include "base/digest.h"

#include "base/bug.h"

#include <openssl/evp.h>
#include <sys/random.h>

struct digest {
	EVP_MD_CTX *context;
};

struct digest *
digest_create(void)
{
	struct digest *digest = bug_alloc(sizeof(*digest));

	digest->context = EVP_MD_CTX_new();
	if (!digest->context ||
	    EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL) != 1)
		BUG("no SHA-256");
	return digest;
}

void
digest_add(struct digest *digest, const void *bytes, size_t count)
{
	if (EVP_DigestUpdate(digest->context, bytes, count) != 1)
		BUG("SHA-256 of %zu bytes", count);
}

void
digest_add_text(struct digest *digest, const char *text)
{
	digest_add(digest, text, strlen(text) + 1);
}

void
digest_finish(struct digest **digest, unsigned char out[DIGEST_SIZE])
{
	if (EVP_DigestFinal_ex((*digest)->context, out, NULL) != 1)
		BUG("SHA-256 does not end");
	EVP_MD_CTX_free((*digest)->context);
	free(*digest);
	*digest = NULL;
}

void
digest_hex(const unsigned char digest[DIGEST_SIZE], char out[DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * DIGEST_SIZE] = '\0';
}

void
digest_code(const unsigned char digest[DIGEST_SIZE], char out[DIGEST_CODE])
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
	unsigned int held = 0, bits = 0;
	size_t i, next = 0;

	for (i = 0; i < DIGEST_CODE - 1; i++) {
		if (bits < 5) {
			held = held << 8 | digest[next++];
			bits += 8;
		}
		bits -= 5;
		out[i] = digits[held >> bits & 31];
	}
	out[DIGEST_CODE - 1] = '\0';
}

void
digest_random(void *out, size_t count)
{
	if (getrandom(out, count, 0) != (ssize_t)count)
		BUG("no random bytes");
}
