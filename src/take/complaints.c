#include "take/complaints.h"

#include "base/bug.h"
#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* A thousand files that cannot be read are not worth a thousand lines
	 * every time the relay starts. */
	COMPLAINTS_MOST = 20,
};

struct complaint {
	char *mail;		/* or NULL */
	char *what;
	bool is_said;		/* in this look */
};

struct complaints {
	const char *in;
	size_t count;
	bool any;
	bool is_full;		/* one more was said, and that this is so */
	struct complaint items[COMPLAINTS_MOST];
};

struct complaints *
complaints_create(const char *in)
{
	struct complaints *complaints = bug_alloc(sizeof(*complaints));

	*complaints = (struct complaints){ .in = in };
	return complaints;
}

static void
release(struct complaint *complaint)
{
	free(complaint->mail);
	free(complaint->what);
}

void
complaints_destroy(struct complaints **complaints)
{
	while ((*complaints)->count)
		release(&(*complaints)->items[--(*complaints)->count]);
	free(*complaints);
	*complaints = NULL;
}

void
complaints_begin(struct complaints *complaints)
{
	size_t i;

	complaints->any = false;
	for (i = 0; i < complaints->count; i++)
		complaints->items[i].is_said = false;
}

static struct complaint *
find(struct complaints *complaints, const char *mail, const char *what)
{
	size_t i;

	for (i = 0; i < complaints->count; i++)
		if (text_equal(complaints->items[i].mail, mail) &&
		    !strcmp(complaints->items[i].what, what))
			return &complaints->items[i];
	return NULL;
}

static void
say_full(struct complaints *complaints)
{
	if (!complaints->is_full)
		log_error("trouble", "in", complaints->in, "what", "there is "
			  "more, which is said when some of this is over",
			  NULL);
	complaints->is_full = true;
}

bool
complaints_say(struct complaints *complaints, const char *mail,
	       const char *what)
{
	struct complaint *old = find(complaints, mail, what);

	complaints->any = true;
	if (old) {
		old->is_said = true;
		return false;
	}
	if (complaints->count == COMPLAINTS_MOST) {
		say_full(complaints);
		return false;
	}
	complaints->items[complaints->count++] = (struct complaint){
		.mail = mail ? bug_strdup(mail) : NULL,
		.what = bug_strdup(what), .is_said = true,
	};
	log_error("trouble", "in", complaints->in, "mail", mail, "what", what,
		  NULL);
	return true;
}

bool
complaints_any(const struct complaints *complaints)
{
	return complaints->any;
}

void
complaints_end(struct complaints *complaints)
{
	size_t i, kept = 0;

	for (i = 0; i < complaints->count; i++) {
		struct complaint *one = &complaints->items[i];

		if (one->is_said) {
			complaints->items[kept++] = *one;
			continue;
		}
		log_info("recovered", "in", complaints->in, "mail", one->mail,
			 "what", one->what, NULL);
		release(one);
	}
	complaints->count = kept;
	complaints->is_full &= kept == COMPLAINTS_MOST;
}
