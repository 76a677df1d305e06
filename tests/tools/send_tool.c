/*
 * The send layer driven by hand: send_tool CONFIG MESSAGE
 *
 * Loads the relays of CONFIG and obeys each line of standard input:
 *
 *	send SENDER RECIPIENT	deliver MESSAGE through the first relay
 *	pass SECONDS		let that time pass for the clock
 *	rest			close idle connections
 *	submit RELAY RECIPIENT	to a pool of four threads
 *	collect COUNT		wait for so many results of the pool
 *	drain MILLISECONDS	end the pool
 *
 * One JSON object is printed for each delivery. MESSAGE is made CRLF. At SIGUSR1
 * it gives up what is under way.
 */
#include "base/diag.h"
#include "base/file.h"
#include "base/json.h"
#include "conf/conf.h"
#include "net/transfer.h"
#include "send/relay.h"
#include "deliver/sender_pool.h"

#include <poll.h>
#include <signal.h>

enum { POOL_THREADS = 4, POOL_SPARE = 1 };

struct tool {
	struct clock clock;	/* `fixed` is what has passed besides */
	struct buf message;
	const struct relay_set *relays;
	struct sender *sender;
	struct sender_pool *pool;
};

static const char *const outcomes[] = {
	[OUTCOME_OK] = "ok",
	[OUTCOME_TEMPORARY] = "temporary",
	[OUTCOME_PERMANENT] = "permanent",
};

static atomic_bool stop;

static instant_ms
shifted_now(const struct clock *clock)
{
	struct clock system = clock_system();

	return system.now(&system) + clock->fixed;
}

static void
on_signal(int number)
{
	(void)number;
	atomic_store(&stop, true);
}

static void
print_result(const struct send_result *result)
{
	struct json *json = json_object();
	struct buf out = BUF_INIT;

	json_set_text(json, "outcome", outcomes[result->outcome]);
	json_set_bool(json, "maybe", result->maybe_delivered);
	json_set_bool(json, "mend", result->needs_mending);
	json_set_bool(json, "stopped", result->was_stopped);
	json_set_integer(json, "code", result->reply_code);
	json_set_text(json, "step", result->step);
	json_set_integer(json, "ms", result->duration_ms);
	json_set_text(json, "host", result->host.data);
	json_set_text(json, "text", result->text.data);
	json_set_text(json, "passed_over", result->passed_over.data);
	json_print(json, &out);
	puts(out.data);
	fflush(stdout);
	buf_release(&out);
	json_destroy(&json);
}

static struct send_job
job_to(const struct tool *tool, const char *from, const char *to)
{
	return (struct send_job){
		.sender = from,
		.address = to,
		.body = tool->message.data,
		.length = tool->message.len,
		.message_id = "<one@send.example>",
	};
}

static void
do_send(struct tool *tool, const char *from, const char *to)
{
	struct send_job job = job_to(tool, strcmp(from, "<>") ? from : "", to);
	struct send_result result = SEND_RESULT_INIT;

	send_deliver(tool->sender, *relay_list(tool->relays), &job, &result);
	print_result(&result);
	send_result_release(&result);
}

static void
do_pass(struct tool *tool, const char *seconds, const char *unused)
{
	(void)unused;
	tool->clock.fixed += strtol(seconds, NULL, 10) * 1000;
}

static void
do_rest(struct tool *tool, const char *unused, const char *unused_too)
{
	(void)unused, (void)unused_too;
	sender_rest(tool->sender);
}

static void
do_submit(struct tool *tool, const char *relay, const char *to)
{
	struct send_job job = job_to(tool, "tocsin@mssp.example", to);

	if (!tool->pool)
		tool->pool = sender_pool_create(POOL_THREADS, POOL_SPARE,
						&tool->clock);
	sender_pool_submit(tool->pool, 1, relay_find(tool->relays, relay),
			   POOL_THREADS, &job);
}

static size_t
print_results(struct sender_pool *pool)
{
	struct sender_done *done = sender_pool_results(pool);
	size_t count = 0;

	for (; done; sender_done_destroy(&done), count++)
		print_result(&done->result);
	return count;
}

static void
do_collect(struct tool *tool, const char *number, const char *unused)
{
	struct pollfd fd = { sender_pool_fd(tool->pool), POLLIN, 0 };
	size_t count = strtoul(number, NULL, 10), got = 0;

	(void)unused;
	while (got < count && poll(&fd, 1, -1) > 0)
		got += print_results(tool->pool);
}

static void
do_drain(struct tool *tool, const char *patience_ms, const char *unused)
{
	(void)unused;
	sender_pool_drain(tool->pool, strtol(patience_ms, NULL, 10));
	(void)print_results(tool->pool);	/* however many */
	sender_pool_destroy(&tool->pool);
}

static const struct {
	const char *name;
	void (*run)(struct tool *tool, const char *one, const char *two);
} commands[] = {
	{ "send", do_send },	{ "pass", do_pass },
	{ "rest", do_rest },	{ "submit", do_submit },
	{ "collect", do_collect }, { "drain", do_drain },
};

static void
obey(struct tool *tool)
{
	char line[1024], name[20], one[400], two[400];
	size_t i;

	while (fgets(line, sizeof(line), stdin)) {
		name[0] = one[0] = two[0] = '\0';
		(void)sscanf(line, "%19s %399s %399s", name, one, two);
		for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
			if (!strcmp(commands[i].name, name))
				commands[i].run(tool, one, two);
	}
}

static void
read_message(const char *path, struct buf *message)
{
	struct buf raw = BUF_INIT, error = BUF_INIT;
	size_t i;

	if (file_read(path, 100 << 20, &raw, &error) != OUTCOME_OK) {
		fprintf(stderr, "%s\n", error.data);
		exit(1);
	}
	for (i = 0; i < raw.len; i++) {
		if (raw.data[i] == '\n' && (!i || raw.data[i - 1] != '\r'))
			buf_putc(message, '\r');
		buf_putc(message, raw.data[i]);
	}
	buf_release(&raw);
}

static void
load(struct tool *tool, struct arena *arena, const char *path)
{
	struct diag *diag = diag_create(arena);
	struct buf text = BUF_INIT;

	tool->relays = relay_load(conf_load(arena, path, NULL, diag), "state",
				  "tool.mssp.example", diag);
	diag_print(diag, &text);
	fputs(text.data, stderr);
	if (diag_errors(diag))
		exit(1);
	buf_reset(&text);
	if (transfer_setup(&text) != OUTCOME_OK) {
		fprintf(stderr, "%s\n", text.data);
		exit(1);
	}
	buf_release(&text);
}

int
main(int argc, char **argv)
{
	struct arena *arena = arena_create();
	struct tool tool = {
		.clock = { .now = shifted_now },
		.message = BUF_INIT,
	};

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, on_signal);
	load(&tool, arena, argv[1]);
	read_message(argv[2], &tool.message);
	tool.sender = sender_create(&tool.clock, &stop);
	obey(&tool);
	sender_destroy(&tool.sender);
	buf_release(&tool.message);
	arena_destroy(&arena);
	return 0;
}
