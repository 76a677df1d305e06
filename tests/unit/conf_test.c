/*
 * The language: files beside the exact findings they must give
 * (tests/conf/syntax/NAME.conf or NAME/main.conf, NAME.want), trees written as
 * one line, and the limits. Runs from the root of the repository.
 */
#include "conf/conf.h"
#include "conf/grammar.h"
#include "conf/settings.h"
#include "conf/value.h"

#include "base/file.h"
#include "base/map.h"
#include "base/text.h"

#include "tap.h"
#include "temporary.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena *arena;
static char *folder;			/* for files made by these tests */

static void
describe_words(const conf_words *words, struct buf *out)
{
	size_t i;

	for (i = 0; i < words->count; i++) {
		struct conf_word word = words->items[i];

		buf_printf(out, conf_is_quoted(word) ? " \"%s\"" : " %s",
			   word.text);
	}
}

/* (severity at least high) (and X Y) */
static void
describe_expr(const struct conf_expr *expr, struct buf *out)
{
	static const char *const names[] = {
		[CONF_AND] = "and", [CONF_OR] = "or", [CONF_NOT] = "not",
	};
	size_t i;

	if (expr->kind == CONF_TEST) {
		buf_printf(out, "(%s%s%s%s%s", conf_quantifier_name(expr),
			   expr->quantifier ? " " : "", expr->field,
			   *expr->field ? " " : "", expr->op);
		for (i = 0; strstr(expr->op, "matches") &&
			    i < expr->values.count; i++)
			buf_printf(out, " /%s/", expr->values.items[i].text);
		if (!i)
			describe_words(&expr->values, out);
		buf_putc(out, ')');
		return;
	}
	buf_printf(out, "(%s ", names[expr->kind]);
	describe_expr(expr->left, out);
	if (expr->kind != CONF_NOT) {
		buf_putc(out, ' ');
		describe_expr(expr->right, out);
	}
	buf_putc(out, ')');
}

/* keyword words (expression) [clauses] {block} */
static void
describe_nodes(const conf_nodes *nodes, struct buf *out)
{
	size_t i;

	for (i = 0; i < nodes->count; i++) {
		const struct conf_node *node = nodes->items[i];

		buf_printf(out, "%s%s", i ? "; " : "", node->keyword);
		describe_words(&node->words, out);
		if (node->expr && node->expr->kind != CONF_WRONG) {
			buf_putc(out, ' ');
			describe_expr(node->expr, out);
		}
		if (node->clauses.count) {
			buf_puts(out, " [");
			describe_nodes(&node->clauses, out);
			buf_putc(out, ']');
		}
		if (node->block.count) {
			buf_puts(out, " {");
			describe_nodes(&node->block, out);
			buf_putc(out, '}');
		}
	}
}

static const struct {
	const char *name;
	const char *text;
	const char *want;
} trees[] = {
	{ "nothing is nothing", "# only a comment", "" },
	{ "settings have words", "domain a.example from \"A B\" a@b.example",
	  "domain a.example; from \"A B\" a@b.example" },
	{ "the name of the sender may be left out", "from a@b.example",
	  "from a@b.example" },
	{ "a block has statements", "relay r { smtp a:1, b tls none }",
	  "relay r {smtp a:1 b; tls none}" },
	{ "a window has days as keywords",
	  "window n { mon-fri 18:00-08:00 timezone UTC mon, wed,fri 1-2 }",
	  "window n {mon-fri 18:00-08:00; timezone UTC; mon wed fri 1-2}" },
	{ "a rule has clauses",
	  "customer c \"C\" { rule r \"why\" when a is b also notify x, y using"
	  " z notify w rule s drop owner o reason \"x y\""
	  " until 2027-01-31 otherwise notify v using u }",
	  "customer c \"C\" {rule r \"why\" (a is b) [also; notify x y"
	  " [using z]; notify w]; rule s [drop [owner o; reason \"x y\";"
	  " until 2027-01-31]]; otherwise [notify v [using u]]}" },
	{ "a test has fields as keywords",
	  "test \"t\" { given alert { severity high device a, b } at "
	  "2026-12-01T02:00:00Z expect notify a@b.example by r using u }"
	  " test \"u\" { given mail f to a@b.example at "
	  "2026-12-01T02:00:00Z expect drop by r }"
	  " test \"v\" { expect hold }",
	  "test \"t\" {given [alert [at 2026-12-01T02:00:00Z] {severity "
	  "high; device a b}];"
	  " expect [notify a@b.example [by r; using u]]};"
	  " test \"u\" {given [mail f [to a@b.example; at "
	  "2026-12-01T02:00:00Z]];"
	  " expect [drop [by r]]}; test \"v\" {expect [hold]}" },
	{ "a field may be named like a keyword",
	  "test \"t\" { given alert { customer c title mail alert x } }",
	  "test \"t\" {given [alert {customer c; title mail; alert x}]}" },
	{ "formats have lists behind words",
	  "format f \"F\" { set a b, c label d \"e\", \"f\" }"
	  " alias severity high \"High\", hoch unwrap \"h/*\" p",
	  "format f \"F\" {set a b c; label d \"e\" \"f\"};"
	  " alias severity high \"High\" hoch; unwrap \"h/*\" p" },
	{ "words files are of the same language",
	  "language de \"Deutsch\" word a.b \"c\"",
	  "language de \"Deutsch\"; word a.b \"c\"" },
};

#define RULE(condition) "customer c { rule r when " condition " notify x }"
#define TREE(condition) "customer c {rule r " condition " [notify x]}"

static const struct {
	const char *name;
	const char *text;
	const char *want;
} conditions[] = {
	{ "and binds stronger than or",
	  RULE("a is b or c is d and e is f or g is h"),
	  TREE("(or (or (a is b) (and (c is d) (e is f))) (g is h))") },
	{ "chains group to the left", RULE("a is b and c is d and e is f"),
	  TREE("(and (and (a is b) (c is d)) (e is f))") },
	{ "not binds strongest", RULE("not a is b and not (c is d or e is f)"),
	  TREE("(and (not (a is b)) (not (or (c is d) (e is f))))") },
	{ "during behind a test is one more test of an and",
	  RULE("a at least b during night or during day"),
	  TREE("(or (and (a at least b) (during night)) (during day))") },
	{ "during may be said with and, or negated",
	  RULE("a is b and during night and not during day"),
	  TREE("(and (and (a is b) (during night)) (not (during day)))") },
	{ "tests have quantifiers",
	  RULE("any a is b and every c like \"d*\""),
	  TREE("(and (any a is b) (every c like \"d*\"))") },
	{ "operators of two words",
	  RULE("a is not b and c not in d, e and f not like g and h not "
	       "contains i and j not matches /k/ and l at least m"),
	  TREE("(and (and (and (and (and (a is not b) (c not in d e)) (f not "
	       "like g)) (h not contains i)) (j not matches /k/)) (l at "
	       "least m))") },
	{ "operators of one word",
	  RULE("a in b,c and d contains e, f and g below h and i present"),
	  TREE("(and (and (and (a in b c) (d contains e f)) (g below h)) (i "
	       "present))") },
	{ "a list of regexes", RULE("a matches /b c/, /d\\/e\\d/"),
	  TREE("(a matches /b c/ /d/e\\d/)") },
	{ "values may look like operators in quotes",
	  RULE("a is \"is\" and b in \"not\", \"and\""),
	  TREE("(and (a is \"is\") (b in \"not\" \"and\"))") },
	{ "values may look like keywords",
	  RULE("a is when, rule and b in notify"),
	  TREE("(and (a is when rule) (b in notify))") },
};

static void
check_tree(const char *name, const char *text, const char *want)
{
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t.conf", text, diag);
	struct buf got = BUF_INIT;

	describe_nodes(&conf->nodes, &got);
	is(got.data, want, "%s", name);
	buf_reset(&got);
	diag_print(diag, &got);
	is(got.data, "", "%s, without findings", name);
	buf_release(&got);
}

static void
test_trees(void)
{
	size_t i;

	for (i = 0; i < sizeof(trees) / sizeof(*trees); i++)
		check_tree(trees[i].name, trees[i].text, trees[i].want);
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
		check_tree(conditions[i].name, conditions[i].text,
			   conditions[i].want);
}

/* ---- files beside their findings ---- */

static int
is_golden(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && !text_ends(entry->d_name, ".want");
}

static void
check_golden(const char *where, const char *entry, bool settings)
{
	bool single = text_ends(entry, ".conf");
	int length = (int)(strlen(entry) - (single ? strlen(".conf") : 0));
	char *path = arena_printf(arena, "%s/%s%s", where, entry,
				  single ? "" : "/main.conf");
	char *want_path = arena_printf(arena, "%s/%.*s.want", where, length,
				       entry);
	struct diag *diag = diag_create(arena);
	struct buf got = BUF_INIT, want = BUF_INIT, error = BUF_INIT;
	struct conf *conf = conf_load(arena, path, NULL, diag);

	if (settings)
		(void)settings_load(conf, diag);
	diag_print(diag, &got);
	if (file_read(want_path, 1 << 20, &want, &error) != OUTCOME_OK)
		buf_puts(&want, error.data);
	is(got.data, want.data, "%s", path);
	buf_release(&got);
	buf_release(&want);
	buf_release(&error);
}

static void
test_goldens(const char *where, bool settings)
{
	struct dirent **entries;
	int count = scandir(where, &entries, is_golden, alphasort), i;

	ok(count > 0, "there are files in %s", where);
	for (i = 0; i < count; i++) {
		check_golden(where, entries[i]->d_name, settings);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* ---- limits ---- */

static struct buf
findings_of(const char *text)
{
	struct diag *diag = diag_create(arena);
	struct buf out = BUF_INIT;

	(void)conf_load_text(arena, "t.conf", text, diag);
	diag_print(diag, &out);
	return out;
}

static void
repeat(struct buf *out, const char *text, size_t count)
{
	while (count--)
		buf_puts(out, text);
}

static const struct {
	const char *name;
	const char *before;
	const char *repeated;
	size_t count;
	const char *after;
	const char *want;	/* that the findings contain; "" for none */
} limits[] = {
	{ "50 parentheses are read", "customer c { rule r when ", "(", 49,
	  "a is b" /* and 49 ) */, "expected 'and', 'or' or ')'" },
	{ "more are refused", "customer c { rule r when ", "(", 1000000, "",
	  "nested deeper than 50" },
	{ "so are that many of not", "customer c { rule r when ", "not ", 60,
	  "a is b }", "nested deeper than 50" },
	{ "1000 tests are read", "customer c { rule r when a is b",
	  " and a is b", 999, " notify x }", "" },
	{ "more tests are refused", "customer c { rule r when a is b",
	  "\nor a is b", 100000, " notify x }", "more than 1000 tests" },
	{ "60 octets of a word are repeated", "", "x", 60, " a",
	  "unknown keyword 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxx' (" },
	{ "and of a longer one so many", "", "x", 61, " a",
	  "unknown keyword 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	  "xxxxxxxxx...' (" },
	{ "a list may be long", "portal a", ", b", 100000, "", "" },
	{ "a line may not", "portal a", ", b", 500000, "",
	  "this line is longer than 1048576 bytes" },
	{ "nor are quotes that are none searched for without end",
	  "portal a", ", 'b", 340000, "", "this line is longer than" },
	{ "many errors end the reading of a file", "", "x\n", 5000, "",
	  "more than 500 errors: the rest of this file was not read" },
	{ "braces may be deep", "x ", "{", 1000000, "", "unknown keyword 'x'" },
	{ "or stray", "", "}", 1000000, "", "stray '}'" },
};

static void
test_limits(void)
{
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct buf text = BUF_INIT, got;

		buf_puts(&text, limits[i].before);
		repeat(&text, limits[i].repeated, limits[i].count);
		buf_puts(&text, limits[i].after);
		got = findings_of(text.data);
		if (!ok(*limits[i].want ? strstr(got.data, limits[i].want) !=
			NULL : !got.len, "%s", limits[i].name))
			printf("#  got: %.500s\n# want: %s\n", got.data,
			       limits[i].want);
		ok(got.len < 1000000, "%s: findings fit a screen",
		   limits[i].name);
		buf_release(&text);
		buf_release(&got);
	}
}

/* ---- files ---- */

static char *
write_file(const char *name, const char *text)
{
	char *path = arena_printf(arena, "%s/%s", folder, name);
	struct buf error = BUF_INIT;

	if (file_replace(path, text, strlen(text), 0600, &error) != OUTCOME_OK)
		printf("Bail out! %s\n", error.data);
	buf_release(&error);
	return path;
}

static struct conf *
load(const char *path, const struct map *instead, struct buf *findings)
{
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load(arena, path, instead, diag);

	buf_reset(findings);
	diag_print(diag, findings);
	return conf;
}

/* The last good text of a file that is not there any more. */
static void
test_beside(void)
{
	char *path = write_file("main.conf", "domain a\n");
	struct map *instead = map_create(arena);
	struct buf findings = BUF_INIT;
	char first[65];
	struct conf *conf;

	(void)map_set(instead, "z.rules" CONF_BESIDE, (void *)"spool z\n");
	(void)map_set(instead, "b.rules" CONF_BESIDE, (void *)"state b\n");
	(void)map_set(instead, "c.rules", (void *)"store c\n");
	conf = load(path, instead, &findings);
	is(findings.data, "", "texts beside: nothing is wrong");
	is_int(conf->nodes.count, 3, "they are read behind all files");
	is(conf->nodes.items[1]->keyword, "state", "in their order");
	is(conf->nodes.items[2]->keyword, "spool", "each");
	memcpy(first, conf->version, sizeof(first));
	is(load(path, instead, &findings)->version, first,
	   "with the same version each time");
	buf_release(&findings);
}

static void
test_instead(void)
{
	char *path = write_file("main.conf", "domain a\ninclude other.conf\n");
	char *other = write_file("other.conf", "broken");
	struct map *instead = map_create(arena);
	struct buf findings = BUF_INIT, got = BUF_INIT;
	struct conf *conf;

	map_set(instead, other, (void *)"authserv b");
	conf = load(path, instead, &findings);
	describe_nodes(&conf->nodes, &got);
	is(got.data, "domain a; authserv b",
	   "another text can be read instead of a file");
	is(findings.data, "", "which is not looked at");
	is_int((long long)conf->files.count, 2, "both files are listed");
	is(conf->files.items[1]->name, other,
	   "under the names that a person would open");

	(void)unlink(other);	/* it was made above */
	conf = load(path, instead, &findings);
	is_int((long long)conf->nodes.count, 2,
	   "another text can be read instead of a file that is gone");
	is(findings.data, "", "without a finding");
	buf_release(&findings);
	buf_release(&got);
}

static void
test_version(void)
{
	struct buf findings = BUF_INIT;
	char *path = write_file("version.conf", "domain a\n");
	char *copy = write_file("copy.conf", "domain a\n");
	const char *first = load(path, NULL, &findings)->version;

	is_int((long long)strlen(first), 64, "a version is a SHA-256");
	is(load(path, NULL, &findings)->version, first,
	   "the same files have the same version");
	ok(strcmp(load(copy, NULL, &findings)->version, first) != 0,
	   "another name is another version");
	(void)write_file("version.conf", "domain a \n");
	ok(strcmp(load(path, NULL, &findings)->version, first) != 0,
	   "another text is another version");
	buf_release(&findings);
}

static void
test_include(void)
{
	struct buf findings = BUF_INIT, got = BUF_INIT;
	char *path, *text;
	struct conf *conf;
	size_t i;

	(void)write_file("b.rules", "authserv b");
	(void)write_file("a.rules", "authserv a");
	path = write_file("order.conf",
			  "domain x include \"?.rules\" domain y");
	conf = load(path, NULL, &findings);
	describe_nodes(&conf->nodes, &got);
	is(got.data, "domain x; authserv a; authserv b; domain y",
	   "files are read in sorted order where the include stands");

	for (i = 0; i < 20; i++) {
		text = arena_printf(arena, "include deep%zu.conf", i + 1);
		(void)write_file(arena_printf(arena, "deep%zu.conf", i), text);
	}
	path = arena_printf(arena, "%s/deep0.conf", folder);
	(void)load(path, NULL, &findings);
	ok(strstr(findings.data, "deeper than 16") != NULL,
	   "files cannot include each other without end");

	path = write_file("fifo.conf", "include fifo");
	ok(!mkfifo(arena_printf(arena, "%s/fifo", folder), 0600),
	   "a pipe in the way");
	(void)load(path, NULL, &findings);
	ok(strstr(findings.data, "fifo: error: cannot open") != NULL,
	   "is no file, and nobody waits for it");

	path = arena_printf(arena, "%s/none.conf", folder);
	conf = load(path, NULL, &findings);
	is(findings.data, arena_printf(arena, "%s: error: cannot open %s: "
	   "No such file or directory\n", path, path),
	   "a main file that is not there is an error");
	is_int((long long)conf->nodes.count, 0, "and an empty tree");
	(void)conf_load_text(arena, "t", "include \"/etc/passwd\"",
			     diag_create(arena));
	got.len = 0;
	buf_release(&findings);
	findings = findings_of("include \"/etc/passwd\"");
	ok(strstr(findings.data, "there is no file to include") != NULL,
	   "a text in memory includes nothing");
	buf_release(&findings);
	buf_release(&got);
}

/* ---- the small functions ---- */

static struct conf_word
word_of(const char *text)
{
	return (struct conf_word){ .text = text };
}

static const struct { const char *text; long long want; } durations[] = {
	{ "0s", 0 }, { "30s", 30000 }, { "15m", 900000 }, { "2h", 7200000 },
	{ "7d", 604800000 }, { "106751991167d", 9223372036828800000 },
	{ "106751991168d", -1 }, { "99999999999999999999999s", -1 },
	{ "", -1 }, { "s", -1 }, { "15", -1 }, { "15x", -1 }, { "15mm", -1 },
	{ "-1s", -1 }, { " 1s", -1 }, { "1.5h", -1 },
};

static void
test_values(void)
{
	struct diag *diag = diag_create(arena);
	char name[257] = { 0 };
	size_t i;

	for (i = 0; i < sizeof(durations) / sizeof(*durations); i++) {
		int64_t got = -1;
		bool good = conf_duration(word_of(durations[i].text), diag,
					  &got);

		is_int(good ? got : -1, durations[i].want, "duration '%s'",
		       durations[i].text);
	}
	memset(name, 'x', 256);
	ok(!conf_host(word_of(name), diag), "a host has no name of 256 octets");
	name[255] = '\0';
	ok(conf_host(word_of(name), diag), "but of 255");
	ok(!conf_host(word_of(""), diag) && !conf_host(word_of("a b"), diag),
	   "without blanks");
	ok(conf_address(word_of("a@b.example"), diag), "an address");
	ok(!conf_address(word_of("a@b c"), diag), "no address");
}

static void
test_find(void)
{
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "etc/t.conf",
					   "domain a\nstate b domain c", diag);
	const struct conf_node *node = conf_find(&conf->nodes, "domain");

	is(conf_word(node, 0).text, "a", "the first statement is found");
	is(conf_word(node, 1).text, "", "a word too many is empty");
	is_int(conf_word(node, 1).place.offset, 0, "at the keyword's place");
	ok(!conf_find(&conf->nodes, "spool"), "what is not there is NULL");
	is(conf_path(arena, conf_word(node, 0)), "etc/a",
	   "a path is seen from the file that names it");
	is(conf_path(arena, word_of("/a")), "/a", "unless it is absolute");
}

/* ---- the manual ---- */

static const char *const pages[] = {
	"man/tocsin.conf.5", "man/tocsin-rules.5", "man/tocsin-oncall.5", "man/tocsin-formats.5",
	"man/tocsin-templates.5",
};

/* The words of all pages that are keywords: those of lines with the macro Ic,
 * and the first one of each line of an example. */
static struct map *
documented_keywords(void)
{
	struct map *keywords = map_create(arena);
	struct buf text = BUF_INIT, error = BUF_INIT;
	bool example = false;
	char *at, *line, *word;
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		ok(file_read(pages[i], 1 << 20, &text, &error) == OUTCOME_OK,
		   "there is a page %s", pages[i]);
	at = arena_strdup(arena, text.data);
	while ((line = strsep(&at, "\n"))) {
		if (text_starts(line, ".Bd") || text_starts(line, ".Ed"))
			example = line[1] == 'B';
		if (!example && !(*line == '.' && strstr(line, "Ic ")))
			continue;
		line += strspn(line, " ");
		while ((word = strsep(&line, " "))) {
			map_set(keywords, word, word);
			if (example)
				break;
		}
	}
	buf_release(&text);
	buf_release(&error);
	return keywords;
}

static void
check_line(void *context, const char *path, const char *usage,
	   const char *help)
{
	const char *keyword = strrchr(path, ' ');

	keyword = keyword ? keyword + 1 : path;
	ok(*usage && help && *help, "'%s' has a usage and a help line", path);
	if (*keyword >= 'a' && *keyword <= 'z')
		ok(map_find(context, keyword) != NULL,
		   "'%s' is in the manual", path);
}

static void
test_manual(void)
{
	grammar_walk(check_line, documented_keywords());
}

static void
remove_folder(void)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, NULL, NULL), i;

	for (i = 0; i < count; i++) {
		/* "." and ".." fail */
		(void)unlink(arena_printf(arena, "%s/%s", folder,
					  entries[i]->d_name));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	(void)rmdir(folder);	/* empty now */
}

int
main(void)
{
	char template[TEMPORARY_LENGTH];

	arena = arena_create();
	folder = mkdtemp(temporary(template));
	if (!folder)
		return 1;
	test_trees();
	test_goldens("tests/conf/syntax", false);
	test_goldens("tests/conf/settings", true);
	test_limits();
	test_beside();
	test_instead();
	test_version();
	test_include();
	test_values();
	test_find();
	test_manual();
	remove_folder();
	arena_destroy(&arena);
	return tap_done();
}
