/*
 * A lane waits, asks for a token, asks for pages, and waits again:
 *
 *	due --> token? --> page --> page ... --> last page: cursor --> due
 *	          |         |
 *	          +---------+--> failed: due later, at the same page or anew
 *
 * There may be ten thousand lanes and few are due at once, so a tick looks at
 * all of them five times a second, which costs less than keeping an order.
 */
#include "daemon/poller.h"

#include "base/bug.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/map.h"
#include "base/text.h"

enum {
	TICK_MS = 200,
	/* Requests under way at once, over all tenants. */
	ASKED_MOST = 128,
	CONNECTIONS_MOST = 64,
	REQUEST_MS = 30000,
	TOKEN_ANSWER_MOST = 256 << 10,
	/* A token is renewed this long before its end. */
	TOKEN_EARLY_MS = 5 * 60000,
	/* Microsoft's limit is 150 in a minute for one application in one
	 * tenant; others may use the same one. */
	BUDGET_PER_MINUTE = 100,
	/* Alerts become visible out of order, minutes late. */
	OVERLAP_MS = 15 * 60000,
	OVERLAP_AFTER_OUTAGE_MS = 30 * 60000,
	OUTAGE_MS = 3600 * 1000,
	SWEEP_EVERY_MS = 3600 * 1000,
	SWEEP_BACK_MS = 24 * 3600 * 1000,
	TOP = 100,
	/* Most of a page; a page of one record may have more, so that none is
	 * too large for ever. */
	PAGE_MOST = 8 << 20,
	RECORD_MOST = 64 << 20,
	PAGES_MOST = 2000,
	TRIES_MOST = 4,		/* of one page; then the run begins anew */
	BACKOFF_LATER_MOST_MS = 15 * 60000,
	BACKOFF_MOST_MS = 3600 * 1000,
	/* Trouble that passes by itself is told when it has not. */
	LATER_TOLD_MS = 30 * 60000,
	/* How exactly the last good answer is known after a crash: a commit
	 * per answer would be most of the work. */
	GOOD_WRITTEN_MS = 10 * 60000,
	NEW_CERTIFICATE_TRIES = 3,
	NEW_CERTIFICATE_MS = 10000,
};

struct lane {
	struct lane *next;
	struct poller *poller;
	const struct poll_plan *plan;	/* of the current generation */
	char *key;			/* "TENANT SOURCE" */
	bool is_gone;			/* not in the current generation */
	bool is_asking;			/* a request is under way */
	bool is_done;			/* `once`: its run has ended */
	instant_ms due;
	unsigned int failures;		/* one after the other */
	double budget;			/* requests that may be made now */
	instant_ms budget_at;
	int64_t skew_ms;		/* their clock minus ours */

	struct store_poll row;
	struct buf failure;		/* of the row */
	bool has_row;			/* it was met: the row says how far */
	instant_ms written;		/* when the row was */

	struct buf token;
	instant_ms token_renewed, token_ends; /* when it should, must be */
	char *fingerprint;		/* of the app that the token is for */
	unsigned int certificate_tries;

	/* The run under way. */
	struct arena *run;		/* NULL: none */
	bool is_sweep;
	instant_ms since;		/* the window begins there */
	const char *link;		/* the page to ask for */
	struct map *links;		/* that were followed */
	size_t pages, records;
	unsigned int tries, top;
	instant_ms latest;		/* change seen in this run */
};

/* A refresh token that was renewed since the configuration was loaded. */
struct refresh {
	struct refresh *next;
	char *app, *first, *latest;
};

struct poller {
	struct poller_world world;
	struct transfer_many *many;
	struct loop_timer *timer;
	struct lane *lanes;
	struct refresh *refreshes;
	size_t asked;
	bool stopped;
};

static void step(struct lane *lane);

static instant_ms
now(const struct poller *poller)
{
	return poller->world.clock->now(poller->world.clock);
}

static const struct generation *
current(const struct poller *poller)
{
	return generations_current(poller->world.generations);
}

static char *
copy_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(bug_alloc(size), text, size);
}

static void
wipe(struct buf *secret)
{
	explicit_bzero(secret->data, secret->len);
	buf_reset(secret);
}

static uint32_t
random_below(uint32_t most)
{
	uint32_t value;

	digest_random(&value, sizeof(value));
	return most ? value % most : 0;
}

/* ---- the row: how far it is, and how it is ---- */

static void
trouble(struct lane *lane, const char *what)
{
	log_error("trouble", "in", "poll", "tenant", lane->plan->tenant,
		  "api", poll_source_name(lane->plan->source), "what", what,
		  NULL);
}

static enum outcome
put_row(struct lane *lane, struct buf *error)
{
	lane->row.tenant = lane->plan->tenant;
	lane->row.source = poll_source_name(lane->plan->source);
	lane->row.customer = lane->plan->customer;
	lane->row.failure = lane->failure.len ? lane->failure.data : NULL;
	return store_poll_put(lane->poller->world.store, &lane->row, error);
}

static void
write_row(struct lane *lane)
{
	struct buf error = BUF_INIT;

	if (put_row(lane, &error) != OUTCOME_OK)
		trouble(lane, error.data);
	else
		lane->written = now(lane->poller);
	buf_release(&error);
}

/* ---- runs ---- */

static void
end_run(struct lane *lane)
{
	arena_destroy(&lane->run);
	lane->link = NULL;
	lane->links = NULL;
}

static instant_ms
their_now(const struct lane *lane)
{
	return now(lane->poller) + lane->skew_ms;
}

static instant_ms
window_start(const struct lane *lane)
{
	const struct poller *poller = lane->poller;
	bool was_out = lane->row.good != TIME_UNKNOWN &&
		       now(poller) - lane->row.good > OUTAGE_MS;

	if (lane->is_sweep)
		return their_now(lane) - SWEEP_BACK_MS;
	if (poller->world.since)
		return poller->world.since;
	if (!lane->has_row)
		return now(poller) - OVERLAP_AFTER_OUTAGE_MS;
	return lane->row.cursor - (was_out ? OVERLAP_AFTER_OUTAGE_MS
					   : OVERLAP_MS);
}

static const char *
link_from(const struct lane *lane, size_t skip)
{
	return poll_url(lane->plan, lane->is_sweep ? POLL_CREATED :
			POLL_UPDATED, lane->since, lane->top, skip, lane->run);
}

static void
begin_run(struct lane *lane)
{
	lane->is_sweep = lane->has_row && !lane->poller->world.since &&
		their_now(lane) - lane->row.swept >= SWEEP_EVERY_MS;
	lane->run = arena_create();
	lane->links = map_create(lane->run);
	lane->pages = lane->records = 0;
	lane->tries = 0;
	lane->latest = TIME_UNKNOWN;
	lane->since = window_start(lane);
	lane->link = link_from(lane, 0);
	map_set(lane->links, lane->link, lane);
}

static void
finish(struct poller *poller)
{
	const struct lane *lane;

	for (lane = poller->lanes; lane; lane = lane->next)
		if (!lane->is_done)
			return;
	if (poller->world.finished)
		poller->world.finished(poller->world.context);
}

static void
run_ended(struct lane *lane, const char *failure)
{
	struct poller *poller = lane->poller;

	if (poller->world.ended)
		poller->world.ended(poller->world.context, lane->plan,
				    failure);
	if (!poller->world.once)
		return;
	lane->is_done = true;
	finish(poller);
}

/* ---- failures ---- */

static int64_t
backoff(const struct lane *lane, enum oauth_class class)
{
	int64_t wait = lane->plan->every_ms * (class == OAUTH_LATER ? 1 : 10);
	int64_t most = class == OAUTH_LATER ? BACKOFF_LATER_MOST_MS
					    : BACKOFF_MOST_MS;
	unsigned int i;

	for (i = 1; i < lane->failures && wait < most; i++)
		wait *= 2;
	if (wait > most)
		wait = most;
	return wait + random_below((uint32_t)(wait / 4 + 1));
}

static void
tell(struct lane *lane, const char *subject, const char *sentence)
{
	struct poller *poller = lane->poller;
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT, identity = BUF_INIT;
	char *text;

	buf_printf(&identity, "poll %s %s %s ", lane->key, subject,
		   lane->row.class ? lane->row.class : "");
	clock_print(&identity, lane->row.failed);
	text = arena_printf(arena, "Customer %s, tenant %s, API %s, app %s: "
			    "%s.\n", lane->plan->customer, lane->plan->tenant,
			    poll_source_name(lane->plan->source),
			    lane->plan->app->name, sentence);
	if (pipeline_notify_alone(current(poller), poller->world.store,
				  identity.data, lane->plan->customer, subject,
				  text, now(poller), arena, &error) !=
	    OUTCOME_OK)
		trouble(lane, error.data);
	else
		poller->world.stored(poller->world.context);
	buf_release(&error);
	buf_release(&identity);
	arena_destroy(&arena);
}

/* Once per cause, until it goes well again. */
static void
report(struct lane *lane, enum oauth_class class, const char *sentence)
{
	const char *name = oauth_class_names[class];
	bool is_new = lane->row.failed == TIME_UNKNOWN || !lane->row.class ||
		      strcmp(lane->row.class, name);
	bool is_long = lane->row.failed != TIME_UNKNOWN &&
		       now(lane->poller) - lane->row.failed > LATER_TOLD_MS;

	if (lane->row.failed == TIME_UNKNOWN)
		lane->row.failed = now(lane->poller);
	lane->row.class = name;
	buf_reset(&lane->failure);
	buf_puts(&lane->failure, sentence);
	if (is_new)
		log_warning("poll-failed", "customer", lane->plan->customer,
			    "tenant", lane->plan->tenant, "api",
			    poll_source_name(lane->plan->source), "class",
			    name, "why", sentence, NULL);
	if (is_new)
		write_row(lane);
	/* The same notice twice is one: its item is known. */
	if ((is_new && class != OAUTH_LATER) ||
	    (is_long && class == OAUTH_LATER))
		tell(lane, "A tenant cannot be read", sentence);
}

static void
failed(struct lane *lane, enum oauth_class class, const char *sentence,
       int64_t wait_ms)
{
	lane->failures++;
	lane->due = now(lane->poller) +
		    (wait_ms >= 0 ? wait_ms : backoff(lane, class));
	report(lane, class, sentence);
	if (++lane->tries >= TRIES_MOST)
		end_run(lane);
	run_ended(lane, sentence);
}

static bool
was_told(const struct lane *lane)
{
	return (lane->row.class && strcmp(lane->row.class, "later")) ||
	       now(lane->poller) - lane->row.failed > LATER_TOLD_MS;
}

static void
went_well(struct lane *lane)
{
	if (lane->row.failed != TIME_UNKNOWN) {
		log_info("poll-recovered", "customer", lane->plan->customer,
			 "tenant", lane->plan->tenant, "api",
			 poll_source_name(lane->plan->source), NULL);
		if (was_told(lane))
			tell(lane, "A tenant can be read again", "it answers");
	}
	lane->failures = 0;
	lane->row.failed = TIME_UNKNOWN;
	lane->row.class = NULL;
	buf_reset(&lane->failure);
	lane->row.good = now(lane->poller);
}

/* ---- tokens ---- */

static struct refresh *
find_refresh(struct poller *poller, const struct app *app)
{
	struct refresh *refresh = poller->refreshes;

	for (; refresh; refresh = refresh->next)
		if (!strcmp(refresh->app, app->name) &&
		    !strcmp(refresh->first, app->client.refresh_token))
			return refresh;
	return NULL;
}

/* "refresh-token APP DIGEST": the newest token that came of the one in the
 * file; another one in the file is another beginning. */
static const char *
refresh_name(const struct app *app, struct arena *arena)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];

	digest_add_text(digest, app->client.refresh_token);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_printf(arena, "refresh-token %s %s", app->name, hex);
}

static void
add_refresh(struct poller *poller, const struct app *app, const char *latest)
{
	struct refresh *refresh = find_refresh(poller, app);

	if (!refresh) {
		refresh = bug_alloc(sizeof(*refresh));
		*refresh = (struct refresh){
			.next = poller->refreshes, .app = copy_text(app->name),
			.first = copy_text(app->client.refresh_token),
		};
		poller->refreshes = refresh;
	} else {
		explicit_bzero(refresh->latest, strlen(refresh->latest));
		free(refresh->latest);
	}
	refresh->latest = copy_text(latest);
}

static const char *
latest_refresh(struct lane *lane, struct arena *arena)
{
	struct poller *poller = lane->poller;
	const struct app *app = lane->plan->app;
	const struct refresh *refresh = find_refresh(poller, app);
	struct buf error = BUF_INIT;
	const char *kept = NULL;

	if (refresh)
		return refresh->latest;
	if (store_meta(poller->world.store, refresh_name(app, arena), arena,
		       &kept, &error) != OUTCOME_OK)
		trouble(lane, error.data);
	buf_release(&error);
	return kept ? kept : app->client.refresh_token;
}

static void
keep_refresh(struct lane *lane, const char *token, struct arena *arena)
{
	struct poller *poller = lane->poller;
	const struct app *app = lane->plan->app;
	struct buf error = BUF_INIT;

	if (!app->client.refresh_token || !token)
		return;
	if (store_meta_set(poller->world.store, refresh_name(app, arena),
			   token, &error) != OUTCOME_OK)
		trouble(lane, error.data);
	add_refresh(poller, app, token);
	buf_release(&error);
}

static void
take_token(struct lane *lane, const struct oauth_answer *answer,
	   struct arena *arena)
{
	int64_t early;

	lane->certificate_tries = 0;
	wipe(&lane->token);
	buf_puts(&lane->token, answer->token);
	early = answer->lives_ms > 2 * TOKEN_EARLY_MS ? TOKEN_EARLY_MS :
		answer->lives_ms / 2;
	lane->token_ends = now(lane->poller) + answer->lives_ms;
	lane->token_renewed = lane->token_ends - early;
	free(lane->fingerprint);
	lane->fingerprint = copy_text(lane->plan->app->fingerprint);
	keep_refresh(lane, answer->refresh_token, arena);
	step(lane);
}

static void
token_failed(struct lane *lane, const struct oauth_answer *answer,
	     int64_t wait_ms)
{
	if (answer->is_new_certificate &&
	    lane->certificate_tries++ < NEW_CERTIFICATE_TRIES)
		wait_ms = NEW_CERTIFICATE_MS;
	failed(lane, answer->class, answer->sentence, wait_ms);
}

static void
token_answered(void *context, const struct transfer_answer *answer)
{
	struct lane *lane = context;
	struct arena *arena = arena_create();
	struct oauth_answer read;

	lane->is_asking = false;
	lane->poller->asked--;
	read = oauth_read(answer->end == TRANSFER_DONE ? answer->status : 0,
			  answer->body, answer->length, arena);
	if (answer->end == TRANSFER_UNTRUSTED) {
		read.class = OAUTH_OURS;
		read.sentence = "the certificate of the login end point is not "
				"trusted";
	}
	if (read.class == OAUTH_FINE)
		take_token(lane, &read, arena);
	else
		token_failed(lane, &read, poll_parse_wait(answer->retry_after,
							  their_now(lane)));
	arena_destroy(&arena);
}

static void
ask_token(struct lane *lane)
{
	const struct app *app = lane->plan->app;
	struct arena *arena = arena_create();
	struct oauth_client client = app->client;
	struct transfer_request request = {
		.ca_file = app->ca_file, .answer_most = TOKEN_ANSWER_MOST,
		.timeout_ms = REQUEST_MS, .done = token_answered,
		.context = lane,
	};

	if (client.refresh_token)
		client.refresh_token = latest_refresh(lane, arena);
	request.url = oauth_url(&client, lane->plan->tenant, arena);
	request.body = oauth_form(&client, lane->plan->tenant,
				  poll_scope(lane->plan, arena),
				  now(lane->poller), arena);
	lane->is_asking = true;
	lane->poller->asked++;
	transfer_ask(lane->poller->many, &request);
	explicit_bzero((char *)request.body, strlen(request.body));
	arena_destroy(&arena);
}

static bool
has_token(const struct lane *lane)
{
	return lane->token.len && lane->fingerprint &&
	       !strcmp(lane->fingerprint, lane->plan->app->fingerprint) &&
	       now(lane->poller) < (lane->run ? lane->token_ends
					      : lane->token_renewed);
}

/* ---- pages into the store ---- */

struct page {
	struct lane *lane;
	struct arena *arena;
	size_t count;			/* that are new */
	bool is_first;			/* contact with that tenant ever */
};

static instant_ms
change_of(const struct alert *alert)
{
	const char *text = alert_text(alert, ALERT_UPDATED);
	instant_ms when;

	if (!text)
		text = alert_text(alert, ALERT_CREATED);
	return text && clock_parse(text, &when) ? when : TIME_UNKNOWN;
}

static void
log_record(const struct lane *lane, const struct pipeline_decision *decision,
	   const char *code)
{
	const struct alert *alert = decision->alert;
	char count[32];

	snprintf(count, sizeof(count), "%zu", decision->plans.count);
	(decision->action == PIPELINE_HOLD ? log_warning : log_info)(
		pipeline_action_names[decision->action], "code", code,
		"customer", alert_text(alert, ALERT_CUSTOMER),
		"rule", decision->rule,
		"severity", alert_text(alert, ALERT_SEVERITY),
		"alert", alert_text(alert, ALERT_ALERT),
		"recipients", count, "reason", decision->reason,
		"news", decision->news,
		"title", alert_text(alert, ALERT_TITLE),
		"tenant", lane->plan->tenant,
		"api", poll_source_name(lane->plan->source), NULL);
}

static enum outcome
record_input(struct page *page, const struct pipeline_input *input,
	     struct buf *error)
{
	struct lane *lane = page->lane;
	struct poller *poller = lane->poller;
	const struct generation *g = current(poller);
	struct pipeline_decision *decision =
		pipeline_decide(g, input, NULL, now(poller), page->arena);
	const char *code = NULL;
	enum store_added how = STORE_AGAIN;
	enum outcome outcome = pipeline_record(g, poller->world.store, input,
					       decision, now(poller),
					       page->arena, &how, &code,
					       error);
	instant_ms change = change_of(decision->alert);

	if (outcome != OUTCOME_OK)
		return outcome;
	if (change > lane->latest)
		lane->latest = change;
	if (how == STORE_NEW)
		page->count++;
	if (how == STORE_NEW && !poller->world.each)
		log_record(lane, decision, code);
	if (poller->world.each)
		poller->world.each(poller->world.context, lane->plan, decision,
				   how);
	return OUTCOME_OK;
}

static enum outcome
record_one(struct page *page, const struct record *record, struct buf *error)
{
	struct lane *lane = page->lane;
	struct buf raw = BUF_INIT;
	struct pipeline_input input = {
		.name = lane->key, .sender = "", .record = record,
		.tenant = lane->plan->tenant, .started = lane->row.started,
	};

	if (record->json)
		json_print(record->json, &raw);
	input.raw = arena_strndup(page->arena, raw.data, raw.len);
	input.length = raw.len;
	buf_release(&raw);
	return record_input(page, &input, error);
}

static enum outcome
record_records(struct page *page, const struct json *document,
	       struct buf *error)
{
	const struct json *one = json_first(json_member(document, "value"));
	enum outcome outcome = OUTCOME_OK;

	for (; one && outcome == OUTCOME_OK; one = json_next(one)) {
		const struct record record = { .json = one };

		outcome = record_one(page, &record, error);
	}
	return outcome;
}

/* What the row has when the tenant is met for the first time: nothing from
 * before is news, by their clock. */
static void
begin_row(struct lane *lane)
{
	instant_ms since = lane->poller->world.since;

	if (lane->has_row && !since)
		return;
	if (!lane->has_row)
		lane->row.swept = their_now(lane) -
				  random_below(SWEEP_EVERY_MS);
	lane->row.started = since ? since : their_now(lane);
	lane->row.cursor = lane->row.started;
}

/* In the transaction of the last page. */
static enum outcome
move_cursor(struct page *page, bool is_last, struct buf *error)
{
	struct lane *lane = page->lane;
	instant_ms before = lane->row.cursor;

	if (page->count)
		lane->row.alerts = now(lane->poller);
	if (!is_last)
		return OUTCOME_OK;
	if (lane->is_sweep)
		lane->row.swept = their_now(lane);
	/* A record of the future must not hide what comes before it. */
	if (lane->latest > lane->row.cursor)
		lane->row.cursor = lane->latest < their_now(lane) ?
				   lane->latest : their_now(lane);
	lane->row.good = now(lane->poller);
	if (!lane->has_row || page->count || lane->is_sweep ||
	    lane->row.cursor != before ||
	    lane->row.good - lane->written > GOOD_WRITTEN_MS)
		return put_row(lane, error);
	return OUTCOME_OK;
}

static enum outcome
record_page(struct page *page, const struct json *document, bool is_last,
	    struct buf *error)
{
	struct lane *lane = page->lane;
	struct store *store = lane->poller->world.store;
	struct store_poll before = lane->row;
	enum outcome outcome = store_begin(store, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	begin_row(lane);
	outcome = record_records(page, document, error);
	if (outcome == OUTCOME_OK)
		outcome = move_cursor(page, is_last, error);
	outcome = store_end(store, outcome, error);
	if (outcome != OUTCOME_OK)
		lane->row = before;
	return outcome;
}

/* ---- pages ---- */

static void
run_done(struct lane *lane)
{
	bool was_failing = lane->row.failed != TIME_UNKNOWN;

	went_well(lane);
	lane->has_row = true;
	if (was_failing)
		write_row(lane);
	/* Pages that had to be small grow again, not at once. */
	lane->top = lane->top * 2 < TOP ? lane->top * 2 : TOP;
	end_run(lane);
	lane->due = now(lane->poller) + lane->plan->every_ms;
	run_ended(lane, NULL);
}

/* The page behind this one, or NULL; `sentence_out` when there is one that
 * cannot be asked for. */
static const char *
next_link(struct lane *lane, const struct poll_answer *answer,
	  const char **sentence_out)
{
	const char *next = answer->next ?
		arena_strdup(lane->run, answer->next) : NULL;

	bool is_counted = !next && answer->count >= lane->top &&
			  poll_counts_pages(lane->plan);

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
	map_set(lane->links, next, lane);
	return next;
}

static void
take_page(struct lane *lane, const struct poll_answer *answer)
{
	struct poller *poller = lane->poller;
	struct page page = { .lane = lane, .arena = arena_create() };
	const char *sentence = NULL, *next;
	struct buf error = BUF_INIT;

	lane->pages++;
	lane->records += answer->count;
	next = next_link(lane, answer, &sentence);
	if (record_page(&page, answer->document, !next && !sentence, &error) !=
	    OUTCOME_OK) {
		end_run(lane);
		failed(lane, OAUTH_LATER, error.data, -1);
	} else if (sentence) {
		end_run(lane);
		failed(lane, OAUTH_THEIRS, sentence, -1);
	} else if (next) {
		lane->link = next;
		lane->tries = 0;
		step(lane);
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
	end_run(lane);
	if (lane->top == 1) {
		lane->top = TOP;
		failed(lane, OAUTH_THEIRS, answer->sentence, -1);
		return;
	}
	lane->top = lane->top / 4 ? lane->top / 4 : 1;
	log_info("smaller-pages", "tenant", lane->plan->tenant, "api",
		 poll_source_name(lane->plan->source), NULL);
	step(lane);
}

/* Once it is asked for anew at once; then it is a failure. */
static void
renew_token(struct lane *lane, const struct poll_answer *answer)
{
	wipe(&lane->token);
	if (lane->tries++)
		failed(lane, OAUTH_CONSENT, answer->sentence, answer->wait_ms);
	else
		step(lane);
}

static void
note_clock(struct lane *lane, const char *date)
{
	instant_ms theirs;

	if (poll_parse_date(date, &theirs))
		lane->skew_ms = theirs - now(lane->poller);
}

static void
page_answered(void *context, const struct transfer_answer *answer)
{
	struct lane *lane = context;
	struct arena *arena = arena_create();
	struct poll_answer read;

	lane->is_asking = false;
	lane->poller->asked--;
	note_clock(lane, answer->date);
	poll_read(lane->plan, answer, their_now(lane), arena, &read);
	switch (read.result) {
	case POLL_PAGE:
		take_page(lane, &read);
		break;
	case POLL_TOO_LARGE:
		ask_smaller(lane, &read);
		break;
	case POLL_TOKEN:
		renew_token(lane, &read);
		break;
	default:
		failed(lane, read.class, read.sentence, read.wait_ms);
	}
	json_destroy(&read.document);
	arena_destroy(&arena);
}

static void
ask_page(struct lane *lane)
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
		.timeout_ms = REQUEST_MS, .done = page_answered,
		.context = lane,
	};

	buf_printf(&bearer, "Authorization: Bearer %s", lane->token.data);
	headers[0] = bearer.data;
	lane->is_asking = true;
	lane->poller->asked++;
	transfer_ask(lane->poller->many, &request);
	wipe(&bearer);
	buf_release(&bearer);
}

/* ---- lanes ---- */

/* May it ask once more? Otherwise when. */
static bool
take_budget(struct lane *lane)
{
	instant_ms at = now(lane->poller);

	lane->budget += (double)(at - lane->budget_at) * BUDGET_PER_MINUTE /
			60000;
	if (lane->budget > BUDGET_PER_MINUTE)
		lane->budget = BUDGET_PER_MINUTE;
	lane->budget_at = at;
	if (lane->budget < 1) {
		lane->due = at + 60000 / BUDGET_PER_MINUTE;
		return false;
	}
	lane->budget -= 1;
	return true;
}

static void
step(struct lane *lane)
{
	struct poller *poller = lane->poller;

	lane->due = now(poller);
	/* A page that follows has to wait as well; the tick comes by. */
	if (poller->stopped || lane->is_gone || poller->asked >= ASKED_MOST ||
	    !take_budget(lane))
		return;
	if (!has_token(lane)) {
		ask_token(lane);
		return;
	}
	if (!lane->run)
		begin_run(lane);
	ask_page(lane);
}

static void
lane_destroy(struct lane *lane)
{
	transfer_forget(lane->poller->many, lane);
	if (lane->is_asking)
		lane->poller->asked--;
	end_run(lane);
	wipe(&lane->token);
	buf_release(&lane->token);
	buf_release(&lane->failure);
	free(lane->fingerprint);
	free(lane->key);
	free(lane);
}

static struct lane *
lane_create(struct poller *poller, const struct poll_plan *plan,
	    const char *key)
{
	struct lane *lane = bug_alloc(sizeof(*lane));
	bool hurry = poller->world.once;

	*lane = (struct lane){
		.next = poller->lanes, .poller = poller, .plan = plan,
		.key = copy_text(key), .token = BUF_INIT, .failure = BUF_INIT,
		.top = TOP, .budget = BUDGET_PER_MINUTE,
		.budget_at = now(poller), .latest = TIME_UNKNOWN,
		/* Spread over the interval: thousands start at once. */
		.due = now(poller) + (hurry ? 0 :
			random_below((uint32_t)plan->every_ms)),
		.row = {
			.swept = TIME_UNKNOWN, .good = TIME_UNKNOWN,
			.alerts = TIME_UNKNOWN, .failed = TIME_UNKNOWN,
		},
	};
	poller->lanes = lane;
	return lane;
}

/* The name of a class as it stands in the table, or NULL. */
static const char *
class_name(const char *text)
{
	size_t i;

	for (i = 0; text && oauth_class_names[i]; i++)
		if (!strcmp(oauth_class_names[i], text))
			return oauth_class_names[i];
	return NULL;
}

static void
take_row(struct lane *lane, const struct store_poll *row)
{
	lane->row = *row;
	lane->row.class = class_name(row->class);
	lane->has_row = row->started > 0;
	if (lane->has_row && lane->row.swept == TIME_UNKNOWN)
		lane->row.swept = lane->row.started;
	if (row->failure)
		buf_puts(&lane->failure, row->failure);
}

static const char *
key_of(struct arena *arena, const char *tenant, const char *source)
{
	return arena_printf(arena, "%s %s", tenant, source);
}

static void
add_lane(struct poller *poller, const struct poll_plan *plan,
	 const struct map *known, const struct map *rows, struct arena *arena)
{
	const char *key = key_of(arena, plan->tenant,
				 poll_source_name(plan->source));
	struct lane *lane = map_find(known, key);

	if (poller->world.customer &&
	    strcmp(poller->world.customer, plan->customer))
		return;
	if (lane) {
		/* A page of the old cloud is not asked at the new one. */
		if (lane->fingerprint && strcmp(lane->fingerprint,
						plan->app->fingerprint))
			end_run(lane);
		lane->plan = plan;
		lane->is_gone = false;
		return;
	}
	lane = lane_create(poller, plan, key);
	if (map_find(rows, key))
		take_row(lane, map_find(rows, key));
}

static struct map *
read_rows(struct poller *poller, struct arena *arena)
{
	struct store_polls polls = { 0 };
	struct map *rows = map_create(arena);
	struct buf error = BUF_INIT;
	size_t i;

	if (store_polls(poller->world.store, arena, &polls, &error) !=
	    OUTCOME_OK)
		log_error("trouble", "in", "poll", "what", error.data, NULL);
	for (i = 0; i < polls.count; i++)
		map_set(rows, key_of(arena, polls.items[i].tenant,
				     polls.items[i].source),
			&polls.items[i]);
	buf_release(&error);
	return rows;
}

static void
drop_gone(struct poller *poller)
{
	struct lane **at = &poller->lanes, *lane;

	while ((lane = *at)) {
		if (lane->is_gone) {
			*at = lane->next;
			lane_destroy(lane);
		} else {
			at = &lane->next;
		}
	}
}

void
poller_reload(struct poller *poller)
{
	const struct generation *g = current(poller);
	struct arena *arena = arena_create();
	struct map *known = map_create(arena);
	const struct map *rows = read_rows(poller, arena);
	struct lane *lane;
	size_t i;

	for (lane = poller->lanes; lane; lane = lane->next) {
		lane->is_gone = true;
		map_set(known, lane->key, lane);
	}
	for (i = 0; i < g->polls.count; i++)
		add_lane(poller, g->polls.items[i], known, rows, arena);
	drop_gone(poller);
	arena_destroy(&arena);
}

instant_ms
poller_good(const struct poller *poller, const char *customer)
{
	const struct lane *lane = poller->lanes;
	instant_ms oldest = INT64_MAX;

	for (; lane; lane = lane->next) {
		if (strcmp(lane->plan->customer, customer))
			continue;
		if (lane->row.good < oldest)	/* unknown is the least */
			oldest = lane->row.good;
	}
	return oldest == INT64_MAX ? TIME_UNKNOWN : oldest;
}

int64_t
poller_hurry(struct poller *poller, const char *customer)
{
	struct lane *lane = poller->lanes;
	int64_t most = 0;

	for (; lane; lane = lane->next) {
		if (strcmp(lane->plan->customer, customer) || !lane->has_row ||
		    lane->failures || !lane->plan->complete_ms)
			continue;
		if (lane->plan->complete_ms > most)
			most = lane->plan->complete_ms;
		if (!lane->is_asking)
			step(lane);
	}
	return most;
}

/* ---- the loop ---- */

static void
answers(void *context)
{
	struct poller *poller = context;

	transfer_turn(poller->many);
}

static void
tick(void *context)
{
	struct poller *poller = context;
	instant_ms at = now(poller);
	struct lane *lane;

	for (lane = poller->lanes; lane && poller->asked < ASKED_MOST;
	     lane = lane->next) {
		/* A clock that was set back must not stop anybody. */
		if (lane->due > at + BACKOFF_MOST_MS * INT64_C(30))
			lane->due = at;
		if (!lane->is_asking && !lane->is_done && lane->due <= at)
			step(lane);
	}
	loop_timer_set(poller->timer, poller->stopped ? -1 : TICK_MS);
}

struct poller *
poller_create(const struct poller_world *world)
{
	struct poller *poller = bug_alloc(sizeof(*poller));

	*poller = (struct poller){
		.world = *world,
		.many = transfer_many_create(CONNECTIONS_MOST),
	};
	poller->timer = loop_timer(world->loop, tick, poller);
	loop_watch(world->loop, transfer_many_fd(poller->many), answers,
		   poller);
	poller_reload(poller);
	loop_timer_set(poller->timer, 0);
	return poller;
}

void
poller_stop(struct poller *poller)
{
	poller->stopped = true;
	loop_timer_set(poller->timer, -1);
}

static void
refresh_destroy(struct refresh *refresh)
{
	explicit_bzero(refresh->first, strlen(refresh->first));
	explicit_bzero(refresh->latest, strlen(refresh->latest));
	free(refresh->first);
	free(refresh->latest);
	free(refresh->app);
	free(refresh);
}

void
poller_destroy(struct poller **poller)
{
	struct refresh *refresh;
	struct lane *lane;

	while ((lane = (*poller)->lanes)) {
		(*poller)->lanes = lane->next;
		lane_destroy(lane);
	}
	while ((refresh = (*poller)->refreshes)) {
		(*poller)->refreshes = refresh->next;
		refresh_destroy(refresh);
	}
	loop_forget((*poller)->world.loop, transfer_many_fd((*poller)->many));
	transfer_many_destroy(&(*poller)->many);
	free(*poller);
	*poller = NULL;
}
