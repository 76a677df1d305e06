#include "net/smtp_dialogue.h"

#include "tap.h"

/* What is overheard, `>` sent and `<` received, and what is known then: step,
 * code ("..." while the reply is not whole), words. */
static const struct {
	const char *name, *heard, *want;
} cases[] = {
	{ "nothing yet", "", "connect 0..." },
	{ "a greeting", "< 220 hello", "greeting 220 220 hello" },
	{ "half a reply", "< 220 a|> EHLO x|< 250-one|< 250-two",
	  "hello 250... 250 one two" },
	{ "the lines of a reply are joined",
	  "> RCPT TO:<a@b>|< 550-5.1.1 no|< 550 5.1.1 really",
	  "rcpt 550 550 5.1.1 no 5.1.1 really" },
	{ "a reply of a code alone", "> DATA|< 451", "data 451 451" },
	{ "what is no reply is passed over",
	  "> DATA|< hello|< 6xx|< 45|<  450 x|< 451 later",
	  "data 451 451 later" },
	{ "a command without an answer", "< 220 a|> MAIL FROM:<>",
	  "mail 0..." },
	{ "354 begins the content", "> DATA|< 354 go", "content 0..." },
	{ "what comes then is for the message",
	  "> DATA|< 354 go|< 552 too big", "dot 552 552 too big" },
	{ "250 to DATA is not 354", "> DATA|< 250 ok", "data 250 250 ok" },
	{ "HELO does not wipe out why EHLO was refused",
	  "> EHLO x|< 421 busy|> HELO x", "hello 421 421 busy" },
	{ "its own reply does", "> EHLO x|< 500 what|> HELO x|< 250 ok",
	  "hello 250 250 ok" },
	{ "the last reply of AUTH counts",
	  "> AUTH LOGIN dQ==|< 334 UGFzc3dvcmQ6|> cGFzcw==|< 535 no",
	  "auth 535 535 no" },
	{ "an answer to a challenge is no command",
	  "> AUTH LOGIN|< 334 VXNlcm5hbWU6|> DATA|< 334 UGFzc3dvcmQ6|> QUIT|"
	  "< 235 ok", "auth 235 235 ok" },
	{ "nothing counts after QUIT",
	  "> RCPT TO:<a@b>|< 550 no|> QUIT|< 221 bye", "rcpt 550 550 no" },
	{ "the handshake after STARTTLS has no reply",
	  "> EHLO x|< 250 ok|> STARTTLS|< 220 go", "tls 0..." },
	{ "invalid bytes are shown as such", "> DATA|< 554 \xff\x01",
	  "data 554 554 \xef\xbf\xbd\x01" },
};

static void
hear(struct smtp_dialogue *dialogue, const char *heard)
{
	size_t length;

	for (; *heard; heard += length + (heard[length] == '|')) {
		char line[100];

		length = strcspn(heard, "|");
		(void)snprintf(line, sizeof(line), "%.*s\r\n",
			       (int)length - 2, heard + 2);
		if (*heard == '>')
			smtp_dialogue_sent(dialogue, line, length);
		else
			smtp_dialogue_received(dialogue, line, length);
	}
}

static void
test_cases(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct smtp_dialogue dialogue = SMTP_DIALOGUE_INIT;
		struct buf got = BUF_INIT;

		smtp_dialogue_begin(&dialogue);
		hear(&dialogue, cases[i].heard);
		buf_printf(&got, "%s %d%s%s%s", smtp_step_names[dialogue.step],
			   dialogue.code, dialogue.is_whole ? "" : "...",
			   dialogue.words.len ? " " : "", dialogue.words.data);
		is(got.data, cases[i].want, "%s", cases[i].name);
		buf_release(&got);
		smtp_dialogue_release(&dialogue);
	}
}

/* Does the server take UTF-8, as far as it is known: yes, no, or `?`. */
static const struct {
	const char *name, *heard, *want;
} offers[] = {
	{ "before EHLO", "< 220 a|> EHLO x|< 250-a|< 250-SMTPUTF8", "?" },
	{ "offered", "> EHLO x|< 250-a|< 250 smtputf8", "yes" },
	{ "not offered", "> EHLO x|< 250-a|< 250 SIZE 1", "no" },
	{ "HELO has no offers", "> EHLO x|< 500 what|> HELO x|< 250 ok",
	  "no" },
	{ "EHLO that was refused tells nothing", "> EHLO x|< 500 what", "?" },
	{ "offers before STARTTLS do not count",
	  "> EHLO x|< 250 SMTPUTF8|> STARTTLS|< 220 go", "?" },
	{ "those after it do", "> EHLO x|< 250 SMTPUTF8|> STARTTLS|< 220 go|"
	  "> EHLO x|< 250 ok", "no" },
};

static void
test_offers(void)
{
	size_t i;

	for (i = 0; i < sizeof(offers) / sizeof(*offers); i++) {
		struct smtp_dialogue dialogue = SMTP_DIALOGUE_INIT;

		smtp_dialogue_begin(&dialogue);
		hear(&dialogue, offers[i].heard);
		is(!dialogue.has_offers ? "?" : dialogue.has_utf8 ? "yes" :
		   "no", offers[i].want, "UTF-8: %s", offers[i].name);
		smtp_dialogue_release(&dialogue);
	}
}

int
main(void)
{
	test_cases();
	test_offers();
	return tap_done();
}
