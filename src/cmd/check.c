/* check: load everything with the loader of the daemon and say what it found.
 */
#include "cmd/load.h"

enum { OPTION_JSON, OPTION_STRICT };

static bool
print_json(const struct generation *generation)
{
	struct buf out = BUF_INIT;
	bool good;

	diag_print_json(generation->diag, &out);
	good = cmd_print(&out);
	buf_release(&out);
	return good;
}

static const char *
s(size_t count)
{
	return count == 1 ? "" : "s";
}

static void
print_summary(const struct generation *generation)
{
	size_t errors = diag_errors(generation->diag);
	size_t warnings = diag_warnings(generation->diag), rules = 0, i;
	size_t customers = generation->ruleset->customer_count;

	for (i = 0; i < customers; i++)
		rules += generation->ruleset->customers[i].rule_count;
	fprintf(stderr, "%s: %zu error%s, %zu warning%s; %zu customer%s, "
		"%zu rule%s\n", generation->conf->path, errors, s(errors),
		warnings, s(warnings), customers, s(customers), rules,
		s(rules));
}

static int
run(const struct cmd_line *line)
{
	struct clock clock = clock_system();
	struct generation *generation;
	bool good;

	if (line->count)
		return cmd_usage("'%s' is not expected; the main file is given "
				 "with -c", line->words[0]);
	generation = generation_load(line->conf, NULL, clock.now(&clock));
	good = generation_good(generation) &&
	       !(line->values[OPTION_STRICT] &&
		 diag_warnings(generation->diag));
	if (line->values[OPTION_JSON]) {
		good &= print_json(generation);
	} else {
		cmd_print_findings(generation);
		print_summary(generation);
	}
	generation_destroy(&generation);
	return good ? CMD_OK : CMD_NO;
}

const struct command cmd_check = {
	.name = "check",
	.words = "",
	.summary = "Find everything that is wrong with the configuration",
	.options = {
		[OPTION_JSON] = { "json", NULL, "one finding a line, as JSON" },
		[OPTION_STRICT] = { "strict", NULL, "warnings fail too" },
	},
	.run = run,
};
