#include "match/worlds.h"

#include "base/bug.h"

/* Of all orders. A word that one of them does not have is one of tomorrow. */
static const char *const words[] = {
	"none", "informational", "low", "medium", "high", "critical",
	"of tomorrow", "\xEF\xBF\xBD", NULL	/* the last is no word */
};

enum {
	WORDS = sizeof(words) / sizeof(*words),
	WORLDS = WORDS * 2,	/* certain, or not */
};

static const enum alert_field fields[] = { ALERT_SEVERITY, ALERT_DEVICE_RISK };

enum { FIELDS = sizeof(fields) / sizeof(*fields) };

struct worlds {
	struct facts facts[FIELDS][WORLDS];
};

static void
world_init(struct facts *facts, enum alert_field field, size_t number,
	   struct arena *arena)
{
	struct alert *alert = alert_create(arena);
	size_t count;

	if (words[number / 2])
		alert_set(alert, field, words[number / 2], "a rule");
	if (number % 2)
		alert->fields[field].incomplete = "it is not certain";
	facts_init(facts, alert, 0, arena);
	(void)facts_of(facts, field, &count);	/* made now, read later */
}

struct worlds *
worlds_create(struct arena *arena)
{
	struct worlds *worlds = arena_alloc(arena, sizeof(*worlds));
	size_t field, number;

	for (field = 0; field < FIELDS; field++)
		for (number = 0; number < WORLDS; number++)
			world_init(&worlds->facts[field][number],
				   fields[field], number, arena);
	return worlds;
}

static enum alert_field
field_of_test(const struct cond *test)
{
	enum alert_field field = (enum alert_field)test->field;
	bool is_known = test->word == &cond_is ||
			test->word == &cond_at_least ||
			test->word == &cond_below ||
			test->word == &cond_present;
	size_t i;

	for (i = 0; i < FIELDS && is_known; i++)
		if (fields[i] == field)
			return field;
	return ALERT_FIELDS;
}

enum alert_field
worlds_field(const struct cond *cond)
{
	enum alert_field field;
	uint32_t i;

	if (cond->kind == CONF_TEST)
		return field_of_test(cond);
	field = worlds_field(&cond->items[0]);
	for (i = 1; i < cond->count; i++)
		if (worlds_field(&cond->items[i]) != field)
			return ALERT_FIELDS;
	return field;
}

worlds_set
worlds_of(const struct worlds *worlds, const struct cond *cond, bool hiding)
{
	enum alert_field field = worlds_field(cond);
	worlds_set set = 0;
	size_t at = 0, number;

	while (at < FIELDS && fields[at] != field)
		at++;
	if (at == FIELDS)
		BUG("no condition about one order");
	for (number = 0; number < WORLDS; number++) {
		/* What is asked leaves its traces there. */
		struct facts facts = worlds->facts[at][number];

		facts.hiding = hiding;
		if (cond_eval(cond, &facts, NULL) == ANSWER_YES)
			set |= (worlds_set)1 << number;
	}
	return set;
}
