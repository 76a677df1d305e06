/*
 * Refresh tokens that were renewed: each use of one gives a newer one, which
 * must survive a restart, or a person has to sign in again.
 *
 * A token lives for 90 days from when it was made. It is not revoked by its
 * use: "The Microsoft identity platform doesn't revoke old refresh tokens when
 * used to fetch new access tokens" (learn.microsoft.com, entra/identity-
 * platform/refresh-tokens). So one who only looks may use the newest without
 * keeping what it is renewed to, and harms nobody; the one in the file may have
 * ended long ago.
 *
 *	refreshes_read()	in a unit: what the store has
 *	refreshes_take()	when that is done
 *	refreshes_latest()	from then on
 *	refreshes_keep()	whenever one is renewed
 */
#ifndef ASK_REFRESH_H
#define ASK_REFRESH_H

#include "base/vec.h"
#include "source/app.h"
#include "store/clerk.h"

struct refreshes;

/* Borrows the clerk. */
struct refreshes *refreshes_create(struct clerk *clerk);
/* Nothing of it is with the clerk any more. */
void refreshes_destroy(struct refreshes **refreshes);

struct refresh_kept {
	const char *name;	/* in the store */
	const char *token;
};

typedef VEC(struct refresh_kept) refreshes_kept;

/* Append what the store has of the apps. */
enum outcome refreshes_read(const app_list *apps, struct store *store,
			    struct arena *arena, refreshes_kept *kept,
			    struct buf *error);
void refreshes_take(struct refreshes *refreshes, const refreshes_kept *kept);

/* The newest token that came of the one in the app's file, or that one itself.
 * Lent until the next refreshes_keep(). */
const char *refreshes_latest(const struct refreshes *refreshes,
			     const struct app *app);

/* For refreshes_latest() at once, and in the store as soon as that is able. */
void refreshes_keep(struct refreshes *refreshes, const struct app *app,
		    const char *token, instant_ms now);

/* Try again what could not be stored. */
void refreshes_turn(struct refreshes *refreshes, instant_ms now);

/* Put what one store has of the newest token of an app into another. */
enum outcome refreshes_copy(struct store *from, struct store *to,
			    const struct app *app, struct arena *arena,
			    struct buf *error);

#endif
