#include "cmd/unit.h"

#include "base/file.h"
#include "base/text.h"
#include "cmd/cmd.h"

#include <glob.h>
#include <unistd.h>

enum { UNIT_MOST = 1 << 20 };	/* octets of one file */

/* Those of the administrator first: the first one counts. */
static const char *const folders[] = {
	"/etc/systemd/system", "/run/systemd/system",
	"/usr/local/lib/systemd/system", "/lib/systemd/system",
	"/usr/lib/systemd/system", NULL
};

/* Directories that a service gets, and where. */
static const struct { const char *key, *top; } given[] = {
	{ "StateDirectory=", "/var/lib" }, { "CacheDirectory=", "/var/cache" },
	{ "LogsDirectory=", "/var/log" }, { "RuntimeDirectory=", "/run" },
};

/* The next word of `*at`, without the quotes that may be around it. */
static const char *
next_word(struct arena *arena, const char **at)
{
	const char *word;
	size_t length;

	*at += strspn(*at, " \t\"");
	length = strcspn(*at, " \t\"");
	word = arena_strndup(arena, *at, length);
	*at += length;
	return length ? word : NULL;
}

/* "-/srv/spool": a dash or plus says what becomes of one that is missing. */
static void
add_writable(struct arena *arena, struct unit *unit, const char *value)
{
	const char *word = next_word(arena, &value);

	if (!word)
		unit->writable.count = 0;	/* systemd.syntax(7) */
	for (; word; word = next_word(arena, &value)) {
		const char *path = word + strspn(word, "-+");

		vec_push(arena, &unit->writable, path);
	}
}

static void
add_given(struct arena *arena, struct unit *unit, const char *top,
	  const char *value)
{
	const char *word;

	while ((word = next_word(arena, &value))) {
		const char *path = arena_printf(arena, "%s/%s", top, word);

		vec_push(arena, &unit->writable, path);
	}
}

static void
set_conf(struct arena *arena, struct unit *unit, const char *value)
{
	const char *word;

	while ((word = next_word(arena, &value)))
		if (!strcmp(word, "-c"))
			unit->conf = next_word(arena, &value);
}

static void
add_line(struct arena *arena, struct unit *unit, const char *line)
{
	size_t i;

	if (text_starts(line, "ReadWritePaths="))
		add_writable(arena, unit, strchr(line, '=') + 1);
	if (text_starts(line, "ExecStart="))
		set_conf(arena, unit, strchr(line, '=') + 1);
	if (text_starts(line, "ProtectSystem="))
		unit->is_strict = !strcmp(line, "ProtectSystem=strict");
	for (i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (text_starts(line, given[i].key))
			add_given(arena, unit, given[i].top,
				  strchr(line, '=') + 1);
}

void
unit_add(struct arena *arena, struct unit *unit, const char *file,
	 const char *text)
{
	unit->file = file;
	if (!unit->conf)
		unit->conf = CMD_CONF;
	while (*text) {
		size_t length = strcspn(text, "\n");

		add_line(arena, unit, text_trim(arena, text, length));
		text += length + (text[length] == '\n');
	}
}

static void
add_file(struct arena *arena, struct unit *unit, const char *path)
{
	struct buf text = BUF_INIT, error = BUF_INIT;

	if (file_read(path, UNIT_MOST, &text, &error) == OUTCOME_OK)
		unit_add(arena, unit, path, arena_strdup(arena, text.data));
	buf_release(&text);
	buf_release(&error);
}

static void
add_drop_ins(struct arena *arena, struct unit *unit, const char *folder)
{
	glob_t found;
	size_t i;

	if (!glob(arena_printf(arena, "%s/" UNIT_NAME ".d/*.conf", folder), 0,
		  NULL, &found))
		for (i = 0; i < found.gl_pathc; i++)
			add_file(arena, unit,
				 arena_strdup(arena, found.gl_pathv[i]));
	globfree(&found);
}

void
unit_find(struct arena *arena, struct unit *unit_out)
{
	size_t i;

	*unit_out = (struct unit){ 0 };
	for (i = 0; folders[i] && !unit_out->file; i++)
		add_file(arena, unit_out,
			 arena_printf(arena, "%s/" UNIT_NAME, folders[i]));
	for (i = 0; folders[i] && unit_out->file; i++)
		add_drop_ins(arena, unit_out, folders[i]);
}

static bool
is_below(const char *path, const char *folder)
{
	size_t length = strlen(folder);

	while (length && folder[length - 1] == '/')
		length--;
	return !strncmp(path, folder, length) &&
	       (!path[length] || path[length] == '/');
}

bool
unit_allows(const struct unit *unit, const char *folder)
{
	size_t i;

	for (i = 0; unit->is_strict && i < unit->writable.count; i++)
		if (is_below(folder, unit->writable.items[i]))
			return true;
	return !unit->is_strict;
}
