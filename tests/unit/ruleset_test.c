/*
 * Rulesets: wrong configuration beside its exact diagnostics, and what callers
 * ask of a good one.
 *
 * tests/conf/rules/NAME.conf is loaded with the persons and teams it defines;
 * NAME.want is what has to be printed then.
 */
#include "base/file.h"
#include "conf/conf.h"

#include "rules.h"
#include "tap.h"

#include <glob.h>

static struct arena *arena;

/* Names of all persons and teams. */
static const char *const *
contacts_of(const struct conf *conf)
{
	VEC(const char *) names = { 0 };
	size_t i;

	for (i = 0; i < conf->nodes.count; i++) {
		const struct conf_node *node = conf->nodes.items[i];

		if (!strcmp(node->keyword, "person") ||
		    !strcmp(node->keyword, "team"))
			vec_push(arena, &names, conf_word(node, 0).text);
	}
	vec_push(arena, &names, NULL);
	return names.items;
}

static struct ruleset *
load(const char *path, struct diag *diag)
{
	struct conf *conf = conf_load(arena, path, NULL, diag);
	struct ruleset_names *names = arena_alloc(arena, sizeof(*names));
	struct ruleset *ruleset;

	names->contacts = contacts_of(conf);
	names->templates = test_templates;
	names->windows = windows_load(conf, diag);
	names->catch_all.text = "soc";
	ruleset = ruleset_load(arena, conf, names, TEST_NOW, diag);
	windows_check(names->windows, diag);
	return ruleset;
}

static void
golden(const char *path)
{
	struct buf want = BUF_INIT, got = BUF_INIT, error = BUF_INIT;
	struct diag *diag = diag_create(arena);
	char *beside = arena_printf(arena, "%.*s.want",
				    (int)(strlen(path) - 5), path);

	(void)load(path, diag);
	diag_print(diag, &got);
	if (file_read(beside, 1 << 20, &want, &error) != OUTCOME_OK)
		printf("# %s\n", error.data);
	is(got.data, want.data, "%s gives its diagnostics", path);
	buf_release(&want);
	buf_release(&got);
	buf_release(&error);
}

static void
goldens(void)
{
	glob_t found;
	size_t i;

	if (glob("tests/conf/rules/*.conf", 0, NULL, &found)) {
		ok(false, "tests/conf/rules has cases");
		return;
	}
	for (i = 0; i < found.gl_pathc; i++)
		golden(found.gl_pathv[i]);
	globfree(&found);
}

static void
questions(void)
{
	struct diag *diag = diag_create(arena);
	struct ruleset *ruleset = load("tests/conf/rules/good.conf", diag);
	const struct ruleset_customer *contoso;
	struct buf words = BUF_INIT;

	contoso = ruleset_find(ruleset, "contoso");
	ok(!ruleset_find(ruleset, "fabrikam"), "an unknown customer is NULL");
	is(contoso->display, "Contoso GmbH", "a customer has a display name");
	is_int((long long)contoso->rule_count, 5, "and rules in order");
	is(contoso->rules[0].name, "lab-noise", "the first first");
	is_int(contoso->rules[0].line, 13, "with its line");
	is(rule_comment(&contoso->rules[0]), "the lab is being pentested",
	   "and its comment");
	is(rule_comment(&contoso->rules[1]), "", "which may be missing");
	ok(contoso->rules[2].also && !contoso->rules[3].also,
	   "also is known");

	rule_describe(&contoso->rules[0], &words);
	buf_putc(&words, '\n');
	rule_describe(&contoso->rules[1], &words);
	buf_putc(&words, '\n');
	rule_describe(&contoso->rules[2], &words);
	is(words.data, "when every device like \"lab-*\" and severity below "
	   "high drop owner ana reason \"pentest, ticket 4711\" until "
	   "2027-01-31\n"
	   "when severity at least medium and any device-group is \"Domain "
	   "Controllers\" notify ana using urgent\n"
	   "when severity at least low also notify soc",
	   "rules are described in their own language");
	buf_release(&words);
}

static void
recipients(void)
{
	static const struct { const char *address; bool want; } cases[] = {
		{ "ana@example.com", true },
		{ "ANA@EXAMPLE.COM", true },
		{ "it@contoso.example", true },
		{ "It@Contoso.Example", true },
		{ "boss@contoso.example", false },
		{ "ana@sub.example.com", false },
		{ "ana@notexample.com", false },
		{ "ana@example.com.evil.example", false },
		{ "example.com", false },
		{ "", false },
	};
	struct diag *diag = diag_create(arena);
	struct ruleset *ruleset = load("tests/conf/rules/good.conf", diag);
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ok(ruleset_allows(&ruleset->customers[0], cases[i].address) ==
		   cases[i].want, "'%s' is %s", cases[i].address,
		   cases[i].want ? "a recipient" : "none");
}

static void
mentions(void)
{
	struct diag *diag = diag_create(arena);
	struct ruleset *ruleset = rules_load(arena,
		"customer none { }\n"
		"customer a { recipients @e.example\n"
		"rule r when title is x notify ana, bob notify soc\n"
		"rule d when title is y drop owner ana reason r always }\n"
		"customer b { recipients @e.example otherwise notify bob }\n",
		diag);
	struct ruleset_mention mention = { 0 };
	struct buf out = BUF_INIT;

	while (ruleset_next_mention(ruleset, &mention))
		buf_printf(&out, "%s/%s: %s\n", mention.customer->name,
			   mention.rule, mention.contact.text);
	is(out.data, "a/r: ana\na/r: bob\na/r: soc\nb/otherwise: bob\n",
	   "every contact that rules name is listed");
	buf_release(&out);
}

/* Rules whose warnings and line numbers would be slow if done naively. */
/* What is said of a customer with these rules. */
static bool
is_said(const char *rules, const char *what)
{
	struct diag *diag = diag_create(arena);
	struct buf said = BUF_INIT;
	bool found;

	(void)rules_load(arena, arena_printf(arena, "customer x { recipients "
					     "@example.com %s }", rules), diag);
	diag_print(diag, &said);
	found = strstr(said.data ? said.data : "", what);
	buf_release(&said);
	return found;
}

static void
limits(void)
{
	const char *name = memset(arena_alloc(arena, 66), 'r', 65);
	static const char drop[] = "rule r when title is t drop owner ana "
				   "reason r until %s otherwise notify ana";

	ok(!is_said(arena_printf(arena, "rule %.64s notify ana", name),
		    "cannot be the name"), "a name has up to 64 octets");
	ok(is_said(arena_printf(arena, "rule %s notify ana", name),
		   "cannot be the name"), "and not 65");
	ok(is_said(arena_printf(arena, drop, "2026-11-27"),
		   "this drop ends with"), "seven days before its end it is "
	   "said of a drop");
	ok(!is_said(arena_printf(arena, drop, "2026-11-28"),
		    "this drop ends with"), "and not before");
}

static void
many_rules(void)
{
	struct buf text = BUF_INIT;
	struct diag *diag = diag_create(arena);
	clock_t begun;
	struct ruleset *ruleset;
	size_t i;

	for (i = 0; i < 2000; i++)
		buf_printf(&text, "customer c%zu { recipients @e.example\n"
			   "rule a when title is x notify ana\n"
			   "rule b when title is y notify ana\n"
			   "otherwise notify ana }\n", i);
	buf_puts(&text, "customer big { recipients @e.example\n");
	for (i = 0; i < 20000; i++)
		buf_printf(&text, "rule r%zu when device is h%zu and severity "
			   "at least low notify ana\n", i, i);
	buf_puts(&text, "}\n");
	begun = clock();
	ruleset = rules_load(arena, text.data, diag);
	ok(tap_effort(begun) < 50, "26,000 rules load quickly");
	is_int((long long)diag_errors(diag), 0, "without errors");
	is_int((long long)diag_warnings(diag), 0, "or warnings");
	is_int(ruleset_find(ruleset, "big")->rules[19999].line,
	       2000 * 4 + 1 + 20000, "and the last one knows its line");
	buf_release(&text);
}

int
main(void)
{
	arena = arena_create();
	goldens();
	questions();
	recipients();
	mentions();
	limits();
	many_rules();
	arena_destroy(&arena);
	return tap_done();
}
