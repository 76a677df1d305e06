/*
 * The rota of an `oncall`: who is on duty, when.
 *
 *	oncall primary "First line" {
 *		timezone   Europe/Paris
 *		rotate     daily at 18:00 from 2026-11-02  cleo, dan
 *		           during night
 *		rotate     weekly on mon at 09:00 from 2026-11-02  ana, bob
 *		replace    bob by ana from 2026-12-24 until 2026-12-26
 *		otherwise  soc-desk
 *	}
 *
 *	layer 1    ......cleo......dan.......      the first that has somebody
 *	layer 2    anaanaanaanabobbobbobbobb       decides;
 *	otherwise  soc-desk                        when none has,
 *	           anacleoanabobdanbobbobbobb      the time line, on which
 *	replace                      ana           replacements act, as written
 *
 * Further replacements, which stand in no file, act behind those.
 *
 * A layer is a function of an instant, so other kinds than rotations fit in.
 * Everything here is pure, and names are words: who they are is known to
 * contact.h. Times are cut into pieces by all that may change anything; a turn
 * is as many of them as are alike.
 */
#ifndef ONCALL_ROTA_H
#define ONCALL_ROTA_H

#include "match/windows.h"
#include "oncall/feed.h"
#include "oncall/rotation.h"

typedef VEC(const char *) rota_names;

struct rota_layer {
	/* Append who is on duty by this layer at that instant, if anybody. */
	void (*at)(const void *layer, instant_ms when, struct arena *arena,
		   rota_names *out, struct period *period_out);
	const void *layer;
};

struct rota_replacement {
	struct conf_word name, by;
	struct period period;		/* in which it is in force */
};

typedef VEC(struct rota_replacement) rota_replacements;

struct rota {
	const struct conf_node *node;
	const struct zone *zone;	/* UTC when it is in error */
	VEC(struct rota_layer) layers;	/* in order */
	VEC(struct feed *) feeds;	/* those of layers that are calendars */
	rota_replacements replacements;	/* as they were written */
	struct conf_word otherwise;	/* "": nobody */
	struct conf_word hand_over;	/* who is told at each change; "" */
	conf_words named;		/* all who may come on duty, and who is
					   replaced; some more than once */
};

enum rota_by { ROTA_LAYER, ROTA_REPLACE, ROTA_OTHERWISE, ROTA_NOBODY };

/* A turn: who is on duty, from when to when. */
struct rota_turn {
	enum rota_by by;
	size_t layer;			/* from 1, of ROTA_LAYER */
	rota_names names;		/* persons, teams, oncalls; none when it
					   is nobody */
	struct period period;		/* as long as all of it stays so */
};

/* Read an `oncall` statement; what is wrong with it goes to `diag`. Whether the
 * names exist is for the caller to say. Never NULL. */
struct rota *rota_load(struct arena *arena, const struct conf_node *node,
		       struct windows *windows, struct diag *diag);

/* The turn at that instant, whole, with further replacements (NULL: none). The
 * next one is at period.until, the one before at period.since - 1. */
struct rota_turn rota_at(const struct rota *rota,
			 const rota_replacements *more, instant_ms when,
			 struct arena *arena);

/* Has that one of the further replacements anybody to replace at any time, with
 * all those before it in force? */
bool rota_replaces(const struct rota *rota, const rota_replacements *more,
		   size_t number);

/* "layer 2", "replace", "otherwise", "nobody" */
const char *rota_by(const struct rota_turn *duty, struct arena *arena);

/* Warn of what a rota of the next 90 days shows, but where a calendar has not
 * been fetched yet: times at which nobody is on duty, replacements that are
 * over or replace nobody. */
void rota_check(const struct rota *rota, instant_ms now, struct diag *diag);

#endif
