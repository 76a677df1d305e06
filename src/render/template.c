#include "render/template.h"

#include "base/text.h"
#include "render/notification.h"

#define SUFFIX ".mustache"

static const struct part {
	const char *file;
	enum mustache_escape escape;
	size_t offset;		/* in struct template */
} parts[] = {
	{ "subject" SUFFIX, MUSTACHE_TEXT, offsetof(struct template, subject) },
	{ "text" SUFFIX, MUSTACHE_TEXT, offsetof(struct template, text) },
	{ "html" SUFFIX, MUSTACHE_HTML, offsetof(struct template, html) },
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static const char *const part_files[] = {
	"subject" SUFFIX, "text" SUFFIX, "html" SUFFIX, NULL
};

struct loader {
	struct arena *arena;
	struct diag *diag;
	const struct shelf *shelf;
	struct templates *templates;
	const struct value *shape;
};

static struct mustache **
part_of(struct template *template, const struct part *part)
{
	return (struct mustache **)((char *)template + part->offset);
}

const struct template *
template_find(const struct templates *templates, const char *name)
{
	size_t i;

	for (i = 0; i < templates->list.count; i++)
		if (!strcmp(templates->list.items[i]->name, name))
			return templates->list.items[i];
	return NULL;
}

const char *const *
template_names(struct arena *arena, const struct templates *templates)
{
	VEC(const char *) names = { 0 };
	size_t i;

	for (i = 0; i < templates->list.count; i++)
		vec_push(arena, &names, templates->list.items[i]->name);
	vec_push(arena, &names, NULL);
	return (const char *const *)names.items;
}

static struct mustache *
compile(const struct loader *loader, const char *name)
{
	const struct diag_file *file = shelf_read(loader->shelf, name);

	return file ? mustache_compile(loader->arena, file, loader->diag) :
		NULL;
}

/* "layout.mustache" is the partial "layout". */
static void
load_partial(const struct loader *loader, const char *name)
{
	size_t length = strlen(name) - strlen(SUFFIX);
	char *partial = arena_strndup(loader->arena, name, length);
	struct mustache *compiled;

	compiled = compile(loader, name);
	if (compiled)
		(void)map_set(loader->templates->partials, partial,
			      compiled); /* names come once */
}

static void
load_part(const struct loader *loader, struct template *template,
	  const struct part *part)
{
	const char *name = arena_printf(loader->arena, "%s/%s",
					template->name, part->file);

	if (!shelf_has(loader->shelf, name)) {
		diag_error(loader->diag, (struct diag_place){ NULL, 0, 0 },
			   arena_printf(loader->arena, "write %s",
					shelf_path(loader->shelf, name)),
			   "template '%s' has no %s", template->name,
			   part->file);
		return;
	}
	*part_of(template, part) = compile(loader, name);
}

static void
load_template(const struct loader *loader, const char *name)
{
	struct template *template;
	int i;

	if (template_find(loader->templates, name))
		return;
	template = arena_alloc(loader->arena, sizeof(*template));
	template->name = name;
	for (i = 0; i < PARTS; i++)
		load_part(loader, template, &parts[i]);
	vec_push(loader->arena, &loader->templates->list, template);
}

/* A file that nothing reads is a file with a wrong name. */
static void
check_file_name(const struct loader *loader, const char *path,
		const char *file)
{
	int i;

	for (i = 0; part_files[i]; i++)
		if (!strcmp(part_files[i], file))
			return;
	diag_error(loader->diag, (struct diag_place){ NULL, 0, 0 },
		   diag_did_you_mean(loader->diag, file, part_files,
				     "a template has subject.mustache, "
				     "text.mustache and html.mustache"),
		   "nothing reads %s", shelf_path(loader->shelf, path));
}

static void
load_name(const struct loader *loader, const char *name)
{
	const char *slash = strchr(name, '/');

	if (!text_ends(name, SUFFIX))
		return;
	if (!slash) {
		load_partial(loader, name);
		return;
	}
	check_file_name(loader, name, slash + 1);
	load_template(loader, arena_strndup(loader->arena, name,
					    (size_t)(slash - name)));
}

/* What only rendering shows: a template that includes itself. */
static void
check_renders(const struct loader *loader, const struct template *template,
	      const struct part *part, const struct mustache *compiled)
{
	struct buf out = BUF_INIT, error = BUF_INIT;

	if (!mustache_render(compiled, loader->templates->partials,
			     loader->shape, part->escape, &out, &error))
		diag_error(loader->diag, (struct diag_place){ NULL, 0, 0 },
			   NULL, "%s of template '%s' cannot be rendered: %s",
			   part->file, template->name, error.data);
	buf_release(&out);
	buf_release(&error);
}

static void
check_template(const struct loader *loader, struct template *template)
{
	size_t errors = diag_errors(loader->diag);
	int i;

	for (i = 0; i < PARTS; i++) {
		struct mustache *compiled = *part_of(template, &parts[i]);

		if (compiled)
			mustache_check(compiled, loader->templates->partials,
				       loader->shape, loader->diag);
		if (compiled && diag_errors(loader->diag) == errors)
			check_renders(loader, template, &parts[i], compiled);
	}
}

struct templates *
template_load(struct arena *arena, const char *directory, struct diag *diag)
{
	struct templates *templates = arena_alloc(arena, sizeof(*templates));
	struct loader loader = {
		.arena = arena, .diag = diag, .templates = templates,
		.shelf = shelf_open(arena, directory, diag),
	};
	size_t i;

	templates->partials = map_create(arena);
	templates->languages = words_load(arena, loader.shelf, diag);
	loader.shape = notification_shape(arena,
			words_choose(templates->languages, NULL));
	for (i = 0; i < loader.shelf->all.count; i++)
		load_name(&loader, loader.shelf->all.items[i]);
	for (i = 0; i < templates->list.count; i++)
		check_template(&loader, templates->list.items[i]);
	return templates;
}
