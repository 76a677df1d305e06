/*
 * The table of what covers what, and the manual, which has the same.
 */
#include "hold/cover.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/text.h"
#include "tap.h"

#include <string.h>

enum { MANUAL_MOST = 1 << 20 };

/* Everything on one line, as the macros leave it to a reader. */
static const char *
read_manual(struct arena *arena)
{
	struct buf bytes = BUF_INIT, error = BUF_INIT;
	const char *folded;

	if (file_read("man/tocsin.7", MANUAL_MOST, &bytes, &error))
		BUG("%s", error.data);
	folded = text_fold_space(arena, bytes.data, bytes.len);
	buf_release(&bytes);
	buf_release(&error);
	return folded;
}

static void
test_manual(void)
{
	struct arena *arena = arena_create();
	const char *manual = read_manual(arena);
	const struct cover *line;

	for (line = cover_table; line->name; line++)
		ok(strstr(manual, arena_printf(arena, ".It Li %s %s .",
					       line->name, line->sentence)),
		   "%s is in tocsin(7), in the same words", line->name);
	arena_destroy(&arena);
}

/* What has to be true of each line, whatever else it says. */
static void
test_lines(void)
{
	const struct cover *line;

	for (line = cover_table; line->name; line++) {
		bool by_mail = line->earlier == COVER_MAIL;
		bool of_mail = line->later == COVER_MAIL;
		bool is_alert = line->identity == COVER_SAME_ALERT;

		ok(!by_mail || line->proof & COVER_PROVEN,
		   "%s: a mail covers nothing unless it is proven",
		   line->name);
		ok(line->identity == COVER_SAME_MAIL ||
		   line->proof & (COVER_NO_NEWS | COVER_API_OR_NO_NEWS),
		   "%s: news is told", line->name);
		ok(!of_mail || line->identity == COVER_SAME_MAIL ||
		   line->proof & COVER_WORDLESS,
		   "%s: what a person wrote is told", line->name);
		ok(line->identity != COVER_SAME_INCIDENT ||
		   (line->within_ms && line->proof & COVER_AS_SEVERE),
		   "%s: an incident goes on and grows worse", line->name);
		ok(!by_mail || is_alert || of_mail ||
		   line->proof & COVER_ONCE,
		   "%s: a mail that names no alert stands for one",
		   line->name);
		ok(!line->is_for_all || !by_mail ||
		   line->identity == COVER_SAME_MAIL,
		   "%s: a mail covers nothing for those it did not tell",
		   line->name);
	}
	is(cover_same_mail()->name, "same-mail",
	   "the line about the same mail is found");
}

int
main(void)
{
	test_manual();
	test_lines();
	return tap_done();
}
