/*
 * The original: what came, for a reader who has to look for himself since not
 * all of it was understood, or nothing proves it.
 *
 * It is foreign, and a text that says "Severity: Low" must not be taken for
 * our word: so all of it is a quotation, in a box or behind "> ".
 */
#ifndef RENDER_ORIGINAL_H
#define RENDER_ORIGINAL_H

#include "render/value.h"
#include "render/words.h"

/* Octets that are attached: most servers refuse mails of more than 10 MB, and
 * base64 makes them a third more. A larger one goes along with nobody. */
enum { ORIGINAL_MOST = 4 << 20 };

enum original_form {
	ORIGINAL_OCTETS,	/* a mail that nothing is known of */
	ORIGINAL_MAIL,		/* RFC 5322, and readable */
	ORIGINAL_RECORD,	/* JSON */
};

struct original_row {
	const char *label, *text;
};

/* All foreign; what is NULL is not shown. */
struct original {
	const char *from;		/* who says to have written it */
	const char *text;		/* what its reader would see, of any
					   length */
	const struct original_row *rows; /* that no format knows */
	size_t row_count;
	enum original_form form;
	const void *bytes;		/* as it came, to be attached; NULL */
	size_t length;
	bool is_kept;			/* `tocsin why --mail` prints it */
};

/* False for NULL, and for one that is too large. */
bool original_is_attached(const struct original *original);

/*
 * What templates see as `original`; false for NULL. Lists: `lines` of the text,
 * at most 2,000 characters, and `rows` with label and text, for a box; the same
 * wrapped, as `quoted-lines`, `quoted-rows` and `quoted-from`, for plain text.
 * Texts: `from`; `large`, its size when it is too large to be attached. And
 * has-lines, has-rows, is-attached, is-cut, is-kept.
 */
struct value *original_value(struct arena *arena,
			     const struct original *original,
			     const struct words *words);

/* The same as plain text, for when a template fails; nothing for NULL. */
void original_print(struct arena *arena, const struct original *original,
		    const struct words *words, struct buf *out);

#endif
