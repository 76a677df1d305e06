/*
 * Rounds: load, find a fault, load again with something else in its place,
 * until it is good or nothing helps. Whose the fault is:
 *
 *	two clash, one has no last good text		it has the error
 *	two clash, and both or none have		both have it, or the
 *							latter
 *	a file with errors, without a last good text	is left out
 *	without some file there are fewer errors, and
 *	  it has no last good text			it is left out
 *	a file with errors that is not as its last	gets that one
 *	  good text
 *	a file with errors, and nobody can tell its	is left out, but only
 *	  last good text				at a start
 *	nobody has errors, a customer is missed		his file's last good
 *							text is read, too
 *
 * In this order, because a text that is replaced loses what was changed in it:
 * a clash is the fault of who is new.
 */
#include "daemon/last_good.h"

#include "base/log.h"
#include "base/text.h"
#include "conf/conf.h"
#include "daemon/kept.h"

#include <errno.h>

enum {
	/* Each round replaces a file at least, or ends; a chain of files that
	 * break each other is no longer than this. */
	LAST_GOOD_ROUNDS = 64,
	/* New files that are tried one by one for a clash, a load each. */
	LAST_GOOD_SUSPECTS = 16,
};

struct loading {
	const char *path;
	instant_ms now;
	struct generation *(*load)(const char *path, const struct map *instead,
				   instant_ms now);
	enum last_good_mode mode;
	struct arena *arena;
	struct map *instead;		/* as conf_load() takes it */
	const char *unknown;		/* why a last good text is; or NULL */
	struct generation *first;	/* what the files say */
	struct generation *loaded;	/* the latest; maybe the first */
};

/* ---- keeping ---- */

/* A text with a statement: what was left out, or has only comments, is none to
 * go back to. */
static bool
says_something(const struct conf *conf, const struct diag_file *file)
{
	size_t i;

	for (i = 0; i < conf->nodes.count; i++)
		if (conf->nodes.items[i]->place.file == file)
			return true;
	return false;
}

void
last_good_keep(struct last_good *loaded)
{
	const struct generation *good = loaded->generation;
	const char *state = good->settings.state;
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	size_t i;

	kept_make_folder(state);
	for (i = 0; i < loaded->missed.list.count; i++) {
		struct gone_customer *one = &loaded->missed.list.items[i];

		one->text = kept_set_aside(loaded->arena, state, one->text,
					   one->name);
	}
	for (i = 1; i < good->conf->files.count; i++) {
		const struct diag_file *file = good->conf->files.items[i];

		if (!text_ends(file->name, CONF_BESIDE) &&
		    says_something(good->conf, file))
			kept_put(arena, state, file);
	}
	if (gone_keep(state, good, &loaded->missed, &error) != OUTCOME_OK)
		log_warning("trouble", "what", error.data, NULL);
	buf_release(&error);
	arena_destroy(&arena);
}

/* ---- whose fault it is ---- */

/* What the state says of a file is asked once: a name that each of a thousand
 * files takes has a thousand parties. */
struct blaming {
	const struct generation *generation;
	struct map *answers;		/* "new" or "old" */
};

static const char *
ask(struct blaming *blaming, const char *file)
{
	struct arena *arena = arena_create();
	const struct kept kept = kept_find_of(arena, blaming->generation->
					      settings.state, file);
	const char *answer = kept.text || kept.unknown ? "old" : "new";

	arena_destroy(&arena);
	(void)map_set(blaming->answers, file, (void *)answer);	/* the first */
	return answer;
}

/* A file that never was good; one of which nobody can tell may have been. The
 * main file is nobody's that could be left out. */
static bool
is_new(void *context, const struct diag_file *file)
{
	struct blaming *blaming = context;
	const char *answer;

	if (!file || file == blaming->generation->conf->files.items[0])
		return false;
	answer = map_find(blaming->answers, file->name);
	if (!answer)
		answer = ask(blaming, file->name);
	return !strcmp(answer, "new");
}

void
last_good_blame(struct generation *generation)
{
	struct arena *arena = arena_create();
	struct blaming blaming = {
		.generation = generation, .answers = map_create(arena),
	};

	diag_blame(generation->diag, is_new, &blaming);
	arena_destroy(&arena);
}

/* ---- rounds ---- */

static struct generation *
load_now(const struct loading *loading, const struct map *instead)
{
	struct generation *generation = loading->load(loading->path, instead,
						      loading->now);

	last_good_blame(generation);
	return generation;
}

static void
load_again(struct loading *loading)
{
	if (loading->loaded != loading->first)
		generation_destroy(&loading->loaded);
	loading->loaded = load_now(loading, loading->instead);
}

static size_t
errors_of(const struct generation *generation, const struct diag_file *file)
{
	return diag_errors_within(generation->diag, file, 0,
				  file->length + 1);
}

/* The included files, whose names outlive the generation. */
static gone_texts
files_of(const struct loading *loading)
{
	const struct conf *conf = loading->loaded->conf;
	gone_texts names = { 0 };
	size_t i;

	for (i = 1; i < conf->files.count; i++)
		vec_push(loading->arena, &names,
			 arena_strdup(loading->arena,
				      conf->files.items[i]->name));
	return names;
}

static void
put(struct loading *loading, const char *file, const char *text)
{
	(void)map_set(loading->instead, arena_strdup(loading->arena, file),
		      (void *)text);	/* may replace what was put before */
}

/* What stands in the file, again. */
static void
take_back(struct loading *loading, const char *file)
{
	struct map *rest = map_create(loading->arena);
	const char *name;
	size_t at = 0;
	void *text;

	while (map_next(loading->instead, &at, &name, &text))
		if (strcmp(name, file))
			(void)map_set(rest, name, text);	/* each once */
	loading->instead = rest;
}

static struct kept
last_good_of(struct loading *loading, const char *file)
{
	const struct kept kept = kept_find_of(loading->arena,
					      loading->loaded->settings.state,
					      file);

	if (kept.unknown)
		loading->unknown = kept.unknown;
	return kept;
}

/* Each broken file that never was good; or those of which nobody can tell. */
static bool
leave_out_broken(struct loading *loading, bool unknown)
{
	const struct conf *conf = loading->loaded->conf;
	bool changed = false;
	size_t i;

	for (i = 1; i < conf->files.count; i++) {
		const struct diag_file *file = conf->files.items[i];

		struct kept kept;

		if (!errors_of(loading->loaded, file) || !file->length)
			continue;
		kept = last_good_of(loading, file->name);
		if (kept.text || !kept.unknown == unknown)
			continue;
		put(loading, file->name, "");
		changed = true;
	}
	return changed;
}

/* Does it help when that file is not there? Then it stays away. */
static bool
try_without(struct loading *loading, const char *file)
{
	size_t before = diag_errors(loading->loaded->diag);

	put(loading, file, "");
	load_again(loading);
	if (diag_errors(loading->loaded->diag) < before)
		return true;
	take_back(loading, file);
	load_again(loading);
	return false;
}

/* A new file that is good by itself, but takes what another one has. */
static bool
leave_out_clashing(struct loading *loading)
{
	const gone_texts files = files_of(loading);
	size_t i, tried = 0;

	for (i = 0; i < files.count && tried < LAST_GOOD_SUSPECTS; i++) {
		const char *file = files.items[i];
		struct kept kept;

		if (map_find(loading->instead, file))
			continue;
		kept = last_good_of(loading, file);
		if (kept.text || kept.unknown)
			continue;
		tried++;
		if (try_without(loading, file))
			return true;
	}
	return false;
}

static bool
replace_broken(struct loading *loading)
{
	const struct conf *conf = loading->loaded->conf;
	bool changed = false;
	size_t i;

	for (i = 1; i < conf->files.count; i++) {
		const struct diag_file *file = conf->files.items[i];
		const char *text;

		if (!errors_of(loading->loaded, file) ||
		    map_find(loading->instead, file->name))
			continue;
		text = last_good_of(loading, file->name).text;
		if (!text || !strcmp(text, file->text))
			continue;
		put(loading, file->name, text);
		changed = true;
	}
	return changed;
}

static bool
is_first_with_file(const struct gone_roll *missed, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (!strcmp(missed->list.items[i].text,
			    missed->list.items[at].text))
			return false;
	return true;
}

/* The last good texts of the files of who is missed. */
static bool
bring_back(struct loading *loading, const struct gone_roll *missed)
{
	const char *state = loading->loaded->settings.state;
	bool changed = false;
	size_t i;

	for (i = 0; i < missed->list.count; i++) {
		const struct gone_customer *one = &missed->list.items[i];
		const char *file = arena_strndup(loading->arena, one->file,
			strlen(one->file) - (text_ends(one->file, CONF_BESIDE) ?
					     strlen(CONF_BESIDE) : 0));
		const struct kept kept = kept_find(loading->arena, state,
						   one->text);
		const char *text = kept.text;

		if (kept.unknown)
			loading->unknown = kept.unknown;
		if (!text || !is_first_with_file(missed, i))
			continue;
		put(loading, arena_printf(loading->arena, "%s" CONF_BESIDE,
					  file),
		    gone_rest(text, loading->loaded, missed, loading->arena));
		changed = true;
	}
	return changed;
}

/* One step towards a good generation; false when there is none. */
static bool
mend(struct loading *loading)
{
	if (leave_out_broken(loading, false)) {
		load_again(loading);
		return true;
	}
	if (leave_out_clashing(loading))
		return true;
	if (!replace_broken(loading) && (loading->mode != LAST_GOOD_START ||
					 !leave_out_broken(loading, true)))
		return false;
	load_again(loading);
	return true;
}

static bool
make_good(struct loading *loading)
{
	int round;

	for (round = 0; round < LAST_GOOD_ROUNDS; round++)
		if (generation_good(loading->loaded) || !mend(loading))
			break;
	return generation_good(loading->loaded);
}

/* ---- what comes of it ---- */

static void
find_missed(struct loading *loading, struct last_good *out)
{
	struct gone_roll roll;
	size_t i;

	gone_read(loading->loaded->settings.state, out->arena, &roll);
	gone_find(&roll, loading->loaded, out->arena, &out->missed);
	for (i = 0; i < out->missed.list.count; i++)
		if (out->missed.list.items[i].since == TIME_UNKNOWN)
			out->missed.list.items[i].since = loading->now;
}

static void
add_kept(struct last_good *out, struct report_kept kept)
{
	vec_push(out->arena, &out->kept, kept);
}

/* The files in the order in which they are read. */
static void
list_kept(const struct loading *loading, struct last_good *out)
{
	const struct generation *first = loading->first;
	const struct conf *conf = first->conf;
	size_t i;

	for (i = 1; i < conf->files.count; i++) {
		const struct diag_file *file = conf->files.items[i];
		const char *text = map_find(loading->instead, file->name);

		if (text)
			add_kept(out, (struct report_kept){
				.file = arena_strdup(out->arena, file->name),
				.text = *text ? "last good" : "none",
				.errors = (int64_t)errors_of(first, file),
				.since = loading->now });
	}
	for (i = 0; i < out->missed.list.count; i++) {
		const struct gone_customer *one = &out->missed.list.items[i];

		add_kept(out, (struct report_kept){
			.file = one->file, .customer = one->name,
			.text = ruleset_find(loading->loaded->ruleset,
					     one->name) ? "last good" : "none",
			.since = one->since });
	}
}

static void
keep_everything(const struct loading *loading, struct last_good *out)
{
	add_kept(out, (struct report_kept){
		.file = arena_strdup(out->arena, loading->path),
		.text = "everything",
		.errors = (int64_t)diag_errors(loading->first->diag),
		.since = loading->now });
}

static void
print_findings(const struct generation *generation)
{
	struct buf text = BUF_INIT;

	diag_print(generation->diag, &text);
	fputs(text.data, stderr);
	buf_release(&text);
}

/* That the file's mode allows it is no help if the sandbox does not. */
static void
warn_of_unread(const struct generation *generation)
{
	struct buf text = BUF_INIT;

	diag_print(generation->diag, &text);
	if (strstr(text.data, strerror(EACCES)))
		log_warning("trouble", "what", "a file cannot be read", "hint",
			    "its user may not, or its folder is new and the "
			    "daemon needs a restart", NULL);
	buf_release(&text);
}

static void
log_kept(const struct last_good *loaded)
{
	size_t i;

	for (i = 0; i < loaded->kept.count; i++) {
		const struct report_kept *kept = &loaded->kept.items[i];

		if (kept->customer)
			log_error("gone", "customer", kept->customer, "file",
				  kept->file, "text", kept->text, "hint",
				  "if it is meant: tocsin forget CUSTOMER",
				  NULL);
		else
			log_error("kept", "file", kept->file, "text",
				  kept->text, NULL);
	}
}

/* With those who are missed, as far as they can be brought back; is anybody
 * left out? */
static bool
complete(struct loading *loading, struct last_good *out)
{
	struct gone_roll lost = { 0 };

	find_missed(loading, out);
	if (bring_back(loading, &out->missed)) {
		load_again(loading);
		(void)make_good(loading);	/* whoever looks at it sees */
	}
	gone_find(&out->missed, loading->loaded, loading->arena, &lost);
	return lost.list.count > 0;
}

/* There is one good generation in the end, or none. */
static void
conclude(struct loading *loading, struct last_good *out)
{
	bool is_good = make_good(loading);

	if (is_good && complete(loading, out))
		is_good = loading->mode == LAST_GOOD_START;
	if (is_good && generation_good(loading->loaded)) {
		list_kept(loading, out);
		out->generation = loading->loaded;
	} else {
		keep_everything(loading, out);
	}
	if (loading->loaded != out->generation &&
	    loading->loaded != loading->first)
		generation_destroy(&loading->loaded);
	if (loading->first != out->generation)
		generation_destroy(&loading->first);
}

static void
begin(struct loading *loading, struct last_good *out)
{
	*out = (struct last_good){ .arena = arena_create() };
	loading->arena = arena_create();
	loading->instead = map_create(loading->arena);
	loading->first = load_now(loading, NULL);
	loading->loaded = loading->first;
}

void
last_good_load(const char *path, enum last_good_mode mode, instant_ms now,
	       struct last_good *out)
{
	struct loading loading = {
		.path = path, .now = now, .load = generation_load,
		.mode = mode,
	};

	begin(&loading, out);
	print_findings(loading.first);
	warn_of_unread(loading.first);
	conclude(&loading, out);
	if (loading.unknown)
		log_warning("trouble", "what", loading.unknown, NULL);
	if (out->generation)
		log_kept(out);
	arena_destroy(&loading.arena);
}

void
last_good_look(const char *path, instant_ms now, struct last_good *out)
{
	struct loading loading = {
		.path = path, .now = now, .load = generation_look,
		.mode = LAST_GOOD_START,
	};

	begin(&loading, out);
	if (!generation_good(loading.first))
		print_findings(loading.first);
	conclude(&loading, out);
	arena_destroy(&loading.arena);
}

void
last_good_release(struct last_good *loaded)
{
	if (loaded->generation)
		generation_destroy(&loaded->generation);
	arena_destroy(&loaded->arena);
}
