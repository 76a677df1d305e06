#include "net/refusal.h"

#include "base/text.h"

/* Characters of their own words. */
enum { WORDS_MOST = 300 };

const char *const turn_names[] = {
	"fine", "later", "ours", "theirs", "consent", NULL
};

static const struct {
	enum transfer_end end;
	enum turn turn;
	const char *before, *after;	/* whom it is about */
} ends[] = {
	{ TRANSFER_TIMEOUT, TURN_LATER, "", " gives no answer in time" },
	{ TRANSFER_UNREACHABLE, TURN_LATER, "", " cannot be reached" },
	{ TRANSFER_UNTRUSTED, TURN_OURS, "the certificate of ",
	  " is not trusted; is a proxy between, or ca-file wrong?" },
	/* And whatever else ends one. */
	{ TRANSFER_LOST, TURN_LATER, "the connection to ", " broke" },
};

const char *
refusal_text(const struct refusal *refusal, struct arena *arena)
{
	return refusal->words ? arena_printf(arena, "%s (%s)",
					     refusal->sentence, refusal->words)
			      : refusal->sentence;
}

void
refusal_append_words(struct buf *out, const char *words)
{
	struct buf line = BUF_INIT;
	const char *ids;

	if (!words || !*words)
		return;
	buf_append(&line, words, strcspn(words, "\r\n"));
	ids = strstr(line.data, " Trace ID: ");
	if (ids)
		buf_cut(&line, (size_t)(ids - line.data));
	buf_puts(out, ", ");
	text_escape(out, line.data, WORDS_MOST);
	buf_release(&line);
}

struct refusal
refusal_of_end(const struct transfer_answer *answer, const char *whom,
	       struct arena *arena)
{
	struct refusal refusal = { .words = NULL };
	struct buf words = BUF_INIT;
	size_t i, most = sizeof(ends) / sizeof(*ends) - 1;

	for (i = 0; i < most && ends[i].end != answer->end; i++)
		continue;
	refusal.turn = ends[i].turn;
	refusal.is_of_app = refusal.turn == TURN_OURS;
	refusal.sentence = arena_printf(arena, "%s%s%s", ends[i].before, whom,
					ends[i].after);
	text_escape(&words, answer->error, WORDS_MOST);
	if (words.len)
		refusal.words = arena_strdup(arena, words.data);
	buf_release(&words);
	return refusal;
}

struct refusal
refusal_of_stranger(int status, const char *whom, struct arena *arena)
{
	return (struct refusal){
		.turn = TURN_LATER,
		.sentence = arena_printf(arena, "something else answers in "
			"place of %s; is a proxy or a portal between?", whom),
		.words = arena_printf(arena, "HTTP %d", status),
	};
}
