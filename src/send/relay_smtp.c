/*
 * The clauses of an SMTP relay come in any order, and the hosts' default port
 * depends on `tls`, so everything but the hosts is read first.
 */
#include "send/relay_smtp.h"

#include "base/file.h"
#include "base/text.h"
#include "conf/value.h"
#include "send/limits.h"

#include <arpa/inet.h>

enum {
	PORT_SUBMISSION = 587,		/* RFC 6409 */
	PORT_SUBMISSIONS = 465,		/* RFC 8314 */
	TIMEOUT_MS = 60 * 1000,		/* an alert cannot wait for longer */
	TIMEOUT_MOST_MS = 60 * 60 * 1000,
	CA_FILE_MOST = 16 << 20,
	HOST_MOST = 255,		/* RFC 1035 2.3.4 */
};

struct loading {
	struct smtp_server server;	/* what all hosts have in common */
	const struct conf_node *login;	/* clauses that need each other */
	const struct conf_node *password;
	const struct conf_node *auth;
	const struct conf_node *ca_file;
	const struct conf_node *tls;
	const struct conf_node *hello;
	struct arena *arena;
	struct diag *diag;
};

struct choice {
	const char *word;
	int value;
};

/* The value of a word, or `otherwise` after the grammar has complained. */
static int
choose(const struct choice *choices, const char *word, int otherwise)
{
	for (; choices->word; choices++)
		if (!strcmp(choices->word, word))
			return choices->value;
	return otherwise;
}

static void
set_tls(struct loading *loading, const struct conf_node *clause)
{
	static const struct choice choices[] = {
		{ "required", SMTP_TLS_REQUIRED },
		{ "implicit", SMTP_TLS_IMPLICIT },
		{ "none", SMTP_TLS_NONE },
		{ NULL, 0 },
	};

	loading->tls = clause;
	loading->server.tls = (enum smtp_tls)choose(choices,
		conf_word(clause, 0).text, SMTP_TLS_REQUIRED);
}

static void
set_auth(struct loading *loading, const struct conf_node *clause)
{
	static const struct choice choices[] = {
		{ "plain", SMTP_AUTH_PLAIN },
		{ "login", SMTP_AUTH_LOGIN },
		{ NULL, 0 },
	};

	loading->auth = clause;
	loading->server.auth = (enum smtp_auth)choose(choices,
		conf_word(clause, 0).text, SMTP_AUTH_ANY);
}

/* Read now, so that a wrong file is an error of the configuration and not of
 * the first alert. */
static void
set_ca_file(struct loading *loading, const struct conf_node *clause)
{
	struct conf_word word = conf_word(clause, 0);
	struct buf text = BUF_INIT, error = BUF_INIT;
	char *path = conf_path(loading->arena, word);

	loading->ca_file = clause;
	loading->server.ca_file = path;
	if (file_read(path, CA_FILE_MOST, &text, &error) != OUTCOME_OK)
		diag_error(loading->diag, word.place, NULL, "%s", error.data);
	else if (!strstr(text.data, "-----BEGIN CERTIFICATE-----"))
		diag_error(loading->diag, word.place,
			   "it must begin with -----BEGIN CERTIFICATE-----",
			   "%s holds no certificate in PEM form", path);
	buf_release(&text);
	buf_release(&error);
}

static void
set_login(struct loading *loading, const struct conf_node *clause)
{
	loading->login = clause;
	loading->server.user = conf_word(clause, 0).text;
}

static void
set_password(struct loading *loading, const struct conf_node *clause)
{
	struct conf_word word = conf_word(clause, 0);
	struct buf secret = BUF_INIT, error = BUF_INIT;
	char *path = conf_path(loading->arena, word);

	loading->password = clause;
	if (file_read_secret(path, &secret, &error) != OUTCOME_OK)
		conf_unread_secret(word, path, error.data, loading->diag);
	else
		loading->server.password = arena_strdup(loading->arena,
							secret.data);
	explicit_bzero(secret.data, secret.len);
	buf_release(&secret);
	buf_release(&error);
}

static void
set_timeout(struct loading *loading, const struct conf_node *clause)
{
	struct conf_word word = conf_word(clause, 0);
	int64_t value = TIMEOUT_MS;

	if (!conf_duration(word, loading->diag, &value))
		return;
	if (value < 1000 || value > TIMEOUT_MOST_MS)
		diag_error(loading->diag, word.place, "from 1s to 1h",
			   "a server cannot be given %s to answer", word.text);
	else
		loading->server.timeout_ms = value;
}

/* Fit to be put into an URL and into EHLO. */
static bool
is_host_name(const char *text, size_t length)
{
	return length && length <= HOST_MOST &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789.-_") >= length;
}

static bool
is_ipv6(const char *text, size_t length)
{
	char bare[INET6_ADDRSTRLEN];
	struct in6_addr unused;

	if (length < 3 || length - 2 >= sizeof(bare) || text[0] != '[' ||
	    text[length - 1] != ']')
		return false;
	(void)snprintf(bare, sizeof(bare), "%.*s", (int)length - 2, text + 1);
	return inet_pton(AF_INET6, bare, &unused) == 1;
}

static void
set_hello(struct loading *loading, const struct conf_node *clause)
{
	struct conf_word word = conf_word(clause, 0);

	loading->hello = clause;
	if (is_host_name(word.text, strlen(word.text)))
		loading->server.hello = word.text;
	else
		diag_error(loading->diag, word.place,
			   "write the name of this machine: relay.example",
			   "'%s' is not the name of a host", word.text);
}

static void
set_nothing(struct loading *loading, const struct conf_node *clause)
{
	(void)loading, (void)clause;	/* `smtp`: see add_hosts() */
}

static const struct {
	const char *keyword;
	void (*set)(struct loading *loading, const struct conf_node *clause);
} setters[] = {
	{ "smtp", set_nothing },
	{ "tls", set_tls },
	{ "ca-file", set_ca_file },
	{ "login", set_login },
	{ "password-file", set_password },
	{ "auth", set_auth },
	{ "timeout", set_timeout },
	{ "hello", set_hello },
};

static void
set_clause(struct loading *loading, const struct conf_node *clause)
{
	size_t i;

	for (i = 0; i < sizeof(setters) / sizeof(*setters); i++)
		if (!strcmp(setters[i].keyword, clause->keyword)) {
			setters[i].set(loading, clause);
			return;
		}
	diag_error(loading->diag, clause->place, NULL, "'%s' has no meaning in "
		   "an SMTP relay", clause->keyword);
}

/* "HOST", "HOST:PORT", "[::1]:PORT"; the length of HOST. */
static bool
parse_host(const char *text, unsigned int default_port, size_t *length_out,
	   unsigned int *port_out)
{
	const char *close = *text == '[' ? strchr(text, ']') : NULL;
	const char *colon = strchr(close ? close : text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	uint64_t port = default_port;

	if (!is_host_name(text, length) && !is_ipv6(text, length))
		return false;
	if (colon && (!text_to_u64(colon + 1, &port) || !port || port > 65535))
		return false;
	*length_out = length;
	*port_out = (unsigned int)port;
	return true;
}

static bool
is_loopback(const char *host)
{
	struct in_addr address;

	return !strcasecmp(host, "localhost") || !strcmp(host, "[::1]") ||
	       (inet_pton(AF_INET, host, &address) == 1 &&
		ntohl(address.s_addr) >> 24 == 127);
}

static void
add_host(struct loading *loading, struct relay_smtp *smtp,
	 struct conf_word word)
{
	struct relay_host host = { .server = loading->server };
	bool is_implicit = loading->server.tls == SMTP_TLS_IMPLICIT;
	size_t length;

	if (!parse_host(word.text, is_implicit ? PORT_SUBMISSIONS :
			PORT_SUBMISSION, &length, &host.server.port)) {
		diag_error(loading->diag, word.place, "write HOST or HOST:PORT",
			   "'%s' is not a host", word.text);
		return;
	}
	host.server.host = arena_strndup(loading->arena, word.text, length);
	host.label = arena_printf(loading->arena, "%s:%u", host.server.host,
				  host.server.port);
	vec_push(loading->arena, &smtp->hosts, host);
}

static void
warn_of_clear_text(const struct loading *loading,
		   const struct relay_smtp *smtp)
{
	size_t i;

	for (i = 0; i < smtp->hosts.count; i++) {
		const struct relay_host *host = &smtp->hosts.items[i];

		if (is_loopback(host->server.host))
			continue;
		diag_warning(loading->diag, conf_word(loading->tls, 0).place,
			     "'tls required' or 'tls implicit'",
			     "alerts%s travel to %s readable and changeable by "
			     "everybody on the way", loading->login ?
			     " and the password" : "", host->label);
		return;		/* once is enough */
	}
}

/* RFC 5321 4.1.1.1 wants a full name, and Postfix can be told to insist on it
 * (reject_non_fqdn_helo_hostname). One of ours does not mind. */
static void
warn_of_short_name(const struct loading *loading,
		   const struct relay_smtp *smtp, struct diag_place place)
{
	const char *name = loading->server.hello;
	size_t i;

	if (loading->hello || strchr(name, '.'))
		return;
	for (i = 0; i < smtp->hosts.count; i++) {
		if (is_loopback(smtp->hosts.items[i].server.host))
			continue;
		diag_warning(loading->diag, place, "add 'hello HOST', or give "
			     "this machine a full name", "servers may refuse "
			     "'%s', which this machine calls itself in EHLO",
			     name);
		return;		/* once is enough */
	}
}

static void
check_together(const struct loading *loading)
{
	struct diag *diag = loading->diag;

	if (loading->login && !loading->password)
		diag_error(diag, loading->login->place, "add password-file",
			   "'login' needs a password");
	if (loading->password && !loading->login)
		diag_error(diag, loading->password->place, "add login",
			   "'password-file' needs a user name");
	if (loading->auth && !loading->login)
		diag_error(diag, loading->auth->place, "add login and "
			   "password-file", "'auth' needs a user name");
	if (loading->ca_file && loading->server.tls == SMTP_TLS_NONE)
		diag_error(diag, loading->ca_file->place, "remove one of them",
			   "'ca-file' has no meaning with 'tls none'");
}

void
relay_smtp_load(struct relay *relay, const struct conf_node *node,
		struct arena *arena, struct diag *diag)
{
	const struct conf_node *hosts = conf_find(&node->block, "smtp");
	struct relay_smtp *smtp = arena_alloc(arena, sizeof(*smtp));
	struct loading loading = {
		.server = { .timeout_ms = TIMEOUT_MS,
			    .hello = relay->hello },
		.arena = arena,
		.diag = diag,
	};
	size_t i;

	for (i = 0; i < node->block.count; i++)
		if (!limits_load(relay, node->block.items[i], diag))
			set_clause(&loading, node->block.items[i]);
	if (!node->broken)		/* else what is missing may be there */
		check_together(&loading);
	for (i = 0; i < hosts->words.count; i++)
		add_host(&loading, smtp, hosts->words.items[i]);
	if (loading.server.tls == SMTP_TLS_NONE)
		warn_of_clear_text(&loading, smtp);
	warn_of_short_name(&loading, smtp, node->place);
	relay->settings = smtp;
}
