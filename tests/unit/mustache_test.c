/*
 * Every rule of Mustache 1.4 with its optional dynamic names and inheritance,
 * in our own cases, and what our own limits and diagnostics add. Data and
 * partials are JSON with ' for ".
 *
 * Given files, the program runs those instead: they are in the form of the
 * public specification (see tests/mustache-spec.t).
 */
#include "render/mustache.h"

#include "base/file.h"
#include "base/json.h"

#include "tap.h"

static const struct {
	const char *name;
	const char *data;
	const char *partials;
	const char *template;
	const char *want;
} cases[] = {
	/* Text and variables */
	{ "text without tags is itself", "{}", "{}",
	  "a { b } \n c", "a { b } \n c" },
	{ "a variable is replaced", "{'who': 'Ana'}", "{}",
	  "Hi {{who}}!", "Hi Ana!" },
	{ "blanks around a name do not count", "{'who': 'Ana'}", "{}",
	  "{{ who }}{{{ who }}}{{& who }}", "AnaAnaAna" },
	{ "a variable does not take its line away", "{'x': '1'}", "{}",
	  "  {{x}}\n", "  1\n" },
	{ "what is not known is nothing", "{}", "{}", "({{a}}{{{b}}}{{&c}})",
	  "()" },
	{ "null is nothing", "{'a': null}", "{}", "({{a}})", "()" },
	{ "HTML is escaped, the apostrophe too",
	  "{'a': '<b>&\\\"\\u0027'}", "{}", "{{a}}",
	  "&lt;b&gt;&amp;&quot;&#39;" },
	{ "three braces and & do not escape", "{'a': '<b>&\\\"'}", "{}",
	  "{{{a}}} {{&a}}", "<b>&\" <b>&\"" },
	{ "a value is never read as a template",
	  "{'a': '{{b}}{{{b}}}{{>p}}', 'b': 'no'}", "{'p': 'no'}",
	  "{{{a}}}", "{{b}}{{{b}}}{{>p}}" },
	{ "a dotted name goes into maps", "{'a': {'b': {'c': 'x'}}}", "{}",
	  "{{a.b.c}}", "x" },
	{ "a broken dotted name is nothing", "{'a': {}, 'c': 'x'}", "{}",
	  "({{a.b.c}})", "()" },
	{ "a name with dots is never one key", "{'a.b': 'x'}", "{}",
	  "({{a.b}})", "()" },
	{ "only the first part is looked up outside",
	  "{'a': {'b': {}}, 'b': {'c': 'no'}}", "{}",
	  "({{#a}}{{b.c}}{{/a}})", "()" },
	{ "the dot is the value itself", "'x<'", "{}", "{{.}} {{{.}}}",
	  "x&lt; x<" },
	{ "a list is interpolated with commas", "{'a': ['x', 'y']}", "{}",
	  "{{a}}", "x, y" },

	{ "a byte order mark is no text", "{}", "{}", "\xEF\xBB\xBF" "a",
	  "a" },

	/* Comments */
	{ "a comment is nothing", "{}", "{}", "a{{! b }}c", "ac" },
	{ "a comment may have lines", "{}", "{}", "a{{!\nb\nc}}d", "ad" },
	{ "a comment alone takes its line away", "{}", "{}",
	  "a\n  {{! b }}  \nc\n", "a\nc\n" },
	{ "so does one with several lines", "{}", "{}",
	  "a\n  {{!\n b\n}}\nc\n", "a\nc\n" },
	{ "a comment behind text leaves the line", "{}", "{}",
	  "  a {{! b }}\n", "  a \n" },
	{ "two tags on one line leave it", "{}", "{}",
	  "a\n {{!b}} {{!c}}\nd", "a\n  \nd" },

	/* Sections */
	{ "a section of true is shown", "{'a': true}", "{}",
	  "{{#a}}x{{/a}}", "x" },
	{ "a section of false, null, nothing or an empty text is not",
	  "{'a': false, 'b': null, 'd': ''}", "{}",
	  "({{#a}}x{{/a}}{{#b}}x{{/b}}{{#c}}x{{/c}}{{#d}}x{{/d}})", "()" },
	{ "a section of a map looks into it, then around it",
	  "{'m': {'a': '1'}, 'a': 'no', 'b': '2'}", "{}",
	  "{{#m}}{{a}}{{b}}{{/m}}", "12" },
	{ "a section of a list is repeated",
	  "{'l': [{'n': '1'}, {'n': '2'}]}", "{}", "{{#l}}<{{n}}>{{/l}}",
	  "<1><2>" },
	{ "a section of an empty list is nothing", "{'l': []}", "{}",
	  "({{#l}}x{{/l}})", "()" },
	{ "the dot is the item", "{'l': ['a', 'b']}", "{}",
	  "{{#l}}{{.}};{{/l}}", "a;b;" },
	{ "lists of lists are walked with dots",
	  "{'l': [['a', 'b'], ['c']]}", "{}",
	  "{{#l}}({{#.}}{{.}}{{/.}}){{/l}}", "(ab)(c)" },
	{ "a section of a text has it as dot", "{'t': 'x'}", "{}",
	  "{{#t}}{{.}}{{t}}{{/t}}", "xx" },
	{ "a section of a dotted name", "{'a': {'b': ['1', '2']}}", "{}",
	  "{{#a.b}}{{.}}{{/a.b}}{{#a.c}}no{{/a.c}}", "12" },
	{ "sections of one name nest", "{'a': true}", "{}",
	  "{{#a}}1{{#a}}2{{/a}}3{{/a}}", "123" },
	{ "tags of a section alone take their lines away",
	  "{'l': ['a', 'b']}", "{}",
	  "<\n  {{#l}}\n  {{.}}\n  {{/l}}\n>\n", "<\n  a\n  b\n>\n" },
	{ "inline sections keep their line", "{'a': true}", "{}",
	  " {{#a}}x{{/a}}\n", " x\n" },
	{ "blanks in an inline section are kept", "{'a': true}", "{}",
	  "|{{#a}} {{! c }}\n {{/a}}|", "| \n |" },
	{ "lines may end with CR LF", "{'a': true}", "{}",
	  "x\r\n{{#a}}\r\ny\r\n{{/a}}\r\nz\r\n", "x\r\ny\r\nz\r\n" },
	{ "the first and the last line may be a tag's", "{'a': true}", "{}",
	  "  {{#a}}\nx\n  {{/a}}", "x\n" },
	{ "an inverted section is shown when a section is not",
	  "{'f': false, 't': true, 'l': [], 'm': ['x']}", "{}",
	  "{{^f}}1{{/f}}{{^t}}2{{/t}}{{^l}}3{{/l}}{{^m}}4{{/m}}{{^n}}5{{/n}}",
	  "135" },
	{ "an inverted section alone takes its lines away", "{}", "{}",
	  "a\n {{^n}}\nb\n {{/n}}\nc", "a\nb\nc" },

	/* Delimiters */
	{ "delimiters can be set", "{'a': 'x'}", "{}",
	  "{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>{{a}}", "x{{a}}x" },
	{ "delimiters of one character", "{'a': 'x', 's': true}", "{}",
	  "{{= | | =}}|#s||a||/s|", "x" },
	{ "setting delimiters alone takes its line away", "{}", "{}",
	  "a\n {{=@ @=}}\nb", "a\nb" },
	{ "three braces have a form with set delimiters", "{'a': '<'}", "{}",
	  "{{=<% %>=}}<%{a}%>", "<" },
	{ "a partial has delimiters of its own", "{'a': 'x'}",
	  "{'p': '{{a}}{{=| |=}}|a|'}", "{{=< >=}}<>p><a>", "xxx" },

	/* Partials */
	{ "a partial is put in with the data of its place",
	  "{'m': {'a': 'x'}}", "{'p': '[{{a}}]'}",
	  "{{#m}}{{>p}}{{/m}}", "[x]" },
	{ "a partial that is not there is nothing", "{}", "{}", "({{>p}})",
	  "()" },
	{ "a partial may include itself while there is data",
	  "{'v': '1', 'k': [{'v': '2', 'k': []}]}",
	  "{'n': '{{v}}({{#k}}{{>n}}{{/k}})'}", "{{>n}}", "1(2())" },
	{ "a partial alone indents its lines, not the lines of values",
	  "{'v': 'x\\ny'}", "{'p': 'a\\n{{v}}\\nb\\n'}",
	  "<\n  {{>p}}\n>\n", "<\n  a\n  x\ny\n  b\n>\n" },
	{ "an inline partial does not indent", "{}", "{'p': 'a\\nb'}",
	  "  x {{>p}}\n", "  x a\nb\n" },
	{ "indentations of partials in partials add up", "{}",
	  "{'p': '1\\n {{>q}}\\n', 'q': '2\\n'}", " {{>p}}\n", " 1\n  2\n" },
	{ "sections in an indented partial are indented once",
	  "{'l': ['a', 'b']}", "{'p': '{{#l}}\\n{{.}}\\n{{/l}}\\n'}",
	  "  {{>p}}\n", "  a\n  b\n" },
	{ "an inline section in an indented partial too", "{'a': true}",
	  "{'p': '{{#a}}x{{/a}}{{^a}}y{{/a}}z\\n'}", "  {{>p}}\n", "  xz\n" },

	/* Dynamic names */
	{ "a star names the partial by a value", "{'w': {'x': 'p'}}",
	  "{'p': 'yes'}", "{{>*w.x}}{{> * w.x }}", "yesyes" },
	{ "a star on what is not known is nothing", "{'n': 'q'}",
	  "{'p': 'no'}", "({{>*w}}{{>*n}})", "()" },
	{ "a star goes one step only", "{'a': 'b', 'b': 'p'}",
	  "{'p': 'no'}", "({{>**a}}{{>*a}})", "()" },
	{ "a partial by a value is indented", "{'w': 'p'}",
	  "{'p': 'a\\nb\\n'}", "  {{>*w}}\n", "  a\n  b\n" },
	{ "a parent can be named by a value", "{'w': 'p'}",
	  "{'p': '[{{$b}}no{{/b}}]'}", "{{<*w}}{{$b}}yes{{/b}}{{/*w}}",
	  "[yes]" },

	/* Inheritance */
	{ "a block shows what it has", "{'a': 'x'}", "{}",
	  "{{$b}}<{{a}}>{{/b}}\n", "<x>\n" },
	{ "a parent without arguments is a partial", "{}",
	  "{'p': '[{{$b}}own{{/b}}]'}", "{{<p}}{{/p}}{{>p}}",
	  "[own][own]" },
	{ "an argument replaces a block", "{}",
	  "{'p': '[{{$b}}own{{/b}}{{$c}}kept{{/c}}]'}",
	  "{{<p}} text {{$b}}new{{/b}} text {{/p}}", "[newkept]" },
	{ "data does not replace a block", "{'b': 'no'}",
	  "{'p': '[{{$b}}own{{/b}}]'}", "{{<p}}{{/p}}", "[own]" },
	{ "arguments hold for one parent only", "{}",
	  "{'p': '[{{$b}}own{{/b}}]'}",
	  "{{<p}}{{$b}}1{{/b}}{{/p}}{{<p}}{{/p}} x", "[1][own] x" },
	{ "the outermost argument wins", "{}",
	  "{'p': '{{<q}}{{$b}}p{{/b}}{{/q}}', 'q': '[{{$b}}q{{/b}}]'}",
	  "{{<p}}{{$b}}t{{/b}}{{/p}}", "[t]" },
	{ "an argument sees the data of its place in the parent",
	  "{'a': 'no', 'm': {'a': 'yes'}}",
	  "{'p': '{{#m}}{{$b}}{{/b}}{{/m}}'}",
	  "{{<p}}{{$b}}{{a}}{{/b}}{{/p}}", "yes" },
	{ "a block in an argument of its own name ends", "{}",
	  "{'p': '[{{$b}}own{{/b}}]'}",
	  "{{<p}}{{$b}}1{{$b}}2{{/b}}{{/b}}{{/p}}", "[12]" },
	{ "a parent alone indents its lines", "{}", "{'p': '1\\n2\\n'}",
	  "<\n  {{<p}}\n  {{/p}}\n>\n", "<\n  1\n  2\n>\n" },
	{ "a parent behind text keeps the line", "{}", "{'p': '1'}",
	  "a {{<p}}{{/p}}\nb", "a 1\nb" },
	{ "an argument loses its indentation and gets that of the block", "{}",
	  "{'p': '<\\n    {{$b}}\\n    {{/b}}\\n>\\n'}",
	  "{{<p}}\n  {{$b}}\n  1\n   2\n  {{/b}}\n{{/p}}\n",
	  "<\n    1\n     2\n>\n" },
	{ "the lines in the block say how far, when it has its line", "{}",
	  "{'p': '{{$b}}\\n   own\\n{{/b}}\\n'}",
	  "{{<p}}{{$b}}\n1\n2\n{{/b}}{{/p}}", "   1\n   2\n" },
	{ "an inline block indents the further lines", "{}",
	  "{'p': '  {{$b}}{{/b}}\\n'}",
	  "{{<p}}{{$b}}\n1\n2{{/b}}{{/p}}", "  1\n  2\n" },
	{ "an inline argument in a block with its own line is indented", "{}",
	  "{'p': '<\\n  {{$b}}\\n  {{/b}}\\n'}",
	  "{{<p}}{{$b}}1{{/b}}{{/p}}", "<\n  1" },
	{ "a block in a section in a parent is no argument", "{'a': true}",
	  "{'p': '[{{$b}}own{{/b}}]'}",
	  "{{<p}}{{#a}}{{$b}}no{{/b}}{{/a}}{{/p}}", "[own]" },
};

static const struct {
	const char *template;
	const char *want;	/* how the printed diagnostic begins */
} mistakes[] = {
	{ "a\n{{#b}}x", "t:2:1: error: 'b' is never closed (add '{{/b}}')" },
	{ "{{#b}}{{#c}}{{/b}}",
	  "t:1:7: error: 'c' is never closed (add '{{/c}}')" },
	{ "{{=<% %>=}}<%#b%>",
	  "t:1:12: error: 'b' is never closed (add '<%/b%>')" },
	{ "{{<*b}}", "t:1:1: error: 'b' is never closed (add '{{/*b}}')" },
	{ "x{{/b}}", "t:1:2: error: 'b' is not open here (remove it)" },
	{ "{{b", "t:1:1: error: this tag does not end (write '}}' behind it)" },
	{ "{{{b}}",
	  "t:1:1: error: this tag does not end (write '}}}' behind it)" },
	{ "{{}}", "t:1:1: error: this tag has no name (write the name of a "
	  "value between the braces)" },
	{ "{{>*}}", "t:1:1: error: this tag has no name" },
	{ "{{a b}}", "t:1:1: error: 'a b' is no name (a name has no blanks)" },
	{ "{{=a=}}", "t:1:1: error: these are no delimiters (write two words "
	  "without '=', as in {{=<% %>=}})" },
	{ "{{=a b c=}}", "t:1:1: error: these are no delimiters" },
	{ "{{=a= b=}}", "t:1:1: error: these are no delimiters" },
	{ "\xFF", "t:1:1: error: this is no text in UTF-8" },
};

static struct arena *arena;

static struct value *
value_of(const struct json *json)
{
	const struct json *child = json_first(json);
	struct value *value;

	if (json_is_object(json)) {
		value = value_map(arena);
		for (; child; child = json_next(child))
			value_set(value, arena_strdup(arena, json_name(child)),
				  value_of(child));
	} else if (json_is_array(json)) {
		value = value_list(arena);
		for (; child; child = json_next(child))
			value_add(value, value_of(child));
	} else if (json_text(json)) {
		value = value_text(arena, arena_strdup(arena,
						       json_text(json)));
	} else if (json_is_null(json) || !json_bool(json, true)) {
		value = value_bool(arena, false);
	} else if (json_bool(json, false)) {
		value = value_bool(arena, true);
	} else {
		struct buf number = BUF_INIT;

		json_print(json, &number);
		value = value_text(arena, arena_strdup(arena, number.data));
		buf_release(&number);
	}
	return value;
}

static struct json *
json_of(const char *text)
{
	struct buf error = BUF_INIT;
	char *copy = arena_strdup(arena, text), *at;
	struct json *json;

	for (at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	json = json_parse(copy, strlen(copy), &error);
	if (!json)
		printf("# %s: %s\n", copy, error.data);
	buf_release(&error);
	return json;
}

static struct mustache *
compiled(const char *name, const char *text, struct buf *errors)
{
	struct diag_file *file = arena_alloc(arena, sizeof(*file));
	struct diag *diag = diag_create(arena);
	struct mustache *template;

	file->name = name;
	file->text = arena_strdup(arena, text);
	file->length = strlen(text);
	template = mustache_compile(arena, file, diag);
	diag_print(diag, errors);
	return template;
}

static struct map *
partials_of(const struct json *object, struct buf *errors)
{
	struct map *partials = map_create(arena);
	const struct json *child;

	for (child = json_first(object); child; child = json_next(child)) {
		struct mustache *template = compiled(json_name(child),
						     json_text(child), errors);

		if (template)
			map_set(partials, arena_strdup(arena, json_name(child)),
				template);
	}
	return partials;
}

/* The result, or the errors. */
static const char *
rendered(const char *text, const struct json *data,
	 const struct json *partials, struct buf *out)
{
	struct buf error = BUF_INIT;
	struct map *map = partials_of(partials, out);
	struct mustache *template = compiled("t", text, out);

	if (template && !mustache_render(template, map, value_of(data),
					 MUSTACHE_HTML, out, &error)) {
		buf_reset(out);
		buf_puts(out, error.data);
	}
	buf_release(&error);
	return out->data;
}

static void
run_case(const char *name, const char *text, const struct json *data,
	 const struct json *partials, const char *want)
{
	struct buf out = BUF_INIT;

	is(rendered(text, data, partials, &out), want, "%s", name);
	buf_release(&out);
	arena_reset(arena);
}

static void
run_cases(void)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct json *data = json_of(cases[i].data);
		struct json *partials = json_of(cases[i].partials);

		run_case(cases[i].name, cases[i].template, data, partials,
			 cases[i].want);
		json_destroy(&data);
		json_destroy(&partials);
	}
}

static void
run_mistakes(void)
{
	size_t i;

	for (i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++) {
		struct buf errors = BUF_INIT;
		const char *want = mistakes[i].want;

		ok(!compiled("t", mistakes[i].template, &errors),
		   "a mistake gives no template");
		if (errors.len > strlen(want))
			buf_cut(&errors, strlen(want));
		is(errors.data, want, "and is told with place and remedy");
		buf_release(&errors);
	}
	arena_reset(arena);
}

static void
run_limit(const char *text, const char *partials_text, const char *want,
	  const char *name)
{
	struct json *data = json_of("{'l': ['1','2','3','4','5','6','7','8']}");
	struct json *partials = json_of(partials_text);
	struct buf out = BUF_INIT;

	is(rendered(text, data, partials, &out), want, "%s", name);
	buf_release(&out);
	json_destroy(&data);
	json_destroy(&partials);
	arena_reset(arena);
}

/* Partials that include each other, `depth` deep. */
static bool
is_rendered_at(int depth)
{
	struct json *data = json_of("{}"), *partials;
	struct buf text = BUF_INIT, out = BUF_INIT;
	bool good;
	int i;

	buf_putc(&text, '{');
	for (i = 1; i < depth; i++)
		buf_printf(&text, "'p%d': '{{>p%d}}', ", i, i + 1);
	buf_printf(&text, "'p%d': 'end'}", depth);
	partials = json_of(text.data);
	good = !strcmp(rendered("{{>p1}}", data, partials, &out), "end");
	buf_release(&text);
	buf_release(&out);
	json_destroy(&data);
	json_destroy(&partials);
	arena_reset(arena);
	return good;
}

/* So many octets in so many steps, thousands. */
static bool
is_rendered(int steps, int octets)
{
	struct json *data, *partials = json_of("{}");
	struct buf text = BUF_INIT, list = BUF_INIT, out = BUF_INIT;
	bool good;

	buf_puts(&list, "{'l': [1");
	while (--steps)
		buf_puts(&list, ",1");
	buf_puts(&list, "], 'm': [1");
	for (steps = 1; steps < 500; steps++)
		buf_puts(&list, ",1");
	buf_puts(&list, "]}");
	data = json_of(list.data);
	buf_puts(&text, "{{#l}}{{#m}}");
	while (octets--)
		buf_putc(&text, 'x');
	buf_puts(&text, "{{.}}{{/m}}{{/l}}");
	good = !strncmp(rendered(text.data, data, partials, &out), "x", 1) ||
	       !strncmp(out.data, "1", 1);
	buf_release(&text);
	buf_release(&list);
	buf_release(&out);
	json_destroy(&data);
	json_destroy(&partials);
	arena_reset(arena);
	return good;
}

static void
run_limits(void)
{
	struct buf deep = BUF_INIT, out = BUF_INIT;
	int i;

	run_limit("{{>p}}", "{'p': '{{>p}}'}",
		  "p:1:1: templates are nested too deep here; does one "
		  "include itself?",
		  "a template that includes itself fails with a sentence");
	run_limit("{{<p}}{{/p}}", "{'p': '{{<p}}{{$b}}{{/b}}{{/p}}'}",
		  "p:1:1: templates are nested too deep here; does one "
		  "include itself?",
		  "so does one that is its own parent");
	run_limit("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}{{^l}}{{/l}}"
		  "{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", "{}",
		  "t:1:37: the template has taken too many steps; does it "
		  "loop in a loop?", "loops in loops fail with a sentence");
	run_limit("{{#l}}{{#l}}{{#l}}{{#l}}{{#l}}"
		  "0123456789012345678901234567890123456789"
		  "{{/l}}{{/l}}{{/l}}{{/l}}{{/l}}", "{}",
		  "t:1:31: the template has given more than 1 MB",
		  "a result that is too large fails with a sentence");

	ok(is_rendered_at(99) && !is_rendered_at(101),
	   "partials may be a hundred deep");
	ok(is_rendered(300, 0), "150,000 steps are no loop in a loop");
	ok(is_rendered(4, 400), "800 KB are no result that is too large");
	for (i = 0; i < 100000; i++)
		buf_puts(&deep, "{{#a}}");
	ok(!compiled("t", deep.data, &out),
	   "100,000 sections in each other are no template");
	ok(strstr(out.data, "more than 50 sections are open here"),
	   "and the reason is told");
	arena_reset(arena);
	buf_release(&deep);
	buf_release(&out);
}

static void
check_of(const char *text, const char *partials_text, const char *want,
	 const char *name)
{
	struct json *shape = json_of("{'title': 'x', 'words': {'why': 'x'},"
				     "'rows': [{'label': 'x'}], 'no': false}");
	struct json *partials = json_of(partials_text);
	struct diag *diag = diag_create(arena);
	struct buf out = BUF_INIT;
	struct map *map = partials_of(partials, &out);

	mustache_check(compiled("t", text, &out), map, value_of(shape), diag);
	diag_print(diag, &out);
	if (strchr(out.data, '\n'))
		buf_cut(&out, (size_t)(strchr(out.data, '\n') - out.data));
	is(out.data, want, "%s", name);
	buf_release(&out);
	json_destroy(&shape);
	json_destroy(&partials);
}

static void
run_checks(void)
{
	check_of("{{title}}{{words.why}}{{#rows}}{{label}}{{title}}{{/rows}}"
		 "{{#no}}{{title}}{{/no}}", "{}", "", "known names are fine");
	check_of("{{titel}}", "{}", "t:1:1: error: no notification has a "
		 "value 'titel' (did you mean 'title'?)",
		 "an unknown name is an error");
	check_of("{{#no}}{{^title}}{{words.wy}}{{/title}}{{/no}}", "{}",
		 "t:1:18: error: no notification has a value 'words.wy' (did "
		 "you mean 'words.why'?)",
		 "also where nothing would be shown");
	check_of("{{#rows}}{{lable}}{{/rows}}", "{}",
		 "t:1:10: error: no notification has a value 'lable' (did you "
		 "mean 'label'?)", "names of list items are known in the list");
	check_of("{{label}}", "{}", "t:1:1: error: no notification has a "
		 "value 'label' (tocsin-templates(5) lists the names)",
		 "and only there");
	check_of("{{>row}}", "{'rows': ''}", "t:1:1: error: there is no "
		 "partial 'row' (did you mean 'rows'?)",
		 "a partial that is not there is an error");
	check_of("{{#rows}}{{>p}}{{/rows}}", "{'p': '{{label}}{{>p}}'}", "",
		 "a partial is checked where it is included, once");
	check_of("{{<p}}{{$bdoy}}x{{/bdoy}}{{/p}}",
		 "{'p': '{{#no}}{{$body}}{{/body}}{{/no}}'}",
		 "t:1:7: error: 'p' has no block 'bdoy' (did you mean "
		 "'body'?)", "an argument for no block is an error");
	arena_reset(arena);
}

static void
run_specification(const char *path)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	const struct json *test;
	struct json *file;

	if (file_read(path, 1024 * 1024, &text, &error) != OUTCOME_OK ||
	    !(file = json_parse(text.data, text.len, &error))) {
		ok(false, "%s", error.data);
		return;
	}
	test = json_first(json_member(file, "tests"));
	for (; test; test = json_next(test))
		run_case(json_text(json_member(test, "name")),
			 json_text(json_member(test, "template")),
			 json_member(test, "data"),
			 json_member(test, "partials"),
			 json_text(json_member(test, "expected")));
	json_destroy(&file);
	buf_release(&text);
	buf_release(&error);
}

int
main(int argc, char **argv)
{
	int i;

	arena = arena_create();
	if (argc == 1) {
		run_cases();
		run_mistakes();
		run_limits();
		run_checks();
	}
	for (i = 1; i < argc; i++)
		run_specification(argv[i]);
	arena_destroy(&arena);
	return tap_done();
}
