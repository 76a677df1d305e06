#include "match/facts.h"

#include "base/text.h"
#include "match/regex.h"

void
facts_init(struct facts *facts, const struct alert *alert, instant_ms now,
	   struct arena *arena)
{
	memset(facts, 0, sizeof(*facts));
	facts->alert = alert;
	facts->now = now;
	facts->arena = arena;
	facts->regex_steps_left = arena_alloc(arena, sizeof(uint32_t));
	*facts->regex_steps_left = REGEX_ALERT_STEPS;
}

/* "10.0.0.5" and "fe80::1" have no first label. */
static bool
is_address(const char *host)
{
	return !host[strspn(host, "0123456789.")] || strchr(host, ':');
}

static void
fact_label(struct fact *fact, struct arena *arena)
{
	size_t length = strcspn(fact->folded, ".");

	if (!length || !fact->folded[length] || is_address(fact->folded))
		return;
	fact->label = arena_strndup(arena, fact->folded, length);
	fact->label_length = length;
}

const char *
facts_incomplete(const struct facts *facts, enum alert_field field)
{
	const struct alert_values *values = &facts->alert->fields[field];

	if (values->incomplete)
		return values->incomplete;
	if (values->count && !alert_knows_word(field, values->items[0].text))
		return "it is a word without a known rank";
	return NULL;
}

static bool
is_garbled(const struct alert_value *value)
{
	return strstr(value->text, "\xEF\xBF\xBD");
}

static bool
has_garbled(const struct alert_values *values)
{
	size_t i = 0;

	while (i < values->count && !is_garbled(&values->items[i]))
		i++;
	return i < values->count;
}

bool
facts_are_incomplete(const struct facts *facts)
{
	int field = 0;

	while (field < ALERT_FIELDS &&
	       !facts_incomplete(facts, (enum alert_field)field) &&
	       !has_garbled(&facts->alert->fields[field]))
		field++;
	return field < ALERT_FIELDS;
}

static void
fact_init(struct fact *fact, enum alert_field field,
	  const struct alert_value *value, struct arena *arena)
{
	const char *line = value->text;

	if (field == ALERT_DESCRIPTION)	/* the one field of several lines */
		line = text_fold_space(arena, line, strlen(line));
	fact->text = value->text;
	fact->source = value->source;
	fact->garbled = is_garbled(value);
	fact->folded = text_fold(arena, line);
	fact->folded_length = strlen(fact->folded);
	if (alert_fields[field].type == ALERT_HOST)
		fact_label(fact, arena);
}

const struct fact *
facts_of(struct facts *facts, enum alert_field field, size_t *count_out)
{
	const struct alert_values *values = &facts->alert->fields[field];
	struct fact *made;
	size_t i;

	*count_out = values->count;
	if (facts->fields[field] || !values->count)
		return facts->fields[field];
	made = arena_array(facts->arena, values->count, sizeof(*made));
	for (i = 0; i < values->count; i++) {
		fact_init(&made[i], field, &values->items[i], facts->arena);
		made[i].unsure = !alert_fields[field].several &&
				 facts_incomplete(facts, field);
	}
	return facts->fields[field] = made;
}
