/*
 * The names are asked for in one order and told in the same: the subject first,
 * when it is worth a question, then the labels.
 */
#include "pipeline/novelty.h"

#include "base/text.h"
#include "pipeline/notice.h"
#include "pipeline/original.h"
#include "pipeline/proof.h"

enum {
	NEWS_MOST = 20,		/* in one notice; the sample has the rest */
	SUBJECT_MOST = 200,	/* octets of a subject that are shown */
};

/* NULL when nothing can be new in it. */
static const char *
format_of(const struct pipeline_reading *reading)
{
	const char *authentic = alert_text(reading->alert, ALERT_AUTHENTIC);

	if (!reading->normalized || reading->input->record || !authentic ||
	    strcmp(authentic, "pass"))
		return NULL;
	return alert_text(reading->alert, ALERT_FORMAT);
}

static bool
has_strange_subject(const struct generation *generation,
		    const struct pipeline_reading *reading, const char *name)
{
	const struct format *format = map_find(generation->formats->by_name,
					       name);

	return reading->normalized->by != RECOGNISED_WHOLLY &&
	       (!format || format->subjects.count);
}

static size_t
label_count(const struct pipeline_reading *reading)
{
	size_t count = reading->normalized->unknown.count;

	return count < NEWS_MOST ? count : NEWS_MOST;
}

void
pipeline_ask_novelties(const struct generation *generation,
		       struct pipeline_reading *reading, struct arena *arena)
{
	const char *format = format_of(reading);
	const char *of = pipeline_unproven(generation, reading) ? "unproven "
								: "";
	size_t i;

	if (!format)
		return;
	if (has_strange_subject(generation, reading, format))
		vec_push(arena, &reading->question.notices,
			 arena_printf(arena, "%ssubject %s", of, format));
	for (i = 0; i < label_count(reading); i++)
		vec_push(arena, &reading->question.notices,
			 arena_printf(arena, "%slabel %s %s", of, format,
			 text_fold(arena, reading->normalized->unknown.items[i]
				   .label)));
}

/* What was asked for by that number: new? Then it is not, from now on. */
static bool
is_new(const struct pipeline_decision *decision, size_t number, instant_ms now,
       struct change *change)
{
	const bool *noticed = decision->state->noticed;

	if (noticed && noticed[number])
		return false;
	change_put_meta(change,
			decision->reading->question.notices.items[number],
			clock_text(change->arena, now));
	return true;
}

/* One a line, as the mail has them: `news` takes as many as are asked for. */
static size_t
collect(const struct generation *generation,
	const struct pipeline_decision *decision, instant_ms now,
	struct change *change, const char **news)
{
	const struct pipeline_reading *reading = decision->reading;
	size_t number = 0, count = 0, i;

	if (has_strange_subject(generation, reading, format_of(reading)) &&
	    is_new(decision, number++, now, change))
		news[count++] = text_cut(change->arena,
					 reading->input->message->subject,
					 SUBJECT_MOST);
	for (i = 0; i < label_count(reading); i++) {
		const struct extract_label *label =
			&reading->normalized->unknown.items[i];

		if (is_new(decision, number++, now, change))
			news[count++] = arena_printf(change->arena, "%s: %s",
						     label->label,
						     label->value);
	}
	return count;
}

static void
tell(const struct generation *generation,
     const struct pipeline_decision *decision, const char *const *news,
     instant_ms now, struct change *change)
{
	const struct original original =
		pipeline_original_mail(decision->reading->input);
	const struct notice what = {
		.kind = NOTICE_FORMAT,
		.name = format_of(decision->reading),
		.items = news,
	};
	const struct pipeline_notice notice = {
		.item = CHANGE_ITEM,
		.code = decision->code,
		.about = "format",
		.alert = decision->alert,
		.notice = &what,
		.original = &original,
		.stored = &decision->state->replacements,
	};

	pipeline_notify_catch_all(generation, &notice, now, change);
}

void
pipeline_tell_novelties(const struct generation *generation,
			const struct pipeline_decision *decision,
			instant_ms now, struct change *change)
{
	const char **news;

	if (!format_of(decision->reading))
		return;
	news = arena_array(change->arena, NEWS_MOST + 2, sizeof(*news));
	if (collect(generation, decision, now, change, news))
		tell(generation, decision, news, now, change);
}
