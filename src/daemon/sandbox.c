/*
 * A Landlock ruleset: the kinds of access that are refused everywhere, and
 * rules that give some of them back below a path. Kernels know more kinds than
 * the headers that a program was compiled with, and fewer, so the kinds are
 * named here with the version that brought them.
 */
#include "daemon/sandbox.h"

#include "base/bug.h"
#include "base/file.h"
#include "base/text.h"
#include "base/zone.h"
#include "conf/value.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum {
	/* Before the second version no file could be renamed into another
	 * folder, which is how a Maildir works. */
	VERSION_LEAST = 2,
	VERSION_TRUNCATE = 3,
	VERSION_NET = 4,
	VERSION_IOCTL = 5,
	VERSION_SCOPE = 6,
};

#define FS_EXECUTE LANDLOCK_ACCESS_FS_EXECUTE
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL (UINT64_C(1) << 15)
#define FS_UP_TO_REFER ((UINT64_C(1) << 14) - 1)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | \
		  LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | \
		  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER)
/* Those that a rule about a single file can have. */
#define FS_OF_FILE (FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
		    LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL)

/* What the kernel takes: struct landlock_ruleset_attr of its newest headers. A
 * kernel that knows less of it is content when the rest is 0. */
struct limits {
	uint64_t fs, net, scoped;
};

struct sandbox {
	struct arena *arena;
	VEC(const char *) writable;	/* resolved */
	int ruleset;			/* -1 once it is closed */
	uint64_t handled;
};

/* Files of the system. Programs, home directories and the rest of /var are not
 * among them. */
static const struct {
	const char *path;
	uint64_t access;
} system_files[] = {
	/* Names, addresses, authorities, time zones, libraries, locales. */
	{ "/etc", FS_READ }, { "/usr/share", FS_READ },
	{ "/usr/lib", FS_READ }, { "/usr/lib64", FS_READ },
	{ "/usr/local/lib", FS_READ }, { "/usr/local/share", FS_READ },
	{ "/lib", FS_READ }, { "/lib64", FS_READ },
	{ "/var/lib/ca-certificates", FS_READ },
	/* resolv.conf, sockets of name services, systemd's credentials. */
	{ "/run", FS_READ }, { "/proc", FS_READ },
	{ "/sys/devices/system/cpu", FS_READ },
	{ "/dev/random", FS_READ }, { "/dev/urandom", FS_READ },
	{ "/dev/null", FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE },
};

void
sandbox_keep_secrets(void)
{
	(void)umask(077);
	/* A sanitizer traces its own process in the end. */
	if (!SANITIZED && prctl(PR_SET_DUMPABLE, 0))
		BUG("prctl: %s", strerror(errno));
}

/* What does not exist needs no rule: it cannot be used either. */
static void
allow(const struct sandbox *sandbox, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
		.allowed_access = access & sandbox->handled,
	};
	struct stat st;

	if (rule.parent_fd < 0)
		return;
	if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FS_OF_FILE;
	if (syscall(SYS_landlock_add_rule, sandbox->ruleset,
		    LANDLOCK_RULE_PATH_BENEATH, &rule, 0))
		BUG("landlock_add_rule %s: %s", path, strerror(errno));
	(void)close(rule.parent_fd);	/* a place, nothing was written */
}

static void
allow_system(const struct sandbox *sandbox)
{
	size_t i;

	for (i = 0; i < sizeof(system_files) / sizeof(*system_files); i++)
		allow(sandbox, system_files[i].path, system_files[i].access);
}

static const char *
resolve(struct arena *arena, const char *path)
{
	char real[PATH_MAX];

	return arena_strdup(arena, realpath(path, real) ? real : path);
}

/* Of a link as well as of what it leads to: either may be replaced. */
static void
allow_folder_of(struct sandbox *sandbox, const char *path, uint64_t access)
{
	struct arena *arena = sandbox->arena;

	allow(sandbox, file_folder(arena, path), access);
	allow(sandbox, file_folder(arena, resolve(arena, path)), access);
}

static void
allow_writing(struct sandbox *sandbox, const char *path)
{
	vec_push(sandbox->arena, &sandbox->writable,
		 resolve(sandbox->arena, path));
	allow(sandbox, path, FS_WRITE);
}

/* Passwords, certificates: every statement and clause whose keyword ends in
 * "-file"; and calendars that are files. */
static void
allow_named_files(struct sandbox *sandbox, const conf_nodes *nodes)
{
	size_t i, j;

	for (i = 0; i < nodes->count; i++) {
		const struct conf_node *node = nodes->items[i];

		allow_named_files(sandbox, &node->block);
		allow_named_files(sandbox, &node->clauses);
		if (!text_ends(node->keyword, "-file") &&
		    strcmp(node->keyword, "calendar"))
			continue;
		for (j = 0; j < node->words.count; j++)
			allow_folder_of(sandbox, conf_path(sandbox->arena,
					node->words.items[j]), FS_READ);
	}
}

static void
allow_configuration(struct sandbox *sandbox, const struct generation *g)
{
	size_t i;

	for (i = 0; i < g->conf->files.count; i++)
		allow_folder_of(sandbox, g->conf->files.items[i]->name,
				FS_READ);
	allow_named_files(sandbox, &g->conf->nodes);
	if (g->settings.templates)
		allow(sandbox, g->settings.templates, FS_READ);
}

static const struct relay *
next_maildir(const struct generation *g, const char *const **name)
{
	const struct relay *relay;

	while (**name) {
		relay = relay_find(g->relays, *(*name)++);
		if (relay->folder)
			return relay;
	}
	return NULL;
}

/* A delivery that cannot be made for want of it says so. */
static void
make_maildir(const char *path)
{
	struct buf error = BUF_INIT;

	if (!mkdir(path, 0700))
		(void)file_sync_folder(path, &error);
	buf_release(&error);
}

static void
allow_places(struct sandbox *sandbox, const struct generation *g)
{
	const char *const *name = relay_names(g->relays);
	const char *store = store_file(g->settings.store);
	const struct relay *relay;

	allow_writing(sandbox, g->settings.state);
	allow_writing(sandbox, g->settings.spool);
	if (store)			/* and what SQLite puts beside it */
		allow_folder_of(sandbox, store, FS_WRITE);
	while ((relay = next_maildir(g, &name))) {
		make_maildir(relay->folder);
		allow_writing(sandbox, relay->folder);
	}
}

/* The path of the program's ELF interpreter, which starts every program. */
static int
take_interpreter(struct dl_phdr_info *info, size_t size, void *path_out)
{
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)path_out = (const char *)
				(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	return 1;	/* the first one is the program itself */
}

/* Folders, not files: an upgrade puts other files there. */
static void
allow_reader(struct sandbox *sandbox, const char *reader)
{
	const char *interpreter = NULL;

	allow_folder_of(sandbox, reader, FS_READ | FS_EXECUTE);
	(void)dl_iterate_phdr(take_interpreter, &interpreter);	/* returns 1 */
	if (interpreter)
		allow_folder_of(sandbox, interpreter, FS_READ | FS_EXECUTE);
}

static int
landlock_version(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
			    LANDLOCK_CREATE_RULESET_VERSION);
}

static bool
open_ruleset(struct sandbox *sandbox, struct buf *error)
{
	int version = landlock_version();
	struct limits limits = { .fs = FS_UP_TO_REFER };

	if (version < VERSION_LEAST) {
		buf_printf(error, "this kernel has no Landlock of version %d "
			   "or later", VERSION_LEAST);
		return false;
	}
	if (version >= VERSION_TRUNCATE)
		limits.fs |= FS_TRUNCATE;
	if (version >= VERSION_IOCTL)
		limits.fs |= FS_IOCTL;
	if (version >= VERSION_NET)
		limits.net = NET_BIND_TCP;
	if (version >= VERSION_SCOPE)
		limits.scoped = SCOPE_SIGNAL;
	sandbox->handled = limits.fs;
	sandbox->ruleset = (int)syscall(SYS_landlock_create_ruleset, &limits,
					sizeof(limits), 0);
	if (sandbox->ruleset < 0)
		buf_printf(error, "landlock_create_ruleset: %s",
			   strerror(errno));
	return sandbox->ruleset >= 0;
}

static bool
shut(struct sandbox *sandbox, struct buf *error)
{
	bool shut = !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
		    !syscall(SYS_landlock_restrict_self, sandbox->ruleset, 0);

	if (!shut)
		buf_printf(error, "landlock_restrict_self: %s",
			   strerror(errno));
	(void)close(sandbox->ruleset);	/* in force, or of no use */
	sandbox->ruleset = -1;
	return shut;
}

struct sandbox *
sandbox_close(const struct generation *generation, const char *reader,
	      struct buf *error)
{
	struct arena *arena = arena_create();
	struct sandbox *sandbox = arena_alloc(arena, sizeof(*sandbox));

	sandbox->arena = arena;
	if (!open_ruleset(sandbox, error)) {
		sandbox_destroy(&sandbox);
		return NULL;
	}
	allow_system(sandbox);
	allow(sandbox, zone_directory(), FS_READ);
	allow_configuration(sandbox, generation);
	allow_places(sandbox, generation);
	allow_reader(sandbox, reader);
	if (!shut(sandbox, error))
		sandbox_destroy(&sandbox);
	return sandbox;
}

void
sandbox_destroy(struct sandbox **sandbox)
{
	struct arena *arena = *sandbox ? (*sandbox)->arena : NULL;

	arena_destroy(&arena);
	*sandbox = NULL;
}

static bool
is_writable(const struct sandbox *sandbox, const char *path)
{
	size_t i;

	for (i = 0; i < sandbox->writable.count; i++) {
		const char *known = sandbox->writable.items[i];
		size_t length = strlen(known);

		if (text_starts(path, known) &&
		    (!path[length] || path[length] == '/'))
			return true;
	}
	return false;
}

const struct relay *
sandbox_misses(const struct sandbox *sandbox,
	       const struct generation *generation)
{
	const char *const *name = relay_names(generation->relays);
	struct arena *arena = arena_create();
	const struct relay *relay;

	while ((relay = next_maildir(generation, &name)))
		if (!is_writable(sandbox, resolve(arena, relay->folder)))
			break;
	arena_destroy(&arena);
	return relay;
}
