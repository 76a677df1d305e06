#include "base/bug.h"

#include <stdarg.h>

_Noreturn void
bug_stop(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "event=bug place=%s:%d what=\"", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\"\n");
	abort();
}

void *
bug_alloc(size_t size)
{
	void *memory = malloc(size ? size : 1);

	if (!memory)
		BUG("no memory for %zu bytes", size);
	return memory;
}

void *
bug_realloc(void *old, size_t size)
{
	void *memory = realloc(old, size ? size : 1);

	if (!memory)
		BUG("no memory for %zu bytes", size);
	return memory;
}

char *
bug_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(bug_alloc(size), text, size);
}
