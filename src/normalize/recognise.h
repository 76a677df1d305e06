/*
 * Recognition: which format is this mail of? Asked in this order, and within
 * each question in the order of the files:
 *
 *	1. From is listed and the subject fits
 *	2. From is listed and the body has a phrase of `text`
 *	3. the subject fits, whatever From is
 *	4. From is listed by a format that asks for nothing else
 *	5. the body has a phrase of a format that has no subject
 *	6. none: `generic`
 *
 * So a new subject of a known sender is still that sender's mail, and a mail
 * sent on by somebody else is still known. Who it is from is a question of its
 * own: authentic.h.
 */
#ifndef NORMALIZE_RECOGNISE_H
#define NORMALIZE_RECOGNISE_H

#include "normalize/format.h"
#include "parse/message.h"

/* How it was recognised, from weak to strong. */
enum recognised_by {
	RECOGNISED_NOT,
	RECOGNISED_PHRASE,
	RECOGNISED_SENDER,
	RECOGNISED_SUBJECT,
	RECOGNISED_TEXT,
	RECOGNISED_WHOLLY,
};

struct recognition {
	const struct format *format;	/* never NULL: at least `generic` */
	enum recognised_by by;
	const char *source;		/* in words, for `explain` */
	pattern_captures captures;	/* of the subject */
	bool listed;			/* some format lists From */
	bool passed_on;			/* the subject fits behind "FW:" or the
					   like, or none fits and it has one:
					   somebody sent it on */
};

struct recognition recognise(const struct formats *formats,
			     struct arena *arena,
			     const struct message *message);

#endif
