/*
 * Subcommands: one file with one struct each, listed in cmd.c.
 *
 * The struct is the only place that knows a command's options: it feeds the
 * parser, `--help` and the test that compares both with the manual.
 *
 * Exit statuses: 0 done; 1 the answer is no (errors found, nothing of that
 * name, the world failed); 2 wrong usage. A command that has others says so in
 * its struct.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	CMD_OK = 0,
	CMD_NO = 1,
	CMD_USAGE = 2,
	CMD_OPTIONS_MOST = 8,
};

/* The main file, unless -c says another. */
#define CMD_CONF "/etc/tocsin/tocsin.conf"

struct cmd_option {
	const char *name;	/* "json", without dashes; NULL ends a table */
	const char *argument;	/* "TIME", or NULL for a flag; "[=A|B]" of one
				   that may be without */
	const char *help;	/* one line */
};

/* A command line, taken apart. */
struct cmd_line {
	const char *program;	/* "tocsin" */
	const char *conf;	/* of -c, or the default */
	const char *values[CMD_OPTIONS_MOST];	/* by index of the option: its
						   argument, "" for a flag that
						   was given, NULL if not */
	char **words;		/* what is left, ended by NULL */
	size_t count;
};

struct command {
	const char *name;
	const char *words;	/* "FILE..." as --help shows it, or "" */
	const char *summary;	/* one line */
	const char *detail;	/* more lines for --help, or NULL */
	struct cmd_option options[CMD_OPTIONS_MOST + 1];
	int (*run)(const struct cmd_line *line);
	int usage;		/* the status of wrong usage; 0: CMD_USAGE */
};

extern const struct command cmd_backup, cmd_check, cmd_customers, cmd_explain,
	cmd_forget, cmd_held, cmd_onboard, cmd_oncall, cmd_poll, cmd_queue,
	cmd_reload, cmd_restore, cmd_run, cmd_show, cmd_status, cmd_test,
	cmd_why;

extern const struct command *const commands[];	/* ended by NULL */

/* The whole program: find the command, take the options, run it. */
int cmd_main(int argc, char **argv);

/* One sentence on standard error, with "tocsin NAME:" before it, and the
 * status: `return cmd_fail(...)`. cmd_usage() adds where help is. */
int cmd_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cmd_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Write to standard output; false and a sentence when it cannot be written.
 * This is the one door to the terminal: whatever the text holds, nothing in it
 * is obeyed. */
bool cmd_print(const struct buf *text);

/* The same for octets that are to stay as they are; when standard output is no
 * terminal. */
bool cmd_write(const void *bytes, size_t length);

#endif
