#include "render/template.h"

#include "base/file.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"
#include "temporary.h"

static struct arena *arena;
static char folder[TEMPORARY_LENGTH];

static const char *
path_of(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static void
write_file(const char *name, const char *text)
{
	struct buf error = BUF_INIT;

	if (file_replace(path_of(name), text, strlen(text), 0600, &error) !=
	    OUTCOME_OK)
		printf("Bail out! %s\n", error.data);
	buf_release(&error);
}

static void
make_folders(void)
{
	if (!mkdtemp(temporary(folder)) || mkdir(path_of("alert"), 0700) ||
	    mkdir(path_of("brief"), 0700) || mkdir(path_of("sms"), 0700))
		printf("Bail out! no folder\n");
}

static void
remove_folder(const char *path)
{
	DIR *entries = opendir(path);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)) != NULL) {
		const char *inner = arena_printf(arena, "%s/%s", path,
						 entry->d_name);

		if (entry->d_name[0] != '.' && unlink(inner))
			remove_folder(inner);
	}
	if (entries)
		closedir(entries);
	if (rmdir(path))
		printf("# cannot remove %s\n", path);
}

static const struct templates *
loaded(const char *directory, struct buf *errors)
{
	struct diag *diag = diag_create(arena);
	const struct templates *templates = template_load(arena, directory,
							  diag);

	buf_reset(errors);
	diag_print(diag, errors);
	return templates;
}

static void
says(const struct buf *errors, const char *sentence, const char *name)
{
	if (!ok(strstr(errors->data, sentence), "%s", name))
		printf("# in: %s\n# want: %s\n", errors->data, sentence);
}

static const char *
subject_of(const struct templates *templates, const char *name)
{
	struct value *data = value_map(arena);
	struct buf out = BUF_INIT, error = BUF_INIT;
	const char *text;

	value_set_text(data, "headline", "X");
	if (!mustache_render(template_find(templates, name)->subject,
			     templates->partials, data, MUSTACHE_TEXT, &out,
			     &error))
		printf("# %s\n", error.data);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	buf_release(&error);
	return text;
}

static void
test_shipped(void)
{
	struct buf errors = BUF_INIT;
	const struct templates *templates = loaded(NULL, &errors);

	is(errors.data, "", "the shipped templates are without error");
	ok(template_find(templates, "alert"), "there is 'alert'");
	ok(template_find(templates, "urgent"), "there is 'urgent'");
	ok(!template_find(templates, "words"), "the words are no template");
	ok(!template_find(templates, "../alert"), "a path is no name");
	buf_release(&errors);
}

static void
test_own(void)
{
	struct buf errors = BUF_INIT;
	const struct templates *templates;

	write_file("alert/subject.mustache", "mine: {{headline}}");
	write_file("brief/subject.mustache", "{{>start}} {{headline}}");
	write_file("brief/text.mustache",
		   "{{headline}}{{#unverified}}?{{/unverified}}");
	write_file("brief/html.mustache",
		   "{{<layout}}{{$body}}{{>headline}}{{/body}}{{/layout}}");
	write_file("sms/subject.mustache", "{{headline}}");
	write_file("sms/text.mustache",
		   "{{headline}}{{#unverified}}?{{/unverified}}");
	write_file("start.mustache", "Brief:");
	templates = loaded(folder, &errors);
	is(errors.data, "", "a folder of one's own can be without error");
	is(subject_of(templates, "alert"), "mine: X",
	   "a file in the folder hides the shipped one");
	ok(template_find(templates, "alert")->html, "the others stay");
	is(subject_of(templates, "brief"), "Brief: X",
	   "a new template has partials beside it, and the shipped layout");
	ok(template_find(templates, "sms")->is_text &&
	   !template_find(templates, "brief")->is_text,
	   "one without HTML is text");
	buf_release(&errors);
}

static void
test_trust(void)
{
	static const struct {
		const char *name, *file, *text;
		bool is_warned_of;
	} cases[] = {
		{ "a text without it", "sms/text.mustache", "{{headline}}",
		  true },
		{ "a text with it", "sms/text.mustache",
		  "{{headline}}{{#unverified}}?{{/unverified}}", false },
		{ "a text that has it from a partial", "sms/text.mustache",
		  "{{>facts-text}}", false },
		{ "an HTML without it", "sms/html.mustache",
		  "{{<layout}}{{$body}}{{headline}}{{/body}}{{/layout}}",
		  true },
		{ "an HTML with it", "sms/html.mustache",
		  "{{<layout}}{{$body}}{{>facts}}{{/body}}{{/layout}}",
		  false },
	};
	struct buf errors = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_file(cases[i].file, cases[i].text);
		(void)loaded(folder, &errors);	/* only its warnings count */
		ok(!strstr(errors.data ? errors.data : "", "warning: ") ==
		   !cases[i].is_warned_of,
		   "%s is %swarned of", cases[i].name,
		   cases[i].is_warned_of ? "" : "not ");
	}
	(void)unlink(path_of("sms/html.mustache")); /* the others want none */
	buf_release(&errors);
}

static void
test_large(void)
{
	char *text = malloc((1 << 20) + 2);
	struct buf errors = BUF_INIT;

	memset(text, 'x', (1 << 20) + 1);
	text[(1 << 20) + 1] = '\0';
	write_file("start.mustache", text + 1);
	(void)loaded(folder, &errors);
	ok(!strstr(errors.data ? errors.data : "", "is larger"),
	   "a file of 1 MiB is read");
	write_file("start.mustache", text);
	buf_reset(&errors);
	(void)loaded(folder, &errors);
	ok(strstr(errors.data, "is larger than 1048576 bytes"),
	   "and none that is larger");
	write_file("start.mustache", "Brief:");
	buf_release(&errors);
	free(text);
}

static void
test_mistakes(void)
{
	struct buf errors = BUF_INIT;
	const struct templates *templates;

	write_file("alert/subject.mustache", "{{#severity}}{{titel}}");
	write_file("alert/htlm.mustache", "x");
	write_file("brief/subject.mustache", "{{titel}} {{>strat}}\n");
	(void)unlink(path_of("brief/text.mustache"));	/* is written above */
	write_file("brief/html.mustache", "{{>loop}}");
	write_file("loop.mustache", "{{title}}{{>loop}}");
	templates = loaded(folder, &errors);
	says(&errors, "alert/subject.mustache:1:1: error: 'severity' is never "
	     "closed (add '{{/severity}}')", "wrong syntax is an error");
	says(&errors, "brief/subject.mustache:1:1: error: no notification has "
	     "a value 'titel' (did you mean 'title'?)",
	     "so is a value that does not exist");
	says(&errors, "brief/subject.mustache:1:11: error: there is no partial "
	     "'strat' (did you mean 'start'?)", "so is a missing partial");
	says(&errors, "error: template 'brief' has no text.mustache",
	     "so is a missing part");
	says(&errors, "alert/htlm.mustache (did you mean 'html.mustache'?)",
	     "so is a file that nothing reads");
	ok(!template_find(templates, "alert")->subject, "a wrong part is none");
	ok(template_find(templates, "alert")->text, "the others are there");

	write_file("brief/subject.mustache", "{{title}}");
	write_file("brief/text.mustache", "{{title}}");
	(void)loaded(folder, &errors);	/* only its errors count here */
	says(&errors, "html.mustache of template 'brief' cannot be rendered:",
	     "a template that includes itself is an error");
	(void)loaded("/nonexistent", &errors);	/* likewise */
	says(&errors, "cannot read the folder /nonexistent",
	     "so is a folder that does not exist");
	buf_release(&errors);
}

static void
test_names(void)
{
	struct buf errors = BUF_INIT;
	const struct templates *templates = loaded(NULL, &errors);
	const char *const *names = template_names(arena, templates);

	is(names[0], "alert", "the names are listed");
	is(names[1], "urgent", "in order");
	ok(!names[2], "and end: notice is for no rule to choose");
	buf_release(&errors);
}

int
main(void)
{
	arena = arena_create();
	make_folders();
	test_shipped();
	test_own();
	test_trust();
	test_large();
	test_mistakes();
	test_names();
	remove_folder(folder);
	arena_destroy(&arena);
	return tap_done();
}
