#include "hold/incident.h"

enum {
	/* A merge of merges; also the end of a circle. */
	MERGES_MOST = 8,
	/* In one mail's References. */
	PARTS_MOST = 16,
};

/* The incident that is left of it. */
static enum outcome
find_last(struct store *store, const char *tenant, const char *id,
	  struct arena *arena, struct incident *out, const char **last_out,
	  struct buf *error)
{
	struct store_incident *found = NULL;
	enum outcome outcome = OUTCOME_OK;
	int i;

	*last_out = id;
	for (i = 0; i < MERGES_MOST && outcome == OUTCOME_OK; i++) {
		outcome = store_incident(store, tenant, *last_out, arena,
					 &found, error);
		if (outcome != OUTCOME_OK || !found)
			break;
		out->name = found->name ? found->name : out->name;
		if (!found->merged)
			break;
		*last_out = found->merged;
	}
	return outcome;
}

static void
add(struct incident *incident, const char *id, struct arena *arena)
{
	size_t i;

	for (i = 0; i < incident->ids.count; i++)
		if (!strcmp(incident->ids.items[i], id))
			return;
	vec_push(arena, &incident->ids, id);
}

/* What was merged into it, and into that, level by level. */
static enum outcome
add_parts(struct store *store, const char *tenant, struct arena *arena,
	  struct incident *out, struct buf *error)
{
	enum outcome outcome = OUTCOME_OK;
	size_t i, j;

	for (i = 0; i < out->ids.count && outcome == OUTCOME_OK; i++) {
		struct store_incidents parts = { 0 };

		outcome = store_incident_parts(store, tenant,
					       out->ids.items[i], arena,
					       &parts, error);
		for (j = 0; j < parts.count && out->ids.count < PARTS_MOST; j++)
			add(out, parts.items[j].id, arena);
	}
	return outcome;
}

static void
reverse(struct incident *incident)
{
	size_t i, count = incident->ids.count;

	for (i = 0; i < count / 2; i++) {
		const char *other = incident->ids.items[i];

		incident->ids.items[i] = incident->ids.items[count - 1 - i];
		incident->ids.items[count - 1 - i] = other;
	}
}

enum outcome
incident_look(struct store *store, const char *tenant, const char *id,
	      struct arena *arena, struct incident *incident_out,
	      struct buf *error)
{
	const char *last;
	enum outcome outcome;

	*incident_out = (struct incident){ .name = NULL };
	outcome = find_last(store, tenant, id, arena, incident_out, &last,
			    error);
	if (outcome != OUTCOME_OK)
		return outcome;
	if (incident_out->name && strcmp(last, id))
		incident_out->name = arena_printf(arena, "%s (%s)",
						  incident_out->name, last);
	add(incident_out, last, arena);
	add(incident_out, id, arena);
	outcome = add_parts(store, tenant, arena, incident_out, error);
	reverse(incident_out);
	return outcome;
}

void
incident_alone(const struct alert *alert, struct arena *arena,
	       struct incident *incident_out)
{
	const char *id = alert_text(alert, ALERT_INCIDENT);

	*incident_out = (struct incident){ .name = NULL };
	if (id)
		vec_push(arena, &incident_out->ids, id);
}

enum outcome
incident_of(struct store *store, const struct alert *alert,
	    struct arena *arena, struct incident *incident_out,
	    struct buf *error)
{
	const char *tenant = alert_text(alert, ALERT_TENANT);
	const char *id = alert_text(alert, ALERT_INCIDENT);

	if (id && tenant)
		return incident_look(store, tenant, id, arena, incident_out,
				     error);
	incident_alone(alert, arena, incident_out);
	return OUTCOME_OK;
}
