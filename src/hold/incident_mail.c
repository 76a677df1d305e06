#include "hold/incident_mail.h"

#include "base/text.h"

#define PREFIX "mail "

const char *
incident_mail_name(const char *code, struct arena *arena)
{
	return arena_printf(arena, PREFIX "%s", code);
}

const char *
incident_mail_code(const char *name)
{
	if (!text_starts(name, PREFIX) || strchr(name + strlen(PREFIX), ' '))
		return NULL;
	return name + strlen(PREFIX);
}

const char *
incident_mail_bind(const char *name, const char *alert, struct arena *arena)
{
	return arena_printf(arena, "%s %s", name, alert);
}

enum incident_mail_bond
incident_mail_bond(const struct store_tolds *tolds, const char *name,
		   const char *alert)
{
	size_t length = strlen(name), i;
	enum incident_mail_bond bond = INCIDENT_MAIL_FREE;

	for (i = 0; i < tolds->count; i++) {
		const char *other = tolds->items[i].alert;

		if (strncmp(other, name, length) || other[length] != ' ')
			continue;
		if (!strcmp(other + length + 1, alert))
			return INCIDENT_MAIL_OURS;
		bond = INCIDENT_MAIL_TAKEN;
	}
	return bond;
}
