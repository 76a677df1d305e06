#include "ask/refresh.h"

#include "base/bug.h"
#include "base/digest.h"
#include "base/log.h"

/* What came of one token in a file. Another token in the file is another
 * beginning. */
struct refresh {
	struct refresh *next;
	char *name;		/* in the store: see name_of() */
	char *latest;
};

struct refreshes {
	struct store *store;
	struct refresh *list;
};

struct refreshes *
refreshes_create(struct store *store)
{
	struct refreshes *refreshes = bug_alloc(sizeof(*refreshes));

	*refreshes = (struct refreshes){ .store = store };
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
find(struct refreshes *refreshes, const char *name)
{
	struct refresh *refresh = refreshes->list;

	while (refresh && strcmp(refresh->name, name))
		refresh = refresh->next;
	return refresh;
}

const char *
refreshes_latest(struct refreshes *refreshes, const struct app *app,
		 struct arena *arena)
{
	const char *name = name_of(app, arena), *kept = NULL;
	const struct refresh *refresh = find(refreshes, name);
	struct buf error = BUF_INIT;

	if (refresh)
		return refresh->latest;
	if (store_meta(refreshes->store, name, arena, &kept, &error) !=
	    OUTCOME_OK)
		log_error("trouble", "in", "poll", "app", app->name, "what",
			  error.data, NULL);
	buf_release(&error);
	return kept ? kept : app->client.refresh_token;
}

void
refreshes_keep(struct refreshes *refreshes, const struct app *app,
	       const char *token, struct arena *arena)
{
	const char *name = name_of(app, arena);
	struct refresh *refresh = find(refreshes, name);
	struct buf error = BUF_INIT;

	if (store_meta_set(refreshes->store, name, token, &error) !=
	    OUTCOME_OK)
		log_error("trouble", "in", "poll", "app", app->name, "what",
			  error.data, NULL);
	buf_release(&error);
	if (refresh) {
		wipe(refresh->latest);
	} else {
		refresh = bug_alloc(sizeof(*refresh));
		*refresh = (struct refresh){
			.next = refreshes->list, .name = bug_strdup(name),
		};
		refreshes->list = refresh;
	}
	refresh->latest = bug_strdup(token);
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
