/*
 * The difficulty is to book each reply on the command that it answers:
 *
 *	EHLO x          opens SMTP_HELLO
 *	250-SMTPUTF8    a line of its reply
 *	250 SIZE 1000   the last line: the reply is whole
 *	MAIL FROM:<..>  opens SMTP_MAIL, ...
 *	DATA / 354      opens SMTP_CONTENT, which no command does
 *	anything else   is the message's fate: SMTP_DOT
 */
#include "net/smtp_dialogue.h"

#include "base/text.h"

const char *const smtp_step_names[] = {
	[SMTP_CONNECT] = "connect",	[SMTP_GREETING] = "greeting",
	[SMTP_HELLO] = "hello",		[SMTP_TLS] = "tls",
	[SMTP_AUTH] = "auth",		[SMTP_MAIL] = "mail",
	[SMTP_RCPT] = "rcpt",		[SMTP_DATA] = "data",
	[SMTP_CONTENT] = "content",	[SMTP_DOT] = "dot",
};

static const struct {
	const char *verb;
	enum smtp_step step;
} verbs[] = {
	{ "EHLO ", SMTP_HELLO },	{ "HELO ", SMTP_HELLO },
	{ "STARTTLS", SMTP_TLS },	{ "AUTH ", SMTP_AUTH },
	{ "MAIL ", SMTP_MAIL },		{ "RCPT ", SMTP_RCPT },
	{ "DATA", SMTP_DATA },
};

void
smtp_dialogue_release(struct smtp_dialogue *dialogue)
{
	buf_release(&dialogue->words);
}

static void
enter(struct smtp_dialogue *dialogue, enum smtp_step step)
{
	dialogue->step = step;
	dialogue->code = 0;
	dialogue->is_whole = false;
	buf_reset(&dialogue->words);
}

void
smtp_dialogue_begin(struct smtp_dialogue *dialogue)
{
	enter(dialogue, SMTP_CONNECT);
	dialogue->has_heard = dialogue->has_left = false;
	dialogue->has_offers = dialogue->is_secure = false;
}

void
smtp_dialogue_reach(struct smtp_dialogue *dialogue, enum smtp_step step)
{
	if (dialogue->step != step)
		enter(dialogue, step);
}

static bool
begins(const char *line, size_t length, const char *verb)
{
	return length >= strlen(verb) && !memcmp(line, verb, strlen(verb));
}

void
smtp_dialogue_sent(struct smtp_dialogue *dialogue, const char *line,
		   size_t length)
{
	size_t i;

	/* The answer to a challenge is a secret and may look like anything. */
	if (dialogue->step == SMTP_AUTH && dialogue->code == 334)
		return;
	if (begins(line, length, "QUIT"))
		dialogue->has_left = true;
	for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++) {
		if (!begins(line, length, verbs[i].verb))
			continue;
		/* When the step is the same (HELO because EHLO was refused),
		 * the reply to the first stands until another comes. */
		smtp_dialogue_reach(dialogue, verbs[i].step);
		if (verbs[i].step == SMTP_HELLO)
			dialogue->has_utf8 = dialogue->has_offers = false;
	}
}

/* A reply line as RFC 5321 4.2.1 has it, and where its text begins. */
static bool
parse_reply(const char *line, size_t length, int *code_out, bool *is_last_out,
	    const char **text_out)
{
	if (length < 3 || line[0] < '2' || line[0] > '5' ||
	    line[1] < '0' || line[1] > '9' || line[2] < '0' || line[2] > '9')
		return false;
	*code_out = (line[0] - '0') * 100 + (line[1] - '0') * 10 +
		    (line[2] - '0');
	*is_last_out = length == 3 || line[3] != '-';
	*text_out = line + 3 + (length > 3);
	return true;
}

static void
keep_words(struct smtp_dialogue *dialogue, const char *text, size_t length)
{
	struct buf *words = &dialogue->words;

	if (words->len >= SMTP_WORDS_MOST)
		return;
	if (length > SMTP_WORDS_MOST - words->len)
		length = SMTP_WORDS_MOST - words->len;
	if (!words->len)
		buf_printf(words, "%03d", dialogue->code);
	if (length)
		buf_putc(words, ' ');
	(void)text_append_valid(words, text, length);	/* bad ones show */
}

/* What follows from a reply that is now whole. */
static void
note_reply(struct smtp_dialogue *dialogue)
{
	if (dialogue->step == SMTP_HELLO && dialogue->code < 300)
		dialogue->has_offers = true;
	if (dialogue->step == SMTP_DATA && dialogue->code == 354)
		enter(dialogue, SMTP_CONTENT);
	if (dialogue->step == SMTP_TLS && dialogue->code == 220) {
		dialogue->is_secure = true;
		/* RFC 3207 4.2: what was offered before does not count. */
		dialogue->has_utf8 = dialogue->has_offers = false;
		enter(dialogue, SMTP_TLS);	/* now the handshake */
	}
}

void
smtp_dialogue_received(struct smtp_dialogue *dialogue, const char *line,
		       size_t length)
{
	const char *text;
	bool is_last;
	int code;

	while (length && strchr("\r\n", line[length - 1]))
		length--;
	if (dialogue->has_left ||
	    !parse_reply(line, length, &code, &is_last, &text))
		return;
	if (dialogue->step == SMTP_CONNECT)
		enter(dialogue, SMTP_GREETING);
	if (dialogue->step == SMTP_CONTENT)
		enter(dialogue, SMTP_DOT);
	if (dialogue->is_whole)
		enter(dialogue, dialogue->step);	/* 334, then 235 */

	length -= (size_t)(text - line);
	dialogue->has_heard = true;
	dialogue->code = code;
	dialogue->is_whole = is_last;
	if (dialogue->step == SMTP_HELLO && length >= 8 &&
	    !strncasecmp(text, "SMTPUTF8", 8))
		dialogue->has_utf8 = true;
	keep_words(dialogue, text, length);
	if (is_last)
		note_reply(dialogue);
}
