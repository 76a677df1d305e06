#include "conf/settings.h"

#include "base/map.h"
#include "base/text.h"
#include "conf/value.h"

#include <stddef.h>
#include <unistd.h>

#define SQLITE "sqlite:"

enum { HOST_MOST = 256 };	/* RFC 1035 2.3.4 and a NUL */

#define DAY_MS INT64_C(86400000)

enum setting_kind {
	SETTING_TEXT,		/* the word as it is */
	SETTING_PATH,		/* as seen from the main file */
	SETTING_STORE,		/* sqlite: and a path likewise */
	SETTING_FROM,		/* maybe a name, an address */
	SETTING_WORD,		/* with its place */
	SETTING_AUTHSERV,	/* and how many fields */
	SETTING_KEEP,		/* what, and how long */
};

static const struct setting {
	const char *keyword;
	enum setting_kind kind;
	size_t offset;
} table[] = {
	{ "state", SETTING_PATH, offsetof(struct settings, state) },
	{ "store", SETTING_STORE, offsetof(struct settings, store) },
	{ "spool", SETTING_PATH, offsetof(struct settings, spool) },
	{ "domain", SETTING_TEXT, offsetof(struct settings, domain) },
	{ "from", SETTING_FROM, 0 },
	{ "authserv", SETTING_AUTHSERV, 0 },
	{ "templates", SETTING_PATH, offsetof(struct settings, templates) },
	{ "keep", SETTING_KEEP, 0 },
	{ "catch-all", SETTING_WORD, 0 },
};

enum { SETTINGS = sizeof(table) / sizeof(*table) };

static void
set_from(struct settings *settings, const struct conf_node *node)
{
	if (node->words.count == 2)
		settings->from_name = conf_word(node, 0).text;
	if (node->words.count)
		settings->from = conf_word(node, node->words.count - 1).text;
}

static void
set_authserv(struct settings *settings, const struct conf_node *node,
	     struct diag *diag)
{
	const struct conf_node *fields = conf_find(&node->clauses, "fields");

	if (node->words.count)
		settings->authserv = conf_word(node, 0).text;
	if (fields && fields->words.count)
		(void)conf_count(conf_word(fields, 0), diag,
				 &settings->authserv_fields);
}

static const char *
path_of(const struct conf *conf, struct conf_word word, struct diag *diag)
{
	if (strstr(word.text, "://"))
		diag_error(diag, word.place, "write the PATH of a directory",
			   "'%s' is no path", word.text);
	return conf_path(conf->arena, word);
}

/* The rest of a URL may hold a password, so only its beginning is said. */
static const char *
store_of(const struct conf *conf, struct conf_word word, struct diag *diag)
{
	struct conf_word path = word;

	if (text_starts(word.text, SQLITE)) {
		path.text += strlen(SQLITE);
	} else if (strchr(word.text, ':')) {
		diag_error(diag, word.place, "write " SQLITE "PATH, or leave "
			   "the setting out", "this version has no driver for "
			   "'%.*s:'", (int)strcspn(word.text, ":"), word.text);
		return NULL;
	}
	if (path.text == word.text || !*path.text ||
	    text_starts(path.text, "//"))
		diag_error(diag, word.place, "write " SQLITE "PATH, the file "
			   "that it is in", "'%s' names no store", word.text);
	return arena_printf(conf->arena, SQLITE "%s",
			    conf_path(conf->arena, path));
}

static void
set_keep(struct settings *settings, const struct conf_node *node,
	 struct diag *diag)
{
	struct conf_word word = conf_word(node, 1);
	int64_t longest = SETTINGS_KEEP_DAYS * DAY_MS;

	if (node->words.count < 2)
		return;
	settings->keep_raw_ms = 0;
	if (!strcmp(word.text, "0") ||
	    !conf_duration(word, diag, &settings->keep_raw_ms) ||
	    settings->keep_raw_ms <= longest)
		return;
	diag_error(diag, word.place, "90d is the longest",
		   "the journal goes back %d days, and what came goes with it",
		   SETTINGS_KEEP_DAYS);
	settings->keep_raw_ms = longest;
}

static void
set(struct settings *settings, const struct setting *setting,
    const struct conf *conf, const struct conf_node *node, struct diag *diag)
{
	const char **text = (const char **)((char *)settings +
					    setting->offset);

	if (setting->kind == SETTING_FROM)
		set_from(settings, node);
	else if (setting->kind == SETTING_AUTHSERV)
		set_authserv(settings, node, diag);
	else if (setting->kind == SETTING_WORD)
		settings->catch_all = conf_word(node, 0);
	else if (setting->kind == SETTING_KEEP)
		set_keep(settings, node, diag);
	else if (setting->kind == SETTING_STORE && node->words.count)
		*text = store_of(conf, conf_word(node, 0), diag);
	else if (setting->kind == SETTING_PATH && node->words.count)
		*text = path_of(conf, conf_word(node, 0), diag);
	else if (node->words.count)
		*text = conf_word(node, 0).text;
}

static const struct setting *
find_setting(const char *keyword)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (!strcmp(table[i].keyword, keyword))
			return &table[i];
	return NULL;
}

/* A statement that means nothing in the files of the configuration. */
static void
check_misplaced(const struct conf_node *node, struct diag *diag)
{
	if (!strcmp(node->keyword, "word") ||
	    !strcmp(node->keyword, "language"))
		diag_error(diag, node->place, "it belongs in a words file of "
			   "the templates", "'%s' cannot stand here",
			   node->keyword);
}

/* What is for the mails of all customers. */
static const char *const shared[] = {
	"relay", "app", "format", "label", "alias", "portal", "link", "unwrap",
	"decode", "opaque", "ignore", NULL
};

static bool
is_shared(const char *keyword)
{
	size_t i = 0;

	while (shared[i] && strcmp(shared[i], keyword))
		i++;
	return shared[i];
}

/* The names of the included files that define customers. */
static struct map *
customer_files(const struct conf *conf, struct arena *scratch)
{
	struct map *files = map_create(scratch);
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];

		if (!strcmp(node->keyword, "customer") &&
		    node->place.file != conf->files.items[0])
			(void)map_set(files, node->place.file->name, files);
	}
	return files;
}

/* Their authors must not change how the mails of others are read and sent. Of
 * each keyword only the first is said: where one is, there are more. */
static void
check_shared(const struct conf *conf, struct diag *diag)
{
	struct arena *scratch = arena_create();
	struct map *files = customer_files(conf, scratch);
	struct map *said = map_create(scratch);
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		const char *file = node->place.file->name;

		if (!is_shared(node->keyword) || !map_find(files, file) ||
		    map_set(said, arena_printf(scratch, "%s %s", file,
					       node->keyword), said))
			continue;
		diag_error(diag, node->place,
			   "move it to the main file, or to one without "
			   "customers", "'%s' is for all customers, so it "
			   "cannot stand in a file of one", node->keyword);
	}
	arena_destroy(&scratch);
}

static void
load(struct settings *settings, const struct conf *conf, struct diag *diag)
{
	bool seen[SETTINGS] = { false };
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		const struct setting *setting = find_setting(node->keyword);

		check_misplaced(node, diag);
		if (!setting)
			continue;
		if (node->place.file != conf->files.items[0])
			diag_error(diag, node->place, "move it there",
				   "'%s' can stand only in the main file, %s",
				   node->keyword, conf->path);
		else if (seen[setting - table])
			diag_error(diag, node->place, "keep one of them",
				   "second '%s'", node->keyword);
		else
			set(settings, setting, conf, node, diag);
		seen[setting - table] = true;
	}
	/* A file that could not be read lacks everything. */
	if (!seen[SETTINGS - 1] && (conf->nodes.count || !diag_errors(diag)))
		diag_error(diag, (struct diag_place){ conf->files.items[0],
						      DIAG_WHOLE_FILE, 0 },
			   "write catch-all NAME: who is told of what no rule "
			   "takes", "no catch-all");
}

static const char *
host_name(struct arena *arena)
{
	char name[HOST_MOST];

	if (gethostname(name, sizeof(name)))
		return "localhost";
	name[sizeof(name) - 1] = '\0';	/* gethostname(2) may cut it off */
	return arena_strdup(arena, name);
}

struct settings
settings_load(const struct conf *conf, struct diag *diag)
{
	struct settings settings = {
		.state = "/var/lib/tocsin",
		.spool = "/var/spool/tocsin",
		.from_name = "tocsin",
		.authserv_fields = 1,
		.catch_all = { .text = "" },
		.keep_raw_ms = SETTINGS_KEEP_DAYS * DAY_MS,
	};

	if (!conf->files.count)
		return settings;
	load(&settings, conf, diag);
	check_shared(conf, diag);
	if (!settings.store)
		settings.store = arena_printf(conf->arena, SQLITE
					      "%s/store.db", settings.state);
	if (!settings.domain)
		settings.domain = host_name(conf->arena);
	if (!settings.from)
		settings.from = arena_printf(conf->arena, "tocsin@%s",
					     settings.domain);
	return settings;
}
