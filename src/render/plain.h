/*
 * The built-in notification, for when a template fails: plain text, made
 * without any template, with everything that an analyst must know. It cannot
 * fail.
 */
#ifndef RENDER_PLAIN_H
#define RENDER_PLAIN_H

#include "render/notification.h"

const char *plain_subject(struct arena *arena,
			  const struct notification *notification);
const char *plain_text(struct arena *arena,
		       const struct notification *notification);

#endif
