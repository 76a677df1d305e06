/*
 * The difficulty is what curl does on its own account: it waits for the answer
 * to QUIT when a handle is closed, keeps connections whose answer never came,
 * believes proxy variables, and goes on in clear text unless told not to. Each
 * option below that prevents one of these says so.
 */
#include "net/transfer.h"

#include "base/bug.h"

#include <curl/curl.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

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

#define SET_MANY(multi, option, value) do { \
	if (curl_multi_setopt(multi, option, value) != CURLM_OK) \
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

/* What holds for every transfer, of mail or not. */
static void
set_manners(CURL *curl, const char *protocols)
{
	SET(curl, CURLOPT_PROTOCOLS_STR, protocols);
	/* No alarm signals in a program with threads. */
	SET(curl, CURLOPT_NOSIGNAL, 1L);
	/* A thread of curl's asks for the address, for as long as the C library
	 * likes to ask name servers that are silent. Without this whoever ends
	 * a transfer waits for that thread, whatever the time-outs below. */
	SET(curl, CURLOPT_QUICK_EXIT, 1L);
	/* None of the environment: http_proxy, https_proxy, all_proxy. */
	SET(curl, CURLOPT_PROXY, "");
	SET(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

/* What holds for every mail of a handle. */
static void
open_handle(struct transfer *transfer)
{
	CURL *curl = curl_easy_init();

	if (!curl)
		BUG("no memory for a transfer");
	transfer->curl = curl;
	SET(curl, CURLOPT_ERRORBUFFER, transfer->error);
	set_manners(curl, "smtp,smtps");
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

/* ---- HTTPS ---- */

enum {
	HTTPS_CONNECT_MS = 10000,
	HTTPS_EVENTS = 64,
	HTTPS_SOCKETS = 256,	/* more than there are connections */
};

/* A server, and when it was heard of last: see drop_dead(). There are as many
 * as a few names have addresses. */
struct peer {
	struct peer *next;
	char ip[INET6_ADDRSTRLEN];
	long port;
	uint64_t heard;
};

struct inquiry {
	struct inquiry *next, **place;	/* in the list of those under way */
	uint64_t begun;			/* in the order of things */
	struct transfer_many *many;
	CURL *curl;
	struct curl_slist *headers;
	struct buf body;
	size_t most;
	bool is_too_large;
	void (*done)(void *context, const struct transfer_answer *answer);
	void *context;
	char error[CURL_ERROR_SIZE];
};

/* curl's sockets and its timer are gathered in an epoll descriptor of our own,
 * so that the loop above has one descriptor to watch. */
struct transfer_many {
	CURLM *multi;
	int epoll, timer;
	struct inquiry *inquiries;
	uint64_t order;			/* of what happens */
	struct peer *peers;
	int sockets[HTTPS_SOCKETS];	/* that curl watches */
	size_t socket_count;
};

static void
note_socket(struct transfer_many *many, int fd, bool is_watched)
{
	size_t i;

	for (i = 0; i < many->socket_count && many->sockets[i] != fd; i++)
		continue;
	if (!is_watched && i < many->socket_count)
		many->sockets[i] = many->sockets[--many->socket_count];
	if (is_watched && i == many->socket_count && i < HTTPS_SOCKETS)
		many->sockets[many->socket_count++] = fd;
}

static int
on_socket(CURL *curl, curl_socket_t fd, int what, void *context, void *known)
{
	struct transfer_many *many = context;
	struct epoll_event event = { .data.fd = fd };

	(void)curl;
	note_socket(many, fd, what != CURL_POLL_REMOVE);
	if (what == CURL_POLL_REMOVE) {
		/* A closed one has left by itself. */
		(void)epoll_ctl(many->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		event.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		event.events |= EPOLLOUT;
	if (epoll_ctl(many->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
		      &event) &&
	    epoll_ctl(many->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
		      &event))
		BUG("epoll_ctl: %s", strerror(errno));
	(void)curl_multi_assign(many->multi, fd, many);	/* a hint */
	return 0;
}

static int
on_timer(CURLM *multi, long delay_ms, void *context)
{
	struct transfer_many *many = context;
	struct itimerspec when = { 0 };

	(void)multi;
	if (delay_ms >= 0) {
		when.it_value.tv_sec = delay_ms / 1000;
		when.it_value.tv_nsec = delay_ms % 1000 * 1000000;
		if (!delay_ms)
			when.it_value.tv_nsec = 1;	/* 0 would disarm */
	}
	if (timerfd_settime(many->timer, 0, &when, NULL))
		BUG("timerfd_settime: %s", strerror(errno));
	return 0;
}

struct transfer_many *
transfer_many_create(unsigned int connections_most)
{
	struct transfer_many *many = bug_alloc(sizeof(*many));
	struct epoll_event event = { .events = EPOLLIN };

	if (!is_set_up)
		BUG("transfer_setup() was not called");
	*many = (struct transfer_many){
		.multi = curl_multi_init(),
		.epoll = epoll_create1(EPOLL_CLOEXEC),
		.timer = timerfd_create(CLOCK_MONOTONIC,
					TFD_CLOEXEC | TFD_NONBLOCK),
	};
	event.data.fd = many->timer;
	if (!many->multi || many->epoll < 0 || many->timer < 0 ||
	    epoll_ctl(many->epoll, EPOLL_CTL_ADD, many->timer, &event))
		BUG("no means for HTTPS: %s", strerror(errno));
	SET_MANY(many->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	SET_MANY(many->multi, CURLMOPT_SOCKETDATA, many);
	SET_MANY(many->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	SET_MANY(many->multi, CURLMOPT_TIMERDATA, many);
	SET_MANY(many->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
		 (long)connections_most);
	SET_MANY(many->multi, CURLMOPT_MAXCONNECTS, (long)connections_most);
	return many;
}

static void
inquiry_destroy(struct inquiry *inquiry)
{
	struct curl_slist *header;

	*inquiry->place = inquiry->next;
	if (inquiry->next)
		inquiry->next->place = inquiry->place;
	(void)curl_multi_remove_handle(inquiry->many->multi, inquiry->curl);
	curl_easy_cleanup(inquiry->curl);
	/* A token is not left in memory that is free. */
	for (header = inquiry->headers; header; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(inquiry->headers);
	explicit_bzero(inquiry->body.data, inquiry->body.len);
	buf_release(&inquiry->body);
	free(inquiry);
}

void
transfer_many_destroy(struct transfer_many **many)
{
	struct peer *peer;

	if (!*many)
		return;
	while ((*many)->inquiries)
		inquiry_destroy((*many)->inquiries);
	while ((peer = (*many)->peers)) {
		(*many)->peers = peer->next;
		free(peer);
	}
	(void)curl_multi_cleanup((*many)->multi);
	(void)close((*many)->timer);		/* hold no data */
	(void)close((*many)->epoll);
	free(*many);
	*many = NULL;
}

void
transfer_forget(struct transfer_many *many, const void *context)
{
	struct inquiry *inquiry = many->inquiries, *next;

	for (; inquiry; inquiry = next) {
		next = inquiry->next;
		if (inquiry->context == context)
			inquiry_destroy(inquiry);
	}
}

int
transfer_many_fd(const struct transfer_many *many)
{
	return many->epoll;
}

static size_t
on_answer(char *bytes, size_t size, size_t count, void *context)
{
	struct inquiry *inquiry = context;

	if (inquiry->body.len + size * count > inquiry->most) {
		inquiry->is_too_large = true;
		return 0;
	}
	buf_append(&inquiry->body, bytes, size * count);
	return size * count;
}

static struct curl_slist *
copy_headers(const char *const *headers)
{
	struct curl_slist *list = NULL, *longer;

	for (; headers && *headers; headers++) {
		longer = curl_slist_append(list, *headers);
		if (!longer)
			BUG("no memory for a header");
		list = longer;
	}
	return list;
}

static void
set_request(struct inquiry *inquiry, const struct transfer_request *request)
{
	CURL *curl = inquiry->curl;

	inquiry->headers = copy_headers(request->headers);
	/* A server may have given it: of one too long the answer tells. */
	(void)curl_easy_setopt(curl, CURLOPT_URL, request->url);
	set_manners(curl, request->may_be_plain ? "http,https" : "https");
	if (request->ca_file) {
		SET(curl, CURLOPT_CAINFO, request->ca_file);
		SET(curl, CURLOPT_CAPATH, NULL);
	}
	/* Wait for a connection that can be shared rather than open one. */
	SET(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(curl, CURLOPT_PIPEWAIT, 1L);
	SET(curl, CURLOPT_ACCEPT_ENCODING, "");
	SET(curl, CURLOPT_USERAGENT, "tocsin/" TOCSIN_VERSION);
	SET(curl, CURLOPT_HTTPHEADER, inquiry->headers);
	if (request->body)
		SET(curl, CURLOPT_COPYPOSTFIELDS, request->body);
	SET(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)HTTPS_CONNECT_MS);
	SET(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	SET(curl, CURLOPT_ERRORBUFFER, inquiry->error);
	SET(curl, CURLOPT_WRITEFUNCTION, on_answer);
	SET(curl, CURLOPT_WRITEDATA, inquiry);
	SET(curl, CURLOPT_PRIVATE, inquiry);
}

void
transfer_ask(struct transfer_many *many, const struct transfer_request *request)
{
	struct inquiry *inquiry = bug_alloc(sizeof(*inquiry));

	*inquiry = (struct inquiry){
		.many = many, .curl = curl_easy_init(), .body = BUF_INIT,
		.most = request->answer_most, .done = request->done,
		.context = request->context, .begun = ++many->order,
		.next = many->inquiries, .place = &many->inquiries,
	};
	if (!inquiry->curl)
		BUG("no memory for a transfer");
	if (inquiry->next)
		inquiry->next->place = &inquiry->next;
	many->inquiries = inquiry;
	set_request(inquiry, request);
	if (curl_multi_add_handle(many->multi, inquiry->curl) != CURLM_OK)
		BUG("curl does not take a transfer");
}

static const char *
header_of(CURL *curl, const char *name)
{
	struct curl_header *header;

	return curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) ==
	       CURLHE_OK ? header->value : NULL;
}

static void
answer(struct inquiry *inquiry, CURLcode code)
{
	struct transfer_answer answer = {
		.end = inquiry->is_too_large ? TRANSFER_STOPPED : end_of(code),
		.is_too_large = inquiry->is_too_large,
		.body = inquiry->body.data,
		.length = inquiry->body.len,
		.retry_after = header_of(inquiry->curl, "Retry-After"),
		.date = header_of(inquiry->curl, "Date"),
		.challenge = header_of(inquiry->curl, "WWW-Authenticate"),
		.etag = header_of(inquiry->curl, "ETag"),
		.modified = header_of(inquiry->curl, "Last-Modified"),
		.error = inquiry->error,
	};
	curl_off_t elapsed_us = 0;
	char *location = NULL;
	long status = 0;

	(void)curl_easy_getinfo(inquiry->curl, CURLINFO_REDIRECT_URL,
				&location);
	answer.location = location;
	(void)curl_easy_getinfo(inquiry->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(inquiry->curl, CURLINFO_TOTAL_TIME_T,
				&elapsed_us);
	answer.status = (int)status;
	answer.elapsed_ms = elapsed_us / 1000;
	inquiry->done(inquiry->context, &answer);
}

static struct peer *
peer_of(struct transfer_many *many, const char *ip, long port)
{
	struct peer *peer = many->peers;

	while (peer && (strcmp(peer->ip, ip) || peer->port != port))
		peer = peer->next;
	if (peer)
		return peer;
	peer = bug_alloc(sizeof(*peer));
	*peer = (struct peer){ .next = many->peers, .port = port };
	(void)snprintf(peer->ip, sizeof(peer->ip), "%s", ip);
	return many->peers = peer;
}

static bool
leads_to(int fd, const struct peer *peer)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	char ip[NI_MAXHOST], port[NI_MAXSERV];

	return !getpeername(fd, (struct sockaddr *)&address, &length) &&
	       !getnameinfo((struct sockaddr *)&address, length, ip,
			    sizeof(ip), port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV) &&
	       !strcmp(ip, peer->ip) && strtol(port, NULL, 10) == peer->port;
}

/*
 * After a timeout curl keeps an HTTP/2 connection, for the sake of the others
 * on it, and gives it every request that follows. When it is dead (a firewall
 * has forgotten it) that would go on until the system gives it up after a
 * quarter of an hour. So when nothing at all came from a server in the time of
 * a request, its connections are broken off.
 */
static void
drop_dead(struct inquiry *inquiry, CURLcode code)
{
	struct transfer_many *many = inquiry->many;
	char *ip = NULL;
	struct peer *peer;
	long port = 0;
	size_t i;

	(void)curl_easy_getinfo(inquiry->curl, CURLINFO_PRIMARY_IP, &ip);
	(void)curl_easy_getinfo(inquiry->curl, CURLINFO_PRIMARY_PORT, &port);
	if (!ip || !*ip)
		return;
	peer = peer_of(many, ip, port);
	if (code == CURLE_OK)
		peer->heard = ++many->order;
	if (code != CURLE_OPERATION_TIMEDOUT || peer->heard > inquiry->begun)
		return;
	for (i = 0; i < many->socket_count; i++)
		if (leads_to(many->sockets[i], peer))
			(void)shutdown(many->sockets[i], SHUT_RDWR);
}

/* Whatever is done is handed over; that may begin or forget others. */
static void
hand_over(struct transfer_many *many)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(many->multi, &left))) {
		struct inquiry *inquiry = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
					(char **)&inquiry);
		drop_dead(inquiry, code);
		answer(inquiry, code);
		inquiry_destroy(inquiry);
	}
}

static void
act(struct transfer_many *many, const struct epoll_event *event)
{
	int running, fd = event->data.fd, what = 0;
	uint64_t times;

	if (fd == many->timer) {
		if (read(fd, &times, sizeof(times)) != sizeof(times))
			return;		/* set anew since */
		(void)curl_multi_socket_action(many->multi,
					       CURL_SOCKET_TIMEOUT, 0,
					       &running);
		return;
	}
	if (event->events & (EPOLLIN | EPOLLHUP))
		what |= CURL_CSELECT_IN;
	if (event->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (event->events & EPOLLERR)
		what |= CURL_CSELECT_ERR;
	/* A request that fails by it says so itself: see hand_over(). */
	(void)curl_multi_socket_action(many->multi, fd, what, &running);
}

void
transfer_turn(struct transfer_many *many)
{
	struct epoll_event events[HTTPS_EVENTS];
	int count = epoll_wait(many->epoll, events, HTTPS_EVENTS, 0), i;

	for (i = 0; i < count; i++)
		act(many, &events[i]);
	hand_over(many);
}
