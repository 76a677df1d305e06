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
 */
#ifndef ASK_REFRESH_H
#define ASK_REFRESH_H

#include "source/app.h"
#include "store/store.h"

struct refreshes;

/* Borrows the store. */
struct refreshes *refreshes_create(struct store *store);
void refreshes_destroy(struct refreshes **refreshes);

/* The newest token that came of the one in the app's file, or that one itself.
 * Lent until the next refreshes_keep(), or in the arena. */
const char *refreshes_latest(struct refreshes *refreshes,
			     const struct app *app, struct arena *arena);

/* In the store, and for refreshes_latest(). */
void refreshes_keep(struct refreshes *refreshes, const struct app *app,
		    const char *token, struct arena *arena);

/* Put what one store has of the newest token of an app into another. */
enum outcome refreshes_copy(struct store *from, struct store *to,
			    const struct app *app, struct arena *arena,
			    struct buf *error);

#endif
