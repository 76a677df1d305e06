/*
 * check: load everything with the loader of the daemon and say what it found;
 * as the daemon would, who may read and write less than root.
 */
#include "cmd/load.h"

#include "base/file.h"
#include "base/owner.h"
#include "cmd/replacing.h"
#include "cmd/unit.h"
#include "conf/conf.h"
#include "daemon/last_good.h"
#include "pipeline/replacement.h"

#include <errno.h>
#include <unistd.h>

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

/* Whose the state is stands in the main file, which root reads for that. */
static bool
act_as_owner(const char *path)
{
	struct arena *arena;
	struct settings settings;
	struct diag *diag;
	bool good = true;

	if (geteuid())
		return true;
	arena = arena_create();
	diag = diag_create(arena);
	settings = settings_load(conf_load(arena, path, NULL, diag), diag);
	if (!owner_become(settings.state)) {
		(void)cmd_fail("cannot act as the owner of %s: %s",
			       settings.state, strerror(errno));
		good = false;
	}
	arena_destroy(&arena);
	return good;
}

static void
check_folder(const struct generation *g, const struct unit *unit,
	     const char *folder, struct diag_place place)
{
	char *real = realpath(folder, NULL);
	const char *path = real ? real : folder;

	if (*path == '/' && !unit_allows(unit, path))
		diag_error(g->diag, place, arena_printf(g->arena,
				"systemctl edit tocsin, and write below "
				"[Service]: ReadWritePaths=%s", path),
			   "%s does not let the daemon write in %s",
			   unit->file, path);
	free(real);
}

/* Where the setting stands, or the main file when it is the default. */
static struct diag_place
place_of(const struct generation *g, const char *setting)
{
	const struct conf_node *node = conf_find(&g->conf->nodes, setting);

	return node ? conf_word(node, 0).place :
	       (struct diag_place){ g->conf->files.items[0], DIAG_WHOLE_FILE,
				    0 };
}

/* Nothing, if another configuration is what the unit runs with. */
static void
check_unit(const struct generation *g)
{
	const char *const *name = relay_names(g->relays);
	const char *file = store_file(g->settings.store);
	struct unit unit;

	unit_find(g->arena, &unit);
	if (!unit.file || !unit.conf || strcmp(unit.conf, g->conf->path))
		return;
	check_folder(g, &unit, g->settings.state, place_of(g, "state"));
	check_folder(g, &unit, g->settings.spool, place_of(g, "spool"));
	if (file)
		check_folder(g, &unit, file_folder(g->arena, file),
			     place_of(g, "store"));
	for (; *name; name++) {
		const struct relay *relay = relay_find(g->relays, *name);

		if (relay->folder)
			check_folder(g, &unit, relay->folder,
				     place_of(g, "relay"));
	}
}

/* Who is on duty by command is not in the files, and they may have changed
 * under it. Not while there are errors: names may be missing then. */
static void
check_replacements(const struct generation *g, instant_ms now)
{
	struct store_replacements stored;

	if (generation_good(g) && replacing_load(g, g->arena, &stored))
		replacements_check(g, &stored, now);
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
	if (!act_as_owner(line->conf))
		return CMD_NO;
	generation = generation_look(line->conf, NULL, clock.now(&clock));
	last_good_blame(generation);
	check_unit(generation);
	check_replacements(generation, clock.now(&clock));
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
