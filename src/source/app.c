#include "source/app.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/value.h"

enum {
	PEM_MOST = 1 << 20,
	CA_FILE_MOST = 16 << 20,
	ENDS_SOON_S = 30 * 24 * 3600,
};

static const struct cloud {
	const char *name, *login, *portal;
} clouds[SOURCE_CLOUDS] = {
	[SOURCE_GLOBAL] = {
		"global", "https://login.microsoftonline.com",
		"https://security.microsoft.com",
	},
	[SOURCE_GCC] = {
		"gcc", "https://login.microsoftonline.com",
		"https://security.microsoft.com",
	},
	[SOURCE_GCC_HIGH] = {
		"gcc-high", "https://login.microsoftonline.us",
		"https://security.microsoft.us",
	},
	[SOURCE_DOD] = {
		"dod", "https://login.microsoftonline.us",
		"https://security.apps.mil",
	},
};

struct loading {
	struct app *app;
	const struct conf_node *node;
	struct arena *arena;
	struct diag *diag;
	instant_ms now;
};

static struct conf_word
word_of(const struct loading *loading, const char *keyword)
{
	const struct conf_node *node = conf_find(&loading->node->block,
						 keyword);
	struct conf_word none = { .text = "" };

	return node ? conf_word(node, 0) : none;
}

/* ---- end points ---- */

static enum source_cloud
set_cloud(struct loading *loading)
{
	struct conf_word word = word_of(loading, "cloud");
	struct app *app = loading->app;
	enum source_cloud cloud = SOURCE_GLOBAL, i;

	if (!strcmp(word.text, "china"))
		diag_error(loading->diag, word.place, "its alerts come by mail",
			   "the cloud of 21Vianet has no alerts_v2");
	for (i = 0; i < SOURCE_CLOUDS; i++)
		if (!strcmp(clouds[i].name, word.text))
			cloud = i;
	app->client.login = clouds[cloud].login;
	app->portal = clouds[cloud].portal;
	return cloud;
}

/* https://HOST[:PORT] and nothing more. */
static bool
is_base_url(const char *text)
{
	const char *host = text + 8;

	return text_starts(text, "https://") && *host &&
	       strspn(host, "abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789.-_:[]") == strlen(host);
}

static const char *
set_url(struct loading *loading, const char *keyword, const char *otherwise)
{
	struct conf_word word = word_of(loading, keyword);

	if (!*word.text)
		return otherwise;
	if (!is_base_url(word.text))
		diag_error(loading->diag, word.place,
			   "write https://HOST or https://HOST:PORT, without "
			   "a path", "'%s' is no base URL", word.text);
	return word.text;
}

static struct source_host
host_of(struct loading *loading, const struct source *source,
	enum source_cloud cloud)
{
	struct source_host host = source->hosts[cloud];
	const char *url = set_url(loading, source->name, host.url);

	if (url != host.url || !host.scope)
		host.scope = arena_printf(loading->arena, "%s/.default", url);
	host.url = url;
	return host;
}

static size_t
count_sources(void)
{
	size_t count = 0;

	while (sources[count])
		count++;
	return count;
}

static void
set_urls(struct loading *loading)
{
	struct app *app = loading->app;
	enum source_cloud cloud = set_cloud(loading);
	size_t i, count = count_sources();

	app->client.login = set_url(loading, "login", app->client.login);
	app->hosts = arena_array(loading->arena, count, sizeof(*app->hosts));
	for (i = 0; i < count; i++)
		app->hosts[i] = host_of(loading, sources[i], cloud);
}

/* ---- what it proves itself with ---- */

static const char *
read_secret(struct loading *loading, const char *keyword)
{
	struct conf_word word = word_of(loading, keyword);
	struct buf secret = BUF_INIT, error = BUF_INIT;
	const char *copy = NULL, *path;

	if (!*word.text)
		return NULL;
	path = conf_path(loading->arena, word);
	if (file_read_secret(path, &secret, &error) != OUTCOME_OK)
		conf_unread_secret(word, path, error.data, loading->diag);
	copy = arena_strdup(loading->arena, secret.data);
	explicit_bzero(secret.data, secret.len);
	buf_release(&secret);
	buf_release(&error);
	return copy;
}

static void
check_end(struct loading *loading, struct conf_word word)
{
	int64_t left = loading->app->ends_s - loading->now / 1000;

	if (left <= 0)
		diag_warning(loading->diag, word.place, "make a new one and "
			     "register it", "the certificate has expired");
	else if (left < ENDS_SOON_S)
		diag_warning(loading->diag, word.place, "make a new one and "
			     "register it", "the certificate ends in %d days",
			     (int)(left / 86400));
}

static void
set_certificate(struct loading *loading)
{
	struct conf_word word = word_of(loading, "certificate-file");
	struct buf pem = BUF_INIT, error = BUF_INIT;
	struct digest_certificate read = { .ends_s = 0 };
	char *path;

	if (!*word.text)
		return;
	path = conf_path(loading->arena, word);
	/* The key is in it. */
	if (file_read_private(path, PEM_MOST, &pem, &error) != OUTCOME_OK) {
		conf_unread_secret(word, path, error.data, loading->diag);
	} else if (digest_certificate_read(pem.data, &read, &error) !=
		   OUTCOME_OK) {
		diag_error(loading->diag, word.place, NULL, "%s: %s", path,
			   error.data);
	} else {
		loading->app->client.certificate =
			arena_strdup(loading->arena, pem.data);
		loading->app->ends_s = read.ends_s;
		check_end(loading, word);
	}
	explicit_bzero(pem.data, pem.len);
	buf_release(&pem);
	buf_release(&error);
}

static void
set_ca_file(struct loading *loading)
{
	struct conf_word word = word_of(loading, "ca-file");
	struct buf text = BUF_INIT, error = BUF_INIT;
	char *path;

	if (!*word.text)
		return;
	path = conf_path(loading->arena, word);
	loading->app->ca_file = path;
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
check_proof(const struct loading *loading)
{
	bool certificate = *word_of(loading, "certificate-file").text;
	bool secret = *word_of(loading, "secret-file").text;
	bool refresh = *word_of(loading, "refresh-token-file").text;

	if (certificate && secret)
		diag_error(loading->diag, word_of(loading, "secret-file").place,
			   "remove one of them", "an app has a certificate or "
			   "a secret, not both");
	if (!certificate && !secret && !refresh)
		diag_error(loading->diag, loading->node->place,
			   "add certificate-file, secret-file or "
			   "refresh-token-file", "app '%s' has nothing to "
			   "prove itself with", loading->app->name);
}

static const char *
fingerprint_of(const struct app *app, struct arena *arena)
{
	const char *const parts[] = {
		app->client.id, app->client.login, app->client.certificate,
		app->client.secret, app->client.refresh_token,
	};
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		digest_add_text(digest, parts[i] ? parts[i] : "");
	for (i = 0; sources[i]; i++)
		digest_add_text(digest, app->hosts[i].url);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_strdup(arena, hex);
}

static struct app *
load_app(struct loading *loading)
{
	struct app *app = loading->app = arena_alloc(loading->arena,
						     sizeof(*app));
	struct conf_word client = word_of(loading, "client");

	app->name = conf_word(loading->node, 0).text;
	app->client.id = client.text;
	if (!text_is_guid(client.text))
		diag_error(loading->diag, *client.text ? client.place :
			   loading->node->place, "write client GUID: the "
			   "application (client) id of its registration",
			   "app '%s' has no client id", app->name);
	set_urls(loading);
	check_proof(loading);
	set_certificate(loading);
	app->client.secret = read_secret(loading, "secret-file");
	app->client.refresh_token = read_secret(loading, "refresh-token-file");
	set_ca_file(loading);
	app->fingerprint = fingerprint_of(app, loading->arena);
	return app;
}

void
apps_load(const struct conf *conf, instant_ms now, struct diag *diag,
	  app_list *apps)
{
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		struct loading loading = {
			.node = conf->nodes.items[i], .arena = conf->arena,
			.diag = diag, .now = now,
		};
		struct conf_word name = conf_word(loading.node, 0);

		if (strcmp(loading.node->keyword, "app"))
			continue;
		if (app_find(apps, name.text))
			diag_clash(diag, name.place,
				   conf_first_of(&conf->nodes,
						 loading.node).place,
				   "choose another name",
				   "app '%s' is defined twice", name.text);
		else
			vec_push(conf->arena, apps, load_app(&loading));
	}
}

const struct source_host *
app_host(const struct app *app, const struct source *source)
{
	size_t i = 0;

	while (sources[i] != source)
		i++;
	return &app->hosts[i];
}

const struct app *
app_find(const app_list *apps, const char *name)
{
	size_t i;

	for (i = 0; i < apps->count; i++)
		if (!strcmp(apps->items[i]->name, name))
			return apps->items[i];
	return NULL;
}

const char *const *
app_names(const app_list *apps, struct arena *arena)
{
	const char **names = arena_array(arena, apps->count + 1,
					 sizeof(*names));
	size_t i;

	for (i = 0; i < apps->count; i++)
		names[i] = apps->items[i]->name;
	return names;
}
