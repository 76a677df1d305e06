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

static enum smtp_fate
fate_of(enum smtp_step step, enum transfer_end end, const char *words)
{
	struct smtp_answer answer = {
		.end = end,
		.step = step,
		.code = (int)strtol(words, NULL, 10),
		.words = BUF_INIT,
	};
	enum smtp_fate fate;

	buf_puts(&answer.words, words);
	fate = smtp_fate(&answer);
	buf_release(&answer.words);
	return fate;
}

/* ---- what holds for every reply at every step ---- */

/* About us: 5.5.x, 5.7.x, the mail system, the sender, and the codes that need
 * no enhanced one. */
static bool
is_about_us(int code, int subject, int detail)
{
	return (code >= 500 && code <= 504 && subject < 0) ||
	       (subject < 0 && (code == 530 || code == 534 || code == 535 ||
				code == 538)) ||
	       subject == 5 || subject == 7 ||
	       (subject == 3 && detail != 4) ||
	       (subject == 1 && (detail == 7 || detail == 8));
}

/* What a fate must not be, by name; NULL: it may be that. */
static const char *
offence(enum smtp_step step, int code, int subject, int detail,
	enum smtp_fate fate)
{
	const struct smtp_fate_info *info = &smtp_fates[fate];

	if (fate == SMTP_ACCEPTED &&
	    (step != SMTP_DOT || code / 100 != 2))
		return "a yes before the message was there, or a no";
	if (info->outcome == OUTCOME_PERMANENT && step < SMTP_MAIL)
		return "a verdict on a recipient who was not named";
	if (info->outcome == OUTCOME_PERMANENT && code / 100 != 5)
		return "the last word, though it was no 5xx";
	if (fate == SMTP_REFUSED && is_about_us(code, subject, detail))
		return "a verdict on a recipient by what is about us";
	if (code == 421 && fate != SMTP_SLOWER)
		return "421 is about the host, which wants fewer";
	if (code / 100 == 4 && subject == 7 && step >= SMTP_MAIL &&
	    fate != SMTP_SLOWER)
		return "4.7.x is about how often we ask";
	if (fate == SMTP_UNCERTAIN && step != SMTP_DOT)
		return "a mail that may have arrived before its end";
	if (info->about != SEND_ABOUT_MAIL &&
	    (info->outcome != OUTCOME_TEMPORARY || !info->asks_next))
		return "about a host, and neither tried again nor elsewhere";
	return NULL;
}

static void
try_reply(enum smtp_step step, int code, int subject, int detail,
	  size_t *tried, size_t *offences)
{
	char words[40];
	enum smtp_fate fate;
	const char *why;

	if (subject < 0)
		(void)snprintf(words, sizeof(words), "%d words", code);
	else
		(void)snprintf(words, sizeof(words), "%d %d.%d.%d words", code,
			       code / 100, subject, detail);
	fate = fate_of(step, step == SMTP_AUTH && code >= 500 ?
		       TRANSFER_LOGIN : TRANSFER_REFUSED, words);
	why = offence(step, code, subject, detail, fate);
	++*tried;
	if (why && ++*offences <= 10)
		printf("# %s: %s is %s: %s\n", smtp_step_names[step], words,
		       names[fate], why);
}

/* Each code from 200 to 599, without an enhanced one and with each that RFC
 * 3463 has, at each step. */
static void
test_every_reply(void)
{
	size_t tried = 0, offences = 0;
	int step, code, subject, detail;

	for (step = SMTP_CONNECT; step <= SMTP_DOT; step++)
		for (code = 200; code <= 599; code++) {
			try_reply((enum smtp_step)step, code, -1, 0, &tried,
				  &offences);
			for (subject = 0; subject <= 7 && code >= 400;
			     subject++)
				for (detail = 0; detail <= 30; detail++)
					try_reply((enum smtp_step)step, code,
						  subject, detail, &tried,
						  &offences);
		}
	is_int((long long)offences, 0, "no reply at any step means what it "
	       "must not, of %zu", tried);
}

/* The ends without a reply. */
static void
test_every_end(void)
{
	size_t offences = 0;
	int step, end;

	for (step = SMTP_CONNECT; step <= SMTP_DOT; step++)
		for (end = TRANSFER_UNREACHABLE; end <= TRANSFER_STOPPED;
		     end++) {
			enum smtp_fate fate = fate_of((enum smtp_step)step,
				(enum transfer_end)end, "");

			if (smtp_fates[fate].outcome == OUTCOME_TEMPORARY &&
			    (fate == SMTP_UNCERTAIN) == (step == SMTP_DOT))
				continue;
			offences++;
			printf("# %s, end %d: %s\n", smtp_step_names[step],
			       end, names[fate]);
		}
	is_int((long long)offences, 0, "silence is never the last word, and "
	       "uncertain only behind the whole message");
}

int
main(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		is(names[fate_of(cases[i].step, cases[i].end,
				 cases[i].words)], cases[i].want, "%s",
		   cases[i].name);
	test_every_reply();
	test_every_end();
	return tap_done();
}
