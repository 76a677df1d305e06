/*
 * Turns of a calendar overlap as they like. They are cut, once, into pieces at
 * all their ends, so that who is on duty is found by halving.
 */
#include "oncall/feed.h"

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "conf/value.h"

#include <stdlib.h>
#include <strings.h>

#define DAY_MS INT64_C(86400000)

enum {
	KEY_SIZE = 32,			/* of the hexadecimal digits */
	EVERY_MS = 15 * 60 * 1000,
	EVERY_WARNED_MS = 5 * 60 * 1000,
};

/* ---- the line ---- */

struct loader {
	struct arena *arena;
	const struct conf_node *node;
	struct feed *feed;
	struct diag *diag;
};

static const struct conf_node *
clause(const struct loader *loader, const char *keyword)
{
	return conf_find(&loader->node->clauses, keyword);
}

static bool
missing(struct loader *loader, const char *what, const char *remedy)
{
	if (!loader->node->broken)
		diag_error(loader->diag, loader->feed->where, remedy,
			   "this `calendar` does not say %s", what);
	return false;
}

/* What is between "://" and the path, without a name and a password. */
static const char *
host_of(struct arena *arena, const char *url)
{
	const char *at = strstr(url, "://");
	char *host;

	at = at ? at + 3 : url;
	host = arena_strndup(arena, at, strcspn(at, "/?#"));
	return strrchr(host, '@') ? strrchr(host, '@') + 1 : host;
}

static bool
is_loopback(const char *host)
{
	static const char *const names[] = {
		"127.0.0.1", "localhost", "[::1]"
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t length = strlen(names[i]);

		if (!strncasecmp(host, names[i], length) &&
		    (!host[length] || host[length] == ':'))
			return true;
	}
	return false;
}

static bool
is_whole(const char *url)
{
	for (; *url; url++)
		if ((unsigned char)*url <= ' ' || (unsigned char)*url == 0x7f)
			return false;
	return true;
}

/* The address is never printed, nor the line it is in: whoever knows it reads
 * the calendar. */
static bool
take_url(struct loader *loader, const char *url)
{
	const char *host = host_of(loader->arena, url);

	if (!strncasecmp(url, "webcal://", 9))
		url = arena_printf(loader->arena, "https://%s", url + 9);
	if (is_whole(url) && *host &&
	    (!strncasecmp(url, "https://", 8) ||
	     (!strncasecmp(url, "http://", 7) && is_loopback(host)))) {
		loader->feed->url = url;
		loader->feed->place = host;
		return true;
	}
	diag_error(loader->diag, loader->feed->where, "write https://...",
		   "this is no address of a calendar that can be fetched: "
		   "https only");
	return false;
}

static bool
take_url_file(struct loader *loader, struct conf_word word)
{
	struct buf secret = BUF_INIT, error = BUF_INIT;
	const char *path = conf_path(loader->arena, word);
	bool good = file_read_secret(path, &secret, &error) == OUTCOME_OK;

	if (!good)
		conf_unread_secret(word, path, error.data, loader->diag);
	else
		good = take_url(loader, arena_strndup(loader->arena,
					secret.data, secret.len));
	/* Where it is not on this machine, only what is known of it is used. */
	if (!good && !diag_errors(loader->diag)) {
		loader->feed->place = path;
		good = true;
	}
	buf_release(&secret);
	buf_release(&error);
	return good;
}

static bool
load_place(struct loader *loader)
{
	struct conf_word word = conf_word(loader->node, 0);
	const struct conf_node *file = clause(loader, "url-file");
	const struct conf_node *ca = clause(loader, "ca-file");

	if (ca)
		loader->feed->ca_file = conf_path(loader->arena,
						  conf_word(ca, 0));
	if (*word.text && file) {
		diag_error(loader->diag, loader->feed->where, "keep one of "
			   "them", "this `calendar` is in two places");
		return false;
	}
	if (file)
		return take_url_file(loader, conf_word(file, 0));
	if (!*word.text)
		return missing(loader, "where it is",
			       "calendar \"https://...\" of NAME by summary");
	if (strstr(word.text, "://"))
		return take_url(loader, word.text);
	loader->feed->path = conf_path(loader->arena, word);
	loader->feed->place = loader->feed->path;
	return true;
}

/* One line has one copy, whoever rotates the secret in its address. */
static const char *
key_of(const struct loader *loader)
{
	const struct conf_node *file = clause(loader, "url-file");
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];

	digest_add_text(digest, loader->feed->oncall);
	digest_add_text(digest, file ? conf_word(file, 0).text :
				conf_word(loader->node, 0).text);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_strndup(loader->arena, hex, KEY_SIZE);
}

static bool
load_who(struct loader *loader)
{
	const struct conf_node *of = clause(loader, "of");
	const struct conf_node *by = clause(loader, "by");
	size_t i;

	if (!of)
		return missing(loader, "who may come on duty by it",
			       "of NAME, NAME");
	if (!by)
		return missing(loader, "where a name is in it",
			       "by summary, or by attendee");
	for (i = 0; i < of->words.count; i++) {
		struct conf_word word = of->words.items[i];

		word.place = loader->feed->where;
		vec_push(loader->arena, &loader->feed->names, word);
	}
	loader->feed->by_attendee = !strcmp(conf_word(by, 0).text, "attendee");
	return true;
}

static bool
load_pace(struct loader *loader)
{
	const struct conf_node *every = clause(loader, "every");

	loader->feed->every_ms = EVERY_MS;
	if (!every)
		return true;
	if (!conf_duration(conf_word(every, 0), loader->diag,
			   &loader->feed->every_ms))
		return false;
	if (loader->feed->every_ms < 1000)
		loader->feed->every_ms = 1000;
	if (loader->feed->every_ms < EVERY_WARNED_MS && !loader->feed->path)
		diag_warning(loader->diag, loader->feed->where,
			     "write every 5m or more",
			     "so often hardly any server of calendars wants to "
			     "be asked");
	return true;
}

struct feed *
feed_load(struct arena *arena, const struct conf_node *node,
	  struct conf_word oncall, const struct zone *zone, struct diag *diag)
{
	struct feed *feed = arena_alloc(arena, sizeof(*feed));
	struct loader loader = { arena, node, feed, diag };
	bool is_placed, is_named, is_paced;

	*feed = (struct feed){
		.oncall = oncall.text, .where = oncall.place, .zone = zone,
		.place = "",
	};
	is_placed = load_place(&loader);
	is_named = load_who(&loader);
	is_paced = load_pace(&loader);
	feed->key = key_of(&loader);
	return is_placed && is_named && is_paced ? feed : NULL;
}

/* ---- who is meant ---- */

/* One of the parts between " - ". */
static bool
has_part(struct arena *arena, const char *summary, const char *name)
{
	const char *at = summary, *next;

	for (; at; at = next ? next + 3 : NULL) {
		next = strstr(at, " - ");
		if (text_same(arena_strndup(arena, at, next ?
					    (size_t)(next - at) : strlen(at)),
			      name))
			return true;
	}
	return false;
}

static bool
is_whole_name(const struct feed_person *person, const char *summary)
{
	return text_same(summary, person->name) ||
	       text_same(summary, person->display);
}

/* A part counts where nobody's name is all of it. */
static bool
is_in_summary(const struct feed *feed, const struct feed_person *person,
	      const char *summary)
{
	struct arena *arena;
	bool found;
	size_t i;

	for (i = 0; i < feed->persons.count; i++)
		if (is_whole_name(&feed->persons.items[i], summary))
			return is_whole_name(person, summary);
	arena = arena_create();
	found = has_part(arena, summary, person->name) ||
		has_part(arena, summary, person->display);
	arena_destroy(&arena);
	return found;
}

static bool
is_attendee(const struct feed_person *person, const struct turns_event *event)
{
	size_t i, j;

	for (i = 0; i < person->addresses.count; i++)
		for (j = 0; j < event->attendees.count; j++)
			if (text_same(person->addresses.items[i],
				      event->attendees.items[j]))
				return true;
	return false;
}

static bool
is_meant(const struct feed *feed, const struct feed_person *person,
	 const struct turns_event *event)
{
	return feed->by_attendee ? is_attendee(person, event) :
		is_in_summary(feed, person, event->summary);
}

static bool
names_somebody(const struct feed *feed, const struct turns_event *event)
{
	size_t i;

	for (i = 0; i < feed->persons.count; i++)
		if (is_meant(feed, &feed->persons.items[i], event))
			return true;
	return false;
}

static bool
touches(const struct turns_event *event, struct period period)
{
	size_t i;

	for (i = 0; i < event->spans.count; i++)
		if (event->spans.items[i].since < period.until &&
		    event->spans.items[i].until > period.since)
			return true;
	return false;
}

bool
feed_has_turns(const struct feed *feed, const struct turns *turns,
	       struct period period, bool named)
{
	size_t i;

	for (i = 0; i < turns->events.count; i++)
		if (touches(&turns->events.items[i], period) &&
		    (!named || names_somebody(feed, &turns->events.items[i])))
			return true;
	return false;
}

/* ---- pieces ---- */

struct edge {
	instant_ms when;
	size_t person;
	int change;			/* in how many turns he is */
};

typedef VEC(struct edge) edges;

static int
compare_edges(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	return a->when < b->when ? -1 : a->when > b->when;
}

static void
add_edges(struct arena *arena, const struct turns_event *event, size_t person,
	  edges *out)
{
	size_t i;

	for (i = 0; i < event->spans.count; i++) {
		const struct turns_span *span = &event->spans.items[i];
		const struct edge begin = { span->since, person, 1 };
		const struct edge end = { span->until, person, -1 };

		vec_push(arena, out, begin);
		vec_push(arena, out, end);
	}
}

static void
find_edges(struct arena *arena, const struct feed *feed, edges *out)
{
	const struct turns *turns = feed->copy->turns;
	size_t i, j;

	for (i = 0; i < turns->events.count; i++)
		for (j = 0; j < feed->persons.count; j++)
			if (is_meant(feed, &feed->persons.items[j],
				     &turns->events.items[i]))
				add_edges(arena, &turns->events.items[i], j,
					  out);
	if (out->count)
		qsort(out->items, out->count, sizeof(*out->items),
		      compare_edges);
}

static bool
is_alike(const struct feed_piece *a, const struct feed_piece *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->names[i], b->names[i]))
			return false;
	return true;
}

/* Who is in a turn, in the order of `of`. */
static void
add_piece(struct arena *arena, struct feed *feed, instant_ms since,
	  const int *depth)
{
	const char **names = arena_array(arena, feed->persons.count,
					 sizeof(*names));
	struct feed_piece piece = { .since = since, .names = names };
	size_t i, last = feed->pieces.count;

	for (i = 0; i < feed->persons.count; i++)
		if (depth[i])
			names[piece.count++] = feed->persons.items[i].name;
	if (!last || !is_alike(&feed->pieces.items[last - 1], &piece))
		vec_push(arena, &feed->pieces, piece);
}

static void
cut(struct arena *arena, struct feed *feed)
{
	int *depth = arena_array(arena, feed->persons.count, sizeof(*depth));
	edges list = { 0 };
	size_t i = 0;

	find_edges(arena, feed, &list);
	while (i < list.count) {
		instant_ms when = list.items[i].when;

		for (; i < list.count && list.items[i].when == when; i++)
			depth[list.items[i].person] += list.items[i].change;
		add_piece(arena, feed, when, depth);
	}
}

void
feed_bind(struct arena *arena, struct feed *feed, feed_persons persons,
	  const char *state)
{
	struct buf error = BUF_INIT;

	feed->persons = persons;
	feed->copy = feed_copy_read(state, feed->key, arena, &error);
	if (feed->copy)
		cut(arena, feed);
	buf_release(&error);
}

size_t
feed_at(const struct feed *feed, instant_ms when,
	const char *const **names_out, struct period *period_out)
{
	size_t low = 0, high = feed->pieces.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (feed->pieces.items[middle].since <= when)
			low = middle + 1;
		else
			high = middle;
	}
	*names_out = NULL;
	*period_out = (struct period){ INT64_MIN, INT64_MAX };
	if (low < feed->pieces.count)
		period_out->until = feed->pieces.items[low].since;
	if (!low)
		return 0;
	period_out->since = feed->pieces.items[low - 1].since;
	*names_out = feed->pieces.items[low - 1].names;
	return feed->pieces.items[low - 1].count;
}

/* ---- checking ---- */

static void
check_refused(const struct feed *feed, struct diag *diag)
{
	const struct turns *turns = feed->copy->turns;
	size_t i;

	for (i = 0; i < turns->refused.count; i++)
		diag_warning(diag, feed->where, NULL,
			     "an event of the calendar at %s is left out: %s",
			     feed->place, turns->refused.items[i]);
	if (turns->refused_more)
		diag_warning(diag, feed->where, NULL,
			     "and %zu more are", turns->refused_more);
}

void
feed_check(const struct feed *feed, instant_ms now, struct diag *diag)
{
	const struct period soon = {
		now, now + FEED_DAYS_EXPECTED * DAY_MS,
	};

	if (!feed->copy) {
		diag_warning(diag, feed->where, NULL,
			     "the calendar at %s was not fetched yet, as far "
			     "as this user can see", feed->place);
		return;
	}
	check_refused(feed, diag);
	if (!feed_has_turns(feed, feed->copy->turns, soon, true))
		diag_warning(diag, feed->where,
			     "compare the names with those behind of",
			     "the calendar at %s names none of them in the "
			     "next %d days", feed->place, FEED_DAYS_EXPECTED);
}
