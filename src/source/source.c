#include "source/source.h"

#include <string.h>

/* Each in its own file. */
extern const struct source source_graph, source_endpoint;

const struct source *const sources[] = {
	&source_graph, &source_endpoint, NULL
};

const struct source *
source_find(const char *name)
{
	size_t i;

	for (i = 0; sources[i]; i++)
		if (!strcmp(sources[i]->name, name))
			return sources[i];
	return NULL;
}
