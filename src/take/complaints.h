/*
 * What is wrong with something that is looked at again and again: said once in
 * the log when it begins, and once when it is over.
 *
 *	complaints_begin(complaints);
 *	... one look at everything, in which complaints_say() is called ...
 *	complaints_end(complaints);
 *
 * What was not said again between the two is over. A look that did not get to
 * everything has no end; the next one begins over it.
 */
#ifndef TAKE_COMPLAINTS_H
#define TAKE_COMPLAINTS_H

#include <stdbool.h>

struct complaints;

/* `in` (lent): the word for what is looked at. */
struct complaints *complaints_create(const char *in);
void complaints_destroy(struct complaints **complaints);

void complaints_begin(struct complaints *complaints);

/* `mail` NULL: about all of it. True when it is new. */
bool complaints_say(struct complaints *complaints, const char *mail,
		    const char *what);

/* Was there anything since the begin? */
bool complaints_any(const struct complaints *complaints);

void complaints_end(struct complaints *complaints);

#endif
