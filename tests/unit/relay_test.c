#include "conf/conf.h"
#include "send/relay.h"

#include "base/file.h"
#include "base/hostname.h"
#include "send/channel.h"
#include "send/relay_smtp.h"
#include "tap.h"
#include "temporary.h"

#include <sys/stat.h>
#include <unistd.h>

#define SECRET "correct horse"

static char folder[TEMPORARY_LENGTH];
static struct arena *arena;
static const char *hello = "smtp1.mssp.example";

static const struct relay_set *
load(const char *text, struct buf *said)
{
	struct diag *diag = diag_create(arena);
	char *name = arena_printf(arena, "%s/tocsin.conf", folder);
	const struct relay_set *set;

	set = relay_load(conf_load_text(arena, name, text, diag), "/state",
			 hello, diag);
	diag_print(diag, said);
	return set;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	char *path = arena_printf(arena, "%s/%s", folder, name);
	struct buf error = BUF_INIT;

	if (file_replace(path, text, strlen(text), 0600, &error) ||
	    chmod(path, mode))
		printf("Bail out! %s\n", error.data);
	buf_release(&error);
}

/* What is wrong, and what is said of it: the place and the sentence of the
 * first finding, "" for none. */
static const struct {
	const char *text, *want;
} findings[] = {
	{ "relay r { smtp a.example }", "" },
	{ "relay r { smtp 127.0.0.1, localhost:25, [::1] tls none }", "" },
	{ "relay r { maildir box }", "" },
	{ "relay r { }", "1:1: error: relay 'r' does not say where mail goes "
	  "(add 'smtp HOST' or 'maildir PATH')" },
	{ "relay r { smtp a.example maildir box }", "1:26: error: a relay "
	  "cannot be both 'smtp' and 'maildir' (make it two relays)" },
	{ "relay r { smtp a.example } relay r { maildir b }",
	  "1:34: error: relay 'r' is defined twice (choose another name; "
	  "the other is in line 1)" },
	{ "relay r { maildir box tls none }", "1:23: error: 'tls' has no "
	  "meaning in a maildir relay" },
	{ "relay r { smtp a.example tls requird }", "1:30: error: " },
	{ "relay r { smtp a.example:0 }", "1:16: error: 'a.example:0' is not "
	  "a host (write HOST or HOST:PORT)" },
	{ "relay r { smtp a.example:70000 }", "1:16: error: " },
	{ "relay r { smtp \"a b\" }", "1:16: error: 'a b' is not a host "
	  "(write HOST or HOST:PORT)" },
	{ "relay r { smtp user@a.example }", "1:16: error: " },
	{ "relay r { smtp a.example/x }", "1:16: error: " },
	{ "relay r { smtp [::1 }", "1:16: error: " },
	{ "relay r { smtp \"\" }", "1:16: error: " },
	{ "relay r { smtp a.example tls none }", "1:30: warning: alerts travel "
	  "to a.example:587 readable and changeable by everybody on the way "
	  "('tls required' or 'tls implicit')" },
	{ "relay r { smtp a.example tls none login u password-file good }",
	  "1:30: warning: alerts and the password travel to a.example:587 "
	  "readable" },
	{ "relay r { smtp 127.0.0.1, 10.0.0.1 tls none }", "1:40: warning: "
	  "alerts travel to 10.0.0.1:587 " },
	{ "relay r { smtp a.example login u }", "1:26: error: 'login' needs a "
	  "password (add password-file)" },
	{ "relay r { smtp a.example password-file good }", "1:26: error: "
	  "'password-file' needs a user name (add login)" },
	{ "relay r { smtp a.example auth plain }", "1:26: error: 'auth' needs "
	  "a user name (add login and password-file)" },
	{ "relay r { smtp a.example login u password-file open }",
	  "1:48: error: " },
	{ "relay r { smtp a.example login u password-file empty }",
	  "1:48: error: " },
	{ "relay r { smtp a.example login u password-file none }",
	  "1:48: error: cannot open " },
	{ "relay r { smtp a.example ca-file none }", "1:34: error: cannot "
	  "open " },
	{ "relay r { smtp a.example ca-file good }", "1:34: error: " },
	{ "relay r { smtp localhost tls none ca-file ca }", "1:35: error: "
	  "'ca-file' has no meaning with 'tls none' (remove one of them)" },
	{ "relay r { smtp a.example timeout 0s }", "1:34: error: a server "
	  "cannot be given 0s to answer (from 1s to 1h)" },
	{ "relay r { smtp a.example timeout 2h }", "1:34: error: a server " },
	{ "relay r { smtp a.example timeout soon }", "1:34: error: 'soon' is "
	  "no duration" },
	{ "relay r { smtp a.example hello \"x y\" }", "1:32: error: 'x y' is "
	  "not the name of a host" },
};

static void
test_findings(void)
{
	struct buf said = BUF_INIT;
	size_t i, skip = strlen(folder) + strlen("/tocsin.conf:");

	for (i = 0; i < sizeof(findings) / sizeof(*findings); i++) {
		const char *want = findings[i].want, *got;

		buf_reset(&said);
		(void)load(findings[i].text, &said);
		got = said.len ? said.data + skip : "";
		if (!ok(!strncmp(got, want, strlen(want)) && !*want == !*got,
			"%s", findings[i].text))
			printf("#  got: %s\n# want: %s\n", got, want);
		if (strstr(said.data, SECRET))
			ok(false, "the password is in a diagnostic");
	}
	buf_release(&said);
}

static void
test_smtp(void)
{
	struct buf said = BUF_INIT;
	const struct relay_set *set = load(
		"relay a { smtp one.example, two.example:2525, [::1]:25\n"
		"  ca-file ca login tocsin password-file good auth login\n"
		"  timeout 2m hello relay.example }\n"
		"relay b { smtp three.example tls implicit }\n", &said);
	const struct relay *relay = relay_find(set, "a");
	const struct relay_smtp *settings = relay ? relay->settings : NULL;
	const struct smtp_server *server;

	is(said.data, "", "a full relay loads");
	ok(relay && relay == *relay_list(set), "the first is the first of the list");
	if (!settings || settings->hosts.count != 3)
		return;
	ok(relay->channel == &channel_smtp, "it is an SMTP relay");
	is(settings->hosts.items[0].label, "one.example:587", "port 587 unless "
	   "said otherwise");
	is(settings->hosts.items[1].label, "two.example:2525", "a port of its "
	   "own");
	is(settings->hosts.items[2].server.host, "[::1]", "an IPv6 address");
	server = &settings->hosts.items[2].server;
	is_int(server->port, 25, "and its port");
	is_int(server->tls, SMTP_TLS_REQUIRED, "encryption is required");
	is(server->user, "tocsin", "the user");
	is(server->password, SECRET, "the first line of the password file");
	is_int(server->auth, SMTP_AUTH_LOGIN, "the way to log in");
	is_int(server->timeout_ms, 120000, "the time-out");
	is(server->hello, "relay.example", "the name for EHLO");
	ok(strstr(server->ca_file, folder) == server->ca_file,
	   "a path is seen from the file that says it");
	relay = relay_find(set, "b");
	settings = relay->settings;
	is(settings->hosts.items[0].label, "three.example:465", "port 465 for "
	   "implicit TLS");
	is(relay_names(set)[1], "b", "all names are known");
	ok(!relay_names(set)[2] && !relay_find(set, "c"), "and no others");
	buf_release(&said);
}

/* The name that a relay says in EHLO, and what is said of it. */
static const struct {
	const char *machine, *text, *want, *warning;
} names[] = {
	{ "smtp1.mssp.example", "relay a { smtp mx.example }",
	  "smtp1.mssp.example", "" },
	{ "smtp1", "relay a { smtp mx.example }", "smtp1",
	  "servers may refuse 'smtp1'" },
	{ "smtp1", "relay a { smtp mx.example  hello relay.example }",
	  "relay.example", "" },
	{ "smtp1", "relay a { smtp localhost:25, 127.0.0.1 }", "smtp1", "" },
};

static void
test_hello(void)
{
	struct buf said = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct relay_smtp *settings;

		buf_reset(&said);
		hello = names[i].machine;
		settings = (*relay_list(load(names[i].text, &said)))->settings;
		is(settings->hosts.items[0].server.hello, names[i].want,
		   "%s of %s", names[i].text, hello);
		ok(*names[i].warning ?
		   strstr(said.data, names[i].warning) != NULL : !said.len,
		   "of which is said: %s", said.data);
	}
	hello = "smtp1.mssp.example";
	buf_release(&said);
}

static void
test_hostname(void)
{
	const char *name = hostname_full();

	ok(!name || strchr(name, '.'), "a full name has a dot");
	ok(hostname_full() == name, "and is looked up once");
}

static void
test_default(void)
{
	struct buf said = BUF_INIT;
	const struct relay *relay = *relay_list(load("", &said));

	is(said.data, "", "no relay at all is no mistake");
	is(relay->name, "maildir", "the embedded default has a name");
	is(relay->folder, "/state/outbox", "and a place in the state");
	ok(relay->channel == &channel_maildir, "and is a Maildir");
	buf_release(&said);
}

int
main(void)
{
	arena = arena_create();
	if (!mkdtemp(temporary(folder)))
		return 1;
	write_file("good", SECRET "\nnot this\n", 0600);
	write_file("open", SECRET "\n", 0644);
	write_file("empty", "\n", 0600);
	write_file("ca", "-----BEGIN CERTIFICATE-----\n", 0644);
	test_findings();
	test_smtp();
	test_hello();
	test_hostname();
	test_default();
	(void)unlink(arena_printf(arena, "%s/good", folder));
	(void)unlink(arena_printf(arena, "%s/open", folder));
	(void)unlink(arena_printf(arena, "%s/empty", folder));
	(void)unlink(arena_printf(arena, "%s/ca", folder));
	(void)rmdir(folder);
	arena_destroy(&arena);
	return tap_done();
}
