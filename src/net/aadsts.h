/*
 * The numbers of Entra ID's refusals, AADSTS..., and whose turn each is.
 *
 * Microsoft asks not to depend on them, and they are the only way to tell an
 * operator who can act. So they are a hint: what is not in the table is judged
 * by `error` and the status. The list is that of learn.microsoft.com,
 * identity-platform/reference-error-codes, of what can meet an application that
 * asks by itself, or with a refresh token; tocsin-api(7) has each, and a test
 * holds them together.
 */
#ifndef NET_AADSTS_H
#define NET_AADSTS_H

#include "net/refusal.h"

enum aadsts_flags {
	AADSTS_APP = 1,		/* with all tenants of the application */
	AADSTS_SETTLES = 2,	/* see struct refusal */
};

/* All but the words. False: it is not known. */
bool aadsts_find(int64_t code, struct refusal *out);

#endif
