#include "conf/embedded.h"

#include <stddef.h>

/* Written by tools/embed: embedded_names[] and embedded_texts[]. */
#include "embedded.inc"

const char *
embedded_find(const char *path)
{
	size_t i;

	for (i = 0; embedded_names[i]; i++)
		if (!strcmp(embedded_names[i], path))
			return embedded_texts[i];
	return NULL;
}
