#include "render/words.h"

#include "base/text.h"
#include "base/vec.h"
#include "conf/conf.h"
#include "conf/embedded.h"

#define FOLDER "words/"
#define ENGLISH FOLDER "en.words"

struct words {
	const char *code;
	struct map *texts;		/* key -> text */
	VEC(const char *) keys;		/* as they were said */
	const struct words *english;	/* itself for English */
	struct diag_place place;	/* of the language's name, last file */
};

struct languages {
	struct arena *arena;
	struct diag *diag;
	VEC(struct words *) list;
	struct words *english;
	size_t shipped;			/* of English's keys the first so many;
					   0 until those are read */
	VEC(struct conf_word) own;	/* the others, with their places */
};

static size_t
first_part(const char *code)
{
	return strcspn(code, "-");
}

const struct words *
words_find(const struct languages *languages, const char *language)
{
	size_t length = first_part(language), i;

	for (i = 0; i < languages->list.count; i++)
		if (!strcasecmp(languages->list.items[i]->code, language))
			return languages->list.items[i];
	for (i = 0; i < languages->list.count; i++) {
		const struct words *words = languages->list.items[i];

		if (first_part(words->code) == length &&
		    !strncasecmp(words->code, language, length))
			return words;
	}
	return NULL;
}

const struct words *
words_choose(const struct languages *languages, const char *language)
{
	const struct words *words = language ?
		words_find(languages, language) : NULL;

	return words ? words : languages->english;
}

const char *const *
words_languages(struct arena *arena, const struct languages *languages)
{
	VEC(const char *) codes = { 0 };
	size_t i;

	for (i = 0; i < languages->list.count; i++)
		vec_push(arena, &codes, languages->list.items[i]->code);
	vec_push(arena, &codes, NULL);
	return (const char *const *)codes.items;
}

const char *
words_language(const struct words *words)
{
	return words->code;
}

const char *
words_text(const struct words *words, const char *key)
{
	const char *text = map_find(words->texts, key);

	return text ? text : map_find(words->english->texts, key);
}

const char *const *
words_keys(struct arena *arena, const struct words *words)
{
	const struct words *english = words->english;
	const char **keys = arena_array(arena, english->keys.count + 1,
					sizeof(*keys));
	size_t i;

	for (i = 0; i < english->keys.count; i++)
		keys[i] = english->keys.items[i];
	return keys;
}

static const char *
numbered(const struct words *words, const char *stem, int number)
{
	char key[32];
	const char *text;

	(void)snprintf(key, sizeof(key), "%s-%d", stem, number);
	text = words_text(words, key);
	return text ? text : "";
}

/* What stands in braces in `date-format`. */
enum hole { WEEKDAY, DAY, MONTH, YEAR, TIME, ZONE, HOLES };

static const char *const hole_names[] = {
	[WEEKDAY] = "weekday", [DAY] = "day", [MONTH] = "month",
	[YEAR] = "year", [TIME] = "time", [ZONE] = "zone", [HOLES] = NULL
};

/* The hole whose name begins at `name`, just behind a brace. */
static enum hole
find_hole(const char *name)
{
	size_t length = strcspn(name, "}");
	int hole;

	for (hole = 0; hole < HOLES; hole++)
		if (strlen(hole_names[hole]) == length && name[length] &&
		    !strncmp(hole_names[hole], name, length))
			break;
	return (enum hole)hole;
}

static void
print_hole(enum hole hole, const struct words *words,
	   const struct zone *zone, instant_ms when, struct buf *out)
{
	/* A zone without letters of its own has "-03", which says too little
	 * beside a time. */
	const char *name = zone_abbreviation(zone, when);
	struct civil civil;

	zone_to_civil(zone, when, &civil);
	if (hole == WEEKDAY)
		buf_puts(out, numbered(words, "weekday", clock_weekday(
				when + 1000ll * zone_offset_s(zone, when))));
	else if (hole == DAY)
		buf_printf(out, "%d", civil.day);
	else if (hole == MONTH)
		buf_puts(out, numbered(words, "month", civil.month));
	else if (hole == YEAR)
		buf_printf(out, "%lld", (long long)civil.year);
	else if (hole == TIME)
		buf_printf(out, "%02d:%02d", civil.hour, civil.minute);
	else
		buf_printf(out, "%s%s", strchr("+-", *name) ? "UTC" : "",
			   name);
}

void
words_print_time(const struct words *words, const struct zone *zone,
		 instant_ms when, struct buf *out)
{
	const char *at = words_text(words, "date-format");

	if (!at)
		at = "{year}-{month}-{day} {time} {zone}";
	while (*at) {
		enum hole hole = *at == '{' ? find_hole(at + 1) : HOLES;

		if (hole == HOLES) {
			buf_putc(out, *at++);
			continue;
		}
		print_hole(hole, words, zone, when, out);
		at = strchr(at, '}') + 1;
	}
}

static void
check_date_format(struct languages *languages, const struct conf_word *word)
{
	const char *at = word->text;

	while ((at = strchr(at, '{')) != NULL) {
		at++;
		if (find_hole(at) == HOLES)
			diag_error(languages->diag, word->place,
				   "the holes are {weekday} {day} {month} "
				   "{year} {time} {zone}",
				   "there is no hole '{%.*s}'",
				   (int)strcspn(at, "}"), at);
	}
}

static struct words *
words_create(struct languages *languages, const char *code)
{
	struct words *words = arena_alloc(languages->arena, sizeof(*words));

	words->code = code;
	words->texts = map_create(languages->arena);
	if (!strcasecmp(code, "en"))
		languages->english = words;
	vec_push(languages->arena, &languages->list, words);
	words->english = languages->english ? languages->english : words;
	return words;
}

/* The words that a file is about, from its statement `language`. */
static struct words *
take_language(struct languages *languages, const struct conf *conf)
{
	const struct conf_node *node = conf_find(&conf->nodes, "language");
	struct words *words = NULL;
	struct conf_word code;
	size_t i;

	if (!node) {
		diag_error(languages->diag,
			   (struct diag_place){ conf->files.items[0],
						DIAG_WHOLE_FILE, 0 },
			   "begin with: language en \"English\"",
			   "this file does not say its language");
		return NULL;
	}
	code = conf_word(node, 0);
	for (i = 0; i < languages->list.count; i++)
		if (!strcasecmp(languages->list.items[i]->code, code.text))
			words = languages->list.items[i];
	if (!words)
		words = words_create(languages, code.text);
	words->place = code.place;
	return words;
}

static void
take_word(struct languages *languages, struct words *words, struct map *said,
	  const struct conf_node *node)
{
	struct conf_word key = conf_word(node, 0), text = conf_word(node, 1);
	char *copy = arena_strdup(languages->arena, text.text);

	if (map_set(said, key.text, words))
		diag_error(languages->diag, key.place, "keep one of the two",
			   "word '%s' is said twice", key.text);
	if (words != languages->english &&
	    !map_find(languages->english->texts, key.text))
		diag_error(languages->diag, key.place,
			   diag_did_you_mean(languages->diag, key.text,
					     words_keys(languages->arena,
							words),
					     "add it to en.words first"),
			   "English has no word '%s'", key.text);
	if (!strcmp(key.text, "date-format"))
		check_date_format(languages, &text);
	if (map_set(words->texts, key.text, copy))
		return;
	vec_push(languages->arena, &words->keys, key.text);
	if (words == languages->english && languages->shipped)
		vec_push(languages->arena, &languages->own, key);
}

static void
take_file(struct languages *languages, const struct conf *conf)
{
	struct words *words = take_language(languages, conf);
	struct map *said = map_create(languages->arena);
	size_t i;

	for (i = 0; words && i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];

		if (!strcmp(node->keyword, "word"))
			take_word(languages, words, said, node);
		else if (strcmp(node->keyword, "language") ||
			 node != conf_find(&conf->nodes, "language"))
			diag_error(languages->diag, node->place,
				   "write: word KEY \"TEXT\"",
				   "'%s' does not stand here in a file of "
				   "words",
				   node->keyword);
	}
}

static void
take_shipped(struct languages *languages, const char *name)
{
	const char *path = arena_printf(languages->arena, "templates/%s",
					name);

	take_file(languages, conf_load_text(languages->arena,
			arena_printf(languages->arena, "%s (built in)", path),
			embedded_find(path), languages->diag));
}

static void
take_own(struct languages *languages, const struct shelf *shelf,
	 const char *name)
{
	take_file(languages, conf_load(languages->arena,
				       shelf_path(shelf, name), NULL,
				       languages->diag));
}

static bool
is_other(const char *name)
{
	return text_starts(name, FOLDER) && text_ends(name, ".words") &&
		strcmp(name, ENGLISH);
}

/* English goes first: the others are checked against it. */
static void
load_all(struct languages *languages, const struct shelf *shelf)
{
	size_t i;

	take_shipped(languages, ENGLISH);
	languages->shipped = languages->english->keys.count;
	for (i = 0; i < shelf->own.count; i++)
		if (!strcmp(shelf->own.items[i], ENGLISH))
			take_own(languages, shelf, ENGLISH);
	for (i = 0; i < shelf->shipped.count; i++)
		if (is_other(shelf->shipped.items[i]))
			take_shipped(languages, shelf->shipped.items[i]);
	for (i = 0; i < shelf->own.count; i++)
		if (is_other(shelf->own.items[i]))
			take_own(languages, shelf, shelf->own.items[i]);
}

static void
warn_of_missing(struct languages *languages, const struct words *words)
{
	size_t i;

	for (i = 0; i < languages->shipped; i++) {
		const char *key = languages->english->keys.items[i];

		if (!map_find(words->texts, key))
			diag_warning(languages->diag, words->place,
				     arena_printf(languages->arena,
						  "add to words/%s.words: "
						  "word %s \"...\"",
						  words->code, key),
				     "'%s' has no word '%s', so the English "
				     "one is shown", words->code, key);
	}
}

/* A word of the site's own that some languages have and others have not; one
 * that is English everywhere is meant to be. */
static void
warn_of_own(struct languages *languages, struct conf_word key)
{
	struct buf lack = BUF_INIT;
	size_t i, have = 0;

	for (i = 0; i < languages->list.count; i++) {
		const struct words *words = languages->list.items[i];

		if (map_find(words->texts, key.text))
			have++;
		else
			buf_printf(&lack, "%s%s", lack.len ? ", " : "",
				   words->code);
	}
	if (have > 1 && lack.len)
		diag_warning(languages->diag, key.place,
			     "say it in their files of words, too",
			     "word '%s' is shown in English to readers of %s",
			     key.text, lack.data);
	buf_release(&lack);
}

struct languages *
words_load(struct arena *arena, const struct shelf *shelf, struct diag *diag)
{
	struct languages *languages = arena_alloc(arena, sizeof(*languages));
	size_t i;

	languages->arena = arena;
	languages->diag = diag;
	load_all(languages, shelf);
	for (i = 0; i < languages->list.count; i++)
		warn_of_missing(languages, languages->list.items[i]);
	for (i = 0; i < languages->own.count; i++)
		warn_of_own(languages, languages->own.items[i]);
	return languages;
}
