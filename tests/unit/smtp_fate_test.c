/* What the end of an SMTP transfer means: whom it is about, and whether it is
 * the last word. */
#include "send/smtp_fate.h"

#include "tap.h"

static const char *const names[] = {
	"accepted", "refused", "later", "uncertain", "slower", "next", "mend",
	"unfit", "stopped",
};

/* The step that was begun, the reply to it ("" for none), and how the transfer
 * ended. */
static const struct {
	const char *name;
	enum smtp_step step;
	const char *words;
	enum transfer_end end;
	const char *want;
} cases[] = {
	{ "a mail that was taken", SMTP_DOT, "250 2.0.0 queued",
	  TRANSFER_DONE, "accepted" },
	{ "any yes to the message", SMTP_DOT, "202 fine", TRANSFER_REFUSED,
	  "accepted" },

	/* About the recipient or the message: the last word. */
	{ "no such user", SMTP_RCPT, "550 5.1.1 unknown", TRANSFER_REFUSED,
	  "refused" },
	{ "no such user, without an enhanced code", SMTP_RCPT,
	  "550 no such user", TRANSFER_REFUSED, "refused" },
	{ "no such domain", SMTP_RCPT, "550-5.1.2 one line 5.1.2 another",
	  TRANSFER_REFUSED, "refused" },
	{ "a domain that takes no mail", SMTP_RCPT, "556 5.1.10 null MX",
	  TRANSFER_REFUSED, "refused" },
	{ "a mailbox that was closed", SMTP_RCPT, "550 5.2.1 disabled",
	  TRANSFER_REFUSED, "refused" },
	{ "a mailbox that is full for good", SMTP_RCPT, "552 5.2.2 full",
	  TRANSFER_REFUSED, "refused" },
	{ "no way to the recipient", SMTP_RCPT, "550 5.4.1 denied",
	  TRANSFER_REFUSED, "refused" },
	{ "a message that is too big", SMTP_DOT, "552 5.3.4 too big",
	  TRANSFER_REFUSED, "refused" },
	{ "content that it does not like", SMTP_DOT, "554 5.6.0 content",
	  TRANSFER_REFUSED, "refused" },
	{ "a full mailbox", SMTP_RCPT, "452 4.2.2 full", TRANSFER_REFUSED,
	  "later" },
	{ "no enhanced code, and not now", SMTP_RCPT, "451 later",
	  TRANSFER_REFUSED, "later" },

	/* About the server or about us: no verdict on a recipient. */
	{ "relaying is denied", SMTP_RCPT, "554 5.7.1 Relay access denied",
	  TRANSFER_REFUSED, "mend" },
	{ "likewise without an enhanced code", SMTP_RCPT,
	  "550 Relaying is not allowed", TRANSFER_REFUSED, "mend" },
	{ "a HELO that it does not like", SMTP_RCPT,
	  "504 5.5.2 <smtp1>: Helo command rejected", TRANSFER_REFUSED,
	  "mend" },
	{ "a bad sequence of commands", SMTP_MAIL, "503 what?",
	  TRANSFER_REFUSED, "mend" },
	{ "the sender's domain", SMTP_MAIL, "550 5.1.8 no such domain",
	  TRANSFER_REFUSED, "mend" },
	{ "the sender's syntax", SMTP_MAIL, "553 5.1.7 address",
	  TRANSFER_REFUSED, "mend" },
	{ "a login that is needed", SMTP_MAIL, "530 5.7.0 login first",
	  TRANSFER_REFUSED, "mend" },
	{ "policy at the end of the message", SMTP_DOT, "550 5.7.1 policy",
	  TRANSFER_REFUSED, "mend" },
	{ "a misconfigured server", SMTP_DOT, "554 5.3.5 loops to myself",
	  TRANSFER_REFUSED, "mend" },
	{ "a wrong password", SMTP_AUTH, "535 5.7.8 no", TRANSFER_LOGIN,
	  "mend" },
	{ "no encryption", SMTP_TLS, "", TRANSFER_NO_TLS, "mend" },
	{ "a disk that is full", SMTP_DOT, "452 4.3.1 no space",
	  TRANSFER_REFUSED, "next" },
	{ "no connection", SMTP_CONNECT, "", TRANSFER_UNREACHABLE, "next" },
	{ "a greeting that is none", SMTP_GREETING, "554 go away",
	  TRANSFER_REFUSED, "next" },

	/* Not now, to us. */
	{ "too many connections", SMTP_GREETING, "421 4.7.0 too many",
	  TRANSFER_REFUSED, "slower" },
	{ "too many mails a minute", SMTP_RCPT, "450 4.7.1 rate exceeded",
	  TRANSFER_REFUSED, "slower" },
	{ "too many in one session", SMTP_MAIL, "452 4.5.3 too many",
	  TRANSFER_REFUSED, "slower" },
	{ "a system that takes nothing now", SMTP_DOT, "451 4.3.2 busy",
	  TRANSFER_REFUSED, "slower" },

	{ "the answer to the message is lost", SMTP_DOT, "", TRANSFER_TIMEOUT,
	  "uncertain" },
	{ "given up by ourselves", SMTP_CONTENT, "", TRANSFER_STOPPED,
	  "stopped" },
	/* What only looks like an enhanced code is none. */
	{ "an address in the place of a code", SMTP_RCPT, "550 5.7.1.2 host",
	  TRANSFER_REFUSED, "refused" },
	{ "a code of another class", SMTP_RCPT, "450 5.7.1 confused",
	  TRANSFER_REFUSED, "later" },
};

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct smtp_answer answer = {
			.end = cases[i].end,
			.step = cases[i].step,
			.code = (int)strtol(cases[i].words, NULL, 10),
			.words = BUF_INIT,
		};

		buf_puts(&answer.words, cases[i].words);
		is(names[smtp_fate(&answer)], cases[i].want, "%s",
		   cases[i].name);
		buf_release(&answer.words);
	}
	return tap_done();
}
