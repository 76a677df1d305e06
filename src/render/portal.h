/* The link into the portal of the alert's own tenant. */
#ifndef RENDER_PORTAL_H
#define RENDER_PORTAL_H

#include "alert/alert.h"

/* Of https, and of nothing that ends an attribute or a line; NULL when nothing
 * leads there. `tenant` is the customer's, for alerts that name none; or NULL.
 */
const char *portal_link(struct arena *arena, const struct alert *alert,
			const char *tenant);

/* May the link stand in a mail: nothing a browser would run, nothing that ends
 * the attribute or the line it stands in? */
bool portal_is_safe(const char *url);

#endif
