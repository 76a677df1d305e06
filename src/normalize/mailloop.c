#include "normalize/mailloop.h"

#include "base/digest.h"
#include "base/text.h"

enum {
	/* Servers that a mail passes: rarely more than ten. Postfix and Exim
	 * stop at 50 and 30. */
	RECEIVED_MOST = 30,
};

/* The length of a short code, 0 when there is none at `text`. */
static size_t
code_length(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefghjkmnpqrstvwxyz");

	return length == DIGEST_CODE - 1 ? length : 0;
}

/* Is the text an id of ours up to its @? The forms are CODE.CODE of a
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

/* Is there an id of ours in a field like `<a@b.example> <c@d.example>`? */
static bool
has_our_id(struct arena *arena, const char *ids, const char *domain)
{
	const char *text = text_fold(arena, ids), *at;
	const char *own = text_fold(arena, domain);
	size_t length;

	for (; *text; text += length) {
		text += strspn(text, "<> \t");
		length = strcspn(text, "<> \t");
		at = memchr(text, '@', length);
		if (at && is_our_id(text) && text_starts(at + 1, own) &&
		    at + 1 + strlen(own) == text + length)
			return true;
	}
	return false;
}

static const char *
find_our_own(struct arena *arena, const struct message *message,
	     const char *domain)
{
	static const char *const fields[] = { "References", "In-Reply-To" };
	size_t i;

	if (message_header(message, "X-Tocsin-Code"))
		return "it is a notification of this relay (X-Tocsin-Code)";
	if (has_our_id(arena, message->message_id, domain))
		return "it is a notification of this relay (Message-ID)";
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		const char *value = message_header(message, fields[i]);

		if (value && has_our_id(arena, value, domain))
			return arena_printf(arena, "it answers a notification "
					    "of this relay (%s)", fields[i]);
	}
	return NULL;
}

/* RFC 3834 section 5: "no", "auto-generated", "auto-replied", then maybe
 * parameters. Microsoft's own mails are generated, so that alone says nothing
 * of a mail that is known; another one may be a customer's own automation. */
static struct mailloop
find_automatic(struct arena *arena, const struct message *message,
	       bool recognised)
{
	const char *value = message_header(message, "Auto-Submitted"), *word;
	struct mailloop loop = { NULL, false };
	bool generated;

	if (!value)
		return loop;
	word = text_fold(arena, arena_strndup(arena, value,
					      strcspn(value, " ;(")));
	generated = !strcmp(word, "auto-generated");
	if (!*word || !strcmp(word, "no") || (recognised && generated))
		return loop;
	loop.why = arena_printf(arena, "a program sent it by itself "
				"(Auto-Submitted: %s)", word);
	loop.certain = !generated;
	return loop;
}

struct mailloop
mailloop_find(struct arena *arena, const struct message *message,
	      const char *domain, bool recognised)
{
	struct mailloop loop = {
		.why = find_our_own(arena, message, domain), .certain = true,
	};
	size_t i, received = 0;

	if (loop.why)
		return loop;
	for (i = 0; i < message->headers.count; i++)
		received += !strcasecmp(message->headers.items[i].name,
					"Received");
	if (received <= RECEIVED_MOST)
		return find_automatic(arena, message, recognised);
	loop.why = arena_printf(arena, "it has passed %zu servers (Received)",
				received);
	return loop;
}
