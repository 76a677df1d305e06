/* What the unit of systemd lets the daemon write: texts and paths, a table. */
#include "cmd/unit.h"

#include "tap.h"

static const struct {
	const char *name;
	const char *texts[3];		/* of the unit and its drop-ins */
	const char *folder;
	bool allows;
} rows[] = {
	{ "the folder of the state",
	  { "ProtectSystem=strict\nStateDirectory=tocsin\n" },
	  "/var/lib/tocsin", true },
	{ "a folder in it",
	  { "ProtectSystem=strict\nStateDirectory=tocsin\n" },
	  "/var/lib/tocsin/outbox", true },
	{ "one whose name begins so",
	  { "ProtectSystem=strict\nStateDirectory=tocsin\n" },
	  "/var/lib/tocsin2", false },
	{ "a path that may be missing",
	  { "ProtectSystem=strict\nReadWritePaths=-/var/spool/tocsin\n" },
	  "/var/spool/tocsin", true },
	{ "several of them, with a slash too many",
	  { "ProtectSystem=strict\nReadWritePaths=/a/ \"/srv/mail/\"\n" },
	  "/srv/mail/x", true },
	{ "a folder that is not named",
	  { "ProtectSystem=strict\nReadWritePaths=/a\n" }, "/srv", false },
	{ "a drop-in adds",
	  { "ProtectSystem=strict\nReadWritePaths=/a\n",
	    "[Service]\nReadWritePaths=/srv\n" }, "/srv/x", true },
	{ "or begins anew",
	  { "ProtectSystem=strict\nReadWritePaths=/a\n",
	    "ReadWritePaths=\nReadWritePaths=/srv\n" }, "/a", false },
	{ "a comment says nothing",
	  { "ProtectSystem=strict\n#ReadWritePaths=/srv\n" }, "/srv", false },
	{ "without strict all may be written",
	  { "ProtectSystem=full\n" }, "/srv", true },
};

static void
test_rows(struct arena *arena)
{
	size_t i, j;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unit unit = { 0 };

		for (j = 0; j < 3 && rows[i].texts[j]; j++)
			unit_add(arena, &unit, "x", rows[i].texts[j]);
		is_int(unit_allows(&unit, rows[i].folder), rows[i].allows,
		       "%s", rows[i].name);
	}
}

static void
test_conf(struct arena *arena)
{
	struct unit unit = { 0 };

	unit_add(arena, &unit, "x", "ExecStart=/usr/bin/tocsin run\n");
	is(unit.conf, "/etc/tocsin/tocsin.conf", "the main file is the "
	   "default");
	unit_add(arena, &unit, "x", "ExecStart=/usr/bin/tocsin run -c /a.conf");
	is(unit.conf, "/a.conf", "or what ExecStart says");
}

int
main(void)
{
	struct arena *arena = arena_create();

	test_rows(arena);
	test_conf(arena);
	arena_destroy(&arena);
	return tap_done();
}
