/*
 * Microsoft asks not to depend on AADSTS numbers, and they are the only way to
 * tell an operator whose turn it is. So they are a hint: what is not in the
 * table is judged by `error` and the status.
 */
#include "net/oauth.h"

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"

#include <ctype.h>

enum {
	/* Clocks differ: an assertion counts from a quarter of an hour ago to a
	 * quarter of an hour ahead. */
	ASSERTION_MARGIN_S = 15 * 60,
	/* When an answer does not say how long a token lives. */
	TOKEN_LIVES_S = 3600,
	TOKEN_LIVES_MOST_S = 48 * 3600,
};

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

const char *const oauth_class_names[] = {
	"fine", "later", "ours", "theirs", "consent", NULL
};

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

/* One sentence per cause; codes of one cause stand together. */
static const struct {
	int64_t code;
	enum oauth_class class;
	const char *sentence;
} codes[] = {
	{ 7000215, OAUTH_OURS, "the secret of the application is wrong; put "
	  "its value, not its id, into secret-file" },
	{ 7000222, OAUTH_OURS, "the secret of the application has expired; "
	  "make a new one and put it into secret-file" },
	{ 7000218, OAUTH_OURS, "Entra ID wants a secret or a certificate; add "
	  "secret-file or certificate-file to the app" },
	{ 700027, OAUTH_OURS, "the certificate is not registered with the "
	  "application; upload it to its registration" },
	{ 50012, OAUTH_OURS, "the certificate's signature was not accepted; "
	  "check that certificate-file is the registered one" },
	{ 700030, OAUTH_OURS, "the certificate was not accepted; register it "
	  "with the application" },
	{ 700024, OAUTH_OURS, "the clock of this machine is wrong; set it "
	  "by NTP" },
	{ 500133, OAUTH_OURS, "the clock of this machine is wrong; set it "
	  "by NTP" },
	{ 70011, OAUTH_OURS, "the scope was refused; check cloud, graph and "
	  "endpoint of the app" },
	{ 50196, OAUTH_OURS, "Entra ID sees a loop of token requests; report "
	  "it as a fault of tocsin" },
	{ 9001023, OAUTH_OURS, "this grant needs the tenant's own end point; "
	  "check the tenant id" },
	{ 50194, OAUTH_OURS, "the application is not registered for several "
	  "tenants; change its supported account types" },
	{ 700016, OAUTH_CONSENT, "the application is not in that tenant; its "
	  "administrator has to consent" },
	{ 700011, OAUTH_CONSENT, "the application is not in that tenant; its "
	  "administrator has to consent" },
	{ 7000229, OAUTH_CONSENT, "the application is not in that tenant; its "
	  "administrator has to consent" },
	{ 65001, OAUTH_CONSENT, "the tenant has not consented to what the "
	  "application asks; its administrator has to consent again" },
	{ 7000112, OAUTH_THEIRS, "the application is disabled in that tenant; "
	  "its administrator has to enable it" },
	{ 650051, OAUTH_THEIRS, "the service principal cannot be used in that "
	  "tenant; its administrator has to repair the consent" },
	{ 650052, OAUTH_THEIRS, "the tenant lacks the service that is asked; "
	  "it needs a licence of Defender" },
	{ 500011, OAUTH_THEIRS, "the tenant lacks the service that is asked; "
	  "it needs a licence of Defender" },
	{ 90002, OAUTH_OURS, "there is no such tenant in this cloud; check the "
	  "tenant id and the cloud of the app" },
	{ 900023, OAUTH_OURS, "that is no tenant id; check it" },
	{ 5000224, OAUTH_THEIRS, "the tenant is not available; ask the "
	  "customer whether it still exists" },
	{ 90038, OAUTH_OURS, "the tenant is in another cloud; use an app with "
	  "that cloud" },
	{ 50076, OAUTH_THEIRS, "the tenant demands a second factor of the "
	  "person whose refresh token it is; sign in anew with it" },
	{ 50079, OAUTH_THEIRS, "the tenant demands a second factor of the "
	  "person whose refresh token it is; sign in anew with it" },
	{ 50074, OAUTH_THEIRS, "the tenant demands a second factor of the "
	  "person whose refresh token it is; sign in anew with it" },
	{ 53003, OAUTH_THEIRS, "Conditional Access of the tenant keeps us out; "
	  "its administrator has to except the application" },
	{ 530034, OAUTH_THEIRS, "Conditional Access of the tenant keeps us "
	  "out; its administrator has to except the application" },
	{ 50020, OAUTH_THEIRS, "the person whose refresh token it is is not in "
	  "that tenant; the partner relationship has to be renewed" },
	{ 50177, OAUTH_THEIRS, "the person whose refresh token it is is not in "
	  "that tenant; the partner relationship has to be renewed" },
	{ 90072, OAUTH_THEIRS, "the person whose refresh token it is is not in "
	  "that tenant; the partner relationship has to be renewed" },
	{ 90099, OAUTH_THEIRS, "the tenant has not authorized the partner's "
	  "application; the relationship has to be renewed" },
	{ 700082, OAUTH_OURS, "the refresh token has expired; sign in anew and "
	  "put the new one into refresh-token-file" },
	{ 70008, OAUTH_OURS, "the refresh token has expired; sign in anew and "
	  "put the new one into refresh-token-file" },
	{ 50173, OAUTH_OURS, "the refresh token was revoked; sign in anew and "
	  "put the new one into refresh-token-file" },
	{ 70043, OAUTH_OURS, "the refresh token was revoked by a policy; sign "
	  "in anew and put the new one into refresh-token-file" },
	{ 90055, OAUTH_LATER, "Entra ID throttles the tenant" },
	{ 50033, OAUTH_LATER, "Entra ID has a passing fault" },
	{ 90006, OAUTH_LATER, "Entra ID has a passing fault" },
	{ 90012, OAUTH_LATER, "Entra ID has a passing fault" },
	{ 90024, OAUTH_LATER, "Entra ID has a passing fault" },
	{ 90033, OAUTH_LATER, "Entra ID has a passing fault" },
	{ 90090, OAUTH_LATER, "Entra ID has a passing fault" },
};

/* Of OAUTH_OURS: the configuration of the tenant is wrong, not the app. */
static const int64_t tenant_codes[] = { 9001023, 90002, 900023, 90038 };

enum {
	CERTIFICATE_UNKNOWN = 700027,
	CODE_MOST = 100000000,
};

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
struct refusal {
	int status;
	const char *error;		/* or NULL */
	int64_t code;			/* or 0 */
};

static void
refuse(struct oauth_answer *out, enum oauth_class class, const char *sentence,
       const struct refusal *said, struct arena *arena)
{
	struct buf text = BUF_INIT;

	out->class = class;
	buf_puts(&text, sentence);
	buf_printf(&text, " (HTTP %d", said->status);
	if (said->error) {
		buf_puts(&text, ", ");
		text_escape(&text, said->error, 60);
	}
	if (said->code)
		buf_printf(&text, ", AADSTS%lld", (long long)said->code);
	buf_putc(&text, ')');
	out->sentence = arena_strdup(arena, text.data);
	buf_release(&text);
}

static bool
is_passing(const struct refusal *said)
{
	return !said->status || said->status == 429 || said->status >= 500 ||
	       (said->error && !strcmp(said->error, "temporarily_unavailable"));
}

static void
read_error(struct oauth_answer *out, int status, const struct json *answer,
	   struct arena *arena)
{
	const struct refusal said = {
		.status = status,
		.error = json_text(json_member(answer, "error")),
		.code = code_of(answer),
	};
	size_t i;

	out->is_new_certificate = said.code == CERTIFICATE_UNKNOWN;
	for (i = 0; i < sizeof(tenant_codes) / sizeof(*tenant_codes); i++)
		out->is_of_tenant |= tenant_codes[i] == said.code;
	for (i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (codes[i].code == said.code) {
			refuse(out, codes[i].class, codes[i].sentence, &said,
			       arena);
			return;
		}
	if (is_passing(&said))
		refuse(out, OAUTH_LATER, "Entra ID gives no token at the "
		       "moment", &said, arena);
	else if (said.error && !strcmp(said.error, "invalid_client"))
		refuse(out, OAUTH_OURS, "Entra ID does not accept the "
		       "application; check client, secret and certificate",
		       &said, arena);
	else
		refuse(out, OAUTH_THEIRS, "Entra ID refuses a token for that "
		       "tenant; look the number up", &said, arena);
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
oauth_read(int status, const char *body, size_t length, struct arena *arena)
{
	struct oauth_answer out = { .class = OAUTH_FINE };
	struct buf error = BUF_INIT;
	struct json *answer = status ? json_parse(body, length, &error) : NULL;
	const char *token = json_text(json_member(answer, "access_token"));

	if (status == 200 && is_token(token) && *token)
		read_token(&out, answer, arena);
	else if (status == 200)
		refuse(&out, OAUTH_LATER, "the token end point answered "
		       "without a token", &(struct refusal){ status, NULL, 0 },
		       arena);
	else
		read_error(&out, status, answer, arena);
	json_destroy(&answer);
	buf_release(&error);
	return out;
}
