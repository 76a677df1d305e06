#include "render/template.h"

#include "base/text.h"
#include "render/notification.h"

#define SUFFIX ".mustache"

static const struct part {
	const char *file;
	enum mustache_escape escape;
	size_t offset;		/* in struct template */
	bool is_body;
} parts[] = {
	{ "subject" SUFFIX, MUSTACHE_TEXT, offsetof(struct template, subject),
	  false },
	{ "text" SUFFIX, MUSTACHE_TEXT, offsetof(struct template, text), true },
	{ "html" SUFFIX, MUSTACHE_HTML, offsetof(struct template, html), true },
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
	const struct value *shape;	/* of what nobody vouches for */
	const struct value *proved;	/* the same of what somebody does */
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
		if (strcmp(templates->list.items[i]->name, TEMPLATE_NOTICE))
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
		if (part->escape == MUSTACHE_HTML) {
			template->is_text = true;
			return;
		}
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
				     "text.mustache and perhaps "
				     "html.mustache"),
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

static const char *
rendered(const struct loader *loader, const struct part *part,
	 const struct mustache *compiled, const struct value *shape)
{
	struct buf out = BUF_INIT, error = BUF_INIT;
	const char *text = NULL;

	if (mustache_render(compiled, loader->templates->partials, shape,
			    part->escape, &out, &error))
		text = arena_strndup(loader->arena, out.data, out.len);
	buf_release(&out);
	buf_release(&error);
	return text;
}

/* Whoever reads it must see that nothing proves a mail to be Microsoft's. A
 * template is right when the two look different, however it does that. */
static void
check_trust(const struct loader *loader, const struct template *template,
	    const struct part *part, const struct mustache *compiled)
{
	const char *doubted = rendered(loader, part, compiled, loader->shape);
	const char *proved = rendered(loader, part, compiled, loader->proved);

	if (part->is_body && doubted && proved && !strcmp(doubted, proved))
		diag_warning(loader->diag, (struct diag_place){ NULL, 0, 0 },
			     "show {{#unverified}}{{words.unverified-title}}"
			     "{{/unverified}}",
			     "%s of template '%s' does not say when nothing "
			     "proves that a mail is Microsoft's", part->file,
			     template->name);
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
		if (compiled && diag_errors(loader->diag) == errors)
			check_trust(loader, template, &parts[i], compiled);
	}
}

static const struct value *
proved_shape(const struct loader *loader)
{
	struct value *shape = notification_shape(loader->arena,
			words_choose(loader->templates->languages, NULL));

	value_set_bool(shape, "unverified", false);
	return shape;
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
	loader.proved = proved_shape(&loader);
	for (i = 0; i < loader.shelf->all.count; i++)
		load_name(&loader, loader.shelf->all.items[i]);
	for (i = 0; i < templates->list.count; i++)
		check_template(&loader, templates->list.items[i]);
	return templates;
}
