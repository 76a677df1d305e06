#include "net/oauth.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "net/aadsts.h"

#include <ctype.h>

enum {
	/* Clocks differ: an assertion counts from a quarter of an hour ago to a
	 * quarter of an hour ahead. */
	ASSERTION_MARGIN_S = 15 * 60,
	/* When an answer does not say how long a token lives. */
	TOKEN_LIVES_S = 3600,
	TOKEN_LIVES_MOST_S = 48 * 3600,
};

/* For people. */
#define LOGIN "the login end point of Entra ID"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* ---- asking ---- */

const char *
oauth_url(const struct oauth_client *client, const char *tenant,
	  struct arena *arena)
{
	return arena_printf(arena, "%s/%s/oauth2/v2.0/token", client->login,
			    tenant);
}

/* "&name=value", everything but letters, digits and -._~ percent-encoded. */
static void
add(struct buf *form, const char *name, const char *value)
{
	buf_printf(form, "%s%s=", form->len ? "&" : "", name);
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (isalnum(c) || strchr("-._~", c))
			buf_putc(form, *value);
		else
			buf_printf(form, "%%%02X", c);
	}
}

static void
append_part(struct buf *token, const struct json *part)
{
	struct buf text = BUF_INIT;

	json_print(part, &text);
	base64_append_url(token, text.data, text.len);
	buf_release(&text);
}

static void
append_header(struct buf *token, const char *certificate)
{
	struct digest_certificate read;
	struct json *header = json_object();
	struct buf text = BUF_INIT;

	(void)digest_certificate_read(certificate, &read, &text);
	buf_reset(&text);	/* it was good when it was loaded */
	base64_append_url(&text, read.thumbprint, DIGEST_SIZE);
	json_set_text(header, "alg", "PS256");
	json_set_text(header, "typ", "JWT");
	json_set_text(header, "x5t#S256", text.data);
	append_part(token, header);
	json_destroy(&header);
	buf_release(&text);
}

static const char *
random_guid(struct arena *arena)
{
	unsigned char b[16];

	digest_random(b, sizeof(b));
	return arena_printf(arena, "%02x%02x%02x%02x-%02x%02x-4%01x%02x-"
			    "8%01x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
			    b[2], b[3], b[4], b[5], b[6] & 15, b[7], b[8] & 15,
			    b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

/* The audience is the token end point of that tenant, so an assertion is good
 * for one tenant. */
static void
append_claims(struct buf *token, const struct oauth_client *client,
	      const char *tenant, instant_ms now, struct arena *arena)
{
	struct json *claims = json_object();

	json_set_text(claims, "aud", oauth_url(client, tenant, arena));
	json_set_text(claims, "iss", client->id);
	json_set_text(claims, "sub", client->id);
	json_set_text(claims, "jti", random_guid(arena));
	json_set_integer(claims, "nbf", now / 1000 - ASSERTION_MARGIN_S);
	json_set_integer(claims, "iat", now / 1000 - ASSERTION_MARGIN_S);
	json_set_integer(claims, "exp", now / 1000 + ASSERTION_MARGIN_S);
	append_part(token, claims);
	json_destroy(&claims);
}

static void
add_assertion(struct buf *form, const struct oauth_client *client,
	      const char *tenant, instant_ms now, struct arena *arena)
{
	struct buf token = BUF_INIT, signature = BUF_INIT;

	append_header(&token, client->certificate);
	buf_putc(&token, '.');
	append_claims(&token, client, tenant, now, arena);
	digest_sign_ps256(client->certificate, token.data, token.len,
			  &signature);
	buf_putc(&token, '.');
	base64_append_url(&token, signature.data, signature.len);
	add(form, "client_assertion_type", ASSERTION_TYPE);
	add(form, "client_assertion", token.data);
	buf_release(&token);
	buf_release(&signature);
}

const char *
oauth_form(const struct oauth_client *client, const char *tenant,
	   const char *scope, instant_ms now, struct arena *arena)
{
	struct buf form = BUF_INIT;
	const char *copy;

	add(&form, "client_id", client->id);
	if (client->refresh_token) {
		add(&form, "grant_type", "refresh_token");
		add(&form, "refresh_token", client->refresh_token);
		add(&form, "scope", arena_printf(arena, "%s offline_access",
						 scope));
	} else {
		add(&form, "grant_type", "client_credentials");
		add(&form, "scope", scope);
	}
	if (client->certificate)
		add_assertion(&form, client, tenant, now, arena);
	else if (client->secret)
		add(&form, "client_secret", client->secret);
	copy = arena_strdup(arena, form.data);
	explicit_bzero(form.data, form.len);
	buf_release(&form);
	return copy;
}

/* ---- answers ---- */

enum { CODE_MOST = 100000000 };

/* From error_codes, or else from the text. */
static int64_t
code_of(const struct json *answer)
{
	const struct json *list = json_member(answer, "error_codes");
	const char *text = json_text(json_member(answer, "error_description"));
	const char *at = text ? strstr(text, "AADSTS") : NULL;
	int64_t code = json_integer(json_first(list), 0);

	if (code || !at)
		return code;
	for (at += 6; *at >= '0' && *at <= '9' && code < CODE_MOST; at++)
		code = code * 10 + (*at - '0');
	return code;
}

/* How the end point said no. */
struct said {
	int status;
	const char *error;		/* or NULL */
	int64_t code;			/* or 0 */
	const char *description;	/* or NULL */
};

/* "HTTP 401, invalid_client, AADSTS7000215: Invalid client secret provided." A
 * description begins with the number. Whatever it is that answers, a secret is
 * not repeated. */
static const char *
words_of(const struct said *said, const struct oauth_client *client,
	 struct arena *arena)
{
	const char *description = said->description;
	struct buf text = BUF_INIT;
	const char *copy;

	if (description &&
	    ((client->secret && strstr(description, client->secret)) ||
	     (client->refresh_token &&
	      strstr(description, client->refresh_token))))
		description = NULL;
	buf_printf(&text, "HTTP %d", said->status);
	refusal_append_words(&text, said->error);
	if (said->code && !(description && text_starts(description, "AADSTS")))
		buf_printf(&text, ", AADSTS%lld", (long long)said->code);
	refusal_append_words(&text, description);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static bool
is_passing(const struct said *said)
{
	return said->status == 429 || said->status >= 500 ||
	       (said->error && !strcmp(said->error, "temporarily_unavailable"));
}

static struct refusal
judge(const struct said *said)
{
	if (is_passing(said))
		return (struct refusal){
			.turn = TURN_LATER,
			.sentence = "Entra ID gives no token at the moment",
		};
	if (said->error && !strcmp(said->error, "invalid_client"))
		return (struct refusal){
			.turn = TURN_OURS, .is_of_app = true,
			.sentence = "Entra ID does not accept the "
				"application; check client, secret and "
				"certificate",
		};
	return (struct refusal){
		.turn = TURN_THEIRS, .settles = true,
		.sentence = "Entra ID refuses a token for that tenant; look "
			    "the number up",
	};
}

/* It has JSON for each refusal; busy, it may have a page, too. */
static bool
is_entra(int status, const struct json *answer)
{
	return json_text(json_member(answer, "error")) || status == 429 ||
	       status >= 500;
}

static struct refusal
read_error(int status, const struct json *answer,
	   const struct oauth_client *client, struct arena *arena)
{
	const struct said said = {
		.status = status,
		.error = json_text(json_member(answer, "error")),
		.code = code_of(answer),
		.description = json_text(json_member(answer,
						     "error_description")),
	};
	struct refusal refusal;

	if (!is_entra(status, answer))
		return refusal_of_stranger(status, LOGIN, arena);
	if (!aadsts_find(said.code, &refusal))
		refusal = judge(&said);
	refusal.words = words_of(&said, client, arena);
	return refusal;
}

/* The older end point writes numbers as texts. */
static int64_t
seconds_of(const struct json *answer, const char *name)
{
	const struct json *value = json_member(answer, name);
	uint64_t number;

	if (json_text(value) && text_to_u64(json_text(value), &number) &&
	    number <= TOKEN_LIVES_MOST_S)
		return (int64_t)number;
	return json_integer(value, TOKEN_LIVES_S);
}

/* A token goes into a header line, and so has no blank and no line end. */
static bool
is_token(const char *text)
{
	for (; text && *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return text != NULL;
}

static void
read_token(struct oauth_answer *out, const struct json *answer,
	   struct arena *arena)
{
	const char *refresh = json_text(json_member(answer, "refresh_token"));
	int64_t seconds = seconds_of(answer, "expires_in");

	if (seconds < 0)
		seconds = 0;
	if (seconds > TOKEN_LIVES_MOST_S)
		seconds = TOKEN_LIVES_MOST_S;
	out->token = arena_strdup(arena, json_text(json_member(answer,
							"access_token")));
	out->lives_ms = seconds * 1000;
	if (is_token(refresh) && *refresh)
		out->refresh_token = arena_strdup(arena, refresh);
}

struct oauth_answer
oauth_read(const struct transfer_answer *given,
	   const struct oauth_client *client, struct arena *arena)
{
	struct oauth_answer out = { .token = NULL };
	struct buf error = BUF_INIT;
	struct json *answer;
	const char *token;

	if (given->end != TRANSFER_DONE) {
		out.refusal = refusal_of_end(given, LOGIN, arena);
		return out;
	}
	answer = json_parse(given->body, given->length, &error);
	token = json_text(json_member(answer, "access_token"));
	if (given->status == 200 && is_token(token) && *token)
		read_token(&out, answer, arena);
	else if (given->status == 200)
		out.refusal = refusal_of_stranger(200, LOGIN, arena);
	else
		out.refusal = read_error(given->status, answer, client, arena);
	json_destroy(&answer);
	buf_release(&error);
	return out;
}
