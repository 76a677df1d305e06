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
	struct value *value;		/* all of them */
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

struct value *
words_value(const struct words *words)
{
	return words->value;
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

/* ---- holes ---- */

static const struct words_hole *
find_hole(const struct words_hole *holes, const char *name, size_t length)
{
	for (; holes && holes->name; holes++)
		if (strlen(holes->name) == length &&
		    !strncmp(holes->name, name, length))
			return holes;
	return NULL;
}

static void
print_holes(const char *at, const struct words_hole *holes,
	    const char *unknown, struct buf *out)
{
	while (*at) {
		size_t plain = strcspn(at, "{"), length;
		const struct words_hole *hole;

		buf_append(out, at, plain);
		at += plain;
		if (!*at)
			return;
		length = strcspn(at, "}");
		hole = at[length] ? find_hole(holes, at + 1, length - 1)
				  : NULL;
		if (hole) {
			buf_puts(out, hole->text ? hole->text : unknown);
			at += length + 1;
		} else {
			buf_putc(out, *at++);
		}
	}
}

void
words_print(const struct words *words, const char *key,
	    const struct words_hole *holes, struct buf *out)
{
	const char *text = words_text(words, key);
	const char *unknown = words_text(words, "unknown");

	print_holes(text ? text : key, holes, unknown ? unknown : "", out);
}

void
words_print_duration(const struct words *words, int64_t milliseconds,
		     struct buf *out)
{
	static const struct { int64_t ms; const char *one, *several; }
	units[] = {
		{ 86400000, "day", "days" }, { 3600000, "hour", "hours" },
		{ 60000, "minute", "minutes" }, { 1000, "second", "seconds" },
	};
	const size_t last = sizeof(units) / sizeof(*units) - 1;
	char digits[24];
	const struct words_hole holes[] = {
		{ "count", digits }, { NULL, NULL }
	};
	int64_t count;
	size_t i = 0;

	while (i < last && milliseconds % units[i].ms)
		i++;
	count = milliseconds / units[i].ms;
	(void)snprintf(digits, sizeof(digits), "%lld", (long long)count);
	words_print(words, count == 1 ? units[i].one : units[i].several, holes,
		    out);
}

/* ---- times ---- */

enum { ZONE_KEY_MOST = 80, CLOCK_MOST = 64 };

/* What stands in the holes of `date-format`. */
struct date {
	char day[8], year[24], clock[CLOCK_MOST], zone[ZONE_KEY_MOST];
	struct words_hole holes[7];
};

static const char *const date_holes[] = {
	"weekday", "day", "month", "year", "time", "zone", NULL
};

/* A zone without letters of its own has "-03", which says too little beside a
 * time. */
static const char *
zone_word(const struct words *words, const struct zone *zone, instant_ms when,
	  char *text)
{
	const char *name = zone_abbreviation(zone, when), *word;

	(void)snprintf(text, ZONE_KEY_MOST, "zone-%s", zone_name(zone));
	word = words_text(words, text);
	if (word)
		return word;
	(void)snprintf(text, ZONE_KEY_MOST, "zone-%s", name);
	word = words_text(words, text);
	if (word)
		return word;
	(void)snprintf(text, ZONE_KEY_MOST, "%s%s", strchr("+-", *name) ?
		       "UTC" : "", name);
	return text;
}

static void
set_date(struct date *date, const struct words *words, const struct zone *zone,
	 instant_ms when)
{
	struct civil civil;
	const char *first = words_text(words, "day-1");
	size_t i;

	zone_to_civil(zone, when, &civil);
	(void)snprintf(date->day, sizeof(date->day), "%d", civil.day);
	(void)snprintf(date->year, sizeof(date->year), "%lld",
		       (long long)civil.year);
	(void)snprintf(date->clock, sizeof(date->clock), "%02d:%02d",
		       civil.hour, civil.minute);
	for (i = 0; date_holes[i]; i++)
		date->holes[i].name = date_holes[i];
	date->holes[i].name = NULL;
	date->holes[0].text = numbered(words, "weekday", clock_weekday(when +
				1000ll * zone_offset_s(zone, when)));
	date->holes[1].text = civil.day == 1 && first ? first : date->day;
	date->holes[2].text = numbered(words, "month", civil.month);
	date->holes[3].text = date->year;
	date->holes[4].text = date->clock;
	date->holes[5].text = zone_word(words, zone, when, date->zone);
}

static void
print_date(const struct words *words, const struct date *date, struct buf *out)
{
	const char *format = words_text(words, "date-format");

	print_holes(format ? format : "{year}-{month}-{day} {time} {zone}",
		    date->holes, "", out);
}

void
words_print_time(const struct words *words, const struct zone *zone,
		 instant_ms when, struct buf *out)
{
	struct date date;

	set_date(&date, words, zone, when);
	print_date(words, &date, out);
}

static bool
is_same_day(const struct zone *zone, instant_ms a, instant_ms b)
{
	struct civil left, right;

	zone_to_civil(zone, a, &left);
	zone_to_civil(zone, b, &right);
	return left.year == right.year && left.month == right.month &&
	       left.day == right.day &&
	       zone_offset_s(zone, a) == zone_offset_s(zone, b);
}

void
words_print_span(const struct words *words, const struct zone *zone,
		 instant_ms from, instant_ms to, struct buf *out)
{
	struct date begin, end;
	char both[sizeof(begin.clock) + sizeof(end.clock) + 4];

	set_date(&begin, words, zone, from);
	set_date(&end, words, zone, to);
	if (!is_same_day(zone, from, to)) {
		print_date(words, &begin, out);
		buf_puts(out, " – ");
		print_date(words, &end, out);
		return;
	}
	(void)snprintf(both, sizeof(both), "%s–%s", begin.clock, end.clock);
	if (strcmp(begin.clock, end.clock))
		begin.holes[4].text = both;
	print_date(words, &begin, out);
}

/* ---- loading ---- */

static bool
has_hole(const char *text, const char *name, size_t length)
{
	for (; (text = strchr(text, '{')) != NULL; text++)
		if (strcspn(text, "}") == length &&
		    !strncmp(text, name, length + 1))
			return true;
	return false;
}

static void
append_holes(struct buf *out, const char *text)
{
	for (; (text = strchr(text, '{')) != NULL; text++)
		buf_printf(out, "%s%.*s}", out->len ? " " : "",
			   (int)strcspn(text, "}"), text);
}

/* A hole that nobody fills would be shown with its braces: it has to be one of
 * those of the English text. */
static void
check_holes(struct languages *languages, const struct conf_word *word,
	    const char *english)
{
	const char *at = word->text;
	struct buf known = BUF_INIT;

	append_holes(&known, english);
	for (; (at = strchr(at, '{')) != NULL; at++)
		if (!has_hole(english, at, strcspn(at, "}")))
			diag_error(languages->diag, word->place,
				   known.len ? arena_printf(languages->arena,
					"the holes are %s", known.data) :
				   "its English text has no holes",
				   "there is no hole '%.*s}'",
				   (int)strcspn(at, "}"), at);
	buf_release(&known);
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
	const char *english = map_find(languages->english->texts, key.text);

	if (map_set(said, key.text, words))
		diag_error(languages->diag, key.place, "keep one of the two",
			   "word '%s' is said twice", key.text);
	if (words != languages->english && !english)
		diag_error(languages->diag, key.place,
			   diag_did_you_mean(languages->diag, key.text,
					     words_keys(languages->arena,
							words),
					     "add it to en.words first"),
			   "English has no word '%s'", key.text);
	if (english)
		check_holes(languages, &text, english);
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
warn_of_missing(const struct languages *languages, const struct words *words)
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
warn_of_own(const struct languages *languages, struct conf_word key,
	    const struct words *const *read, size_t count)
{
	struct buf lack = BUF_INIT;
	size_t i, have = 1;		/* in English */

	for (i = 0; i < count; i++) {
		const struct words *words = read[i];

		if (words == words->english)
			continue;
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

/* Once, not for each notification. */
static void
set_value(struct arena *arena, struct words *words)
{
	const char *const *key = words_keys(arena, words);

	words->value = value_map(arena);
	for (; *key; key++)
		value_set_text(words->value, *key, words_text(words, *key));
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
		set_value(arena, languages->list.items[i]);
	return languages;
}

void
words_check(const struct languages *languages, const char *const *used)
{
	VEC(const struct words *) read = { 0 };
	size_t i;

	for (; *used; used++) {
		const struct words *words = words_find(languages, *used);

		for (i = 0; i < read.count && read.items[i] != words; i++)
			;
		if (words && i == read.count)
			vec_push(languages->arena, &read, words);
	}
	for (i = 0; i < read.count; i++)
		warn_of_missing(languages, read.items[i]);
	for (i = 0; i < languages->own.count; i++)
		warn_of_own(languages, languages->own.items[i], read.items,
			    read.count);
}
