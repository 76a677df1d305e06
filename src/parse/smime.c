/*
 * GnuTLS is in the process anyway, as libetpan needs it.
 */
#include "parse/smime.h"

#include <gnutls/pkcs7.h>
#include <stdint.h>
#include <string.h>

/* Of what is inside: octets that are a mail (RFC 5652 4). */
#define DATA_OID "1.2.840.113549.1.7.1"

static bool
append_content(gnutls_pkcs7_t pkcs7, const char *bytes, size_t length,
	       struct buf *out)
{
	const gnutls_datum_t wrapped = {
		(unsigned char *)bytes, (unsigned int)length
	};
	gnutls_datum_t content = { NULL, 0 };
	const char *type;

	if (gnutls_pkcs7_import(pkcs7, &wrapped, GNUTLS_X509_FMT_DER) < 0)
		return false;
	type = gnutls_pkcs7_get_embedded_data_oid(pkcs7);
	if (!type || strcmp(type, DATA_OID) ||
	    gnutls_pkcs7_get_embedded_data(pkcs7, 0, &content) < 0)
		return false;
	buf_append(out, (const char *)content.data, content.size);
	gnutls_free(content.data);
	return content.size > 0;
}

bool
smime_unwrap(const char *bytes, size_t length, struct buf *out)
{
	gnutls_pkcs7_t pkcs7;
	bool is_there;

	if (length > INT32_MAX || gnutls_pkcs7_init(&pkcs7) < 0)
		return false;
	is_there = append_content(pkcs7, bytes, length, out);
	gnutls_pkcs7_deinit(pkcs7);
	return is_there;
}
