#include "conf/conf.h"
#include "source/poll.h"

#include "base/bug.h"
#include "base/text.h"

#include "tap.h"
#include "temporary.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW INT64_C(1795305600000)	/* 2026-11-22T00:00:00Z */
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

static struct arena *arena;
static char secret[TEMPORARY_LENGTH];

/* The plan of the first `poll` with such an app; NULL when it has errors. */
static const struct poll_plan *
plan_of(const char *app, const char *api, struct buf *errors)
{
	const char *text = arena_printf(arena,
		"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n"
		"  secret-file %s %s }\n"
		"customer c { tenant " TENANT " poll %s using reader }\n",
		secret, app, api);
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t", text, diag);
	app_list apps = { 0 };
	poll_plans plans = { 0 };

	apps_load(conf, NOW, diag, &apps);
	polls_load(conf, &apps, diag, &plans);
	diag_print(diag, errors);
	return diag_errors(diag) || !plans.count ? NULL : plans.items[0];
}

/* Microsoft Learn: "National cloud deployments" of Graph, and "Microsoft
 * Defender for Endpoint for US Government customers". */
static const struct {
	const char *cloud, *login, *graph, *endpoint, *scope, *portal;
} clouds[] = {
	{ "", "https://login.microsoftonline.com",
	  "https://graph.microsoft.com", "https://api.security.microsoft.com",
	  "https://api.securitycenter.microsoft.com/.default",
	  "https://security.microsoft.com" },
	{ "cloud global", "https://login.microsoftonline.com",
	  "https://graph.microsoft.com", "https://api.security.microsoft.com",
	  "https://api.securitycenter.microsoft.com/.default",
	  "https://security.microsoft.com" },
	{ "cloud gcc", "https://login.microsoftonline.com",
	  "https://graph.microsoft.com",
	  "https://api-gcc.securitycenter.microsoft.us",
	  "https://api-gcc.securitycenter.microsoft.us/.default",
	  "https://security.microsoft.com" },
	{ "cloud gcc-high", "https://login.microsoftonline.us",
	  "https://graph.microsoft.us",
	  "https://api-gov.securitycenter.microsoft.us",
	  "https://api-gov.securitycenter.microsoft.us/.default",
	  "https://security.microsoft.us" },
	{ "cloud dod", "https://login.microsoftonline.us",
	  "https://dod-graph.microsoft.us",
	  "https://api-gov.securitycenter.microsoft.us",
	  "https://api-gov.securitycenter.microsoft.us/.default",
	  "https://security.apps.mil" },
	{ "cloud dod login https://l.example graph https://g.example:444\n"
	  "endpoint https://e.example", "https://l.example",
	  "https://g.example:444", "https://e.example",
	  "https://e.example/.default", "https://security.apps.mil" },
};

static const char *
url_of(const struct poll_plan *plan)
{
	const struct source_window window = { .since = NOW, .top = 1 };

	return plan->source->url(plan->host->url, &window, arena);
}

static void
test_cloud(size_t i)
{
	const char *name = *clouds[i].cloud ? clouds[i].cloud : "no cloud";
	struct buf errors = BUF_INIT;
	const struct poll_plan *graph = plan_of(clouds[i].cloud, "graph",
						&errors);
	const struct poll_plan *endpoint = plan_of(clouds[i].cloud, "endpoint",
						   &errors);

	is(errors.data, "", "%s: is loaded", name);
	is(oauth_url(&graph->app->client, graph->tenant, arena),
	   arena_printf(arena, "%s/" TENANT "/oauth2/v2.0/token",
			clouds[i].login), "%s: where tokens come from", name);
	ok(text_starts(url_of(graph),
		arena_printf(arena, "%s/v1.0/security/alerts_v2?",
			     clouds[i].graph)), "%s: where alerts are", name);
	ok(text_starts(url_of(graph->along),
		arena_printf(arena, "%s/v1.0/security/incidents?",
			     clouds[i].graph)), "%s: where incidents are",
	   name);
	is(graph->host->scope, arena_printf(arena, "%s/.default",
					    clouds[i].graph),
	   "%s: the scope of Graph", name);
	ok(text_starts(url_of(endpoint),
		arena_printf(arena, "%s/api/alerts?", clouds[i].endpoint)),
	   "%s: where Defender for Endpoint is", name);
	is(endpoint->host->scope, clouds[i].scope, "%s: its scope", name);
	is(graph->app->portal, clouds[i].portal, "%s: the portal", name);
	buf_release(&errors);
}

static void
test_china(void)
{
	struct buf errors = BUF_INIT;

	ok(!plan_of("cloud china", "graph", &errors), "china is refused");
	ok(strstr(errors.data, "the cloud of 21Vianet has no alerts_v2") &&
	   strstr(errors.data, "its alerts come by mail"),
	   "with the reason and what to do");
	buf_release(&errors);
}

/* ---- files ---- */

static const char *
temporary_file(void)
{
	char *path = arena_alloc(arena, TEMPORARY_LENGTH);
	int fd = mkstemp(temporary(path));

	if (fd < 0)
		BUG("no file");
	(void)close(fd);		/* empty */
	return path;
}

/* Key and certificate in one file, as an app has them. */
static void
make_certificate(const char *path)
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		int nothing = open("/dev/null", O_WRONLY);

		(void)dup2(nothing, STDERR_FILENO);
		(void)execlp("openssl", "openssl", "req", "-x509", "-newkey",
			     "rsa:2048", "-nodes", "-days", "90", "-subj",
			     "/CN=reader", "-keyout", path, "-out", path,
			     (char *)NULL);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		BUG("no certificate");
}

/* Lines before the rest, until it has that size. */
static void
pad(const char *path, const char *rest, size_t size)
{
	FILE *file = fopen(path, "w");
	size_t left = size - strlen(rest);

	if (!file)
		BUG("no file");
	while (left--)
		(void)fputc('\n', file);	/* fclose() tells */
	(void)fputs(rest, file);		/* likewise */
	if (fclose(file))
		BUG("a file that cannot be written");
}

static const char *
read_whole(const char *path)
{
	char *text = arena_alloc(arena, 16384);
	FILE *file = fopen(path, "r");
	size_t length = file ? fread(text, 1, 16383, file) : 0;

	if (!length || fclose(file))
		BUG("a file that cannot be read");
	text[length] = '\0';
	return text;
}

/* What loading it says; `ends_out` may be NULL. */
static const char *
load_with(const char *proof, instant_ms now, int64_t *ends_out)
{
	const char *text = arena_printf(arena,
		"app reader { client 6f9c1d0e-0000-4000-8000-000000000001 %s "
		"}\n", proof);
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t", text, diag);
	struct buf said = BUF_INIT;
	app_list apps = { 0 };
	const char *copy;

	apps_load(conf, now, diag, &apps);
	diag_print(diag, &said);
	if (ends_out)
		*ends_out = apps.count ? apps.items[0]->ends_s : 0;
	copy = arena_strdup(arena, said.data);
	buf_release(&said);
	return copy;
}

static void
test_certificate(void)
{
	const char *path = temporary_file(), *proof, *pem;
	const instant_ms month = INT64_C(30) * 86400 * 1000;
	int64_t ends_s;

	make_certificate(path);
	proof = arena_printf(arena, "certificate-file %s", path);
	is(load_with(proof, 0, &ends_s), "", "a certificate is read");
	is(load_with(proof, ends_s * 1000 - month, NULL), "",
	   "thirty days before its end nothing is said");
	ok(strstr(load_with(proof, ends_s * 1000 - month + 1000, NULL),
		  "ends in 29 days"), "then it is");
	ok(strstr(load_with(proof, ends_s * 1000, NULL), "has expired"),
	   "and that it has ended");
	pem = read_whole(path);
	pad(path, pem, 1 << 20);
	is(load_with(proof, 0, NULL), "", "it may stand in a MiB");
	pad(path, pem, (1 << 20) + 1);
	ok(strstr(load_with(proof, 0, NULL), path), "but not in more");
	(void)unlink(path);
}

static void
test_authorities(void)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	const char *path = temporary_file();
	const char *proof = arena_printf(arena, "secret-file %s ca-file %s",
					 secret, path);

	pad(path, begin, 16 << 20);
	is(load_with(proof, 0, NULL), "", "authorities may have 16 MiB");
	pad(path, begin, (16 << 20) + 1);
	ok(strstr(load_with(proof, 0, NULL), path), "but not more");
	(void)unlink(path);
}

int
main(void)
{
	int fd = mkstemp(temporary(secret));
	size_t i;

	ok(fd >= 0 && write(fd, "s\n", 2) == 2, "there is a secret");
	arena = arena_create();
	for (i = 0; i < sizeof(clouds) / sizeof(*clouds); i++)
		test_cloud(i);
	test_china();
	test_certificate();
	test_authorities();
	arena_destroy(&arena);
	(void)close(fd);
	(void)unlink(secret);
	return tap_done();
}
