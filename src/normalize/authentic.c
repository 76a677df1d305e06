#include "normalize/authentic.h"

#include "base/text.h"
#include "normalize/authres.h"

enum {
	/* Headers of one name that are looked at; parse has its own limit. */
	FIELDS_MOST = 200,
};

const char *const authentic_names[] = { "none", "fail", "pass", NULL };

static struct authentic_answer
answer(enum authentic authentic, const char *why)
{
	struct authentic_answer one = { authentic, why };

	return one;
}

static bool
is_header(const struct message_header *header, const char *name)
{
	return !strcasecmp(header->name, name);
}

/* The index of the topmost field of our server; `count` when there is none. */
static size_t
find_ours(struct arena *arena, const struct message *message,
	  const char *authserv)
{
	size_t i, left = FIELDS_MOST;

	for (i = 0; i < message->headers.count && left; i++) {
		const struct message_header *header =
			&message->headers.items[i];

		if (!is_header(header, "Authentication-Results"))
			continue;
		left--;
		if (text_same(authres_parse(arena, header->value)->authserv,
			      authserv))
			return i;
	}
	return message->headers.count;
}

static bool
speaks_of_dmarc(const struct authres *authres)
{
	size_t i;

	for (i = 0; i < authres->results.count; i++)
		if (!strcmp(authres->results.items[i].method, "dmarc"))
			return true;
	return false;
}

/* Is there an address in brackets from `text` to `end`, and is each a loopback
 * address? Each, for a client may call itself [127.0.0.1], and then its own
 * address stands beside that. */
static bool
is_loopback(const char *text, const char *end)
{
	const char *at = text;
	bool any = false;

	while ((at = memchr(at, '[', (size_t)(end - at)))) {
		at++;
		if (!text_starts(at, "127.") && !text_starts(at, "::1]") &&
		    !text_starts(at, "IPv6:::1]"))
			return false;
		any = true;
	}
	return any;
}

/* Did a server of ours hand the mail to another one on the same machine? In
 * "from HELO (NAME [ADDRESS]) by ..." the first half says from where. */
static bool
is_handed_on(const struct message_header *received)
{
	const char *by = strstr(received->value, " by ");

	return by && is_loopback(received->value, by);
}

/* From the topmost one of ours on, among so many: the first that speaks of
 * DMARC or cannot be read. */
static const struct authres *
find_dmarc(struct arena *arena, const struct message *message, size_t top,
	   const char *authserv, size_t fields)
{
	size_t i, left = FIELDS_MOST;

	for (i = top; i < message->headers.count && left && fields; i++) {
		const struct message_header *header =
			&message->headers.items[i];
		const struct authres *authres;

		if (is_header(header, "Received") && !is_handed_on(header))
			break;
		if (!is_header(header, "Authentication-Results"))
			continue;
		left--;
		authres = authres_parse(arena, header->value);
		if (!text_same(authres->authserv, authserv))
			continue;
		if (authres->broken || speaks_of_dmarc(authres))
			return authres;
		fields--;
	}
	return NULL;
}

/* Every DMARC result has to be about this domain and pass: if somebody could
 * slip one in, he could not take the server's own away. */
static struct authentic_answer
judge_dmarc(struct arena *arena, const struct authres *authres,
	    const char *domain)
{
	size_t i;

	if (authres->broken)
		return answer(AUTHENTIC_FAIL, arena_printf(arena,
			"the Authentication-Results of %s cannot be read",
			authres->authserv));
	for (i = 0; i < authres->results.count; i++) {
		const struct authres_result *result =
			&authres->results.items[i];
		const char *from = authres_property(result, "header.from");

		if (strcmp(result->method, "dmarc"))
			continue;
		if (!from || !text_same(from, domain))
			return answer(AUTHENTIC_FAIL, arena_printf(arena,
				"dmarc=%s by %s is for '%s', not for '%s'",
				result->result, authres->authserv,
				from ? from : "", domain));
		if (strcmp(result->result, "pass"))
			return answer(AUTHENTIC_FAIL, arena_printf(arena,
				"dmarc=%s for %s by %s", result->result,
				domain, authres->authserv));
	}
	return answer(AUTHENTIC_PASS, arena_printf(arena,
		"dmarc=pass for %s by %s", domain, authres->authserv));
}

/* The domain of the one author that a mail has to have, or NULL: with two, a
 * server checks one and a person reads the other. */
static const char *
from_domain(const struct message *message)
{
	size_t i, fields = 0;

	for (i = 0; i < message->headers.count; i++)
		fields += is_header(&message->headers.items[i], "From");
	if (fields != 1 || message->from.count != 1 ||
	    !text_is_address(message->from.items[0].address))
		return NULL;
	return strrchr(message->from.items[0].address, '@') + 1;
}

struct authentic_answer
authentic_check(struct arena *arena, const struct message *message,
		const char *authserv, size_t fields, bool listed)
{
	struct authentic_answer judged;
	const char *domain = from_domain(message);
	const struct authres *authres;
	size_t top;

	if (!authserv)
		return answer(AUTHENTIC_NONE, "no `authserv` is configured");
	top = find_ours(arena, message, authserv);
	if (!domain)
		return answer(AUTHENTIC_FAIL, "From is not one address");
	if (top == message->headers.count)
		return answer(AUTHENTIC_NONE, arena_printf(arena,
			"no Authentication-Results of %s", authserv));
	authres = find_dmarc(arena, message, top, authserv, fields);
	if (!authres)
		return answer(AUTHENTIC_FAIL, arena_printf(arena,
			"%s says nothing of DMARC", authserv));
	judged = judge_dmarc(arena, authres, domain);
	if (judged.authentic == AUTHENTIC_PASS && !listed)
		return answer(AUTHENTIC_FAIL, arena_printf(arena,
			"%s, but no format lists %s", judged.why,
			message->from.items[0].address));
	return judged;
}
