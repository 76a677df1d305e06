/*
 * The names are asked for in one order and told in the same: the subject first,
 * when it is worth a question, then the labels.
 */
#include "pipeline/novelty.h"

#include "base/text.h"
#include "pipeline/notice.h"

enum {
	NEWS_MOST = 20,		/* in one notice; the sample has the rest */
	SUBJECT_MOST = 200,	/* octets of a subject that are shown */
	SAMPLE_MOST = 1 << 20,	/* octets of the mail that goes along */
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
	size_t i;

	if (!format)
		return;
	if (has_strange_subject(generation, reading, format))
		vec_push(arena, &reading->question.notices,
			 arena_printf(arena, "subject %s", format));
	for (i = 0; i < label_count(reading); i++)
		vec_push(arena, &reading->question.notices,
			 arena_printf(arena, "label %s %s", format, text_fold(
			 arena, reading->normalized->unknown.items[i].label)));
}

static const char *
instant_text(instant_ms when, struct arena *arena)
{
	struct buf text = BUF_INIT;
	const char *copy;

	clock_print(&text, when);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
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
			instant_text(now, change->arena));
	return true;
}

static void
collect(const struct generation *generation,
	const struct pipeline_decision *decision, instant_ms now,
	struct change *change, struct buf *news)
{
	const struct pipeline_reading *reading = decision->reading;
	size_t number = 0, i;

	if (has_strange_subject(generation, reading, format_of(reading)) &&
	    is_new(decision, number++, now, change))
		buf_printf(news, "    the subject %s\n",
			   text_cut(change->arena,
				    reading->input->message->subject,
				    SUBJECT_MOST));
	for (i = 0; i < label_count(reading); i++) {
		const struct extract_label *label =
			&reading->normalized->unknown.items[i];

		if (is_new(decision, number++, now, change))
			buf_printf(news, "    the label %s, with the value "
				   "%s\n", label->label, label->value);
	}
}

static void
tell(const struct generation *generation,
     const struct pipeline_decision *decision, const char *news,
     instant_ms now, struct change *change)
{
	const struct pipeline_input *input = decision->reading->input;
	const struct pipeline_notice notice = {
		.item = CHANGE_ITEM,
		.code = decision->code,
		.about = "format",
		.subject = "The format of a mail changed",
		.text = arena_printf(change->arena,
			"Mail %s, read as format %s, has what no format "
			"knows:\n\n%s\nThe alert was relayed with all that "
			"was understood. Add a `label`, `subject` or `ignore` "
			"to the formats (tocsin-formats(5)), and try it with "
			"tocsin explain. The mail is attached.\n",
			decision->code, format_of(decision->reading), news),
		.raw = input->raw,
		.length = input->length < SAMPLE_MOST ? input->length
						      : SAMPLE_MOST,
	};

	pipeline_notify_catch_all(generation, &notice, now, change);
}

void
pipeline_tell_novelties(const struct generation *generation,
			const struct pipeline_decision *decision,
			instant_ms now, struct change *change)
{
	struct buf news = BUF_INIT;

	if (!format_of(decision->reading))
		return;
	collect(generation, decision, now, change, &news);
	if (news.len)
		tell(generation, decision, news.data, now, change);
	buf_release(&news);
}
