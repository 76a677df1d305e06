/*
 * Where the files of a test are: below $TMPDIR, as those of the scenarios.
 */
#ifndef TEST_TEMPORARY_H
#define TEST_TEMPORARY_H

#include <stdio.h>
#include <stdlib.h>

enum { TEMPORARY_LENGTH = 100 };

/* For mkdtemp(3) and mkstemp(3): a name that they make one of its own. */
__attribute__((unused))
static char *
temporary(char name_out[TEMPORARY_LENGTH])
{
	const char *folder = getenv("TMPDIR");

	(void)snprintf(name_out, TEMPORARY_LENGTH, "%s/tocsin-test.XXXXXX",
		       folder ? folder : "/tmp");
	return name_out;
}

#endif
