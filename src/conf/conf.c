/*
 * Files: which are read, in which order, and under which names.
 *
 * The loader reads the main file and, wherever an `include` stands, the files
 * it names before it goes on. A file is known by its canonical path, so that
 * one that includes itself is found under whatever name.
 */
#include "conf/conf.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/lexer.h"
#include "conf/parser.h"
#include "conf/value.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Of one file; a generator gone wild must not take all memory. */
	CONF_FILE_MOST = 256 * 1024 * 1024,
	/* Of all files together; offsets fit into 32 bits with ease. */
	CONF_TOTAL_MOST = 1024 * 1024 * 1024,
	CONF_FILES_MOST = 200000,
	/* Files that include files: bounds the recursion. */
	CONF_DEPTH_MOST = 16,
};

/* A file that is being read now. */
struct conf_open {
	const struct conf_open *from;	/* the file that includes it */
	const char *canonical;
	const char *name;
};

struct loader {
	struct conf *conf;
	struct arena *scratch;
	struct diag *diag;
	const struct map *instead;
	struct map *seen;		/* canonical path to file name */
	VEC(struct conf_node *) nodes;
	const struct conf_open *open;	/* the innermost file */
	size_t depth;
	size_t total;
	bool in_memory;			/* there are no files to include */
};

static struct diag_place
whole(const struct diag_file *file)
{
	return (struct diag_place){ file, DIAG_WHOLE_FILE, 0 };
}

static struct diag_file *
add_file(struct loader *loader, const char *name)
{
	struct diag_file *file = arena_alloc(loader->conf->arena,
					     sizeof(*file));

	file->name = arena_strdup(loader->conf->arena, name);
	file->text = "";
	vec_push(loader->conf->arena, &loader->conf->files, file);
	return file;
}

/* The text, without a byte order mark, as the text of `file`. */
static void
set_text(struct loader *loader, struct diag_file *file, const char *text,
	 size_t length)
{
	if (length >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
		text += 3;
		length -= 3;
	}
	file->text = arena_strndup(loader->conf->arena, text, length);
	file->length = length;
	loader->total += length;
}

/* What to do about a file that cannot be read, or NULL. */
static const char *
unread_remedy(struct loader *loader, const char *name)
{
	struct stat st;

	if (stat(name, &st) || !S_ISDIR(st.st_mode))
		return NULL;
	return arena_printf(loader->scratch, "include \"%s/*.rules\"", name);
}

static bool
read_text(struct loader *loader, struct diag_file *file)
{
	const char *instead = loader->instead ?
			      map_find(loader->instead, file->name) : NULL;
	struct buf text = BUF_INIT, error = BUF_INIT;
	enum outcome outcome;

	if (instead) {
		set_text(loader, file, instead, strlen(instead));
		return true;
	}
	outcome = file_read(file->name, CONF_FILE_MOST, &text, &error);
	if (outcome == OUTCOME_OK)
		set_text(loader, file, text.data, text.len);
	else
		diag_error(loader->diag, whole(file),
			   unread_remedy(loader, file->name), "%s", error.data);
	buf_release(&text);
	buf_release(&error);
	return outcome == OUTCOME_OK;
}

static void take_statement(void *context, struct conf_node *node);

static void
parse(struct loader *loader, const struct diag_file *file)
{
	if (loader->total > CONF_TOTAL_MOST) {
		diag_error(loader->diag, whole(file), NULL,
			   "all files together are larger than %d bytes",
			   CONF_TOTAL_MOST);
		return;
	}
	if (lexer_check(file, loader->diag))
		parser_run(loader->conf->arena, loader->scratch, file,
			   loader->diag, take_statement, loader);
}

/* The path without links and dots; of what does not exist, as it is. */
static const char *
canonical_path(struct loader *loader, const char *name)
{
	char *path = realpath(name, NULL);
	const char *copy = arena_strdup(loader->scratch, path ? path : name);

	free(path);
	return copy;
}

/* "a includes b includes a" */
static char *
describe_loop(struct loader *loader, const char *name)
{
	const struct conf_open *open;
	char *chain = arena_strdup(loader->scratch, name);

	for (open = loader->open; open; open = open->from)
		chain = arena_printf(loader->scratch, "%s includes %s",
				     open->name, chain);
	return chain;
}

static bool
is_open(const struct loader *loader, const char *canonical)
{
	const struct conf_open *open;

	for (open = loader->open; open; open = open->from)
		if (!strcmp(open->canonical, canonical))
			return true;
	return false;
}

/* Whether the file is to be read; when not, it has been said why. */
static bool
may_read(struct loader *loader, const char *name, const char *canonical,
	 struct diag_place place)
{
	if (is_open(loader, canonical)) {
		diag_error(loader->diag, place,
			   "take one of the includes away",
			   "this never ends: %s", describe_loop(loader, name));
		return false;
	}
	if (map_find(loader->seen, canonical)) {
		diag_warning(loader->diag, place, "it is read once",
			     "%s is included a second time", name);
		return false;
	}
	if (loader->depth == CONF_DEPTH_MOST) {
		diag_error(loader->diag, place, NULL,
			   "files include each other deeper than %d",
			   CONF_DEPTH_MOST);
		return false;
	}
	if (loader->conf->files.count == CONF_FILES_MOST) {
		diag_error(loader->diag, place, NULL, "more than %d files",
			   CONF_FILES_MOST);
		return false;
	}
	return true;
}

static void
load_file(struct loader *loader, const char *name, struct diag_place place)
{
	const char *canonical = canonical_path(loader, name);
	struct conf_open open = { loader->open, canonical, name };
	struct diag_file *file;

	if (!may_read(loader, name, canonical, place))
		return;
	file = add_file(loader, name);
	(void)map_set(loader->seen, canonical, file);
	loader->open = &open;
	loader->depth++;
	if (read_text(loader, file))
		parse(loader, file);
	loader->depth--;
	loader->open = open.from;
}

/* A directory that is not there has no matches; one that may not be read is
 * no reason to go on without what is in it. */
static int
stop_glob(const char *path, int error)
{
	(void)path;	/* it is in the pattern */
	return error != ENOENT && error != ENOTDIR;
}

/* glob(3) takes an error in the middle of a directory for its end. The rules of
 * some customers would be missing, and nobody would know. */
static _Thread_local int listing_error;

static struct dirent *
read_name(void *stream)
{
	struct dirent *entry;

	errno = 0;
	entry = readdir(stream);
	if (!entry && errno)
		listing_error = errno;
	return entry;
}

static void *
open_names(const char *path)
{
	return opendir(path);
}

static void
close_names(void *stream)
{
	(void)closedir(stream);		/* only read from */
}

/* As glob(3), but for that, with errno. */
static int
find_files(const char *pattern, glob_t *found)
{
	int status;

	*found = (glob_t){
		.gl_readdir = read_name, .gl_opendir = open_names,
		.gl_closedir = close_names, .gl_stat = stat, .gl_lstat = lstat,
	};
	listing_error = 0;
	/* Not sorted by the locale, but alike on every machine. */
	status = glob(pattern, GLOB_NOSORT | GLOB_ALTDIRFUNC, stop_glob,
		      found);
	if (!listing_error)
		return status;
	errno = listing_error;
	return GLOB_ABORTED;
}

static int
compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void
include_matches(struct loader *loader, const char *pattern,
		struct conf_word word)
{
	glob_t found;
	int status = find_files(pattern, &found);
	size_t i;

	if (status == GLOB_NOMATCH)
		diag_warning(loader->diag, word.place, NULL,
			     "no file matches %s", pattern);
	else if (status)
		diag_error(loader->diag, word.place, NULL,
			   "cannot look for %s: %s", pattern,
			   status == GLOB_NOSPACE ? "no memory" :
			   strerror(errno));
	if (!status && found.gl_pathc)
		qsort(found.gl_pathv, found.gl_pathc,
		      sizeof(*found.gl_pathv), compare_names);
	for (i = 0; !status && i < found.gl_pathc; i++)
		load_file(loader, found.gl_pathv[i], word.place);
	globfree(&found);
}

static void
include(struct loader *loader, struct conf_word word)
{
	const char *path = conf_path(loader->scratch, word);

	if (loader->in_memory)
		diag_error(loader->diag, word.place, NULL,
			   "there is no file to include '%s' from", word.text);
	else if (strpbrk(word.text, "*?["))
		include_matches(loader, path, word);
	else if (access(path, F_OK) && !(loader->instead &&
					 map_find(loader->instead, path)))
		diag_error(loader->diag, word.place, NULL,
			   "cannot include %s: %s", path, strerror(errno));
	else
		load_file(loader, path, word.place);
}

static void
take_statement(void *context, struct conf_node *node)
{
	struct loader *loader = context;
	size_t i;

	if (strcmp(node->keyword, "include")) {
		vec_push(loader->scratch, &loader->nodes, node);
		return;
	}
	for (i = 0; i < node->words.count; i++)
		include(loader, node->words.items[i]);
}

/* In an order of their own, for the version to be the same each time. */
static size_t
names_beside(struct loader *loader, const char ***names_out)
{
	VEC(const char *) names = { 0 };
	const char *name;
	size_t at = 0;
	void *text;

	while (loader->instead &&
	       map_next(loader->instead, &at, &name, &text))
		if (text_ends(name, CONF_BESIDE))
			vec_push(loader->scratch, &names, name);
	if (names.count)
		qsort(names.items, names.count, sizeof(*names.items),
		      compare_names);
	*names_out = names.items;
	return names.count;
}

static void
load_beside(struct loader *loader)
{
	struct diag_place main_file = whole(loader->conf->files.items[0]);
	const char **names;
	size_t count = names_beside(loader, &names), i;

	for (i = 0; i < count; i++)
		load_file(loader, names[i], main_file);
}

static void
set_version(struct conf *conf)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	size_t i;

	for (i = 0; i < conf->files.count; i++) {
		digest_add_text(digest, conf->files.items[i]->name);
		digest_add_text(digest, conf->files.items[i]->text);
	}
	digest_finish(&digest, bytes);
	digest_hex(bytes, conf->version);
}

static struct loader
loader_begin(struct arena *arena, const char *path, struct diag *diag)
{
	struct loader loader = {
		.conf = arena_alloc(arena, sizeof(*loader.conf)),
		.scratch = arena_create(),
		.diag = diag,
	};

	loader.conf->arena = arena;
	loader.conf->path = arena_strdup(arena, path);
	loader.seen = map_create(loader.scratch);
	return loader;
}

static struct conf *
loader_end(struct loader *loader)
{
	struct conf *conf = loader->conf;

	conf->nodes.count = loader->nodes.count;
	conf->nodes.items = arena_array(conf->arena, conf->nodes.count,
					sizeof(*conf->nodes.items));
	if (conf->nodes.count)
		memcpy(conf->nodes.items, loader->nodes.items,
		       conf->nodes.count * sizeof(*conf->nodes.items));
	set_version(conf);
	arena_destroy(&loader->scratch);
	return conf;
}

struct conf *
conf_load(struct arena *arena, const char *path, const struct map *instead,
	  struct diag *diag)
{
	struct loader loader = loader_begin(arena, path, diag);

	loader.instead = instead;
	load_file(&loader, loader.conf->path, (struct diag_place){ 0 });
	load_beside(&loader);
	return loader_end(&loader);
}

struct conf *
conf_load_text(struct arena *arena, const char *name, const char *text,
	       struct diag *diag)
{
	struct loader loader = loader_begin(arena, name, diag);
	struct diag_file *file = add_file(&loader, name);

	loader.in_memory = true;
	set_text(&loader, file, text, strlen(text));
	parse(&loader, file);
	return loader_end(&loader);
}
