/* What the files of render/notification.h share. */
#ifndef RENDER_NOTIFICATION_PRIVATE_H
#define RENDER_NOTIFICATION_PRIVATE_H

#include "render/notification.h"

/* One line, fit to be shown, of a sensible length. */
const char *notification_clean(struct arena *arena, enum alert_field field,
			       const char *text);
/* The first value likewise, or NULL. */
const char *notification_first(struct arena *arena,
			       const struct notification *notification,
			       enum alert_field field);
/* A time in the reader's zone; what is none as it came; NULL. */
const char *notification_local_time(struct arena *arena,
				    const struct notification *notification,
				    enum alert_field field);
/* Of what happened from first to last, or NULL. */
const char *notification_activity(struct arena *arena,
				  const struct notification *notification);
/* A word that English has, too. */
const char *notification_word(const struct notification *notification,
			      const char *key);

#endif
