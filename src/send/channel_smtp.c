/*
 * The SMTP channel: walks over the hosts of a relay in order and keeps a
 * connection to each. What an answer means is said by smtp_fate.h.
 */
#include "send/channel.h"

#include "base/bug.h"
#include "base/text.h"
#include "send/channel_mail.h"
#include "send/relay_smtp.h"
#include "send/send.h"
#include "send/smtp_fate.h"

enum {
	/* Hosts that one thread stays connected to. */
	SESSIONS_MOST = 8,
	/* A host that kept us waiting is left alone this long while there is
	 * another one, so that each delivery does not wait for its time-out;
	 * one that needs a person always is, so that a wrong password does not
	 * lock the account. When to ask again is up to the outbox. */
	REST_MS = 30 * 1000,
	/* Failing faster than this costs nothing, so no rest. */
	SLOW_MS = 1000,
};

/* What one thread knows of one host. The server is a copy, because the
 * configuration it came from may be gone. */
struct session {
	struct arena *arena;		/* NULL: unused */
	struct smtp_server server;
	struct smtp *smtp;
	instant_ms failed_at;		/* TIME_UNKNOWN: it is well */
	bool needs_person;		/* that failure */
	struct buf reason;
};

struct state {
	struct session sessions[SESSIONS_MOST];
	size_t next;			/* to be given up when all are used */
};

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
	     enum smtp_fate fate, instant_ms now)
{
	bool is_host = fate == SMTP_MEND || fate == SMTP_NEXT;

	session->failed_at = TIME_UNKNOWN;
	buf_reset(&session->reason);
	if (!is_host || answer->step > SMTP_MAIL ||
	    (fate == SMTP_NEXT && answer->elapsed_ms < SLOW_MS))
		return;
	session->failed_at = now;
	session->needs_person = fate == SMTP_MEND;
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

static enum smtp_fate
leave_alone(const struct session *session, struct send_result *result)
{
	result->step = smtp_step_names[SMTP_CONNECT];
	result->reply_code = 0;
	buf_printf(&result->text, "left alone, because it failed less than "
		   "%d s ago: %s", REST_MS / 1000, session->reason.data);
	return SMTP_NEXT;
}

static enum smtp_fate
try_host(struct session *session, bool may_rest,
	 const struct channel_world *world, const struct smtp_mail *mail,
	 struct send_result *result)
{
	struct smtp_answer answer;
	enum smtp_fate fate;

	if ((may_rest || session->needs_person) &&
	    session_rests(session, world->clock->now(world->clock)))
		return leave_alone(session, result);
	if (!session->smtp)
		session->smtp = smtp_create(&session->server, world->stop);
	smtp_send(session->smtp, mail, &answer);
	fate = smtp_fate(&answer);
	session_note(session, &answer, fate, world->clock->now(world->clock));

	result->step = smtp_step_names[answer.step];
	result->reply_code = answer.code;
	result->needs_mending |= fate == SMTP_MEND;
	if (smtp_fates[fate].about == SEND_ABOUT_RELAY &&
	    answer.step > SMTP_MAIL)
		result->about = SEND_ABOUT_EITHER;
	buf_append(&result->text, answer.words.data, answer.words.len);
	smtp_answer_release(&answer);
	return fate;
}

/* Is there one that did not fail lately? */
static bool
is_any_well(struct state *state, const struct relay_smtp *settings,
	    instant_ms now)
{
	size_t i;

	for (i = 0; i < settings->hosts.count; i++) {
		const struct smtp_server *server =
			&settings->hosts.items[i].server;

		if (!session_rests(session_find(state, server), now))
			return true;
	}
	return false;
}

/* The hosts in order, until one says something about the mail. */
static enum smtp_fate
ask(struct state *state, const struct channel_world *world,
    const struct relay_smtp *settings, const struct smtp_mail *mail,
    struct send_result *result)
{
	bool may_rest = is_any_well(state, settings,
				    world->clock->now(world->clock));
	bool seen[SMTP_FATES] = { false };
	enum smtp_fate fate = SMTP_NEXT;
	size_t i;

	for (i = 0; i < settings->hosts.count &&
	     smtp_fates[fate].asks_next; i++) {
		const struct relay_host *host = &settings->hosts.items[i];

		pass_over(result);
		buf_puts(&result->host, host->label);
		fate = try_host(session_find(state, &host->server), may_rest,
				world, mail, result);
		seen[fate] = true;
	}
	if (!smtp_fates[fate].asks_next)
		return fate;
	/* None took it. The mail waits as long as one of them can change its
	 * mind, and the one that only wants fewer works. */
	if (seen[SMTP_SLOWER])
		return SMTP_SLOWER;
	return seen[SMTP_MEND] ? SMTP_MEND :
	       seen[SMTP_NEXT] ? SMTP_NEXT : SMTP_UNFIT;
}

static void
deliver(void *state, const struct channel_world *world,
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
	enum smtp_fate fate;

	if (!channel_mail_check(job, result))
		return;
	fate = ask(state, world, relay->settings, &mail, result);
	result->outcome = smtp_fates[fate].outcome;
	if (smtp_fates[fate].about != SEND_ABOUT_RELAY ||
	    result->about != SEND_ABOUT_EITHER)
		result->about = smtp_fates[fate].about;
	result->maybe_delivered = fate == SMTP_UNCERTAIN;
	result->was_stopped = fate == SMTP_STOPPED;
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
