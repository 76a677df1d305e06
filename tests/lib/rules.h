/*
 * For tests of rules: a configuration and an alert from a few words.
 */
#ifndef TEST_RULES_H
#define TEST_RULES_H

#include "base/clock.h"
#include "base/text.h"
#include "conf/conf.h"
#include "match/match.h"

static const char *const test_contacts[] = {
	"ana", "bob", "soc", "archive", NULL
};
static const char *const test_templates[] = { "alert", "urgent", NULL };

/* 2026-11-21T12:00:00Z, a Saturday. */
#define TEST_NOW INT64_C(1795262400000)

/* xorshift64: the same numbers in every run. */
__attribute__((unused))
static unsigned int
pick(unsigned int below)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 33) % below;
}

/* The rules in `text`, which stands in a file "t.rules". */
__attribute__((unused))
static struct ruleset *
rules_load(struct arena *arena, const char *text, struct diag *diag)
{
	struct conf *conf = conf_load_text(arena, "t.rules", text, diag);
	static struct ruleset_names names;

	names = (struct ruleset_names){
		.contacts = test_contacts,
		.templates = test_templates,
		.windows = windows_load(conf, diag),
		.catch_all = { .text = "soc" },
	};
	return ruleset_load(arena, conf, &names, TEST_NOW, diag);
}

/* The rules of customer x with a recipients line; anything wrong with them is
 * printed. */
__attribute__((unused))
static struct ruleset *
rules_of(struct arena *arena, const char *before, const char *text)
{
	struct diag *diag = diag_create(arena);
	struct buf out = BUF_INIT;
	struct ruleset *ruleset;

	ruleset = rules_load(arena, arena_printf(arena,
		"%s\ncustomer x { recipients @example.com\n%s\n}\n", before,
		text), diag);
	if (diag_errors(diag)) {
		diag_print(diag, &out);
		printf("# %s\n", out.data);
	}
	buf_release(&out);
	return ruleset;
}

/* "severity high; device a, b; title one two": fields with their values. A
 * value "?" is one that was not read. */
__attribute__((unused))
static struct alert *
alert_of(struct arena *arena, const char *text)
{
	struct alert *alert = alert_create(arena);
	char *rest = arena_strdup(arena, text), *part, *value;

	while ((part = strsep(&rest, ";"))) {
		char *name;
		enum alert_field field;

		part = text_trim(arena, part, strlen(part));
		name = strsep(&part, " ");
		field = alert_field_find(name);
		if (field == ALERT_FIELDS && *name)
			printf("# no field '%s'\n", name);
		while (field != ALERT_FIELDS && (value = strsep(&part, ",")))
			if (text_same(text_trim(arena, value, strlen(value)),
				      "?"))
				alert_incomplete(alert, field, "not read");
			else
				alert_add(alert, field, value, "test");
	}
	return alert;
}

__attribute__((unused))
static instant_ms
instant_of(const char *text)
{
	instant_ms when = TEST_NOW;

	if (text && !clock_parse(text, &when))
		printf("# bad time '%s'\n", text);
	return when;
}

#endif
