/*
 * A run reads all pages of a window. What is asked again after a failure is the
 * same page, a few times; then the run begins anew, and what it has stored is
 * known by then.
 */
#include "ask/lane.h"

#include "base/log.h"
#include "base/map.h"

enum {
	/* Most of a page; a page of one record may have more, so that none is
	 * too large for ever. */
	PAGE_MOST = 8 << 20,
	RECORD_MOST = 64 << 20,
	PAGES_MOST = 2000,
	/* That a new alert waits for the name of its incident. */
	NAME_WAIT_MS = 3000,
};

void
lane_end_run(struct lane *lane)
{
	arena_destroy(&lane->run);
	lane->link = NULL;
	lane->links = NULL;
}

struct cursor_time
lane_time(const struct lane *lane)
{
	return (struct cursor_time){
		.now = lane_now(lane), .skew_ms = lane->skew_ms,
		.since = lane->poller->world.since,
	};
}

static const char *
link_from(const struct lane *lane, size_t skip)
{
	const struct source_window window = {
		.is_made = lane->window.is_sweep,
		.since = lane->window.since, .top = lane->top, .skip = skip,
	};

	return lane->plan->source->url(lane->plan->host->url, &window,
				       lane->run);
}

void
lane_begin_run(struct lane *lane)
{
	struct cursor_time time = lane_time(lane);

	lane->window = lane->must_sweep ? cursor_sweep(&time) :
					  cursor_window(&lane->row, &time);
	/* One that fails must not keep changes from being asked for. */
	lane->must_sweep = false;
	lane->run = arena_create();
	lane->links = map_create(lane->run);
	lane->pages = lane->records = 0;
	lane->tries = 0;
	lane->has_waited = false;
	lane->latest = TIME_UNKNOWN;
	lane->link = link_from(lane, 0);
	(void)map_set(lane->links, lane->link, lane);
}

/* What changed comes first; then, now and then, what was made. An incident that
 * shows late is one without a name until it changes. */
static bool
must_sweep(const struct lane *lane)
{
	struct cursor_time time = lane_time(lane);

	return !lane->window.is_sweep && !lane->leader &&
	       !lane->poller->world.once &&
	       cursor_must_sweep(&lane->row, &time);
}

static void
run_done(struct lane *lane)
{
	bool was_failing = lane->row.failed != TIME_UNKNOWN;
	unsigned int most = lane->plan->source->top;

	lane_went_well(lane);
	if (was_failing)
		lane_write_row(lane);
	/* Pages that had to be small grow again, not at once. */
	lane->top = lane->top * 2 < most ? lane->top * 2 : most;
	lane_end_run(lane);
	lane->must_sweep = must_sweep(lane);
	lane->due = lane_now(lane) +
		    (lane->must_sweep ? 0 : lane->plan->every_ms);
	lane_run_ended(lane, NULL);
}

/* The page behind this one, or NULL; `sentence_out` when there is one that
 * cannot be asked for. */
static const char *
next_link(struct lane *lane, const struct poll_answer *answer,
	  const char **sentence_out)
{
	const char *next = answer->page.next ?
		arena_strdup(lane->run, answer->page.next) : NULL;
	bool is_counted = !next && answer->page.records.count >= lane->top &&
			  lane->plan->source->counts_pages;

	if (!next && answer->is_foreign && !is_counted) {
		*sentence_out = "the API gives a next page at another host, "
				"where the token must not go";
		return NULL;
	}
	if (is_counted)
		next = link_from(lane, lane->records);
	if (!next)
		return NULL;
	if (map_find(lane->links, next)) {
		*sentence_out = "the pages of the API go round in a circle";
		return NULL;
	}
	if (lane->pages >= PAGES_MOST) {
		*sentence_out = "the API has more pages than can be right";
		return NULL;
	}
	(void)map_set(lane->links, next, lane);
	return next;
}

/* The incidents are asked for, and then the same page again: what comes of it
 * can name them. Once in a run, and not for long. */
static bool
wait_for_names(struct lane *lane, const struct poll_answer *answer)
{
	struct lane *along = lane->along;

	if (!along || lane->has_waited || along->failures ||
	    along->is_done || !lane_misses_incident(lane, &answer->page))
		return false;
	lane->has_waited = lane->is_waiting = true;
	lane->due = lane_now(lane) + NAME_WAIT_MS;
	if (!along->is_asking)
		lane_step(along);
	return true;
}

static void
take_page(struct lane *lane, const struct poll_answer *answer)
{
	struct poller *poller = lane->poller;
	struct lane_page page = { .lane = lane, .arena = arena_create() };
	const char *sentence = NULL, *next;
	struct buf error = BUF_INIT;

	lane->pages++;
	lane->records += answer->page.records.count;
	next = next_link(lane, answer, &sentence);
	if (lane_record_page(&page, &answer->page, !next && !sentence,
			     &error) != OUTCOME_OK) {
		lane_end_run(lane);
		lane_failed(lane, OAUTH_LATER, error.data, -1);
	} else if (sentence) {
		lane_end_run(lane);
		lane_failed(lane, OAUTH_THEIRS, sentence, -1);
	} else if (next) {
		lane->link = next;
		lane->tries = 0;
		lane_step(lane);
	} else {
		run_done(lane);
	}
	if (page.count)
		poller->world.stored(poller->world.context);
	buf_release(&error);
	arena_destroy(&page.arena);
}

static void
ask_smaller(struct lane *lane, const struct poll_answer *answer)
{
	lane_end_run(lane);
	if (lane->top == 1) {
		lane->top = lane->plan->source->top;
		lane_failed(lane, OAUTH_THEIRS, answer->sentence, -1);
		return;
	}
	lane->top = lane->top / 4 ? lane->top / 4 : 1;
	log_info("smaller-pages", "tenant", lane->plan->tenant, "api",
		 lane->plan->source->name, NULL);
	lane_step(lane);
}

/* Once it is asked for anew at once; then it is a failure. What is read along
 * leaves that to its leader. */
static void
renew_token(struct lane *lane, const struct poll_answer *answer)
{
	if (lane->leader) {
		lane_failed(lane, OAUTH_LATER, answer->sentence,
			    answer->wait_ms);
		return;
	}
	lane_wipe(&lane->token);
	if (lane->tries++)
		lane_failed(lane, OAUTH_CONSENT, answer->sentence,
			    answer->wait_ms);
	else
		lane_step(lane);
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

static void
page_answered(void *context, const struct transfer_answer *answer)
{
	struct lane *lane = context;
	struct arena *arena = arena_create();
	struct poll_answer read;

	lane->is_asking = false;
	lane->is_of_tenant = false;
	lane->poller->asked--;
	poll_read(lane->plan, answer, lane_now(lane), arena, &read);
	switch (read.result) {
	case POLL_PAGE:
		note_clock(lane, answer->date);
		if (!wait_for_names(lane, &read))
			take_page(lane, &read);
		break;
	case POLL_TOO_LARGE:
		ask_smaller(lane, &read);
		break;
	case POLL_TOKEN:
		renew_token(lane, &read);
		break;
	default:
		lane_failed(lane, read.class, read.sentence, read.wait_ms);
	}
	json_destroy(&read.document);
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
		.url = lane->link, .ca_file = lane->plan->app->ca_file,
		.headers = headers,
		.answer_most = lane->top == 1 ? RECORD_MOST : PAGE_MOST,
		.timeout_ms = LANE_REQUEST_MS, .done = page_answered,
		.context = lane,
	};

	buf_printf(&bearer, "Authorization: Bearer %s",
		   lane_owner(lane)->token.data);
	headers[0] = bearer.data;
	lane->is_asking = true;
	lane->poller->asked++;
	transfer_ask(lane->poller->many, &request);
	lane_wipe(&bearer);
	buf_release(&bearer);
}
