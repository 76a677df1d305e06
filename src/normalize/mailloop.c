#include "normalize/mailloop.h"

#include "base/digest.h"
#include "base/text.h"
#include "normalize/quirk.h"

enum {
	/* Servers that a mail passes: rarely more than ten, and a customer's
	 * gateways and rules add theirs. Some MTAs stop at 30, Postfix at 50,
	 * OpenSMTPD at 100; so this is behind all of them. */
	RECEIVED_MOST = 100,
	CODE = DIGEST_CODE - 1,		/* the length of a short code */
	ID = CODE + 1 + CODE,		/* of an id of ours up to its @ */
	NESTED_DEPTH_MOST = 4,
};

/* ---- ids of ours ---- */

/* The length of a short code, 0 when there is none at `text`. */
static size_t
code_length(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefghjkmnpqrstvwxyz");

	return length == CODE ? length : 0;
}

/* Is the text, folded, an id of ours up to its @? The forms are CODE.CODE of a
 * notification and incident.CODE of a thread, so that an id which a mail server
 * of the same domain has added (20261109081458.4XmT2k1c7Zz@) is not ours. */
static bool
is_our_id(const char *text)
{
	size_t first = text_starts(text, "incident.") ? strlen("incident") :
							code_length(text);

	return first && text[first] == '.' && code_length(text + first + 1) &&
	       text[first + DIGEST_CODE] == '@';
}

/* The first id of ours in a field like `<a@b.example> <c@d.example>`, up to its
 * @ and folded; NULL when there is none. That of a notification goes before
 * that of a thread. */
static const char *
find_our_id(struct arena *arena, const char *ids, const char *domain)
{
	const char *text = text_fold(arena, ids), *at, *thread = NULL;
	const char *own = text_fold(arena, domain);
	size_t length;

	for (; *text; text += length) {
		text += strspn(text, "<> \t");
		length = strcspn(text, "<> \t");
		at = memchr(text, '@', length);
		if (!at || !is_our_id(text) || !text_starts(at + 1, own) ||
		    at + 1 + strlen(own) != text + length)
			continue;
		if (code_length(text))
			return arena_strndup(arena, text, (size_t)(at - text));
		thread = arena_strndup(arena, text, (size_t)(at - text));
	}
	return thread;
}

/* Does the domain stand at `at` and end there? */
static bool
is_domain(const char *at, const char *end, const char *domain)
{
	size_t length = strlen(domain);
	const char *after = at + length;

	return (size_t)(end - at) >= length &&
	       !strncasecmp(at, domain, length) &&
	       (after == end || (*after != '.' && *after != '-' &&
				 !(*after >= '0' && *after <= '9') &&
				 !((*after | 0x20) >= 'a' &&
				   (*after | 0x20) <= 'z')));
}

/* The same anywhere in a mail, as it came: a report may have only the header of
 * what it is about, in a part that nobody else reads. */
static const char *
search_our_id(struct arena *arena, const char *raw, size_t length,
	      const char *domain)
{
	const char *at = raw, *end = raw + length;
	const char *id;

	for (; at && (at = memchr(at, '@', (size_t)(end - at))); at++) {
		if (at - raw < ID || !is_domain(at + 1, end, domain))
			continue;
		id = text_fold(arena, arena_strndup(arena, at - ID, ID));
		/* It is shorter when blanks or a NUL stood there. */
		if (strlen(id) == ID && id[CODE] == '.' &&
		    code_length(arena_strndup(arena, id, CODE)) &&
		    code_length(id + CODE + 1))
			return id;
	}
	return NULL;
}

/* The code in our own field; "" when the field has none. */
static const char *
own_code(struct arena *arena, const struct message *message)
{
	const char *value = message_header(message, "X-Tocsin-Code");
	const char *code = value ? text_fold(arena, value) : NULL;

	return !code || (code_length(code) && !code[CODE]) ? code : "";
}

/* That of a mail of ours itself. */
static const char *
own_id(struct arena *arena, const struct message *message, const char *domain)
{
	const char *id = find_our_id(arena, message->message_id, domain);

	return id ? id : own_code(arena, message);
}

static const char *
nested_id(struct arena *arena, const struct message *message,
	  const char *domain, int depth)
{
	const char *id = NULL;
	size_t i;

	for (i = 0; depth && i < message->nested.count && !id; i++) {
		const struct message *inner = message->nested.items[i];

		id = own_id(arena, inner, domain);
		if (!id)
			id = nested_id(arena, inner, domain, depth - 1);
	}
	return id;
}

/* ---- what kind of mail ---- */

/* Every address that it came to is the one that we send from: alerts have
 * others. */
static bool
is_to_us(const struct mailloop_question *question)
{
	size_t i;

	for (i = 0; i < question->recipient_count; i++)
		if (!question->from ||
		    !text_same(question->recipients[i], question->from))
			return false;
	return question->recipient_count > 0;
}

/* RFC 3464: a report has a null sender and a type. Not all have. */
static bool
is_report(const struct mailloop_question *question)
{
	const struct message *message = question->message;
	const char *type = message_header(message, "Content-Type");

	if ((question->sender && !*question->sender) ||
	    message->outcomes.count ||
	    (type && !strncasecmp(type, "multipart/report",
				  strlen("multipart/report"))))
		return true;
	return message->from.count == 1 &&
	       !strncasecmp(message->from.items[0].address, "mailer-daemon@",
			    strlen("mailer-daemon@"));
}

static struct mailloop
own(const char *why, const char *id)
{
	return (struct mailloop){ .kind = MAILLOOP_OWN, .why = why, .id = id };
}

static struct mailloop
find_our_own(struct arena *arena, const struct mailloop_question *question)
{
	const struct message *message = question->message;
	const char *id = find_our_id(arena, message->message_id,
				     question->domain);

	if (id)
		return own("it is a notification of this relay (Message-ID)",
			   id);
	id = own_code(arena, message);
	if (id)
		return own("it is a notification of this relay "
			   "(X-Tocsin-Code)", id);
	return (struct mailloop){ .kind = MAILLOOP_NONE };
}

static struct mailloop
find_answer(struct arena *arena, const struct mailloop_question *question)
{
	static const char *const fields[] = { "In-Reply-To", "References" };
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *value = message_header(question->message,
						   fields[i]);
		const char *id = value ? find_our_id(arena, value,
						     question->domain) : NULL;

		if (id)
			return own(arena_printf(arena, "it answers a "
				   "notification of this relay (%s)",
				   fields[i]), id);
	}
	return (struct mailloop){ .kind = MAILLOOP_NONE };
}

/* A genuine alert may be about a mail of ours. */
static const char *
find_inside(struct arena *arena, const struct mailloop_question *question)
{
	const char *id;

	if (question->is_authentic || question->is_listed)
		return NULL;
	id = nested_id(arena, question->message, question->domain,
		       NESTED_DEPTH_MOST);
	if (id || !question->raw)
		return id;
	return search_our_id(arena, question->raw, question->length,
			     question->domain);
}

/* Is the word of a report (RFC 3464 2.3.3, RFC 8098 3.2.6) no failure? One that
 * nobody knows may be, and what was deleted, by whomever, may not have been
 * read. */
static bool
is_harmless(const char *outcome)
{
	static const char *const words[] = {
		"delayed", "delivered", "relayed", "expanded",
		"displayed", "dispatched", "processed",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(outcome, words[i]))
			return true;
	return false;
}

/* For all of its recipients. */
static bool
reports_no_failure(const struct message *message)
{
	size_t i;

	for (i = 0; i < message->outcomes.count; i++)
		if (!is_harmless(message->outcomes.items[i]))
			return false;
	return message->outcomes.count > 0;
}

/* Where alerts come as well, or what may be one, is for people to see. */
static void
mark_harmless(struct arena *arena, const struct mailloop_question *question,
	      struct mailloop *loop)
{
	if (loop->kind != MAILLOOP_REPORT || !is_to_us(question) ||
	    question->is_authentic || question->is_listed ||
	    question->message->limits.count ||
	    !reports_no_failure(question->message))
		return;
	loop->is_harmless = true;
	loop->why = arena_printf(arena, "it reports that a mail of this relay "
				 "is %s, which is no failure",
				 question->message->outcomes.items[0]);
}

static struct mailloop
find_report(struct arena *arena, const struct mailloop_question *question)
{
	struct mailloop loop = find_answer(arena, question);
	bool reports = is_report(question);
	const char *inside;

	if (loop.why && !reports)
		return loop;
	inside = find_inside(arena, question);
	loop.id = inside ? inside : loop.id;
	if (loop.id)
		loop.why = "it reports that a notification of this relay was "
			   "not delivered";
	else if (reports && is_to_us(question) && !question->is_recognised)
		loop.why = "it reports to this relay on a mail that it does "
			   "not name";
	loop.kind = loop.why ? MAILLOOP_REPORT : MAILLOOP_NONE;
	mark_harmless(arena, question, &loop);
	return loop;
}

/* Does the header of a mail that was sent on say that it was ours? */
static bool
quotes_ours(struct arena *arena, const struct mailloop_question *question)
{
	const struct message *message = question->message;
	size_t i;

	if (question->is_authentic || question->is_listed || !question->from)
		return false;
	for (i = 0; i < message->rows.count; i++) {
		const struct message_row *row = &message->rows.items[i];

		if (strcasestr(row->value, question->from) &&
		    formats_ignores(question->formats,
				    quirk_label(arena, row->label)))
			return true;
	}
	return false;
}

static size_t
servers_passed(const struct message *message)
{
	size_t i, received = 0;

	for (i = 0; i < message->headers.count; i++)
		received += !strcasecmp(message->headers.items[i].name,
					"Received");
	return received;
}

/* RFC 3834 section 5: "no", "auto-generated", "auto-replied", then maybe
 * parameters. */
static struct mailloop
find_automatic(struct arena *arena, const struct mailloop_question *question)
{
	const char *value = message_header(question->message,
					   "Auto-Submitted"), *word;
	struct mailloop loop = { .kind = MAILLOOP_NONE };
	bool may_be = question->is_recognised ||
		      (question->is_alert && !is_to_us(question));

	if (!value)
		return loop;
	word = text_fold(arena, arena_strndup(arena, value,
					      strcspn(value, " ;(")));
	if (!*word || !strcmp(word, "no") ||
	    (may_be && !strcmp(word, "auto-generated")))
		return loop;
	loop.kind = MAILLOOP_AUTOMATIC;
	loop.why = arena_printf(arena, "a program sent it by itself "
				"(Auto-Submitted: %s)", word);
	return loop;
}

static struct mailloop
find(struct arena *arena, const struct mailloop_question *question)
{
	struct mailloop loop = find_our_own(arena, question);
	size_t received = servers_passed(question->message);

	if (!loop.why)
		loop = find_report(arena, question);
	if (!loop.why && quotes_ours(arena, question))
		loop = own("a notification of this relay was sent on to it",
			   NULL);
	if (!loop.why && received > RECEIVED_MOST)
		loop = (struct mailloop){
			.kind = MAILLOOP_FAR,
			.why = arena_printf(arena, "it has passed %zu servers "
					    "(Received)", received),
		};
	return loop.why ? loop : find_automatic(arena, question);
}

struct mailloop
mailloop_find(struct arena *arena, const struct mailloop_question *question)
{
	struct mailloop loop = find(arena, question);

	loop.is_to_us = is_to_us(question);
	return loop;
}
