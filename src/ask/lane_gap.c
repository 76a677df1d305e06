/*
 * Around what cannot be fetched. An API may fail each time it is asked for a
 * page, because of one record in it, and be well otherwise. Which one that is
 * nobody says; so it is closed in by time:
 *
 *	[ . . . . x . . . )|	fails; once more, after the usual wait,
 *	                   [ )	but for what is to come: if that fails as well,
 *				it is the API that is ill
 *	        [ x . . . )	else halves of it (spans.h), those that fail at
 *	[ . . . )		once, until it is
 *	        [x)		a millisecond: its records one by one, as far as
 *				the API counts, and what fails still is a gap
 *
 * What else there is, is told by then; a gap is asked for again, see gaps.h.
 * All that takes its time where the API fails late: so what is newest is asked
 * for in between, once in an interval.
 *
 * An API may also fail at random. Closing in, no page is given up that has not
 * failed twice; where one is answered then, so are the others asked for more
 * often, or else halves of halves would fail without end.
 */
#include "ask/lane_private.h"
#include "base/log.h"

enum {
	/* A month in halves are 32; more failures one after the other are not
	 * the fault of a record. */
	IN_VAIN_MOST = 64,
	/* Of records that are asked for one by one: an API that does not count
	 * gives the same one each time. */
	STEPS_IN_VAIN_MOST = 3,
	/* Of a page while it is closed in. */
	PAGE_TRIES = 2,
	PAGE_TRIES_FLAKY = 6,
};

static bool
may_be_of_page(const struct lane *lane, const struct poll_answer *answer)
{
	return !lane->world->once && answer->result == POLL_FAILED &&
	       !answer->is_cut && !answer->is_throttled &&
	       (answer->refusal.turn == TURN_LATER || answer->refusal.settles ||
		lane->is_stepping);
}

/* ---- is it the API? ---- */

/* What is to come stands for the API: a page with hardly anything in it. */
static bool
plan_probe(struct lane *lane)
{
	const instant_ms present = lane_now(lane) + lane->skew_ms;
	struct span doubted = lane->spans.now;

	if (doubted.until == SPAN_OPEN)
		doubted.until = present;
	if (doubted.since >= doubted.until)
		return false;
	lane->spans.now = doubted;
	spans_back(&lane->spans, (struct span){ present, SPAN_OPEN },
		   lane->run);
	lane->probed = present;
	lane->newest = lane_now(lane);
	lane_begin_span(lane);
	lane_take_next(lane);
	lane->is_probing = lane->is_closing_in = true;
	lane->in_vain = 0;
	return true;
}

void
lane_doubt_page(struct lane *lane, const struct poll_answer *answer)
{
	/* A link that fails is asked for twice: what is before it is read. */
	if (lane->run && may_be_of_page(lane, answer) &&
	    lane->tries >= (lane->pages ? 2 : 1))
		lane->is_doubted = true;
}

void
lane_look_into_doubt(struct lane *lane)
{
	if (lane->is_doubted)
		(void)plan_probe(lane);	/* else it stays with the page */
	lane->is_doubted = false;
}

/* ---- closing in ---- */

/* The same text each time, so that it is one item. */
static struct salvage_left
left_of(const struct lane *lane, const struct gap *gap, struct arena *arena)
{
	struct buf text = BUF_INIT;
	struct salvage_left left;

	buf_printf(&text, "what %s ", gap->is_made ? "was made" : "changed");
	clock_print(&text, gap->at);
	left = (struct salvage_left){
		.text = arena_printf(arena, "%s: %s",
				     lane->plan->source->name, text.data),
		.sentence = arena_printf(arena, "%s cannot be fetched, though "
			"what is around it can: %s", text.data,
			lane->step_why),
	};
	left.length = strlen(left.text);
	buf_release(&text);
	return left;
}

static void
leave_gap(struct lane *lane, struct poll_answer *answer, struct arena *arena)
{
	const bool is_made = lane->window.is_sweep;
	const instant_ms now = lane_now(lane);
	struct gap *gap = gaps_failed(&lane->gaps, is_made,
				      lane->spans.now.since, now,
				      lane->plan->every_ms);

	if (!gap) {
		lane->next_turn = TURN_LATER;
		lane->next_sentence = "more of what the API has cannot be "
			"fetched than can be right";
		return;
	}
	if (gap->tries == 1)
		log_warning("gap", "customer", lane->plan->customer, "tenant",
			    lane->plan->tenant, "api",
			    lane->plan->source->name, "why", lane->step_why,
			    NULL);
	gap->is_telling = gaps_must_tell(&lane->gaps, gap, now);
	if (gap->is_telling)
		vec_push(arena, &answer->left, left_of(lane, gap, arena));
}

/* All records of the millisecond were asked for. */
static void
end_steps(struct lane *lane, struct poll_answer *answer, struct arena *arena)
{
	struct gap *gap = gaps_find(&lane->gaps, lane->window.is_sweep,
				    lane->spans.now);

	lane->is_stepping = false;
	if (lane->has_gap)
		leave_gap(lane, answer, arena);
	else if (gap)
		gap->is_read = true;
	lane_next_span(lane);
}

static void
plan_step(struct lane *lane, size_t skip)
{
	lane->next = lane_link_from(lane, skip, 1);
	lane->next_records = skip;
	lane->next_is_alone = true;
	lane->next_is_counted = false;
}

/* An empty page, which has what there is to say, and may be the last. */
static void
store_nothing(struct lane *lane)
{
	struct arena *arena = arena_create();
	struct poll_answer nothing = { .result = POLL_PAGE };

	lane->next = NULL;
	end_steps(lane, &nothing, arena);
	lane_store(lane, &nothing, !lane->next && !lane->next_sentence, arena);
}

static void
step(struct lane *lane, const struct refusal *why)
{
	const bool is_first = !lane->is_stepping;

	lane->steps_in_vain = is_first ? 0 : lane->steps_in_vain + 1;
	lane->has_gap = !is_first;
	lane->is_stepping = true;
	lane->first = NULL;
	lane->next_sentence = NULL;
	lane->step_why = arena_strdup(lane->run, refusal_text(why, lane->run));
	if (lane->steps_in_vain >= STEPS_IN_VAIN_MOST) {
		store_nothing(lane);
		return;
	}
	plan_step(lane, is_first ? 0 : lane->records + 1);
	lane_take_next(lane);
	lane_go_on(lane);
}

/* What is new does not wait for all of it: an API may take its time to fail.
 * A sweep is told of it by what changed. */
static void
look_for_news(struct lane *lane)
{
	const instant_ms now = lane_now(lane);

	if (now - lane->newest < lane->plan->every_ms)
		return;
	lane->newest = now;
	lane->is_news = true;
	spans_back(&lane->spans, (struct span){
		lane->window.is_sweep ? lane->began + lane->skew_ms :
					lane->probed, SPAN_OPEN
	}, lane->run);
}

/* The next run may get around it. */
static void
leave_news(struct lane *lane)
{
	lane_next_span(lane);
	lane_take_next(lane);
	lane_go_on(lane);
}

static void
close_in(struct lane *lane, const struct refusal *why)
{
	lane->is_late = true;
	if (lane->is_stepping || !spans_halve(&lane->spans, lane_now(lane) +
					      lane->skew_ms, lane->run)) {
		step(lane, why);
		return;
	}
	look_for_news(lane);
	lane_begin_span(lane);
	lane_take_next(lane);
	lane_go_on(lane);
}

/* Of what is known of, others wait once that takes as long as an interval. */
bool
lane_leaves_gap(struct lane *lane)
{
	return lane->is_late &&
	       lane_now(lane) - lane->began >= lane->plan->every_ms &&
	       gaps_find(&lane->gaps, lane->window.is_sweep, lane->spans.now);
}

/* Any page may fail by itself, and more often so in a run of which one did. */
static bool
may_pass(const struct lane *lane)
{
	return lane->tries + 1 < (lane->is_flaky ? PAGE_TRIES_FLAKY :
						   PAGE_TRIES);
}

bool
lane_goes_around(struct lane *lane, const struct poll_answer *answer,
		 bool is_slow)
{
	bool is_gap = gaps_find(&lane->gaps, lane->window.is_sweep,
				lane->spans.now);

	if (!may_be_of_page(lane, answer))
		return false;
	if (lane->is_probing || lane->in_vain >= IN_VAIN_MOST) {
		lane_end_run(lane);
		return false;
	}
	if (lane->is_news) {
		leave_news(lane);
		return true;
	}
	if (lane->is_closing_in || (is_gap && lane->pages)) {
		if (!is_slow && may_pass(lane)) {
			lane->tries++;
			lane_go_on(lane);
			return true;
		}
		lane->in_vain++;
		close_in(lane, &answer->refusal);
		return true;
	}
	/* A sweep is not tried again, and comes behind a run that was good. */
	if (!lane->window.is_sweep || !plan_probe(lane))
		return false;
	lane_go_on(lane);
	return true;
}

/* ---- pages that are good ---- */

void
lane_is_well(struct lane *lane)
{
	struct gap *gap = gaps_find(&lane->gaps, lane->window.is_sweep,
				    lane->spans.now);

	lane->is_flaky |= lane->is_closing_in && lane->tries;
	lane->is_probing = false;
	lane->in_vain = 0;
	if (gap && !lane->is_stepping)
		gap->is_read = true;
}

void
lane_plan_step(struct lane *lane, struct poll_answer *answer, const char *first,
	       struct arena *arena)
{
	bool is_same = lane->first && first && !strcmp(lane->first, first);

	lane->next = NULL;
	lane->steps_in_vain = 0;
	/* It does not count: nobody knows what is behind. */
	lane->has_gap |= is_same;
	if (!answer->passed || is_same) {
		end_steps(lane, answer, arena);
		return;
	}
	lane->first = first ? arena_strdup(lane->run, first) : NULL;
	plan_step(lane, lane->records + answer->passed);
}
