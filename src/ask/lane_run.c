/*
 * A run reads all pages of a window. What is asked again after a failure is the
 * same page, a few times; then the run begins anew, and what it has stored is
 * known by then.
 *
 * A record can be such that no page with it can be read to its end:
 *
 *	a1 a2 [a3 a4 a5    a3 breaks it off: a1 and a2 are taken,
 *	      [a3          then it is asked for alone,
 *	          a4 a5    and once it has failed so, too, it is held as it is,
 *	                   and what stands behind it is asked for, by counting
 *
 * An API that refuses to count, or does not, is asked for halves of the window
 * instead (spans.h): some twenty pages where counting takes two. So are those
 * of a page that is never answered at all (lane_gap.c).
 */
#include "ask/lane_private.h"
#include "base/log.h"
#include "base/map.h"

enum {
	/* Most of a page; a page of one record may have more, so that none is
	 * too large for ever. */
	PAGE_MOST = 8 << 20,
	RECORD_MOST = 64 << 20,
	/* Two hundred thousand alerts; the end of links that never do. */
	PAGES_MOST = 2000,
	/* Records of a run that are held because they are no JSON; if there are
	 * more, it is not they that are wrong. */
	SET_ASIDE_MOST = 100,
	/* That a new alert waits for the name of its incident. */
	NAME_WAIT_MS = 3000,
};

/* ---- a run ---- */

const char *
lane_link_from(const struct lane *lane, size_t skip, unsigned int top)
{
	const struct source_window window = {
		.is_made = lane->window.is_sweep && !lane->is_news,
		.since = lane->spans.now.since,
		.until = lane->spans.now.until == SPAN_OPEN ? 0 :
			 lane->spans.now.until,
		.top = top, .skip = skip,
	};

	return lane->plan->source->url(lane->plan->host->url, &window,
				       lane->run);
}

static void
begin_run(struct lane *lane)
{
	struct cursor_time time = lane_time(lane);

	lane->window = lane->must_sweep ? cursor_sweep(&time) :
					  cursor_window(&lane->row, &time);
	if (lane->must_sweep)
		lane->sweep_tried = time.now;
	lane->must_sweep = false;
	lane->run = arena_create();
	lane->links = map_create(lane->run);
	lane->began = lane->newest = time.now;
	lane->pages = lane->records = lane->set_aside = 0;
	lane->spans = (struct spans){
		.now = { lane->window.since, SPAN_OPEN },
	};
	gaps_begin(&lane->gaps, lane->window.is_sweep, time.now, &lane->spans,
		   lane->run);
	lane->is_doubted = false;
	lane->is_probing = lane->is_closing_in = lane->is_stepping = false;
	lane->is_late = lane->is_news = lane->has_left = false;
	lane->is_flaky = false;
	lane->in_vain = 0;
	lane->first = NULL;
	lane->is_alone = lane->is_counted = false;
	lane->tries = 0;
	lane->has_waited = false;
	lane->latest = TIME_UNKNOWN;
	lane->link = lane_link_from(lane, 0, lane->top);
	(void)map_set(lane->links, lane->link, lane);
}

void
lane_end_run(struct lane *lane)
{
	arena_destroy(&lane->run);
	lane->link = NULL;
	lane->links = NULL;
}

/* What changed comes first; then, now and then, what was made. An incident that
 * shows late is one without a name until it changes. */
static bool
must_sweep(const struct lane *lane)
{
	struct cursor_time time = lane_time(lane);

	return !lane->window.is_sweep && !lane->leader && !lane->world->once &&
	       cursor_must_sweep(&lane->row, lane->sweep_tried, &time);
}

/* An interval lies between two runs; or, when it took long to get around
 * something, between the times at which what is newest is asked for. */
static instant_ms
next_run(const struct lane *lane)
{
	if (lane->must_sweep)
		return lane_now(lane);
	return (lane->is_late ? lane->newest : lane_now(lane)) +
	       lane->plan->every_ms;
}

static void
run_done(struct lane *lane)
{
	unsigned int most = lane->plan->source->top;

	lane->failures = 0;
	lane->is_told = false;
	/* Pages that had to be small grow again, not at once. */
	lane->top = lane->top * 2 < most ? lane->top * 2 : most;
	lane_end_run(lane);
	lane->must_sweep = must_sweep(lane);
	lane_wait(lane, next_run(lane));
	lane_run_ended(lane, NULL);
}

/* ---- pages ---- */

/* Is a page of one record asked for? */
static bool
is_of_one(const struct lane *lane)
{
	return lane->is_alone || lane->top == 1;
}

/* The record in which a page has broken off is next. */
static bool
asks_alone(const struct lane *lane, const struct poll_answer *answer)
{
	return !is_of_one(lane) && answer->is_cut && !answer->is_ended;
}

/* What tells the first record of a page from others, or NULL. Its id does even
 * when it has changed meanwhile; one without is told by its text. */
static const char *
first_of(const struct poll_answer *answer, struct arena *arena)
{
	const struct source_record *first = answer->page.records.items;
	struct buf text = BUF_INIT;
	const char *copy;

	if (!answer->page.records.count)
		return answer->left.count ? answer->left.items[0].text :
		       answer->is_cut ? answer->rest.text : NULL;
	if (first->id)
		return first->id;
	json_print(first->json, &text);
	copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	return copy;
}

/* It counted, and gives again what the span began with. */
static bool
counts_in_vain(const struct lane *lane, const char *first)
{
	return lane->is_counted && lane->first && first &&
	       !strcmp(first, lane->first) && lane->records;
}

void
lane_begin_span(struct lane *lane)
{
	lane->next_records = 0;
	lane->first = NULL;
	lane->next_is_alone = lane->next_is_counted = false;
	lane->next = lane_link_from(lane, 0, lane->top);
	/* A span that has failed may be read in the same run. */
	lane->links = map_create(lane->run);
}

void
lane_next_span(struct lane *lane)
{
	const struct span before = lane->spans.now;

	lane->is_news = false;
	do {
		if (!spans_next(&lane->spans))
			return;
	} while (lane_leaves_gap(lane));
	lane->left = before;
	lane->has_left = true;
	lane_begin_span(lane);
}

/* Behind a page that gives no link: counted from the start of the span. */
static void
count_on(struct lane *lane, const struct poll_answer *answer)
{
	if (!answer->passed && (!answer->is_cut || answer->is_ended))
		return;
	lane->next_is_alone = asks_alone(lane, answer);
	lane->next_is_counted = true;
	lane->next = lane_link_from(lane, lane->next_records,
			       lane->next_is_alone ? 1 : lane->top);
}

/* In halves; what is as short as can be and breaks off has but that record. */
static void
halve(struct lane *lane, struct poll_answer *answer)
{
	if (spans_halve(&lane->spans, lane_now(lane), lane->run))
		lane_begin_span(lane);
	else if (answer->is_cut && !answer->is_ended && !is_of_one(lane))
		vec_push(lane->run, &answer->left, answer->rest);
}

static void
find_next(struct lane *lane, struct poll_answer *answer, const char *first)
{
	bool is_counted = !answer->page.next && answer->passed >= lane->top &&
			  lane->plan->source->counts_pages;
	bool goes_on = is_counted || answer->is_cut || lane->is_alone;

	lane->next_is_alone = lane->next_is_counted = false;
	lane->next_records = lane->records + answer->passed;
	lane->next = goes_on ? NULL : answer->page.next;
	if (!lane->first && !lane->is_counted && first)
		lane->first = arena_strdup(lane->run, first);
	if (goes_on && counts_in_vain(lane, first))
		lane->cannot_count = true;
	if (goes_on && lane->cannot_count)
		halve(lane, answer);
	else if (goes_on)
		count_on(lane, answer);
	if (!lane->next)
		lane_next_span(lane);
}

static void
refuse_next(struct lane *lane, const char *sentence)
{
	lane->next_sentence = sentence;
	lane->next_turn = TURN_THEIRS;
}

/* The page behind this one, if there is one and it may be asked for. */
static void
plan_next(struct lane *lane, struct poll_answer *answer, struct arena *arena)
{
	const char *first = first_of(answer, arena);

	lane->next_sentence = NULL;
	lane->has_left = false;
	if (lane->is_stepping)
		lane_plan_step(lane, answer, first, arena);
	else
		find_next(lane, answer, first);
	if (answer->is_foreign)
		refuse_next(lane, "the API gives a next page at another host, "
			    "where the token must not go");
	if (!lane->next)
		return;
	if (map_find(lane->links, lane->next))
		refuse_next(lane, "the pages of the API go round in a circle");
	else if (lane->pages + 1 >= PAGES_MOST)
		refuse_next(lane, "the API has more pages than can be right");
	else if (lane->set_aside + answer->left.count > SET_ASIDE_MOST)
		refuse_next(lane, "more records of the API are no JSON than "
			    "can be right");
}

void
lane_take_next(struct lane *lane)
{
	lane->link = arena_strdup(lane->run, lane->next);
	(void)map_set(lane->links, lane->link, lane);
	lane->records = lane->next_records;
	lane->is_alone = lane->next_is_alone;
	lane->is_counted = lane->next_is_counted;
	lane->tries = 0;
}

static void
follow(struct lane *lane)
{
	lane_take_next(lane);
	lane_go_on(lane);
}

void
lane_page_stored(struct lane *lane, const struct poll_answer *answer)
{
	lane->pages++;
	gaps_stored(&lane->gaps);
	lane->set_aside += answer->left.count;
	if (lane->next_sentence) {
		const char *sentence = lane->next_sentence;

		lane_end_run(lane);
		lane_fail_so(lane, lane->next_turn, sentence);
	} else if (lane->next) {
		follow(lane);
	} else {
		run_done(lane);
	}
}

bool
lane_may_await_names(const struct lane *lane)
{
	const struct lane *along = lane->along;

	return along && !lane->has_waited && !along->failures &&
	       along->state != LANE_DONE;
}

/* The incidents are asked for, and then the same page again: what comes of it
 * can name them. Once in a run, and not for long. */
void
lane_await_names(struct lane *lane)
{
	struct lane *along = lane->along;

	if (lane->has_left)
		spans_back(&lane->spans, lane->left, lane->run);
	lane->has_waited = true;
	lane->state = LANE_AWAITING_NAMES;
	lane->due = lane_now(lane) + NAME_WAIT_MS;
	if (along && along->state == LANE_WAITING)
		lane_go_on(along);
}

/* ---- answers ---- */

static void
ask_smaller(struct lane *lane, const struct refusal *why)
{
	lane_end_run(lane);
	if (lane->top == 1) {
		lane->top = lane->plan->source->top;
		lane_fail(lane, why, -1);
		return;
	}
	lane->top = lane->top / 4 ? lane->top / 4 : 1;
	log_info("smaller-pages", "tenant", lane->plan->tenant, "api",
		 lane->plan->source->name, NULL);
	lane_go_on(lane);
}

/* Once it is asked for anew at once; then it is a failure. What is read along
 * leaves that to its leader. */
static void
renew_token(struct lane *lane, struct poll_answer *answer)
{
	if (lane->leader) {
		answer->refusal.turn = TURN_LATER;
		lane_fail(lane, &answer->refusal, answer->wait_ms);
		return;
	}
	lane_wipe(&lane->token);
	if (lane->tries++)
		lane_fail(lane, &answer->refusal, answer->wait_ms);
	else
		lane_go_on(lane);
}

/* Only a page has a clock to go by: an error may come from any box on the
 * way. */
static void
note_clock(struct lane *lane, const char *date)
{
	instant_ms theirs;

	if (poll_parse_date(date, &theirs))
		lane->skew_ms = cursor_skew(lane->skew_ms, theirs,
					    lane_now(lane));
}

/* A record that has broken a page off, and now, alone, one of its own. */
static void
set_aside(struct poll_answer *answer, struct arena *arena)
{
	vec_push(arena, &answer->left, answer->rest);
	answer->passed = 1;
}

static void
take_page(struct lane *lane, struct poll_answer *answer, struct arena *arena)
{
	if (is_of_one(lane) && !answer->passed && answer->is_cut &&
	    !answer->is_ended)
		set_aside(answer, arena);
	lane_is_well(lane);
	plan_next(lane, answer, arena);
	lane_store(lane, answer, !lane->next && !lane->next_sentence, arena);
}

/* A page, or as much of one as there will ever be: one that is too large for a
 * single record, or in which the connection breaks again. */
static bool
is_page(const struct lane *lane, const struct poll_answer *answer)
{
	if (answer->result == POLL_PAGE || !answer->is_cut)
		return answer->result == POLL_PAGE;
	if (answer->result == POLL_TOO_LARGE)
		return is_of_one(lane);
	return lane->tries || lane->is_alone || lane->cannot_count ||
	       lane->is_closing_in;
}

/* The API refuses to count. */
static bool
halves_instead(struct lane *lane, const struct refusal *why)
{
	if (!lane->is_counted || lane->cannot_count ||
	    why->turn == TURN_LATER ||
	    !spans_halve(&lane->spans, lane_now(lane), lane->run))
		return false;
	lane->cannot_count = true;
	lane_begin_span(lane);
	follow(lane);
	return true;
}

static void
page_answered(void *context, const struct transfer_answer *answer)
{
	struct lane *lane = context;
	struct arena *arena = arena_create();
	struct poll_answer read;

	lane_answered(lane);
	poll_read(lane->plan, answer, lane_now(lane), arena, &read);
	if (is_page(lane, &read)) {
		note_clock(lane, answer->date);
		take_page(lane, &read, arena);
		return;
	}
	json_destroy(&read.document);
	if (read.result == POLL_TOO_LARGE) {
		ask_smaller(lane, &read.refusal);
	} else if (read.result == POLL_TOKEN) {
		renew_token(lane, &read);
	} else if (!halves_instead(lane, &read.refusal) &&
		   !lane_goes_around(lane, &read,
				     answer->end == TRANSFER_TIMEOUT)) {
		lane_fail(lane, &read.refusal, read.wait_ms);
		lane_doubt_page(lane, &read);
		if (read.is_throttled)
			lane_hold(lane);
	}
	arena_destroy(&arena);
}

void
lane_ask_page(struct lane *lane)
{
	struct buf bearer = BUF_INIT;
	const char *headers[] = {
		NULL, "Prefer: include-unknown-enum-members",
		"Accept: application/json", NULL
	};
	struct transfer_request request = {
		.ca_file = lane->plan->app->ca_file, .headers = headers,
		.answer_most = is_of_one(lane) ? RECORD_MOST : PAGE_MOST,
		.done = page_answered,
	};

	if (!lane->run)
		begin_run(lane);
	lane_look_into_doubt(lane);
	request.url = lane->link;
	buf_printf(&bearer, "Authorization: Bearer %s",
		   lane_owner(lane)->token.data);
	headers[0] = bearer.data;
	lane_ask(lane, LANE_ASKING_PAGE, &request);
	lane_wipe(&bearer);
	buf_release(&bearer);
}
