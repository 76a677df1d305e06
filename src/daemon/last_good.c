#include "daemon/last_good.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <sys/stat.h>

enum {
	/* Each round replaces a file at least, or ends; a chain of files that
	 * break each other is no longer than this. */
	LAST_GOOD_ROUNDS = 64,
	LAST_GOOD_MOST = 64 << 20,	/* octets of one file */
};

/* STATE/last-good/DIGEST-OF-THE-PATH. */
static const char *
kept_path(struct arena *arena, const char *state, const char *name)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];
	char *real = realpath(name, NULL);

	digest_add_text(digest, real ? real : name);
	free(real);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_printf(arena, "%s/last-good/%s", state, hex);
}

/* The last good text of a file, or NULL. */
static const char *
kept_text(struct arena *arena, const char *state, const char *name)
{
	const char *path = kept_path(arena, state, name), *text = NULL;
	struct buf bytes = BUF_INIT, error = BUF_INIT;

	if (file_read(path, LAST_GOOD_MOST, &bytes, &error) == OUTCOME_OK)
		text = arena_strndup(arena, bytes.data, bytes.len);
	buf_release(&bytes);
	buf_release(&error);
	return text;
}

static void
keep_text(struct arena *arena, const char *state, const struct diag_file *file)
{
	const char *path = kept_path(arena, state, file->name);
	const char *kept = kept_text(arena, state, file->name);
	struct buf error = BUF_INIT;

	if (kept && !strcmp(kept, file->text))
		return;
	if (file_replace(path, file->text, file->length, 0600, &error) !=
	    OUTCOME_OK)
		log_warning("trouble", "what", error.data, NULL);
	buf_release(&error);
}

static void
make_folder(const char *state)
{
	struct buf path = BUF_INIT, error = BUF_INIT;

	buf_printf(&path, "%s/last-good", state);
	if (!mkdir(path.data, 0700))
		(void)file_sync_directory(state, &error);
	else if (errno != EEXIST)
		buf_printf(&error, "cannot make %s: %s", path.data,
			   strerror(errno));
	if (error.len)
		log_warning("trouble", "what", error.data, NULL);
	buf_release(&error);
	buf_release(&path);
}

void
last_good_keep(const struct generation *good)
{
	const char *state = good->settings.state;
	struct arena *arena = arena_create();
	size_t i;

	make_folder(state);
	for (i = 1; i < good->conf->files.count; i++) {
		const struct diag_file *file = good->conf->files.items[i];

		/* What was left out at the start is no text to go back to. */
		if (file->length)
			keep_text(arena, state, file);
	}
	arena_destroy(&arena);
}

static bool
has_errors(const struct generation *broken, const struct diag_file *file)
{
	return diag_errors_within(broken->diag, file, 0, file->length + 1) > 0;
}

/* Put another text in the place of each broken file; false when that cannot
 * help. */
static bool
replace_broken(const struct generation *broken, enum last_good_mode mode,
	       struct arena *arena, struct map *instead)
{
	bool replaced = false;
	size_t i;

	for (i = 1; i < broken->conf->files.count; i++) {
		const struct diag_file *file = broken->conf->files.items[i];
		const char *now = map_find(instead, file->name), *text = NULL;

		if (!has_errors(broken, file))
			continue;
		if (!now)
			text = kept_text(arena, broken->settings.state,
					 file->name);
		if (!text && mode == LAST_GOOD_START)
			text = "";
		if (!text || (now && !*now))
			continue;
		(void)map_set(instead, arena_strdup(arena, file->name),
			      (void *)text);	/* may replace its last good */
		replaced = true;
	}
	return replaced;
}

static void
print_findings(const struct generation *generation)
{
	struct buf text = BUF_INIT;

	diag_print(generation->diag, &text);
	fputs(text.data, stderr);
	/* That the file's mode allows it is no help if the sandbox does not. */
	if (strstr(text.data, strerror(EACCES)))
		log_warning("trouble", "what", "a file cannot be read", "hint",
			    "its user may not, or its folder is new and the "
			    "daemon needs a restart", NULL);
	buf_release(&text);
}

static void
log_kept(const struct map *instead)
{
	const char *name;
	size_t at = 0;
	void *text;

	while (map_next(instead, &at, &name, &text))
		log_error("kept", "file", name, "text",
			  *(const char *)text ? "last good" : "none", NULL);
}

struct generation *
last_good_load(const char *path, enum last_good_mode mode, instant_ms now)
{
	struct arena *arena = arena_create();
	struct map *instead = map_create(arena);
	struct generation *loaded = generation_load(path, NULL, now);
	int round;

	print_findings(loaded);
	for (round = 0; round < LAST_GOOD_ROUNDS; round++) {
		if (generation_good(loaded))
			break;
		if (!replace_broken(loaded, mode, arena, instead))
			break;
		generation_destroy(&loaded);
		loaded = generation_load(path, instead, now);
	}
	if (generation_good(loaded))
		log_kept(instead);
	else
		generation_destroy(&loaded);
	arena_destroy(&arena);
	return loaded;
}
