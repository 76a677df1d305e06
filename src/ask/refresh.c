/*
 * The difficulty is that a token may be renewed while the one before it is on
 * its way into the store; so what is written is a copy, and what is left to be
 * written is told by comparing.
 */
#include "ask/refresh.h"

#include "base/bug.h"
#include "base/container.h"
#include "base/digest.h"
#include "base/log.h"

/* A failing store is not asked more often. */
enum { AGAIN_MS = 5000 };

/* What came of one token in a file. Another token in the file is another
 * beginning. */
struct refresh {
	struct unit unit;
	struct refresh *next;
	char *name;		/* in the store: see name_of() */
	char *latest;
	char *writing;		/* NULL: nothing is with the clerk */
	bool is_written;
	instant_ms due;		/* unless it is written */
};

struct refreshes {
	struct clerk *clerk;
	struct refresh *list;
};

struct refreshes *
refreshes_create(struct clerk *clerk)
{
	struct refreshes *refreshes = bug_alloc(sizeof(*refreshes));

	*refreshes = (struct refreshes){ .clerk = clerk };
	return refreshes;
}

static void
wipe(char *secret)
{
	explicit_bzero(secret, strlen(secret));
	free(secret);
}

void
refreshes_destroy(struct refreshes **refreshes)
{
	struct refresh *refresh;

	while ((refresh = (*refreshes)->list)) {
		(*refreshes)->list = refresh->next;
		wipe(refresh->latest);
		free(refresh->name);
		free(refresh);
	}
	free(*refreshes);
	*refreshes = NULL;
}

/* "refresh-token APP DIGEST", of the token in the file. */
static const char *
name_of(const struct app *app, struct arena *arena)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];

	digest_add_text(digest, app->client.refresh_token);
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	return arena_printf(arena, "refresh-token %s %s", app->name, hex);
}

static struct refresh *
find(const struct refreshes *refreshes, const char *name)
{
	struct refresh *refresh = refreshes->list;

	while (refresh && strcmp(refresh->name, name))
		refresh = refresh->next;
	return refresh;
}

static struct refresh *
find_app(const struct refreshes *refreshes, const struct app *app)
{
	struct arena *arena = arena_create();
	struct refresh *refresh = find(refreshes, name_of(app, arena));

	arena_destroy(&arena);
	return refresh;
}

static struct refresh *
add(struct refreshes *refreshes, const char *name, const char *token)
{
	struct refresh *refresh = bug_alloc(sizeof(*refresh));

	*refresh = (struct refresh){
		.next = refreshes->list,
		.name = bug_strdup(name), .latest = bug_strdup(token),
		.is_written = true,
	};
	refreshes->list = refresh;
	return refresh;
}

/* ---- from the store ---- */

enum outcome
refreshes_read(const app_list *apps, struct store *store, struct arena *arena,
	       refreshes_kept *kept, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	for (i = 0; i < apps->count && outcome == OUTCOME_OK; i++) {
		struct refresh_kept one = { .token = NULL };

		if (!apps->items[i]->client.refresh_token)
			continue;
		one.name = name_of(apps->items[i], arena);
		outcome = store_meta(store, one.name, arena, &one.token,
				     error);
		if (outcome == OUTCOME_OK && one.token)
			vec_push(arena, kept, one);
	}
	return outcome;
}

void
refreshes_take(struct refreshes *refreshes, const refreshes_kept *kept)
{
	size_t i;

	/* One that is here came of that, or is the same. */
	for (i = 0; i < kept->count; i++)
		if (!find(refreshes, kept->items[i].name))
			(void)add(refreshes, kept->items[i].name,
				  kept->items[i].token);
}

const char *
refreshes_latest(const struct refreshes *refreshes, const struct app *app)
{
	const struct refresh *refresh = find_app(refreshes, app);

	return refresh ? refresh->latest : app->client.refresh_token;
}

/* ---- into the store ---- */

static enum outcome
write_token(struct unit *unit, struct store *store, struct change *change,
	    struct arena *arena, struct buf *error)
{
	const struct refresh *refresh = CONTAINER_OF(unit, struct refresh,
						     unit);

	(void)store, (void)arena, (void)error;
	change_put_meta(change, refresh->name, refresh->writing);
	return OUTCOME_OK;
}

static void
token_written(struct unit *unit, enum outcome outcome, const char *error)
{
	struct refresh *refresh = CONTAINER_OF(unit, struct refresh, unit);

	refresh->is_written = outcome == OUTCOME_OK &&
			      !strcmp(refresh->writing, refresh->latest);
	if (outcome != OUTCOME_OK)
		log_error("trouble", "in", "poll", "what", error, NULL);
	wipe(refresh->writing);
	refresh->writing = NULL;
}

void
refreshes_turn(struct refreshes *refreshes, instant_ms now)
{
	struct refresh *refresh = refreshes->list;

	for (; refresh; refresh = refresh->next) {
		int64_t left = refresh->due - now;

		/* More is left when the clock was set back. */
		if (refresh->is_written || refresh->writing ||
		    (left > 0 && left <= AGAIN_MS))
			continue;
		refresh->due = now + AGAIN_MS;
		refresh->writing = bug_strdup(refresh->latest);
		refresh->unit.work = write_token;
		refresh->unit.done = token_written;
		clerk_submit(refreshes->clerk, &refresh->unit);
	}
}

void
refreshes_keep(struct refreshes *refreshes, const struct app *app,
	       const char *token, instant_ms now)
{
	struct refresh *refresh = find_app(refreshes, app);
	struct arena *arena = arena_create();

	if (refresh) {
		wipe(refresh->latest);
		refresh->latest = bug_strdup(token);
	} else {
		refresh = add(refreshes, name_of(app, arena), token);
	}
	refresh->is_written = false;
	refresh->due = now;
	refreshes_turn(refreshes, now);
	arena_destroy(&arena);
}

enum outcome
refreshes_copy(struct store *from, struct store *to, const struct app *app,
	       struct arena *arena, struct buf *error)
{
	const char *name, *kept = NULL;
	enum outcome outcome;

	if (!app->client.refresh_token)
		return OUTCOME_OK;
	name = name_of(app, arena);
	outcome = store_meta(from, name, arena, &kept, error);
	if (outcome == OUTCOME_OK && kept)
		outcome = store_meta_set(to, name, kept, error);
	return outcome;
}
