/*
 * "The mail format changed": said once for each news. What was said is kept in
 * the store, so a restart does not say it again.
 */
#include "pipeline/pipeline.h"

#include "base/text.h"

enum {
	NEWS_MOST = 20,		/* in one notice; the sample has the rest */
	SUBJECT_MOST = 200,	/* octets of a subject that are shown */
	SAMPLE_MOST = 1 << 20,	/* octets of the mail that goes along */
};

/* Is it the first time? Then remember. */
static enum outcome
is_new(struct store *store, const char *name, instant_ms now,
       struct arena *arena, bool *new_out, struct buf *error)
{
	const char *before = NULL;
	struct buf when = BUF_INIT;
	enum outcome outcome = store_meta(store, name, arena, &before, error);

	*new_out = outcome == OUTCOME_OK && !before;
	if (*new_out) {
		clock_print(&when, now);
		outcome = store_meta_set(store, name, when.data, error);
	}
	buf_release(&when);
	return outcome;
}

static enum outcome
collect_labels(struct store *store, const struct pipeline_decision *decision,
	       const char *format, instant_ms now, struct arena *arena,
	       struct buf *news, struct buf *error)
{
	const struct normalized *normalized = decision->normalized;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < normalized->unknown.count && i < NEWS_MOST &&
	     outcome == OUTCOME_OK; i++) {
		const struct extract_label *label =
			&normalized->unknown.items[i];
		bool new;

		outcome = is_new(store, arena_printf(arena, "label %s %s",
				 format, text_fold(arena, label->label)), now,
				 arena, &new, error);
		if (outcome == OUTCOME_OK && new)
			buf_printf(news, "    the label %s, with the value "
				   "%s\n", label->label, label->value);
	}
	return outcome;
}

static enum outcome
collect_subject(const struct generation *generation, struct store *store,
		const struct pipeline_input *input,
		const struct pipeline_decision *decision, const char *name,
		instant_ms now, struct arena *arena, struct buf *news,
		struct buf *error)
{
	const struct format *format = map_find(generation->formats->by_name,
					       name);
	enum outcome outcome;
	bool new;

	if (decision->normalized->by == RECOGNISED_WHOLLY ||
	    (format && !format->subjects.count))
		return OUTCOME_OK;
	outcome = is_new(store, arena_printf(arena, "subject %s", name), now,
			 arena, &new, error);
	if (outcome == OUTCOME_OK && new)
		buf_printf(news, "    the subject %s\n",
			   text_cut(arena, input->message->subject,
				    SUBJECT_MOST));
	return outcome;
}

static enum outcome
tell(const struct generation *generation, struct store *store,
     const struct pipeline_input *input, const char *format,
     const struct store_item *item, const char *news, instant_ms now,
     struct arena *arena, struct buf *error)
{
	const struct pipeline_notice notice = {
		.item = item->id,
		.code = item->code,
		.about = "format",
		.subject = "The format of a mail changed",
		.text = arena_printf(arena,
			"Mail %s, read as format %s, has what no format "
			"knows:\n\n%s\nThe alert was relayed with all that "
			"was understood. Add a `label`, `subject` or `ignore` "
			"to the formats (tocsin-formats(5)), and try it with "
			"tocsin explain. The mail is attached.\n",
			item->code, format, news),
		.raw = input->raw,
		.length = input->length < SAMPLE_MOST ? input->length
						      : SAMPLE_MOST,
	};

	return pipeline_notify_catch_all(generation, store, &notice, now,
					 arena, error);
}

enum outcome
pipeline_note_format(const struct generation *generation, struct store *store,
		     const struct pipeline_input *input,
		     const struct pipeline_decision *decision,
		     const struct store_item *item, instant_ms now,
		     struct arena *arena, struct buf *error)
{
	const char *authentic = alert_text(decision->alert, ALERT_AUTHENTIC);
	const char *format = alert_text(decision->alert, ALERT_FORMAT);
	struct buf news = BUF_INIT;
	enum outcome outcome;

	if (!decision->normalized || !format || !authentic ||
	    strcmp(authentic, "pass"))
		return OUTCOME_OK;
	outcome = collect_subject(generation, store, input, decision, format,
				  now, arena, &news, error);
	if (outcome == OUTCOME_OK)
		outcome = collect_labels(store, decision, format, now, arena,
					 &news, error);
	if (outcome == OUTCOME_OK && news.len)
		outcome = tell(generation, store, input, format, item,
			       news.data, now, arena, error);
	buf_release(&news);
	return outcome;
}
