#include "deliver/way.h"

#include "base/bug.h"
#include "queue/backoff.h"

enum {
	/* For a relay that is not in the configuration any more: another one
	 * takes its mails, at a leisurely pace. */
	ORPHANS_ROOM = 8,
	/* Of one mail, some minutes apart, in which others left. */
	VERDICT_TRIES = 3,
};

/* A relay that cannot be reached often comes back by itself. */
#define FAILED_TOLD_MS (INT64_C(10) * 60 * 1000)

void
ways_release(struct ways *ways)
{
	struct way *way;

	while ((way = ways->first)) {
		ways->first = way->next;
		pace_release(&way->pace);
		buf_release(&way->cause);
		buf_release(&way->detail);
		free(way->name);
		free(way);
	}
}

static struct way *
create(const char *name)
{
	struct way *way = bug_alloc(sizeof(*way));

	*way = (struct way){
		.name = bug_alloc(strlen(name) + 1),
		.failing = TIME_UNKNOWN,
		.cause = BUF_INIT, .detail = BUF_INIT,
	};
	memcpy(way->name, name, strlen(name) + 1);
	pace_init(&way->pace);
	return way;
}

struct way *
ways_find(struct ways *ways, const char *name)
{
	struct way **at = &ways->first;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->next;
	if (!*at)
		*at = create(name);
	return *at;
}

void
ways_load(struct ways *ways, const struct relay *const *relays, bool is_new)
{
	struct way *each;

	for (each = ways->first; each; each = each->next)
		each->is_gone = true;
	for (; *relays; relays++) {
		const struct pace_limits limits = {
			.connections = (*relays)->connections,
			.rate = (*relays)->rate,
			.rate_ms = (*relays)->rate_ms,
		};
		struct way *way = ways_find(ways, (*relays)->name);

		way->is_gone = false;
		pace_limit(&way->pace, &limits);
		if (!is_new)
			continue;
		way->news.is_back |= way->failing != TIME_UNKNOWN;
		if (way->pace.is_probing)
			pace_forget(&way->pace);
	}
}

void
ways_rooms(const struct ways *ways, instant_ms now, struct arena *arena,
	   struct queue_rooms *rooms_out)
{
	const struct way *way;

	*rooms_out = (struct queue_rooms){ .others = ORPHANS_ROOM };
	for (way = ways->first; way; way = way->next) {
		struct queue_room room = {
			.relay = way->name,
			.most = pace_room(&way->pace, now),
		};

		if (!way->is_gone)
			vec_push(arena, &rooms_out->relays, room);
	}
}

instant_ms
ways_next(struct ways *ways, const struct queue_rooms *rooms, instant_ms now)
{
	instant_ms next = TIME_UNKNOWN, when;
	size_t i;

	for (i = 0; i < rooms->relays.count; i++) {
		const struct queue_room *room = &rooms->relays.items[i];

		if (!room->is_full)
			continue;
		when = pace_next(&ways_find(ways, room->relay)->pace, now);
		if (when != TIME_UNKNOWN &&
		    (next == TIME_UNKNOWN || when < next))
			next = when;
	}
	return next;
}

/* ---- news ---- */

bool
way_has_news(const struct way *way)
{
	return way->news.is_back || way->news.is_over || way->news.has_failed;
}

void
way_record_news(struct way *way)
{
	way->recording = way->news;
	way->news = (struct way_news){ 0 };
}

void
way_recorded(struct way *way, bool is_committed)
{
	struct way_news *news = &way->news;

	if (!is_committed) {
		bool is_newer = news->is_over || news->has_failed;

		news->is_back |= way->recording.is_back;
		news->is_over |= !is_newer && way->recording.is_over;
		news->has_failed |= !is_newer && way->recording.has_failed;
	}
	way->recording = (struct way_news){ 0 };
}

/* ---- answers ---- */

static enum pace_word
word_of(const struct send_result *result)
{
	if (result->was_stopped)
		return PACE_NOTHING;
	switch (result->about) {
	case SEND_ABOUT_MAIL:
		return PACE_WORKS;
	case SEND_ABOUT_PACE:
		return PACE_SLOWER;
	case SEND_ABOUT_EITHER:
		return PACE_DOUBTFUL;
	case SEND_ABOUT_RELAY:
		return result->needs_mending ? PACE_REFUSED : PACE_FAILED;
	}
	BUG("about %d", (int)result->about);
}

static void
describe_failure(struct way *way, const struct send_result *result)
{
	buf_reset(&way->cause);
	buf_puts(&way->cause, result->step);
	if (result->reply_code)
		buf_printf(&way->cause, "-%d", result->reply_code);
	buf_reset(&way->detail);
	if (result->host.len)
		buf_printf(&way->detail, "%s: ", result->host.data);
	buf_puts(&way->detail, result->text.data);
	if (result->passed_over.len)
		buf_printf(&way->detail, " (before: %s)",
			   result->passed_over.data);
}

static void
note_failure(struct way *way, const struct send_result *result, bool is_down,
	     instant_ms now)
{
	bool is_long;

	if (way->failing == TIME_UNKNOWN || way->failing > now)
		way->failing = now;
	is_long = now - way->failing >= FAILED_TOLD_MS;
	way->is_down |= is_down || is_long;
	way->news.is_over = false;
	way->news.has_failed |= (is_down && result->needs_mending) || is_long;
	describe_failure(way, result);
}

static void
note_success(struct way *way)
{
	way->failing = TIME_UNKNOWN;
	way->is_down = false;
	way->news.has_failed = false;
}

/* At the end of the pause of its relay somebody will try. A restart forgets
 * that pause, and not how often this one was tried. */
static int64_t
pause_of(const struct way *way, unsigned int attempts, instant_ms now)
{
	int64_t pause = pace_pause(PACE_FAILED_MS, PACE_FAILED_MOST_MS,
				   attempts - 1);
	instant_ms until = way->pace.until;

	return until != TIME_UNKNOWN && until - now > pause ? until - now
							    : pause;
}

int64_t
way_answer(struct way *way, const struct send_result *result,
	   unsigned int attempts, instant_ms now)
{
	enum pace_word word = word_of(result);
	bool is_first = !way->pace.is_proven;

	if (pace_answer(&way->pace, word, now) && (is_first || way->is_down))
		way->news.is_back = way->news.is_over = true;
	switch (word) {
	case PACE_NOTHING:
		return 0;
	case PACE_WORKS:
		note_success(way);
		return 0;
	case PACE_SLOWER:
		if (way->pace.is_probing)
			note_failure(way, result, false, now);
		return backoff_short_pause(attempts);
	case PACE_DOUBTFUL:
		if (!way->pace.is_probing)
			return 0;
		break;
	case PACE_FAILED:
	case PACE_REFUSED:
		break;
	}
	note_failure(way, result, true, now);
	return pause_of(way, attempts, now);
}

bool
way_is_verdict(const struct way *way, const struct send_result *result,
	       unsigned int attempts)
{
	return result->about == SEND_ABOUT_EITHER &&
	       result->reply_code / 100 == 5 && !way->pace.is_probing &&
	       attempts >= VERDICT_TRIES;
}
