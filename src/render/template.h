/*
 * Templates by name, as rules say `using urgent`: NAME/subject.mustache,
 * NAME/text.mustache and, when the mail is to have HTML, NAME/html.mustache,
 * and the partials beside the folders (layout.mustache). With them, because one
 * folder holds both, the words of all languages.
 *
 * A template that is wrong is in the set all the same, without its wrong
 * parts: who renders it sends the built-in notification instead.
 */
#ifndef RENDER_TEMPLATE_H
#define RENDER_TEMPLATE_H

#include "render/mustache.h"
#include "render/words.h"

struct template {
	const char *name;
	/* NULL: missing or wrong */
	struct mustache *subject;
	struct mustache *text;
	struct mustache *html;
	bool is_text;			/* it has no HTML, and wants none */
};

struct templates {
	VEC(struct template *) list;
	struct map *partials;		/* name to struct mustache */
	struct languages *languages;
};

/*
 * The templates of the configured folder (NULL: none) and the shipped ones
 * behind it. Everything that is wrong goes to `diag`: syntax, values and
 * partials that do not exist, parts that are missing, and templates that
 * cannot be rendered even with an alert that has everything; and, as a warning,
 * those that do not say when nothing proves a mail to be Microsoft's.
 */
struct templates *template_load(struct arena *arena, const char *directory,
				struct diag *diag);

/* NULL when there is none of that name. */
const struct template *template_find(const struct templates *templates,
				     const char *name);

/* What the relay itself has to say has a template of its own, which no rule
 * chooses. */
#define TEMPLATE_NOTICE "notice"

/* All names but that, ended by NULL: what rules may choose. */
const char *const *template_names(struct arena *arena,
				  const struct templates *templates);

#endif
