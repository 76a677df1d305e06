#include "base/digest.h"

#include "base/bug.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdbool.h>
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

/* ---- signatures ---- */

/* Without it a key with a passphrase would be asked for on the terminal. */
static int
no_passphrase(char *into, int size, int writing, void *context)
{
	(void)into, (void)size, (void)writing, (void)context;
	return -1;
}

static EVP_PKEY *
read_key(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase,
						      NULL) : NULL;

	BIO_free(bio);
	return key;
}

static X509 *
read_certificate(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase,
						    NULL) : NULL;

	BIO_free(bio);
	return certificate;
}

static int64_t
end_of(const X509 *certificate)
{
	struct tm end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1)
		return 0;
	return timegm(&end);
}

static const char *
find_fault(X509 *certificate, EVP_PKEY *key)
{
	if (!certificate)
		return "there is no certificate in PEM form in it";
	if (!key)
		return "there is no private key in PEM form, without a "
		       "passphrase, in it";
	if (EVP_PKEY_base_id(key) != EVP_PKEY_RSA)
		return "the key is not RSA, which signing needs";
	if (X509_check_private_key(certificate, key) != 1)
		return "the key belongs to another certificate";
	return NULL;
}

enum outcome
digest_certificate_read(const char *pem, struct digest_certificate *out,
			struct buf *error)
{
	X509 *certificate = read_certificate(pem);
	EVP_PKEY *key = read_key(pem);
	const char *fault = find_fault(certificate, key);
	unsigned int length = 0;

	if (fault)
		buf_puts(error, fault);
	else if (X509_digest(certificate, EVP_sha256(), out->thumbprint,
			     &length) != 1 || length != DIGEST_SIZE)
		BUG("SHA-256 of a certificate");
	else
		out->ends_s = end_of(certificate);
	EVP_PKEY_free(key);
	X509_free(certificate);
	return fault ? OUTCOME_PERMANENT : OUTCOME_OK;
}

static bool
sign(EVP_MD_CTX *context, EVP_PKEY *key, const void *bytes, size_t count,
     struct buf *signature)
{
	EVP_PKEY_CTX *padding;
	size_t length = 0;

	if (EVP_DigestSignInit(context, &padding, EVP_sha256(), NULL,
			       key) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) <= 0 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(padding,
					     RSA_PSS_SALTLEN_DIGEST) <= 0 ||
	    EVP_DigestSign(context, NULL, &length, bytes, count) != 1)
		return false;
	if (EVP_DigestSign(context, (unsigned char *)buf_grow(signature,
			   length), &length, bytes, count) != 1)
		return false;
	buf_grown(signature, length);
	return true;
}

void
digest_sign_ps256(const char *pem, const void *bytes, size_t count,
		  struct buf *signature)
{
	EVP_PKEY *key = read_key(pem);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!key || !context || !sign(context, key, bytes, count, signature))
		BUG("a key that was good does not sign");
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}
