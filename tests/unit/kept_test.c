/*
 * Last good texts: one that is there, one that never was, and one of which
 * nobody can tell, which must not be taken for the second.
 */
#include "tap.h"
#include "temporary.h"

#include "base/bug.h"
#include "daemon/kept.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[TEMPORARY_LENGTH];
static struct arena *arena;

static const char *
path_of(const char *name)
{
	return arena_printf(arena, "%s/last-good/%s", folder, name);
}

/* Without a descriptor left for it. */
static struct kept
find_without_descriptors(const char *name)
{
	struct rlimit had, none;
	struct kept kept;

	if (getrlimit(RLIMIT_NOFILE, &had))
		BUG("no limit");
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = had.rlim_max };
	if (setrlimit(RLIMIT_NOFILE, &none))
		BUG("no limit");
	kept = kept_find(arena, folder, name);
	if (setrlimit(RLIMIT_NOFILE, &had))
		BUG("the limit stays");
	return kept;
}

static void
check_unknown(const struct kept kept, const char *name)
{
	ok(!kept.text, "%s: it has no text", name);
	ok(kept.unknown && strstr(kept.unknown, folder), "%s: but is not taken "
	   "for one that never was", name);
}

static void
test_answers(void)
{
	const struct diag_file file = { "/no/such.rules", "text", 4 };
	const char *name = kept_name(arena, file.name);
	struct kept kept = kept_find_of(arena, folder, file.name);

	ok(!kept.text && !kept.unknown, "without a folder there is none");
	kept_make_folder(folder);
	kept = kept_find_of(arena, folder, file.name);
	ok(!kept.text && !kept.unknown, "nor in an empty one");
	kept_put(arena, folder, &file);
	kept = kept_find_of(arena, folder, file.name);
	is(kept.text, "text", "what was kept is there");
	ok(!kept.unknown, "and known");
	check_unknown(find_without_descriptors(name), "without descriptors");
	if (chmod(path_of(name), 0))
		BUG("no mode");
	if (geteuid())
		check_unknown(kept_find(arena, folder, name), "without rights");
	if (unlink(path_of(name)) || mkdir(path_of(name), 0700))
		BUG("no directory");
	check_unknown(kept_find(arena, folder, name), "a directory");
	if (rmdir(path_of(name)) || symlink(name, path_of(name)))
		BUG("no link");
	check_unknown(kept_find(arena, folder, name), "a link to itself");
	if (unlink(path_of(name)) || rmdir(path_of("")))
		BUG("not empty");
	kept = kept_find(arena, folder, name);
	ok(!kept.text && !kept.unknown, "what is gone is none");
}

int
main(void)
{
	arena = arena_create();
	if (!mkdtemp(temporary(folder)))
		return 1;
	test_answers();
	ok(!rmdir(folder), "no temporary file is left behind");
	arena_destroy(&arena);
	return tap_done();
}
