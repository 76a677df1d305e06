#include "source/refuse.h"

#include "base/text.h"

#define WHOM "the API"
#define NO_LICENCE "the tenant lacks what is asked; it needs a licence of " \
	"Defender, and to have set it up"
#define CONDITIONAL_ACCESS "Conditional Access of the tenant keeps us out; " \
	"its administrator has to except the application"

/* The first that fits. Of a hint, case does not matter. */
static const struct {
	int least, most;	/* status */
	const char *hint;	/* NULL: any */
	enum turn turn;
	bool settles;
	const char *sentence;	/* NULL: of the permission */
} statuses[] = {
	{ 300, 399, NULL, TURN_LATER, false, "the API sends us elsewhere; "
	  "that is not followed, since the token would go along" },
	{ 400, 400, "not applicable to target tenant", TURN_THEIRS, false,
	  NO_LICENCE },
	{ 400, 400, NULL, TURN_OURS, false, "the API does not understand the "
	  "request; report it as a fault of tocsin" },
	/* Continuous access evaluation: learn.microsoft.com, entra/identity-
	 * platform/claims-challenge. */
	{ 401, 401, "insufficient_claims", TURN_THEIRS, false,
	  CONDITIONAL_ACCESS },
	{ 401, 401, "continuous access evaluation", TURN_THEIRS, false,
	  CONDITIONAL_ACCESS },
	{ 401, 401, "audience", TURN_OURS, false, "the token is not for that "
	  "API; check cloud, graph and endpoint of the app" },
	{ 401, 401, NULL, TURN_LATER, false, "the API does not take the token "
	  "that Entra ID has just given" },
	{ 402, 402, NULL, TURN_THEIRS, false, NO_LICENCE },
	{ 403, 403, "onboard", TURN_THEIRS, false, NO_LICENCE },
	{ 403, 403, "licen", TURN_THEIRS, false, NO_LICENCE },
	{ 403, 403, "subscription", TURN_THEIRS, false, NO_LICENCE },
	{ 403, 403, NULL, TURN_CONSENT, false, NULL },
	{ 404, 404, NULL, TURN_THEIRS, false, "the API does not know what is "
	  "asked; check the cloud of the app, and whether the tenant has "
	  "Defender" },
	{ 408, 408, NULL, TURN_LATER, false, "the API has a passing fault" },
	{ 429, 429, NULL, TURN_LATER, false, "the API throttles the tenant" },
	{ 400, 499, NULL, TURN_THEIRS, true, "the API refuses; look its words "
	  "up" },
	{ 0, 999, NULL, TURN_LATER, false, "the API has a passing fault" },
};

static bool
says(const char *text, const char *hint)
{
	return text && strcasestr(text, hint);
}

static bool
fits(size_t row, const struct transfer_answer *answer,
     const struct source_refusal *refusal)
{
	const char *hint = statuses[row].hint;

	return answer->status >= statuses[row].least &&
	       answer->status <= statuses[row].most &&
	       (!hint || says(refusal->code, hint) ||
		says(refusal->message, hint) || says(answer->challenge, hint));
}

/* A page for people: an API has JSON, or nothing. When it is busy, what stands
 * before it may speak for it. */
static bool
is_stranger(const struct transfer_answer *answer,
	    const struct source_refusal *refusal)
{
	return answer->status == 407 ||
	       (answer->status >= 300 && answer->status < 500 &&
		answer->status != 408 && answer->status != 429 &&
		answer->length && !refusal->is_error);
}

static const char *
words_of(const struct transfer_answer *answer,
	 const struct source_refusal *refusal, struct arena *arena)
{
	struct buf words = BUF_INIT;
	const char *copy;

	buf_printf(&words, "HTTP %d", answer->status);
	refusal_append_words(&words, refusal->code);
	refusal_append_words(&words, refusal->message);
	copy = arena_strdup(arena, words.data);
	buf_release(&words);
	return copy;
}

struct refusal
refuse(const struct transfer_answer *answer,
       const struct source_refusal *refusal, const char *permission,
       struct arena *arena)
{
	size_t row = 0;

	if (is_stranger(answer, refusal))
		return refusal_of_stranger(answer->status, WHOM, arena);
	while (!fits(row, answer, refusal))
		row++;
	return (struct refusal){
		.turn = statuses[row].turn, .settles = statuses[row].settles,
		.sentence = statuses[row].sentence ? statuses[row].sentence :
			arena_printf(arena, "the application has no %s there; "
				"the tenant's administrator has to consent",
				permission),
		.words = words_of(answer, refusal, arena),
	};
}
