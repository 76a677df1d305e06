#include "match/ruletest.h"

#include "conf/value.h"

static const char *const *
field_names(struct arena *arena)
{
	const char **names = arena_array(arena, ALERT_FIELDS + 1,
					 sizeof(*names));
	int field;

	for (field = 0; field < ALERT_FIELDS; field++)
		names[field] = alert_fields[field].name;
	return names;
}

/* Severities of tomorrow are tested, too, but hardly those nearly of today. */
static void
check_severity(struct conf_word word, struct diag *diag)
{
	const char *remedy = diag_did_you_mean(diag, word.text, severity_names,
					       NULL);

	if (remedy && severity_parse(word.text) == SEVERITY_UNKNOWN)
		diag_warning(diag, word.place, remedy, "unknown severity '%s'",
			     word.text);
}

static void
unknown_field(struct arena *arena, const char *name, struct diag_place place,
	      struct diag *diag)
{
	diag_error(diag, place,
		   diag_did_you_mean(diag, name, field_names(arena),
				     strcmp(name, "at") ?
				     "tocsin-rules(5) lists them" :
				     "it stands behind the }"),
		   "unknown field '%s'", name);
}

static bool
is_incomplete(const struct conf_node *line)
{
	return !strcmp(line->keyword, "incomplete");
}

static void
check_incomplete(struct arena *arena, const struct conf_node *line,
		 struct diag *diag)
{
	size_t i;

	for (i = 0; i < line->words.count; i++)
		if (alert_field_find(line->words.items[i].text) ==
		    ALERT_FIELDS)
			unknown_field(arena, line->words.items[i].text,
				      line->words.items[i].place, diag);
}

static void
check_field(struct arena *arena, const struct conf_node *line,
	    struct diag *diag)
{
	enum alert_field field = alert_field_find(line->keyword);

	if (is_incomplete(line))
		check_incomplete(arena, line, diag);
	else if (field == ALERT_FIELDS)
		unknown_field(arena, line->keyword, line->place, diag);
	else if (line->words.count > 1 && !alert_fields[field].several)
		diag_error(diag, line->words.items[1].place,
			   "no comma stands between fields",
			   "'%s' has one value", line->keyword);
	else if (field == ALERT_SEVERITY)
		check_severity(conf_word(line, 0), diag);
}

static void
load_at(struct ruletest *test, const struct conf_node *given,
	struct diag *diag)
{
	const struct conf_node *at = conf_find(&given->clauses, "at");

	test->at = TIME_UNKNOWN;
	if (at && at->words.count)
		(void)conf_time(conf_word(at, 0), diag, &test->at);
}

static void
load_given(struct arena *arena, struct ruletest *test,
	   const struct conf_node *node, struct diag *diag)
{
	const struct conf_node *given = conf_find(&node->block, "given");
	const struct conf_node *alert, *mail, *to;
	size_t i;

	alert = given ? conf_find(&given->clauses, "alert") : NULL;
	mail = given ? conf_find(&given->clauses, "mail") : NULL;
	if (alert) {
		test->alert = alert;
		load_at(test, alert, diag);
		for (i = 0; i < alert->block.count && !alert->broken; i++)
			check_field(arena, alert->block.items[i], diag);
	} else if (mail) {
		to = conf_find(&mail->clauses, "to");
		test->mail = conf_path(arena, conf_word(mail, 0));
		test->to = to ? conf_word(to, 0).text : NULL;
		load_at(test, mail, diag);
	} else if (!given && !node->broken) {
		diag_error(diag, test->place,
			   "write `given alert { ... }` or `given mail FILE`",
			   "test '%s' says nothing of what arrives",
			   test->name);
	}
}

static const char *
clause_text(const struct conf_node *node, const char *keyword)
{
	const struct conf_node *clause = conf_find(&node->clauses, keyword);

	return clause ? conf_word(clause, 0).text : NULL;
}

static void
load_expect(struct ruletest *test, const struct conf_node *node,
	    struct diag *diag)
{
	static const char *const keywords[] = { "notify", "drop", "hold" };
	const struct conf_node *expect = conf_find(&node->block, "expect");
	int i;

	if (!expect && !node->broken)
		diag_error(diag, test->place, "write `expect notify ADDRESS`, "
			   "`expect drop` or `expect hold`",
			   "test '%s' expects nothing", test->name);
	for (i = 0; expect && i < 3; i++) {
		const struct conf_node *clause = conf_find(&expect->clauses,
							   keywords[i]);

		if (!clause)
			continue;
		test->expect = (enum ruletest_expect)i;
		test->outcome = clause;
		test->recipients = clause->words;
		test->by = clause_text(clause, "by");
		test->template = clause_text(clause, "using");
	}
}

struct ruletests *
ruletest_load(const struct conf *conf, struct diag *diag)
{
	struct ruletests *tests = arena_alloc(conf->arena, sizeof(*tests));
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];
		struct ruletest *test;

		if (strcmp(node->keyword, "test"))
			continue;
		test = arena_alloc(conf->arena, sizeof(*test));
		test->name = conf_word(node, 0).text;
		test->place = conf_word(node, 0).place;
		load_given(conf->arena, test, node, diag);
		load_expect(test, node, diag);
		vec_push(conf->arena, &tests->list, test);
	}
	return tests;
}

static void
take_line(struct alert *alert, const struct conf_node *line)
{
	enum alert_field field = alert_field_find(line->keyword);
	size_t i;

	for (i = 0; i < line->words.count; i++) {
		const char *text = line->words.items[i].text;

		if (is_incomplete(line))
			alert_incomplete(alert, alert_field_find(text),
					 "the test says so");
		else
			(void)alert_add(alert, field, text, "test");
	}
}

struct alert *
ruletest_alert(const struct ruletest *test, struct arena *arena)
{
	struct alert *alert = alert_create(arena);
	size_t i;

	for (i = 0; i < test->alert->block.count; i++)
		take_line(alert, test->alert->block.items[i]);
	return alert;
}
