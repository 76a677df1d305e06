#include "ask/feed_record.h"

#include "base/text.h"
#include "pipeline/notice.h"

#define DAY_MS INT64_C(86400000)

struct recording {
	const struct feed_answer *answer;
	const struct feed_copy *was;	/* NULL: there is none */
	const char *failure;		/* NULL: it is good */
	struct store *store;
	struct change *change;
	struct feed_fate *fate;
	struct buf *error;
};

struct period
feed_range(instant_ms now)
{
	instant_ms day = now - now % DAY_MS;

	return (struct period){
		day - FEED_DAYS_BEHIND * DAY_MS,
		day + FEED_DAYS_AHEAD * DAY_MS,
	};
}

/* ---- is it good? ---- */

static struct period
expected_at(instant_ms when)
{
	return (struct period){ when, when + FEED_DAYS_EXPECTED * DAY_MS };
}

/* What was good when the copy was fetched is asked of its successor now: so a
 * calendar that has lost its events stays broken for as long as it has none.
 * One that has not changed may have come to its end. */
static const char *
worse_than(const struct feed *feed, const struct turns *turns,
	   const struct feed_copy *was, instant_ms now)
{
	struct period then = expected_at(was->fetched);
	struct period soon = expected_at(now);

	if (feed_has_turns(feed, was->turns, then, false) &&
	    !feed_has_turns(feed, turns, soon, false))
		return "it has no events in the next 14 days, and had some";
	if (feed_has_turns(feed, was->turns, then, true) &&
	    !feed_has_turns(feed, turns, soon, true))
		return "it names nobody in the next 14 days, and did so before";
	return NULL;
}

/* ---- the copy ---- */

static bool
is_same(const struct turns *a, const struct turns *b)
{
	struct buf left = BUF_INIT, right = BUF_INIT;
	bool same;

	turns_print(a, &left);
	turns_print(b, &right);
	same = !strcmp(left.data, right.data);
	buf_release(&left);
	buf_release(&right);
	return same;
}

/* What cannot be kept would be gone with the next start: that is a failure. */
static void
keep(struct recording *r)
{
	const struct feed_answer *answer = r->answer;
	struct feed_copy copy = { .fetched = answer->now };
	struct buf why = BUF_INIT;

	if (answer->is_unchanged) {
		copy = *r->was;
		copy.fetched = answer->now;
	} else {
		copy.read = answer->now;
		copy.zone = zone_name(answer->feed->zone);
		copy.etag = answer->etag;
		copy.modified = answer->modified;
		copy.turns = (struct turns *)answer->turns;
	}
	if (feed_copy_write(answer->generation->settings.state,
			    answer->feed->key, &copy, &why) != OUTCOME_OK)
		r->failure = arena_strdup(r->change->arena, why.data);
	else
		r->fate->is_new = !r->was ||
				  !is_same(r->was->turns, copy.turns);
	buf_release(&why);
}

/* ---- telling ---- */

static const char *
row_of(const struct recording *r, const char *what)
{
	return arena_printf(r->change->arena, "calendar %s %s",
			    r->answer->feed->key, what);
}

static enum outcome
tell(struct recording *r, enum notice_kind kind, instant_ms since)
{
	const struct feed *feed = r->answer->feed;
	const struct pipeline_word word = {
		.identity = arena_printf(r->change->arena, "calendar %s %d %s",
					 feed->key, kind == NOTICE_FEED_GOOD,
					 clock_text(r->change->arena, since)),
		.notice = {
			.kind = kind, .name = feed->oncall,
			.address = feed->place,
			.since = kind == NOTICE_FEED_OLD ? r->was->fetched :
				 since,
			.detail = r->failure,
		},
	};

	return pipeline_say(r->answer->generation, r->store, &word,
			    r->answer->now, r->change, r->error);
}

static void
log_state(const struct recording *r, enum log_level level, const char *what)
{
	change_log(r->change, level, "calendar", "oncall",
		   r->answer->feed->oncall, "at", r->answer->feed->place,
		   "what", what, NULL);
}

/* `failed`: since when it does, or TIME_UNKNOWN. */
static enum outcome
fail(struct recording *r, instant_ms failed, bool is_told)
{
	if (failed == TIME_UNKNOWN) {
		change_put_meta(r->change, row_of(r, "failed"),
				clock_text(r->change->arena, r->answer->now));
		log_state(r, LOG_LEVEL_WARNING, r->failure);
		return OUTCOME_OK;
	}
	if (is_told)
		return OUTCOME_OK;
	change_put_meta(r->change, row_of(r, "told"), "yes");
	log_state(r, LOG_LEVEL_ERROR, r->failure);
	return tell(r, r->was ? NOTICE_FEED_OLD : NOTICE_FEED_NONE, failed);
}

static enum outcome
recover(struct recording *r, instant_ms failed, bool is_told)
{
	if (r->fate->is_new)
		log_state(r, LOG_LEVEL_INFO, r->answer->turns->refused.count ?
			  "new turns; `check` says what was left out" :
			  "new turns");
	if (failed == TIME_UNKNOWN)
		return OUTCOME_OK;
	change_put_meta(r->change, row_of(r, "failed"), "");
	change_put_meta(r->change, row_of(r, "told"), "");
	return is_told ? tell(r, NOTICE_FEED_GOOD, failed) : OUTCOME_OK;
}

static enum outcome
say(struct recording *r)
{
	struct arena *arena = r->change->arena;
	const char *text = NULL, *told = NULL;
	instant_ms failed = TIME_UNKNOWN;
	enum outcome outcome = store_meta(r->store, row_of(r, "failed"), arena,
					  &text, r->error);

	if (outcome == OUTCOME_OK)
		outcome = store_meta(r->store, row_of(r, "told"), arena, &told,
				     r->error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (!text || !clock_parse(text, &failed))
		failed = TIME_UNKNOWN;
	return (r->failure ? fail : recover)(r, failed, told && *told);
}

enum outcome
feed_record(const struct feed_answer *answer, struct store *store,
	    struct change *change, struct feed_fate *fate_out,
	    struct buf *error)
{
	struct buf why = BUF_INIT;
	struct recording r = {
		.answer = answer, .failure = answer->failure, .store = store,
		.was = feed_copy_read(answer->generation->settings.state,
				      answer->feed->key, change->arena, &why),
		.change = change, .fate = fate_out, .error = error,
	};

	buf_release(&why);
	*fate_out = (struct feed_fate){ .is_good = false };
	if (!r.failure && answer->is_unchanged && !r.was)
		r.failure = "the copy of it is gone";
	if (!r.failure && r.was)
		r.failure = worse_than(answer->feed, answer->is_unchanged ?
				       r.was->turns : answer->turns, r.was,
				       answer->now);
	if (!r.failure)
		keep(&r);
	fate_out->is_good = !r.failure;
	return say(&r);
}
