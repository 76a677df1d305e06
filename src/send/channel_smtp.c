/*
 * The SMTP channel: the hosts of a relay in order, and what each event means
 * for the delivery. The table `events` below is the policy; the rest
 * walks over the hosts and keeps a connection to each.
 *
 * The difficulty is to tell three things apart: what the server says about
 * this recipient (its answer stands, and no other host is asked for a better
 * one), what is wrong with the host (the next one may do), and not knowing
 * whether the message arrived (nobody else is tried, or it arrives twice at
 * once).
 */
#include "send/channel.h"

#include "base/bug.h"
#include "base/text.h"
#include "send/channel_mail.h"
#include "send/relay_smtp.h"
#include "send/send.h"

enum {
	/* Hosts that one thread stays connected to. */
	SESSIONS_MOST = 8,
	/* A host that kept us waiting, or that needs a person, is left alone
	 * this long, so that each delivery does not wait for its time-out and
	 * a wrong password does not lock the account. Shorter than the first
	 * retry of a delivery. */
	REST_MS = 30 * 1000,
	/* Failing faster than this costs nothing, so no rest. */
	SLOW_MS = 1000,
	ANY = -1,
};

enum fate {
	ACCEPTED,	/* the host has taken responsibility */
	REFUSED,	/* no, to this sender, recipient or message */
	LATER,		/* not now, to this sender, recipient or message */
	UNCERTAIN,	/* the host has the message; its answer is lost */
	NEXT,		/* the host is not well */
	MEND,		/* the host and we do not fit: a person must look */
	UNFIT,		/* this host cannot take such an address */
	STOPPED,	/* we ourselves gave up */
};

static const struct {
	enum outcome outcome;	/* when no other host is left */
	bool asks_next;
} fates[] = {
	[ACCEPTED]	= { OUTCOME_OK,		false },
	[REFUSED]	= { OUTCOME_PERMANENT,	false },
	[LATER]		= { OUTCOME_TEMPORARY,	false },
	[UNCERTAIN]	= { OUTCOME_TEMPORARY,	false },
	[NEXT]		= { OUTCOME_TEMPORARY,	true },
	[MEND]		= { OUTCOME_TEMPORARY,	true },
	[UNFIT]		= { OUTCOME_PERMANENT,	true },
	[STOPPED]	= { OUTCOME_TEMPORARY,	false },
};

/* The first row that fits decides: the step and those after it up to the
 * second, the reply code (0: no reply came), how the transfer ended. */
static const struct {
	enum smtp_step from, to;
	int low, high;
	int end;
	enum fate fate;
} events[] = {
	{ SMTP_CONNECT,	SMTP_DOT,  0,   599, TRANSFER_DONE,	ACCEPTED },
	/* Any yes to the message is one; curl knows only 250. */
	{ SMTP_DOT,	SMTP_DOT,  200, 299, ANY,		ACCEPTED },
	/* "Closing": whatever it was asked, it is about the host. */
	{ SMTP_CONNECT,	SMTP_DOT,  421, 421, ANY,		NEXT },
	/* Silence, a broken connection, or neither yes nor no. */
	{ SMTP_DOT,	SMTP_DOT,  0,   399, ANY,		UNCERTAIN },
	{ SMTP_CONNECT,	SMTP_DOT,  0,   599, TRANSFER_STOPPED,	STOPPED },
	/* RFC 4954 section 6: the login is missing, too weak or unencrypted. It
	 * says nothing of the recipient. */
	{ SMTP_MAIL,	SMTP_DOT,  530, 530, ANY,		MEND },
	{ SMTP_MAIL,	SMTP_DOT,  534, 535, ANY,		MEND },
	{ SMTP_MAIL,	SMTP_DOT,  538, 538, ANY,		MEND },
	{ SMTP_MAIL,	SMTP_DOT,  500, 599, ANY,		REFUSED },
	{ SMTP_MAIL,	SMTP_DOT,  400, 499, ANY,		LATER },
	{ SMTP_TLS,	SMTP_TLS,  0,   599, TRANSFER_NO_TLS,	MEND },
	{ SMTP_TLS,	SMTP_TLS,  0,   599, TRANSFER_UNTRUSTED, MEND },
	{ SMTP_AUTH,	SMTP_AUTH, 400, 499, ANY,		NEXT },
	{ SMTP_AUTH,	SMTP_AUTH, 0,   599, TRANSFER_LOGIN,	MEND },
	/* No connection, a greeting or EHLO that is not 2xx, a stall or a
	 * broken connection before the server had all of it. */
	{ SMTP_CONNECT,	SMTP_DOT,  0,   599, ANY,		NEXT },
};

/* What one thread knows of one host. The server is a copy, because the
 * configuration it came from may be gone. */
struct session {
	struct arena *arena;		/* NULL: unused */
	struct smtp_server server;
	struct smtp *smtp;
	instant_ms failed_at;		/* TIME_UNKNOWN: it is well */
	struct buf reason;
};

struct state {
	struct session sessions[SESSIONS_MOST];
	size_t next;			/* to be given up when all are used */
};

static enum fate
fate_of(const struct smtp_answer *answer)
{
	size_t i;

	if (answer->is_unfit)
		return UNFIT;
	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (answer->step >= events[i].from &&
		    answer->step <= events[i].to &&
		    answer->code >= events[i].low &&
		    answer->code <= events[i].high &&
		    (events[i].end == ANY ||
		     events[i].end == (int)answer->end))
			return events[i].fate;
	BUG("step %d, reply %d, end %d fits no event", (int)answer->step,
	    answer->code, (int)answer->end);
}

static void *
create(const struct channel_world *world)
{
	struct state *state = bug_alloc(sizeof(*state));

	(void)world;
	*state = (struct state){ .next = 0 };
	return state;
}

static void
session_close(struct session *session)
{
	if (!session->arena)
		return;
	smtp_destroy(&session->smtp);
	buf_release(&session->reason);
	arena_destroy(&session->arena);
}

static void
destroy(void *context)
{
	struct state *state = context;
	size_t i;

	for (i = 0; i < SESSIONS_MOST; i++)
		session_close(&state->sessions[i]);
	free(state);
}

/* The connections alone; what is known of a host stays. */
static void
rest(void *context)
{
	struct state *state = context;
	size_t i;

	for (i = 0; i < SESSIONS_MOST; i++)
		smtp_destroy(&state->sessions[i].smtp);
}

static bool
same_server(const struct smtp_server *a, const struct smtp_server *b)
{
	return a->port == b->port && a->tls == b->tls && a->auth == b->auth &&
	       a->timeout_ms == b->timeout_ms &&
	       text_equal(a->host, b->host) &&
	       text_equal(a->ca_file, b->ca_file) &&
	       text_equal(a->user, b->user) &&
	       text_equal(a->password, b->password) &&
	       text_equal(a->hello, b->hello);
}

static const char *
copy_text(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void
session_open(struct session *session, const struct smtp_server *server)
{
	struct arena *arena = arena_create();

	*session = (struct session){
		.arena = arena,
		.server = *server,
		.failed_at = TIME_UNKNOWN,
		.reason = BUF_INIT,
	};
	session->server.host = copy_text(arena, server->host);
	session->server.ca_file = copy_text(arena, server->ca_file);
	session->server.user = copy_text(arena, server->user);
	session->server.password = copy_text(arena, server->password);
	session->server.hello = copy_text(arena, server->hello);
}

static struct session *
session_find(struct state *state, const struct smtp_server *server)
{
	struct session *session;
	size_t i;

	for (i = 0; i < SESSIONS_MOST; i++) {
		session = &state->sessions[i];
		if (session->arena && same_server(&session->server, server))
			return session;
	}
	session = &state->sessions[state->next];
	state->next = (state->next + 1) % SESSIONS_MOST;
	session_close(session);
	session_open(session, server);
	return session;
}

static bool
session_rests(const struct session *session, instant_ms now)
{
	/* A clock that was set back ends the rest. */
	return session->failed_at != TIME_UNKNOWN &&
	       now >= session->failed_at && now - session->failed_at < REST_MS;
}

/* Only failures before the recipient is named: later ones may be due to the
 * recipient or the content, and those must not hold up others. */
static void
session_note(struct session *session, const struct smtp_answer *answer,
	     enum fate fate, instant_ms now)
{
	bool is_host = fate == MEND || fate == NEXT;

	session->failed_at = TIME_UNKNOWN;
	buf_reset(&session->reason);
	if (!is_host || answer->step > SMTP_MAIL ||
	    (fate == NEXT && answer->elapsed_ms < SLOW_MS))
		return;
	session->failed_at = now;
	buf_append(&session->reason, answer->words.data, answer->words.len);
}

/* Make room in `result` for what the next host says. */
static void
pass_over(struct send_result *result)
{
	if (!result->host.len)
		return;		/* this is the first */
	if (result->passed_over.len)
		buf_puts(&result->passed_over, "; ");
	buf_printf(&result->passed_over, "%s: %s", result->host.data,
		   result->text.data);
	buf_reset(&result->host);
	buf_reset(&result->text);
}

static enum fate
leave_alone(const struct session *session, struct send_result *result)
{
	result->step = smtp_step_names[SMTP_CONNECT];
	result->reply_code = 0;
	buf_printf(&result->text, "left alone, because it failed less than "
		   "%d s ago: %s", REST_MS / 1000, session->reason.data);
	return NEXT;
}

static enum fate
try_host(struct session *session, const struct channel_world *world,
	 const struct smtp_mail *mail, struct send_result *result)
{
	struct smtp_answer answer;
	enum fate fate;

	if (session_rests(session, world->clock->now(world->clock)))
		return leave_alone(session, result);
	if (!session->smtp)
		session->smtp = smtp_create(&session->server, world->stop);
	smtp_send(session->smtp, mail, &answer);
	fate = fate_of(&answer);
	session_note(session, &answer, fate, world->clock->now(world->clock));

	result->step = smtp_step_names[answer.step];
	result->reply_code = answer.code;
	result->needs_mending |= fate == MEND;
	buf_append(&result->text, answer.words.data, answer.words.len);
	smtp_answer_release(&answer);
	return fate;
}

static void
deliver(void *context, const struct channel_world *world,
	const struct relay *relay, const struct send_job *job,
	struct send_result *result)
{
	const struct smtp_mail mail = {
		.sender = job->sender,
		.recipient = job->address,
		.bytes = job->body,
		.length = job->length,
		.is_utf8 = job->smtputf8 || !text_is_ascii(job->sender) ||
			   !text_is_ascii(job->address),
	};
	const struct relay_smtp *settings = relay->settings;
	bool may_pass = false;	/* a host failed in a way that passes */
	enum fate fate = NEXT;
	size_t i;

	if (!channel_mail_check(job, result))
		return;
	for (i = 0; i < settings->hosts.count && fates[fate].asks_next; i++) {
		const struct relay_host *host = &settings->hosts.items[i];

		pass_over(result);
		buf_puts(&result->host, host->label);
		fate = try_host(session_find(context, &host->server), world,
				&mail, result);
		may_pass |= fates[fate].outcome == OUTCOME_TEMPORARY;
	}
	result->outcome = fates[fate].outcome;
	/* One host cannot take the address, another could not be asked. */
	if (fate == UNFIT && may_pass)
		result->outcome = OUTCOME_TEMPORARY;
	result->maybe_delivered = fate == UNCERTAIN;
	result->was_stopped = fate == STOPPED;
}

const struct channel channel_smtp = {
	.name = "smtp",
	.clause = CHANNEL_MAIL_CLAUSE,
	.load = relay_smtp_load,
	.parse = channel_mail_parse,
	.same = channel_mail_same,
	.compose = channel_mail_compose,
	.create = create,
	.rest = rest,
	.destroy = destroy,
	.send = deliver,
};
