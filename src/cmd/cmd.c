#include "cmd/cmd.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

const struct command *const commands[] = {
	&cmd_check, &cmd_explain, &cmd_test, &cmd_show, &cmd_oncall, &cmd_why,
	&cmd_queue, &cmd_held, &cmd_poll, &cmd_customers, &cmd_onboard,
	&cmd_status, &cmd_reload, &cmd_forget, &cmd_backup, &cmd_restore,
	&cmd_run, NULL
};

/* Of the command that runs, for cmd_fail(). */
static const char *cmd_name = "";

/* Sentences quote file names, and those of a spool are not all ours. */
static void
say(const char *format, va_list args)
{
	struct arena *arena = arena_create();
	const char *sentence = arena_vprintf(arena, format, args);
	struct buf line = BUF_INIT;

	text_append_harmless(&line, sentence, strlen(sentence));
	fprintf(stderr, "tocsin%s%s: %s\n", *cmd_name ? " " : "", cmd_name,
		line.data);
	buf_release(&line);
	arena_destroy(&arena);
}

int
cmd_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return CMD_NO;
}

int
cmd_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "try: tocsin%s%s --help\n", *cmd_name ? " " : "",
		cmd_name);
	return CMD_USAGE;
}

bool
cmd_write(const void *bytes, size_t length)
{
	bool good = !fflush(stdout) &&
		    file_write_all(STDOUT_FILENO, bytes, length);

	if (!good)
		(void)cmd_fail("cannot write: %s", strerror(errno));
	return good;
}

bool
cmd_print(const struct buf *text)
{
	struct buf harmless = BUF_INIT;
	bool good;

	text_append_harmless(&harmless, text->data, text->len);
	good = cmd_write(harmless.data, harmless.len);
	buf_release(&harmless);
	return good;
}

static int
print_overview(void)
{
	struct buf out = BUF_INIT;
	size_t i;
	bool good;

	buf_puts(&out, "usage: tocsin COMMAND [-c FILE] [OPTION...] [WORD...]\n"
		 "\nRelays Microsoft Defender alerts to who is on call.\n\n");
	for (i = 0; commands[i]; i++)
		buf_printf(&out, "  %-9s %s\n", commands[i]->name,
			   commands[i]->summary);
	buf_puts(&out, "\n  -c FILE    the main file; default " CMD_CONF "\n"
		 "  --help     after a command: its words and options\n"
		 "  --version  print the version\n"
		 "\nManual: tocsin(7), tocsin(1), tocsin-rules(5)\n");
	good = cmd_print(&out);
	buf_release(&out);
	return good ? CMD_OK : CMD_NO;
}

static int
print_help(const struct command *command)
{
	const struct cmd_option *option;
	struct buf out = BUF_INIT, name = BUF_INIT;
	bool good;

	buf_printf(&out, "usage: tocsin %s [-c FILE]%s%s%s\n\n%s.\n",
		   command->name,
		   command->options[0].name ? " [OPTION...]" : "",
		   *command->words ? " " : "", command->words,
		   command->summary);
	if (command->detail)
		buf_printf(&out, "\n%s", command->detail);
	buf_puts(&out, "\n  -c FILE          the main file; default "
		 CMD_CONF "\n");
	for (option = command->options; option->name; option++) {
		buf_reset(&name);
		buf_printf(&name, "--%s%s%s", option->name,
			   option->argument && *option->argument != '[' ?
			   " " : "",
			   option->argument ? option->argument : "");
		buf_printf(&out, "  %-16s %s\n", name.data, option->help);
	}
	buf_puts(&out, "  --help           print this\n"
		 "  --version        print the version\n");
	good = cmd_print(&out);
	buf_release(&out);
	buf_release(&name);
	return good ? CMD_OK : CMD_NO;
}

static int
print_version(void)
{
	struct buf out = BUF_INIT;
	bool good;

	buf_puts(&out, "tocsin " TOCSIN_VERSION "\n");
	good = cmd_print(&out);
	buf_release(&out);
	return good ? CMD_OK : CMD_NO;
}

/* The index of the option `text` (without dashes, up to `=`), or -1. */
static int
find_option(const struct command *command, const char *text)
{
	size_t length = strcspn(text, "=");
	int i;

	for (i = 0; command->options[i].name; i++)
		if (strlen(command->options[i].name) == length &&
		    !strncmp(command->options[i].name, text, length))
			return i;
	return -1;
}

static int
unknown_option(const struct command *command, const char *text)
{
	const char *names[CMD_OPTIONS_MOST + 3];
	const char *nearest;
	size_t i;

	for (i = 0; command->options[i].name; i++)
		names[i] = command->options[i].name;
	names[i] = "help";
	names[i + 1] = "version";
	names[i + 2] = NULL;
	nearest = text_nearest(text + strspn(text, "-"), names);
	if (nearest)
		return cmd_usage("unknown option '%s' (did you mean '--%s'?)",
				 text, nearest);
	if (text_starts(text, "-c"))
		return cmd_usage("unknown option '%s' (write --%s, or -c %s "
				 "for a FILE)", text, text + 1, text + 2);
	return cmd_usage("unknown option '%s'", text);
}

/* Is it -c, or -cFILE with a path that no option could look like? An option
 * with one dash too few must not name a file. */
static bool
is_conf(const char *text)
{
	return text_starts(text, "-c") && (!text[2] || strchr("./", text[2]));
}

/* The file of the -c at argv[*at]; NULL when it is missing. */
static const char *
take_conf(char **argv, int *at)
{
	const char *text = argv[*at];

	return text[2] ? text + 2 : argv[++*at];
}

/* Take the option argv[*at] and its argument; CMD_OK or CMD_USAGE. */
static int
take_option(const struct command *command, char **argv, int *at,
	    struct cmd_line *line)
{
	const char *text = argv[*at], *equals;
	int i;

	if (is_conf(text)) {
		line->conf = take_conf(argv, at);
		return line->conf ? CMD_OK : cmd_usage("-c wants a FILE");
	}
	i = text_starts(text, "--") ? find_option(command, text + 2) : -1;
	if (i < 0)
		return unknown_option(command, text);
	equals = strchr(text, '=');
	if (!command->options[i].argument) {
		line->values[i] = "";
		return equals ? cmd_usage("--%s takes no argument",
					  command->options[i].name) : CMD_OK;
	}
	if (*command->options[i].argument == '[') {
		line->values[i] = equals ? equals + 1 : "";
		return CMD_OK;
	}
	line->values[i] = equals ? equals + 1 : argv[++*at];
	if (!line->values[i])
		return cmd_usage("--%s wants %s", command->options[i].name,
				 command->options[i].argument);
	return CMD_OK;
}

static bool
end_with(int status, int *status_out)
{
	*status_out = status;
	return false;
}

/* Take the command line apart; false when that is the end, with the exit
 * status. */
static bool
take_line(const struct command *command, int argc, char **argv,
	  struct cmd_line *line, int *status_out)
{
	bool options = true;
	int i;

	line->words = argv;	/* filled from the front: never overtakes i */
	for (i = 0; i < argc; i++) {
		*status_out = CMD_OK;
		if (!options || argv[i][0] != '-' || !argv[i][1])
			line->words[line->count++] = argv[i];
		else if (!strcmp(argv[i], "--"))
			options = false;
		else if (!strcmp(argv[i], "--help"))
			return end_with(print_help(command), status_out);
		else if (!strcmp(argv[i], "--version"))
			return end_with(print_version(), status_out);
		else
			*status_out = take_option(command, argv, &i, line);
		if (*status_out != CMD_OK)
			return false;
	}
	line->words[line->count] = NULL;
	return true;
}

static int
run_command(const struct command *command, const char *conf, int argc,
	    char **argv)
{
	struct cmd_line line = { .program = "tocsin", .conf = conf };
	int status = CMD_OK;

	cmd_name = command->name;
	if (take_line(command, argc, argv, &line, &status))
		return command->run(&line);
	return status == CMD_USAGE && command->usage ? command->usage
						     : status;
}

static const struct command *
find_command(const char *name)
{
	size_t i;

	for (i = 0; commands[i]; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int
unknown_command(const char *name)
{
	const char *names[64], *nearest;
	size_t i;

	for (i = 0; commands[i]; i++)
		names[i] = commands[i]->name;
	names[i] = NULL;
	nearest = text_nearest(name, names);
	if (nearest)
		return cmd_usage("unknown command '%s' (did you mean '%s'?)",
				 name, nearest);
	return cmd_usage("unknown command '%s'", name);
}

int
cmd_main(int argc, char **argv)
{
	const struct command *command;
	const char *conf = CMD_CONF;
	int at = 1;

	/* `tocsin -c FILE COMMAND` is as good as `tocsin COMMAND -c FILE`. */
	if (argc > 1 && is_conf(argv[1])) {
		conf = take_conf(argv, &at);
		if (!conf)
			return cmd_usage("-c wants a FILE");
		at++;
	}
	if (argc <= at)
		return cmd_usage("which command?");
	if (!strcmp(argv[at], "--help") || !strcmp(argv[at], "help"))
		return print_overview();
	if (!strcmp(argv[at], "--version"))
		return print_version();
	command = find_command(argv[at]);
	if (!command)
		return unknown_command(argv[at]);
	return run_command(command, conf, argc - at - 1, argv + at + 1);
}
