#include "normalize/recognise.h"

#include "base/text.h"
#include "normalize/quirk_subject.h"

enum {
	/* Octets of a subject that are compared: a longer one is no
	 * notification's, and 100 KB of it would be compared with every
	 * pattern. */
	SUBJECT_MOST = 2000,
	/* Octets of each body that phrases are looked for in. */
	BODY_MOST = 256 << 10,
};

static const char *const by_words[] = {
	[RECOGNISED_NOT] = "nothing that is known",
	[RECOGNISED_PHRASE] = "text",
	[RECOGNISED_SENDER] = "header From",
	[RECOGNISED_SUBJECT] = "subject",
	[RECOGNISED_TEXT] = "header From and text",
	[RECOGNISED_WHOLLY] = "header From and subject",
};

/* What is asked of each format. */
struct question {
	struct arena *arena;
	const struct message *message;
	const char *from;	/* folded; NULL unless it is one address */
	const char *subject;
	const char *bare;	/* without tags before it */
	bool passed_on;		/* one of them was "FW:" or the like */
	const char *body;	/* folded; NULL until it is needed */
};

/* Folded like a phrase, on one line, so that a line end in the middle of a
 * phrase does not hide it. */
static const char *
fold_body(struct arena *arena, const struct message *message)
{
	const char *text = arena_printf(arena, "%.*s\n%.*s", BODY_MOST,
					message->text, BODY_MOST,
					message->html_text);

	return text_fold(arena, text_fold_space(arena, text, strlen(text)));
}

static bool
lists_sender(const struct format *format, const char *from)
{
	size_t i;

	for (i = 0; from && i < format->from.count; i++)
		if (!strcmp(format->from.items[i], from))
			return true;
	return false;
}

static bool
has_phrase(const struct format *format, struct question *mail)
{
	size_t i;

	if (!mail->body)
		mail->body = fold_body(mail->arena, mail->message);
	for (i = 0; i < format->phrases.count; i++)
		if (strstr(mail->body, format->phrases.items[i]))
			return true;
	return false;
}

static bool
fits_subject(const struct format *format, const struct question *mail,
	     pattern_captures *captures, bool *passed_on_out)
{
	size_t i;

	for (i = 0; i < format->subjects.count; i++) {
		const struct pattern *pattern = format->subjects.items[i];

		if (pattern_match(pattern, mail->arena, mail->bare, captures)) {
			*passed_on_out = mail->passed_on;
			return true;
		}
		if (pattern_match(pattern, mail->arena, mail->subject,
				  captures))
			return true;
	}
	return false;
}

static enum recognised_by
ask(const struct format *format, struct question *mail,
    pattern_captures *captures, bool *passed_on_out)
{
	bool sender = lists_sender(format, mail->from);

	if (fits_subject(format, mail, captures, passed_on_out))
		return sender ? RECOGNISED_WHOLLY : RECOGNISED_SUBJECT;
	if (sender && !format->subjects.count && !format->phrases.count)
		return RECOGNISED_SENDER;
	if ((!sender && format->subjects.count) ||
	    !has_phrase(format, mail))
		return RECOGNISED_NOT;
	if (sender)
		return RECOGNISED_TEXT;
	*passed_on_out = mail->passed_on;
	return RECOGNISED_PHRASE;
}

static struct question
prepare(struct arena *arena, const struct message *message)
{
	struct question mail = { .arena = arena, .message = message };

	mail.subject = text_cut(arena, message->subject, SUBJECT_MOST);
	mail.bare = quirk_subject(arena, mail.subject, &mail.passed_on);
	if (message->from.count == 1)
		mail.from = text_fold(arena, message->from.items[0].address);
	return mail;
}

struct recognition
recognise(const struct formats *formats, struct arena *arena,
	  const struct message *message)
{
	struct question mail = prepare(arena, message);
	struct recognition best = { .by = RECOGNISED_NOT };
	size_t i;

	best.passed_on = mail.passed_on;
	best.listed = mail.from && map_find(formats->senders, mail.from);
	best.format = formats->list.items[formats->list.count - 1];
	/* Nothing is surer than from and subject. */
	for (i = 0; i < formats->list.count && best.by < RECOGNISED_WHOLLY;
	     i++) {
		pattern_captures captures = { .count = 0 };
		bool passed_on = false;
		enum recognised_by by = ask(formats->list.items[i], &mail,
					    &captures, &passed_on);

		if (by <= best.by)
			continue;
		best.format = formats->list.items[i];
		best.by = by;
		best.captures = captures;
		best.passed_on = passed_on;
	}
	best.source = by_words[best.by];
	return best;
}
