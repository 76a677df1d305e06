#include "hold/hold.h"

#include "hold/incident_mail.h"
#include "hold/item_alert.h"

enum {
	/* Alerts and mails of one incident whose words are read for one that
	 * comes to it: a storm in one incident must not read itself anew for
	 * each. What is beyond covers nothing, so it is told. */
	SAID_MOST = 64,
};

static const char *
text_of(const struct alert *alert, enum alert_field field)
{
	const char *text = alert_text(alert, field);

	return text ? text : "";
}

static struct store_seat
seat_of_released(const struct store_item *item)
{
	return (struct store_seat){
		.how = STORE_NEW, .item = item->id, .code = item->code,
	};
}

struct hold_state
hold_nothing(const struct hold_question *question, struct arena *arena)
{
	struct hold_state state = {
		.seat = {
			.how = STORE_NEW,
			.code = arena_strdup(arena, question->key->code),
		},
	};

	if (question->released)
		state.seat = seat_of_released(question->released);
	incident_alone(question->alert, arena, &state.incident);
	return state;
}

/* It may have been decided since: by the same unit of work, when nobody knew
 * whether that was stored. */
static enum outcome
load_released(struct store *store, const struct store_item *item,
	      struct hold_state *state, struct buf *error)
{
	bool is_released;
	enum outcome outcome = store_held_is_released(store, item->id,
						      &is_released, error);

	if (!is_released)
		state->seat.how = STORE_AGAIN;
	return outcome;
}

/* Was a copy of it taken that proved more? Then it is that one again. */
static enum outcome
look_for_proven(struct store *store, const struct hold_question *question,
		struct arena *arena, struct hold_state *state,
		struct buf *error)
{
	const struct duplicate_key *key = question->key;
	struct store_seat seat;
	enum outcome outcome;

	if (state->seat.how != STORE_NEW || !strcmp(key->hex, key->proven))
		return OUTCOME_OK;
	outcome = store_item_seat(store, key->proven, question->spool,
				  key->code, arena, &seat, error);
	if (outcome == OUTCOME_OK && seat.how != STORE_NEW)
		state->seat = seat;
	return outcome;
}

static enum outcome
load_seat(struct store *store, const struct hold_question *question,
	  struct arena *arena, struct hold_state *state, struct buf *error)
{
	const struct duplicate_key *key = question->key;
	enum outcome outcome;

	if (question->released)
		return load_released(store, question->released, state, error);
	outcome = store_item_seat(store, key->hex, question->spool, key->code,
				  arena, &state->seat, error);
	if (outcome == OUTCOME_OK)
		outcome = look_for_proven(store, question, arena, state,
					  error);
	return outcome;
}

/* Who was told of the alert, or of anything in the incident or in what was
 * merged with it. */
static enum outcome
load_tolds(struct store *store, const struct alert *alert, struct arena *arena,
	   struct hold_state *state, struct buf *error)
{
	const char *customer = text_of(alert, ALERT_CUSTOMER);
	const char *id = text_of(alert, ALERT_ALERT);
	const struct incident *incident = &state->incident;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	if (!incident->ids.count)
		return store_tolds(store, customer, id, "", arena,
				   &state->tolds, error);
	for (i = 0; i < incident->ids.count && outcome == OUTCOME_OK; i++)
		outcome = store_tolds(store, customer, i ? "" : id,
				      incident->ids.items[i], arena,
				      &state->tolds, error);
	return outcome;
}

/* ---- what the earlier ones said ---- */

static const struct hold_said *
find_said(const struct hold_state *state, const char *name)
{
	size_t i;

	for (i = 0; i < state->said.count; i++)
		if (!strcmp(state->said.items[i].name, name))
			return &state->said.items[i];
	return NULL;
}

const struct alert *
hold_said(const struct hold_state *state, const char *name)
{
	const struct hold_said *said = find_said(state, name);

	return said ? said->alert : NULL;
}

const char *
hold_said_code(const struct hold_state *state, const char *name)
{
	const struct hold_said *said = find_said(state, name);

	return said ? said->code : NULL;
}

/* The item of an alert that is known. */
static enum outcome
item_of_alert(struct store *store, const char *customer, const char *id,
	      struct arena *arena, struct store_item **item_out,
	      struct buf *error)
{
	struct store_known *known = NULL;
	enum outcome outcome = store_known(store, customer, id, arena, &known,
					   error);

	*item_out = NULL;
	if (outcome != OUTCOME_OK || !known || !known->item)
		return outcome;
	return store_item(store, known->item, arena, item_out, error);
}

static enum outcome
load_words(struct store *store, const char *customer, const char *name,
	   struct arena *arena, struct hold_state *state, struct buf *error)
{
	const char *code = incident_mail_code(name);
	struct store_item *item = NULL;
	struct hold_said said = { .name = name };
	enum outcome outcome;

	if (code)
		outcome = store_item_find(store, code, arena, &item, error);
	else
		outcome = item_of_alert(store, customer, name, arena, &item,
					error);
	if (outcome != OUTCOME_OK)
		return outcome;
	said.alert = hold_item_alert(item, arena);
	said.code = item ? item->code : NULL;
	vec_push(arena, &state->said, said);
	return OUTCOME_OK;
}

/* Do the words of what was told so matter? An alert of an API is looked for
 * among mails of its incident, and such a mail among alerts of an API. */
static bool
do_words_matter(const struct alert *alert, const struct store_told *told)
{
	const char *intake = alert_text(alert, ALERT_INTAKE);

	if (intake && !strcmp(intake, "api"))
		return incident_mail_code(told->alert);
	return !alert_text(alert, ALERT_ALERT) && *told->alert &&
	       !strcmp(told->road, "api");
}

/* The latest of those that matter and are not loaded, or NULL. */
static const struct store_told *
next_to_load(const struct hold_state *state, const struct alert *alert)
{
	const struct store_told *latest = NULL;
	size_t i;

	for (i = 0; i < state->tolds.count; i++) {
		const struct store_told *told = &state->tolds.items[i];

		if ((!latest || told->at > latest->at) &&
		    do_words_matter(alert, told) &&
		    !find_said(state, told->alert))
			latest = told;
	}
	return latest;
}

static enum outcome
load_said(struct store *store, const struct alert *alert, struct arena *arena,
	  struct hold_state *state, struct buf *error)
{
	const char *customer = text_of(alert, ALERT_CUSTOMER);
	const struct store_told *told;
	enum outcome outcome = OUTCOME_OK;
	int left = SAID_MOST;

	while (outcome == OUTCOME_OK && left-- &&
	       (told = next_to_load(state, alert)))
		outcome = load_words(store, customer, told->alert, arena,
				     state, error);
	return outcome;
}

/* What has no customer is nobody's, and so it was never told. */
static enum outcome
load_told(struct store *store, const struct alert *alert, struct arena *arena,
	  struct hold_state *state, struct buf *error)
{
	const char *customer = text_of(alert, ALERT_CUSTOMER);
	const char *id = text_of(alert, ALERT_ALERT);
	struct store_known *known = NULL;
	enum outcome outcome = OUTCOME_OK;

	if (!*customer)
		return OUTCOME_OK;
	if (*id)
		outcome = store_known(store, customer, id, arena, &known,
				      error);
	state->known = known;
	if (outcome != OUTCOME_OK)
		return outcome;
	outcome = load_tolds(store, alert, arena, state, error);
	if (outcome == OUTCOME_OK)
		outcome = load_said(store, alert, arena, state, error);
	return outcome;
}

static enum outcome
load_noticed(struct store *store, const struct hold_question *question,
	     struct arena *arena, struct hold_state *state, struct buf *error)
{
	size_t count = question->notices.count, i;
	bool *noticed = arena_array(arena, count + 1, sizeof(*noticed));
	enum outcome outcome = OUTCOME_OK;

	for (i = 0; i < count && outcome == OUTCOME_OK; i++) {
		const char *said = NULL;

		outcome = store_meta(store, question->notices.items[i], arena,
				     &said, error);
		noticed[i] = said != NULL;
	}
	state->noticed = noticed;
	return outcome;
}

enum outcome
hold_load(struct store *store, const struct hold_question *question,
	  struct arena *arena, struct hold_state *state_out,
	  struct buf *error)
{
	const struct alert *alert = question->alert;
	enum outcome outcome;

	*state_out = hold_nothing(question, arena);
	outcome = load_seat(store, question, arena, state_out, error);
	if (outcome == OUTCOME_OK)
		outcome = incident_of(store, alert, arena,
				      &state_out->incident, error);
	if (outcome == OUTCOME_OK)
		outcome = load_told(store, alert, arena, state_out, error);
	if (outcome == OUTCOME_OK)
		outcome = returned_load(store, question->returned,
					question->once, arena,
					&state_out->returned, error);
	if (outcome == OUTCOME_OK)
		outcome = store_replacements(store, arena,
					     &state_out->replacements, error);
	if (outcome == OUTCOME_OK)
		outcome = load_noticed(store, question, arena, state_out,
				       error);
	return outcome;
}
