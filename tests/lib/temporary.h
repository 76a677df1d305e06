/*
 * Where the files of a test are: below $TMPDIR, as those of the scenarios.
 */
#ifndef TEST_TEMPORARY_H
#define TEST_TEMPORARY_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

/* A folder with the files in it; false when it had more than files. */
__attribute__((unused))
static bool
temporary_remove(const char *folder)
{
	DIR *files = opendir(folder);
	const struct dirent *entry;

	while (files && (entry = readdir(files)))
		(void)unlinkat(dirfd(files), entry->d_name, 0);
	if (files)
		(void)closedir(files);
	return !rmdir(folder);
}

#endif
