/*
 * curl leads the dialogue, and what is said is overheard (smtp_dialogue.h),
 * because curl itself keeps only the last code. The difficulty is the
 * connection that is kept: when it may be, and what to do when it turns out to
 * be dead.
 */
#include "net/smtp.h"

#include "base/base64.h"
#include "base/bug.h"
#include "base/text.h"

enum {
	/* A relay host that does not get ready in this time is passed over;
	 * RFC 5321 4.5.3.2.1 allows minutes, an alert does not. */
	CONNECT_MS = 30 * 1000,
	/* Times the ordinary patience. Giving up at the dot means sending
	 * twice (RFC 5321 4.5.3.2.6), so with 60 s it is five minutes. */
	FINAL_FACTOR = 5,
	/* A server that answers each step just in time, or takes two octets a
	 * second, must not hold a thread for hours. */
	TOTAL_FACTOR = 10,
};

struct smtp {
	const struct smtp_server *server;
	const atomic_bool *stop;
	struct transfer *transfer;
	struct buf url;
	bool is_open;		/* a connection was kept */
	struct smtp_dialogue dialogue;
	const struct smtp_mail *mail;	/* under way, else NULL */
};

static const char *const mechanisms[] = {
	[SMTP_AUTH_ANY] = "AUTH=PLAIN;AUTH=LOGIN",
	[SMTP_AUTH_PLAIN] = "AUTH=PLAIN",
	[SMTP_AUTH_LOGIN] = "AUTH=LOGIN",
};

struct smtp *
smtp_create(const struct smtp_server *server, const atomic_bool *stop)
{
	struct smtp *smtp = bug_alloc(sizeof(*smtp));

	*smtp = (struct smtp){
		.server = server,
		.stop = stop,
		.transfer = transfer_create(),
		.url = BUF_INIT,
		.dialogue = SMTP_DIALOGUE_INIT,
	};
	buf_printf(&smtp->url, "%s://%s:%u/%s",
		   server->tls == SMTP_TLS_IMPLICIT ? "smtps" : "smtp",
		   server->host, server->port,
		   server->hello ? server->hello : "");
	return smtp;
}

void
smtp_destroy(struct smtp **smtp)
{
	if (!*smtp)
		return;
	transfer_destroy(&(*smtp)->transfer);
	buf_release(&(*smtp)->url);
	smtp_dialogue_release(&(*smtp)->dialogue);
	free(*smtp);
	*smtp = NULL;
}

void
smtp_answer_release(struct smtp_answer *answer)
{
	buf_release(&answer->words);
}

static void
drop(struct smtp *smtp)
{
	transfer_drop(smtp->transfer);
	smtp->is_open = false;
}

static void
on_line(void *context, bool sent, const char *line, size_t length)
{
	struct smtp *smtp = context;

	if (sent)
		smtp_dialogue_sent(&smtp->dialogue, line, length);
	else
		smtp_dialogue_received(&smtp->dialogue, line, length);
}

/* curl sends raw UTF-8 also to a server that never offered to take it. So what
 * EHLO answers is looked at before MAIL FROM goes out; where STARTTLS is
 * required, only the answer after it counts. */
static bool
is_unfit(const struct smtp *smtp)
{
	const struct smtp_dialogue *dialogue = &smtp->dialogue;

	return smtp->mail->is_utf8 && dialogue->has_offers &&
	       !dialogue->has_utf8 && dialogue->step < SMTP_MAIL &&
	       (dialogue->is_secure ||
		smtp->server->tls != SMTP_TLS_REQUIRED);
}

static bool
on_go_on(void *context)
{
	struct smtp *smtp = context;

	return !(smtp->stop && atomic_load(smtp->stop)) && !is_unfit(smtp);
}

/* Steps that begin without a line of their own. */
static void
reach_step(struct smtp *smtp, const struct transfer_result *result)
{
	struct smtp_dialogue *dialogue = &smtp->dialogue;

	if (dialogue->step == SMTP_CONTENT &&
	    result->uploaded >= smtp->mail->length)
		smtp_dialogue_reach(dialogue, SMTP_DOT);
	if (result->end == TRANSFER_NO_TLS || result->end == TRANSFER_UNTRUSTED)
		smtp_dialogue_reach(dialogue, SMTP_TLS);
	if (result->end == TRANSFER_LOGIN)
		smtp_dialogue_reach(dialogue, SMTP_AUTH);
}

static void
attempt(struct smtp *smtp, struct transfer_result *result_out)
{
	const struct smtp_server *server = smtp->server;
	int64_t patience = server->timeout_ms;
	struct transfer_mail mail = {
		.url = smtp->url.data,
		.starttls = server->tls == SMTP_TLS_REQUIRED,
		.ca_file = server->ca_file,
		.user = server->user,
		.password = server->password,
		.mechanisms = mechanisms[server->auth],
		.sender = smtp->mail->sender,
		.recipient = smtp->mail->recipient,
		.bytes = smtp->mail->bytes,
		.length = smtp->mail->length,
		.connect_ms = patience < CONNECT_MS ? patience : CONNECT_MS,
		.answer_ms = patience,
		.final_ms = patience * FINAL_FACTOR,
		.total_ms = patience * TOTAL_FACTOR,
		.line = on_line,
		.go_on = on_go_on,
		.context = smtp,
	};

	smtp_dialogue_begin(&smtp->dialogue);
	transfer_mail(smtp->transfer, &mail, result_out);
	reach_step(smtp, result_out);
}

/* What the server closed while it was idle shows itself at the first command,
 * by no answer or by 421; the mail was not begun, so try again at once. */
static bool
was_dead(const struct smtp *smtp, const struct transfer_result *result)
{
	const struct smtp_dialogue *dialogue = &smtp->dialogue;

	return smtp->is_open && result->is_reused &&
	       result->end != TRANSFER_STOPPED && dialogue->step <= SMTP_MAIL &&
	       (!dialogue->has_heard || dialogue->code == 421);
}

/* Is the session at a point where the next MAIL is in order? */
static bool
can_go_on(const struct smtp *smtp, const struct transfer_result *result)
{
	const struct smtp_dialogue *dialogue = &smtp->dialogue;

	if (result->end == TRANSFER_DONE)
		return true;
	return result->end == TRANSFER_REFUSED && dialogue->step == SMTP_DOT &&
	       dialogue->is_whole && dialogue->code >= 400 &&
	       dialogue->code != 421;
}

static const char *const sentences[] = {
	[TRANSFER_DONE] = "accepted",
	[TRANSFER_REFUSED] = "refused without a reason",
	[TRANSFER_UNREACHABLE] = "no connection",
	[TRANSFER_LOST] = "the connection broke",
	[TRANSFER_TIMEOUT] = "no answer in time",
	[TRANSFER_NO_TLS] = "no encryption, which is required",
	[TRANSFER_UNTRUSTED] = "the server's certificate is not to be trusted",
	[TRANSFER_LOGIN] = "the server offers no way to log in that is allowed",
	[TRANSFER_STOPPED] = "given up because the relay stops",
};

static void
describe(const struct smtp *smtp, const struct transfer_result *result,
	 struct buf *words)
{
	buf_printf(words, "%s, at step '%s'", sentences[result->end],
		   smtp_step_names[smtp->dialogue.step]);
	/* That one adds only an error number of something else. */
	if (!result->error[0] ||
	    text_starts(result->error, "response reading failed"))
		return;
	buf_puts(words, ": ");
	(void)text_append_valid(words, result->error, strlen(result->error));
}

/* Neither a no nor the yes that the step has, such as 250 to DATA. A challenge
 * to a login is one of several replies. */
static bool
is_out_of_place(const struct transfer_result *result, int code)
{
	return code && code != 334 && result->end != TRANSFER_DONE &&
	       result->end != TRANSFER_STOPPED &&
	       result->end != TRANSFER_TIMEOUT;
}

static void
hide(struct buf *words, const char *secret)
{
	const char *from = words->data, *at;
	struct buf clean = BUF_INIT;

	while (*secret && (at = strstr(from, secret))) {
		buf_append(&clean, from, (size_t)(at - from));
		buf_puts(&clean, "(hidden)");
		from = at + strlen(secret);
	}
	buf_puts(&clean, from);
	buf_release(words);
	*words = clean;
}

/* Some servers repeat a line that they do not understand, and that line may
 * have been the login. */
static void
hide_login(const struct smtp_server *server, struct buf *words)
{
	struct buf plain = BUF_INIT, secret = BUF_INIT;

	if (!server->user)
		return;
	buf_putc(&plain, '\0');
	buf_puts(&plain, server->user);
	buf_putc(&plain, '\0');
	buf_puts(&plain, server->password);
	base64_append(&secret, plain.data, plain.len);
	hide(words, secret.data);
	buf_reset(&secret);
	base64_append(&secret, server->password, strlen(server->password));
	hide(words, secret.data);
	hide(words, server->password);
	buf_release(&plain);
	buf_release(&secret);
}

static void
answer(const struct smtp *smtp, const struct transfer_result *result,
       struct smtp_answer *answer_out)
{
	const struct smtp_dialogue *dialogue = &smtp->dialogue;
	/* Half a reply is none. */
	int code = dialogue->is_whole ? dialogue->code : 0;

	*answer_out = (struct smtp_answer){
		.end = result->end,
		.step = dialogue->step,
		.code = code,
		.elapsed_ms = result->elapsed_ms,
		.words = BUF_INIT,
	};
	if (result->end == TRANSFER_STOPPED && is_unfit(smtp)) {
		answer_out->is_unfit = true;
		answer_out->code = 0;
		buf_puts(&answer_out->words, "the address needs SMTPUTF8, "
			 "which the server does not offer");
	} else if (code >= 400 || (code && dialogue->step == SMTP_DOT)) {
		buf_append(&answer_out->words, dialogue->words.data,
			   dialogue->words.len);
	} else if (is_out_of_place(result, code)) {
		buf_printf(&answer_out->words, "no answer to step '%s': ",
			   smtp_step_names[dialogue->step]);
		buf_append(&answer_out->words, dialogue->words.data,
			   dialogue->words.len);
	} else {
		describe(smtp, result, &answer_out->words);
	}
	hide_login(smtp->server, &answer_out->words);
}

void
smtp_send(struct smtp *smtp, const struct smtp_mail *mail,
	  struct smtp_answer *answer_out)
{
	struct transfer_result result;

	smtp->mail = mail;
	if (mail->is_utf8 && !smtp->dialogue.has_utf8)
		drop(smtp);	/* so that EHLO is said: see is_unfit() */
	attempt(smtp, &result);
	if (was_dead(smtp, &result)) {
		drop(smtp);
		attempt(smtp, &result);
	}
	answer(smtp, &result, answer_out);
	smtp->is_open = can_go_on(smtp, &result);
	if (!smtp->is_open)
		drop(smtp);
	smtp->mail = NULL;
}
