#include "render/shelf.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/embedded.h"

#include <dirent.h>
#include <errno.h>

#define SHIPPED "templates/"

enum {
	/* A template is a few kilobytes; a folder given by mistake may hold
	 * anything. */
	SHELF_FILE_MOST = 1024 * 1024,
	SHELF_FILES_MOST = 10000,
};

static const struct diag_place nowhere = { NULL, 0, 0 };

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
take_own(struct shelf *shelf, const char *name)
{
	if (shelf->own.count >= SHELF_FILES_MOST)
		return;
	vec_push(shelf->arena, &shelf->own, name);
	vec_push(shelf->arena, &shelf->all, name);
}

/* Every file in a folder; in the shelf's own one ("") also those in its
 * folders. */
static bool
list(struct shelf *shelf, const char *folder)
{
	const char *path = shelf_path(shelf, folder);
	struct dirent **entries;
	int count = scandir(path, &entries, is_visible, alphasort), i;

	if (count < 0)
		return false;
	for (i = 0; i < count; i++) {
		const char *name = arena_printf(shelf->arena, "%s%s%s", folder,
						*folder ? "/" : "",
						entries[i]->d_name);

		if (*folder || !list(shelf, name))
			take_own(shelf, name);
		free(entries[i]);
	}
	free(entries);
	return true;
}

static bool
is_own(const struct shelf *shelf, const char *name)
{
	size_t i;

	for (i = 0; i < shelf->own.count; i++)
		if (!strcmp(shelf->own.items[i], name))
			return true;
	return false;
}

static void
list_shipped(struct shelf *shelf)
{
	const char *const *path;

	for (path = embedded_names; *path; path++) {
		const char *name = *path + strlen(SHIPPED);

		if (!text_starts(*path, SHIPPED))
			continue;
		vec_push(shelf->arena, &shelf->shipped, name);
		if (!is_own(shelf, name))
			vec_push(shelf->arena, &shelf->all, name);
	}
}

struct shelf *
shelf_open(struct arena *arena, const char *directory, struct diag *diag)
{
	struct shelf *shelf = arena_alloc(arena, sizeof(*shelf));

	shelf->arena = arena;
	shelf->diag = diag;
	shelf->directory = directory;
	if (directory && !list(shelf, ""))
		diag_error(diag, nowhere,
			   "create it, or remove the setting 'templates'",
			   "cannot read the folder %s: %s", directory,
			   strerror(errno));
	list_shipped(shelf);
	return shelf;
}

static const char *
find_shipped(const struct shelf *shelf, const char *name)
{
	return embedded_find(arena_printf(shelf->arena, SHIPPED "%s", name));
}

bool
shelf_has(const struct shelf *shelf, const char *name)
{
	return is_own(shelf, name) || find_shipped(shelf, name);
}

const char *
shelf_path(const struct shelf *shelf, const char *name)
{
	return arena_printf(shelf->arena, "%s/%s", shelf->directory ?
			    shelf->directory : "templates", name);
}

static struct diag_file *
create(const struct shelf *shelf, const char *name, const char *text,
       size_t length)
{
	struct diag_file *file = arena_alloc(shelf->arena, sizeof(*file));

	file->name = name;
	file->text = text;
	file->length = length;
	return file;
}

static const struct diag_file *
read_own(const struct shelf *shelf, const char *name)
{
	const char *path = shelf_path(shelf, name);
	struct buf text = BUF_INIT, error = BUF_INIT;
	struct diag_file *file = NULL;

	if (file_read(path, SHELF_FILE_MOST, &text, &error) == OUTCOME_OK)
		file = create(shelf, path, arena_strndup(shelf->arena,
							 text.data, text.len),
			      text.len);
	else
		diag_error(shelf->diag, nowhere, NULL, "%s", error.data);
	buf_release(&text);
	buf_release(&error);
	return file;
}

const struct diag_file *
shelf_read(const struct shelf *shelf, const char *name)
{
	const char *text;

	if (is_own(shelf, name))
		return read_own(shelf, name);
	text = find_shipped(shelf, name);
	if (!text)
		return NULL;
	return create(shelf, arena_printf(shelf->arena, SHIPPED "%s (built in)",
					  name), text, strlen(text));
}
