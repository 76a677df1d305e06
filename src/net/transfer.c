/*
 * The difficulty is what curl does on its own account: it waits for the answer
 * to QUIT when a handle is closed, keeps connections whose answer never came,
 * believes proxy variables, and goes on in clear text unless told not to. Each
 * option below that prevents one of these says so.
 */
#include "net/transfer.h"

#include "base/bug.h"

#include <curl/curl.h>
#include <sys/socket.h>

struct transfer {
	CURL *curl;		/* NULL until needed, and after a drop */
	const struct transfer_mail *mail;	/* under way, else NULL */
	struct curl_slist *recipients;
	size_t given;		/* bytes that curl has fetched */
	char error[CURL_ERROR_SIZE];
};

_Static_assert(TRANSFER_ERROR_SIZE >= CURL_ERROR_SIZE, "a sentence is cut");

/* Read and set once, before threads start. */
static bool is_set_up;

static const struct {
	CURLcode code;
	enum transfer_end end;
} ends[] = {
	{ CURLE_OK,			TRANSFER_DONE },
	{ CURLE_WEIRD_SERVER_REPLY,	TRANSFER_REFUSED },
	{ CURLE_COULDNT_RESOLVE_HOST,	TRANSFER_UNREACHABLE },
	{ CURLE_COULDNT_CONNECT,	TRANSFER_UNREACHABLE },
	{ CURLE_OPERATION_TIMEDOUT,	TRANSFER_TIMEOUT },
	{ CURLE_USE_SSL_FAILED,		TRANSFER_NO_TLS },
	{ CURLE_PEER_FAILED_VERIFICATION, TRANSFER_UNTRUSTED },
	{ CURLE_SSL_CACERT_BADFILE,	TRANSFER_UNTRUSTED },
	{ CURLE_SSL_ISSUER_ERROR,	TRANSFER_UNTRUSTED },
	{ CURLE_SSL_CIPHER,		TRANSFER_UNTRUSTED },
	{ CURLE_LOGIN_DENIED,		TRANSFER_LOGIN },
	{ CURLE_ABORTED_BY_CALLBACK,	TRANSFER_STOPPED },
};

/* An option that cannot be set is a library that lacks what it promises, or no
 * memory; to go on without it might mean clear text. */
#define SET(curl, option, value) do { \
	if (curl_easy_setopt(curl, option, value) != CURLE_OK) \
		BUG("libcurl refuses " #option); \
} while (0)

static enum transfer_end
end_of(CURLcode code)
{
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i].code == code)
			return ends[i].end;
	return TRANSFER_LOST;
}

enum outcome
transfer_setup(struct buf *error)
{
	const curl_version_info_data *info;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		buf_puts(error, "libcurl cannot be started");
		return OUTCOME_PERMANENT;
	}
	info = curl_version_info(CURLVERSION_NOW);
	/* The GnuTLS flavour has the same interface and name, reads all
	 * authorities for each connection, and slips in through -lcurl. */
	if (!info->ssl_version || !strstr(info->ssl_version, "OpenSSL")) {
		buf_printf(error, "libcurl %s was built with %s; the one "
			   "built with OpenSSL is needed", info->version,
			   info->ssl_version ? info->ssl_version : "no TLS");
		return OUTCOME_PERMANENT;
	}
	is_set_up = true;
	return OUTCOME_OK;
}

struct transfer *
transfer_create(void)
{
	struct transfer *transfer = bug_alloc(sizeof(*transfer));

	if (!is_set_up)
		BUG("transfer_setup() was not called");
	*transfer = (struct transfer){ .curl = NULL };
	return transfer;
}

static size_t
on_read(char *into, size_t size, size_t count, void *context)
{
	struct transfer *transfer = context;
	const struct transfer_mail *mail = transfer->mail;
	size_t length = mail->length - transfer->given;

	if (length > size * count)
		length = size * count;
	memcpy(into, mail->bytes + transfer->given, length);
	transfer->given += length;
	return length;
}

static long
seconds(int64_t milliseconds)
{
	return (long)((milliseconds + 999) / 1000);
}

static void
wait_for_answers(CURL *curl, int64_t milliseconds)
{
	SET(curl, CURLOPT_SERVER_RESPONSE_TIMEOUT, seconds(milliseconds));
	/* The same for a server that stops reading in mid-message. */
	SET(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	SET(curl, CURLOPT_LOW_SPEED_TIME, seconds(milliseconds));
}

static int
on_progress(void *context, curl_off_t down, curl_off_t down_now,
	    curl_off_t up, curl_off_t up_now)
{
	struct transfer *transfer = context;
	const struct transfer_mail *mail = transfer->mail;

	(void)down, (void)down_now, (void)up, (void)up_now;
	if (!mail)
		return 0;	/* only taking leave */
	/* curl has the last byte, so what it waits for next is the answer to
	 * the message; giving that up early means sending twice. */
	if (transfer->given == mail->length)
		wait_for_answers(transfer->curl, mail->final_ms);
	return mail->go_on(mail->context) ? 0 : 1;
}

static int
on_debug(CURL *curl, curl_infotype type, char *bytes, size_t length,
	 void *context)
{
	struct transfer *transfer = context;
	const struct transfer_mail *mail = transfer->mail;

	(void)curl;
	if (mail && (type == CURLINFO_HEADER_IN || type == CURLINFO_HEADER_OUT))
		mail->line(mail->context, type == CURLINFO_HEADER_OUT, bytes,
			   length);
	return 0;
}

/* What holds for every transfer of a handle. */
static void
open_handle(struct transfer *transfer)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		BUG("no memory for a transfer");
	transfer->curl = curl;
	SET(curl, CURLOPT_ERRORBUFFER, transfer->error);
	/* No alarm signals in a program with threads. */
	SET(curl, CURLOPT_NOSIGNAL, 1L);
	/* Neither http_proxy nor all_proxy of the environment. */
	SET(curl, CURLOPT_PROXY, "");
	SET(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	/* One, so that transfer_drop() knows which socket it is. */
	SET(curl, CURLOPT_MAXCONNECTS, 1L);
	/* The only way to learn the server's words and what they answer. */
	SET(curl, CURLOPT_VERBOSE, 1L);
	SET(curl, CURLOPT_DEBUGFUNCTION, on_debug);
	SET(curl, CURLOPT_DEBUGDATA, transfer);
	SET(curl, CURLOPT_NOPROGRESS, 0L);
	SET(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(curl, CURLOPT_XFERINFODATA, transfer);
	SET(curl, CURLOPT_READFUNCTION, on_read);
	SET(curl, CURLOPT_READDATA, transfer);
	SET(curl, CURLOPT_UPLOAD, 1L);
	/* Saves a round trip of AUTH. */
	SET(curl, CURLOPT_SASL_IR, 1L);
}

static void
set_server(CURL *curl, const struct transfer_mail *mail)
{
	SET(curl, CURLOPT_URL, mail->url);
	/* ALL: without STARTTLS nothing is sent. */
	SET(curl, CURLOPT_USE_SSL, (long)(mail->starttls ? CURLUSESSL_ALL :
					  CURLUSESSL_NONE));
	if (mail->ca_file) {
		SET(curl, CURLOPT_CAINFO, mail->ca_file);
		SET(curl, CURLOPT_CAPATH, NULL);
	}
	if (mail->user) {
		SET(curl, CURLOPT_USERNAME, mail->user);
		SET(curl, CURLOPT_PASSWORD, mail->password);
		SET(curl, CURLOPT_LOGIN_OPTIONS, mail->mechanisms);
	}
	SET(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)mail->connect_ms);
	SET(curl, CURLOPT_TIMEOUT_MS, (long)mail->total_ms);
	wait_for_answers(curl, mail->answer_ms);
}

static void
set_message(struct transfer *transfer, const struct transfer_mail *mail)
{
	CURL *curl = transfer->curl;

	transfer->recipients = curl_slist_append(NULL, mail->recipient);
	if (!transfer->recipients)
		BUG("no memory for a recipient");
	SET(curl, CURLOPT_MAIL_FROM, mail->sender);
	SET(curl, CURLOPT_MAIL_RCPT, transfer->recipients);
	/* For SIZE= of MAIL FROM: too large is known before it is sent. */
	SET(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->length);
}

static void
read_result(struct transfer *transfer, CURLcode code,
	    struct transfer_result *result_out)
{
	curl_off_t uploaded = 0, elapsed_us = 0;
	long connects = 0;

	/* These cannot fail for values that every handle has. */
	(void)curl_easy_getinfo(transfer->curl, CURLINFO_SIZE_UPLOAD_T,
				&uploaded);
	(void)curl_easy_getinfo(transfer->curl, CURLINFO_TOTAL_TIME_T,
				&elapsed_us);
	(void)curl_easy_getinfo(transfer->curl, CURLINFO_NUM_CONNECTS,
				&connects);
	*result_out = (struct transfer_result){
		.end = end_of(code),
		.uploaded = (size_t)uploaded,
		.is_reused = connects == 0,
		.elapsed_ms = elapsed_us / 1000,
	};
	(void)snprintf(result_out->error, sizeof(result_out->error), "%s",
		       transfer->error);
}

void
transfer_mail(struct transfer *transfer, const struct transfer_mail *mail,
	      struct transfer_result *result_out)
{
	CURLcode code;

	if (!transfer->curl)
		open_handle(transfer);
	transfer->error[0] = '\0';
	transfer->given = 0;
	set_server(transfer->curl, mail);
	set_message(transfer, mail);

	transfer->mail = mail;
	code = curl_easy_perform(transfer->curl);
	transfer->mail = NULL;

	SET(transfer->curl, CURLOPT_MAIL_RCPT, NULL);
	curl_slist_free_all(transfer->recipients);
	transfer->recipients = NULL;
	read_result(transfer, code, result_out);
}

static void
close_handle(struct transfer *transfer, int how)
{
	curl_socket_t socket = CURL_SOCKET_BAD;

	if (!transfer->curl)
		return;
	if (curl_easy_getinfo(transfer->curl, CURLINFO_ACTIVESOCKET,
			      &socket) == CURLE_OK &&
	    socket != CURL_SOCKET_BAD)
		(void)shutdown(socket, how);	/* may be closed already */
	curl_easy_cleanup(transfer->curl);
	transfer->curl = NULL;
}

void
transfer_drop(struct transfer *transfer)
{
	close_handle(transfer, SHUT_RDWR);
}

void
transfer_destroy(struct transfer **transfer)
{
	if (!*transfer)
		return;
	/* QUIT still goes out, but there is no answer to wait for. */
	close_handle(*transfer, SHUT_RD);
	free(*transfer);
	*transfer = NULL;
}
