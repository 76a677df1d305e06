/*
 * From a plan to the mail to one address. The same message told to the same
 * address is the same mail, byte for byte but for its date, whenever it is
 * made.
 */
#ifndef PIPELINE_MAIL_H
#define PIPELINE_MAIL_H

#include "pipeline/decide.h"
#include "render/render.h"

/* What a plan of a decision becomes. */
struct rendered pipeline_render(const struct generation *generation,
				const struct pipeline_decision *decision,
				const struct pipeline_plan *plan,
				instant_ms now, struct arena *arena);

/* The mail to one reader: `notification` in his words and his zone, with what
 * the configuration has on the customer of its alert. */
struct rendered pipeline_compose(const struct generation *generation,
				 const struct render_input *what,
				 const struct notification *notification,
				 const struct recipient *reader,
				 struct arena *arena);

/* What the journal says of the template it was made with. */
const char *pipeline_template(const struct rendered *mail,
			      const struct render_input *what);

/* What a delivery of a decision is about. */
const char *pipeline_about(const struct pipeline_decision *decision);

/* Of the mail about an item to an address, without < and >. The same whenever
 * it is made, so that a mail that is sent twice can be seen to be one. `about`
 * is as in about.h. */
const char *pipeline_message_id(const struct generation *generation,
				const char *code, const char *about,
				const char *address, struct arena *arena);

#endif
