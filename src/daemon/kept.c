#include "daemon/kept.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <sys/stat.h>

enum { KEPT_MOST = 64 << 20 };		/* octets of one file */

static const char *
digest_of(struct arena *arena, const char *text)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];

	digest_add_text(digest, text);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_strdup(arena, hex);
}

const char *
kept_name(struct arena *arena, const char *file)
{
	char *real = realpath(file, NULL);
	const char *name = digest_of(arena, real ? real : file);

	free(real);
	return name;
}

/* What cannot be read for want of descriptors, or of rights, is there all the
 * same. */
static bool
is_absent(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) && errno == ENOENT;
}

struct kept
kept_find(struct arena *arena, const char *state, const char *name)
{
	const char *path = arena_printf(arena, "%s/last-good/%s", state, name);
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	struct kept kept = { 0 };

	if (file_read(path, KEPT_MOST, &bytes, &error) == OUTCOME_OK)
		kept.text = arena_strndup(arena, bytes.data, bytes.len);
	else if (!is_absent(path))
		kept.unknown = arena_strdup(arena, error.data);
	buf_release(&bytes);
	buf_release(&error);
	return kept;
}

struct kept
kept_find_of(struct arena *arena, const char *state, const char *file)
{
	return kept_find(arena, state, kept_name(arena, file));
}

static void
put(struct arena *arena, const char *state, const char *name, const char *text,
    size_t length)
{
	const char *kept = kept_find(arena, state, name).text;
	struct buf error = BUF_INIT;

	if (kept && !strcmp(kept, text))
		return;
	if (file_replace(arena_printf(arena, "%s/last-good/%s", state, name),
			 text, length, 0600, &error) != OUTCOME_OK)
		log_warning("trouble", "what", error.data, NULL);
	buf_release(&error);
}

void
kept_put(struct arena *arena, const char *state, const struct diag_file *file)
{
	put(arena, state, kept_name(arena, file->name), file->text,
	    file->length);
}

const char *
kept_set_aside(struct arena *arena, const char *state, const char *name,
	       const char *customer)
{
	const char *text = kept_find(arena, state, name).text;
	/* No path is like this. */
	const char *aside = digest_of(arena, arena_printf(arena,
						"customer %s", customer));

	if (!text)
		return name;
	put(arena, state, aside, text, strlen(text));
	return aside;
}

void
kept_make_folder(const char *state)
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
