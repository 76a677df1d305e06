/*
 * What was no: whose turn it is, and how that is said. Of a login end point
 * (aadsts.h has its numbers) and of an API (source/refuse.h) alike.
 */
#ifndef NET_REFUSAL_H
#define NET_REFUSAL_H

#include "base/arena.h"
#include "net/transfer.h"

/* Whose turn it is. */
enum turn {
	TURN_NONE,		/* it was no refusal */
	TURN_LATER,		/* it passes by itself */
	TURN_OURS,		/* secret, certificate, clock, registration */
	TURN_THEIRS,		/* the tenant, its policies, its licences */
	TURN_CONSENT,		/* its administrator has to let us in */
};

/* "fine" "later" "ours" "theirs" "consent", ended by NULL */
extern const char *const turn_names[];

struct refusal {
	enum turn turn;
	bool settles;		/* it may pass by itself all the same, in half
				   an hour or so: what was changed is not known
				   everywhere at once */
	bool is_of_app;		/* so it is the same with all its tenants */
	const char *sentence;	/* what is wrong and what to do: the same text
				   for the same cause */
	const char *words;	/* what was answered: status, number, the other
				   side's own sentence; escaped; or NULL */
};

/* "sentence (words)" */
const char *refusal_text(const struct refusal *refusal, struct arena *arena);

/* There was no answer; `whom`: "the API". */
struct refusal refusal_of_end(const struct transfer_answer *answer,
			      const char *whom, struct arena *arena);

/* What stands in the place of `whom`: a page for people, as a portal or a proxy
 * gives it. */
struct refusal refusal_of_stranger(int status, const char *whom,
				   struct arena *arena);

/* Append ", words" as far as a person reads them: to the end of the first line,
 * and without the ids that follow a sentence of Entra ID. NULL: nothing. */
void refusal_append_words(struct buf *out, const char *words);

#endif
