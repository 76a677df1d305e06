#include "deliver/sender_pool.h"

#include "base/file.h"
#include "send/channel.h"
#include "send/relay_smtp.h"
#include "tap.h"
#include "temporary.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE "Subject: alert\r\n\r\n.\r\nA device was seen.\r\n"

static char folder[TEMPORARY_LENGTH];
static struct arena *arena;
static struct clock now;

static struct relay
maildir_relay(const char *name)
{
	return (struct relay){
		.name = name,
		.channel = &channel_maildir,
		.folder = arena_printf(arena, "%s/%s", folder, name),
	};
}

static struct send_job
job_to(const char *recipient)
{
	return (struct send_job){
		.sender = "tocsin@mssp.example",
		.address = recipient,
		.body = MESSAGE,
		.length = strlen(MESSAGE),
		.message_id = "<1@mssp.example>",
	};
}

static enum outcome
deliver(const struct relay *relay, const struct send_job *job,
	struct send_result *result)
{
	struct sender *sender = sender_create(&now, NULL);

	send_deliver(sender, relay, job, result);
	sender_destroy(&sender);
	return result->outcome;
}

/* How many files there are, and the path of one of them. */
static size_t
count_files(const struct relay *relay, const char *name, const char **path_out)
{
	char *path = arena_printf(arena, "%s/%s", relay->folder, name);
	DIR *directory = opendir(path);
	struct dirent *entry;
	size_t count = 0;

	while (directory && (entry = readdir(directory))) {
		if (*entry->d_name == '.')
			continue;
		count++;
		*path_out = arena_printf(arena, "%s/%s", path, entry->d_name);
	}
	if (directory)
		(void)closedir(directory);
	return count;
}

static void
test_maildir(void)
{
	struct relay relay = maildir_relay("box");
	struct send_result result = SEND_RESULT_INIT;
	struct send_job job = job_to("ana@mssp.example");
	struct buf text = BUF_INIT, error = BUF_INIT;
	const char *path = "";
	struct stat stat_now;

	is_int(deliver(&relay, &job, &result), OUTCOME_OK,
	       "a Maildir that does not exist yet takes a mail");
	is(result.step, "file", "the step is named");
	is(result.host.data, relay.folder, "and where it went");
	is_int((long long)count_files(&relay, "new", &path), 1,
	       "one file is in new/");
	is_int((long long)count_files(&relay, "tmp", &path), 0,
	       "and none is left in tmp/");
	(void)count_files(&relay, "new", &path);
	(void)file_read(path, 1000, &text, &error);
	is(text.data, "Return-Path: <tocsin@mssp.example>\n"
	   "Delivered-To: ana@mssp.example\n"
	   "Subject: alert\n\n.\nA device was seen.\n",
	   "with the envelope on top and LF line ends");
	ok(!stat(path, &stat_now) && (stat_now.st_mode & 0777) == 0600,
	   "readable by nobody else");
	send_result_release(&result);
	buf_release(&text);
	buf_release(&error);
}

static void
test_maildir_again(void)
{
	struct relay relay = maildir_relay("again");
	struct send_result result = SEND_RESULT_INIT;
	struct send_job job = job_to("ana@mssp.example");
	const char *path;

	(void)deliver(&relay, &job, &result);
	(void)deliver(&relay, &job, &result);
	is_int((long long)count_files(&relay, "new", &path), 1,
	       "the same delivery again replaces its unread copy");
	job = job_to("bob@mssp.example");
	(void)deliver(&relay, &job, &result);
	job.message_id = "<2@mssp.example>";
	(void)deliver(&relay, &job, &result);
	is_int((long long)count_files(&relay, "new", &path), 3,
	       "another recipient or Message-ID is another file");
	send_result_release(&result);
}

static void
test_maildir_fails(void)
{
	struct relay relay = maildir_relay("no/such/place");
	struct send_result result = SEND_RESULT_INIT;
	struct send_job job = job_to("ana@mssp.example");

	is_int(deliver(&relay, &job, &result), OUTCOME_TEMPORARY,
	       "a Maildir that cannot be made is tried again");
	ok(result.needs_mending, "and somebody has to look");
	ok(strstr(result.text.data, "no/such/place: No such file"),
	   "at this: %s", result.text.data);
	send_result_release(&result);
}

static const char *const no_addresses[] = {
	"", "ana", "ana@", "@x.example", "a b@x.example", "a>@x.example",
	"a@x.example\r\nRCPT TO:<b@x.example>", "a@x.example\n", "a\x01@b.c",
	"\xff@x.example",
};

static void
test_addresses(void)
{
	struct relay relay = maildir_relay("nothing");
	size_t i;

	for (i = 0; i < sizeof(no_addresses) / sizeof(*no_addresses); i++) {
		struct send_result result = SEND_RESULT_INIT;
		struct send_job job = job_to(no_addresses[i]);
		const char *path;

		ok(deliver(&relay, &job, &result) == OUTCOME_PERMANENT &&
		   !count_files(&relay, "new", &path),
		   "what is no address is refused before any channel: case %zu",
		   i);
		send_result_release(&result);
	}
}

static const char *const bad_lines[] = {
	"Subject: x\n\r\n", "Subject: x\r\n\r\nbody", "a\rb\r\n", "\n",
	"a\r\n.\nMAIL FROM:<x@x.example>\r\n", "a\r\r\n",
};

/* It is our own fault, so it must stop the program; in a child, here. */
static void
test_lines(void)
{
	struct relay relay = maildir_relay("nothing");
	int status = 0;
	size_t i;

	for (i = 0; i < sizeof(bad_lines) / sizeof(*bad_lines); i++) {
		struct send_result result = SEND_RESULT_INIT;
		struct send_job job = job_to("ana@mssp.example");
		pid_t child;

		job.body = bad_lines[i];
		job.length = strlen(bad_lines[i]);
		fflush(stdout);
		child = fork();
		if (!child) {
			(void)!freopen("/dev/null", "w", stderr);
			(void)deliver(&relay, &job, &result);
			_exit(0);
		}
		ok(waitpid(child, &status, 0) == child && WIFSIGNALED(status),
		   "a line that does not end in CR LF is a bug: case %zu", i);
	}
}

static size_t
take_results(struct sender_pool *pool, size_t *stopped_out)
{
	struct sender_done *done = sender_pool_results(pool);
	size_t count = 0;

	for (; done; sender_done_destroy(&done), count++)
		*stopped_out += done->result.was_stopped;
	return count;
}

static void
test_pool(void)
{
	struct relay relay = maildir_relay("pool");
	struct sender_pool *pool = sender_pool_create(4, 1, &now);
	struct pollfd fd = { sender_pool_fd(pool), POLLIN, 0 };
	size_t got = 0, stopped = 0, i;
	const char *path;

	for (i = 0; i < 20; i++) {
		char address[40];
		struct send_job job;

		(void)snprintf(address, sizeof(address), "p%zu@x.example", i);
		job = job_to(address);
		sender_pool_submit(pool, i, &relay, 3, &job);
		memset(address, 'x', sizeof(address));	/* it was copied */
	}
	while (got < 20 && poll(&fd, 1, 20000) > 0)
		got += take_results(pool, &stopped);
	is_int((long long)got, 20, "each job has one result");
	is_int((long long)count_files(&relay, "new", &path), 20,
	       "and one delivery");
	is_int(poll(&fd, 1, 0), 0, "the descriptor is quiet when all is taken");
	sender_pool_drain(pool, 1000);
	is_int((long long)take_results(pool, &stopped), 0,
	       "draining an idle pool gives nothing back");
	sender_pool_submit(pool, 1, &relay, 3, &(struct send_job){
		.sender = "", .address = "a@x.example", .body = "",
		.message_id = "m" });
	is_int((long long)take_results(pool, &stopped), 1, "what a drained "
	       "pool is handed comes back at once");
	is_int((long long)stopped, 1, "not begun");
	sender_pool_destroy(&pool);
	ok(!pool, "and can be destroyed");
}

static void
test_pool_full(void)
{
	enum { JOBS = 1000 };
	struct relay relay = maildir_relay("full");
	struct sender_pool *pool = sender_pool_create(2, 1, &now);
	struct send_job job = job_to("ana@mssp.example");
	size_t stopped = 0, i;

	for (i = 0; i < JOBS; i++)
		sender_pool_submit(pool, i, &relay, 1, &job);
	sender_pool_drain(pool, 5000);
	is_int((long long)take_results(pool, &stopped), JOBS,
	       "each job comes back from a drained pool, begun or not");
	ok(stopped > 0 && stopped <= JOBS, "those not begun say so: %zu",
	   stopped);
	sender_pool_destroy(&pool);
}

/* A server that takes connections and never says a word. */
static int
listen_silently(unsigned int *port_out)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) ||
	    listen(fd, 20) ||
	    getsockname(fd, (struct sockaddr *)&address, &length))
		printf("Bail out! no server\n");
	*port_out = ntohs(address.sin_port);
	return fd;
}

static struct relay
silent_relay(const char *name, unsigned int port)
{
	struct relay_smtp *settings = arena_alloc(arena, sizeof(*settings));
	struct relay_host host = {
		.label = "127.0.0.1",
		.server = {
			.host = "127.0.0.1",
			.port = port,
			.tls = SMTP_TLS_NONE,
			.timeout_ms = 600 * 1000,	/* longer than a test */
		},
	};

	vec_push(arena, &settings->hosts, host);
	return (struct relay){
		.name = arena_strdup(arena, name),
		.channel = &channel_smtp,
		.settings = settings,
	};
}

/* How many connections wait to be accepted, and are accepted here. */
static size_t
count_connections(int fd)
{
	struct pollfd event = { fd, POLLIN, 0 };
	size_t count = 0;

	while (poll(&event, 1, count ? 300 : 20000) > 0 && count < 100) {
		if (accept(fd, NULL, NULL) < 0)
			break;
		count++;
	}
	return count;
}

static void
test_pool_share(void)
{
	enum { THREADS = 6, SPARE = 2, GOOD = 99 };
	unsigned int port;
	int fd = listen_silently(&port);
	struct relay before = silent_relay("dead", port);
	struct relay after = silent_relay("dead", port);
	struct relay second = silent_relay("dead too", port);
	struct relay good = maildir_relay("share");
	struct sender_pool *pool = sender_pool_create(THREADS, SPARE, &now);
	struct pollfd event = { sender_pool_fd(pool), POLLIN, 0 };
	struct send_job job = job_to("ana@mssp.example");
	struct sender_done *done;
	size_t i;

	for (i = 0; i < THREADS; i++) {
		sender_pool_submit(pool, i, &before, 3, &job);
		sender_pool_submit(pool, i, &after, 3, &job);
		sender_pool_submit(pool, i, &second, 3, &job);
	}
	is_int((long long)count_connections(fd), THREADS - SPARE,
	       "relays that hang leave the spare threads to others");
	sender_pool_submit(pool, GOOD, &good, 1, &job);
	(void)poll(&event, 1, 20000);
	done = sender_pool_results(pool);
	ok(done && done->id == GOOD, "one that works does not wait for them");
	while (done)
		sender_done_destroy(&done);
	sender_pool_destroy(&pool);
	(void)close(fd);
}

/* A relay that worked, and then hangs. */
static void
test_pool_newcomer(void)
{
	enum { THREADS = 6, SPARE = 2, GOOD = 99 };
	unsigned int port;
	int fd = listen_silently(&port);
	struct relay works = maildir_relay("newcomer");
	struct relay hangs = silent_relay("newcomer", port);
	struct relay good = maildir_relay("other");
	struct sender_pool *pool = sender_pool_create(THREADS, SPARE, &now);
	struct pollfd event = { sender_pool_fd(pool), POLLIN, 0 };
	struct send_job job = job_to("ana@mssp.example");
	struct sender_done *done;
	size_t i, stopped = 0;

	sender_pool_submit(pool, 1, &works, THREADS, &job);
	(void)poll(&event, 1, 20000);
	is_int((long long)take_results(pool, &stopped), 1, "a relay works");
	for (i = 0; i < 2 * THREADS; i++)
		sender_pool_submit(pool, i, &hangs, 2 * THREADS, &job);
	ok(count_connections(fd) < THREADS, "and may use many threads");
	sender_pool_submit(pool, GOOD, &good, 1, &job);
	(void)poll(&event, 1, 20000);
	done = sender_pool_results(pool);
	ok(done && done->id == GOOD, "when it hangs at once, another one finds "
	   "a thread all the same");
	while (done)
		sender_done_destroy(&done);
	sender_pool_recall(pool, "newcomer");
	ok(take_results(pool, &stopped) > THREADS, "what waits for it can be "
	   "called back");
	sender_pool_destroy(&pool);
	(void)close(fd);
}

static void
test_pool_abreast(void)
{
	unsigned int port;
	int fd = listen_silently(&port);
	struct relay before = silent_relay("slow", port);
	struct relay after = silent_relay("slow", port);
	struct sender_pool *pool = sender_pool_create(12, 2, &now);
	struct send_job job = job_to("ana@mssp.example");
	size_t i;

	for (i = 0; i < 5; i++) {
		sender_pool_submit(pool, i, &before, 2, &job);
		sender_pool_submit(pool, i, &after, 2, &job);
	}
	is_int((long long)count_connections(fd), 2, "no more are sent at once "
	       "than was said, before a reload and after it");
	sender_pool_limit(pool, "slow", 5);
	is_int((long long)count_connections(fd), 3, "until more is said");
	sender_pool_destroy(&pool);
	(void)close(fd);
}

static void
test_setup(void)
{
	struct buf error = BUF_INIT;

	ok(transfer_setup(&error) == OUTCOME_OK,
	   "libcurl is the OpenSSL flavour %s", error.data);
	buf_release(&error);
}

static void
remove_tree(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char *inside = arena_printf(arena, "%s/%s", path,
					    entry->d_name);

		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_tree(inside);
	}
	if (directory)
		(void)closedir(directory);
	(void)remove(path);	/* a rest in /tmp harms nobody */
}

int
main(void)
{
	arena = arena_create();
	now = clock_system();
	if (!mkdtemp(temporary(folder)))
		return 1;
	test_setup();
	test_maildir();
	test_maildir_again();
	test_maildir_fails();
	test_addresses();
	test_lines();
	test_pool();
	test_pool_full();
	test_pool_share();
	test_pool_newcomer();
	test_pool_abreast();
	remove_tree(folder);
	arena_destroy(&arena);
	return tap_done();
}
