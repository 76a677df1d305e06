/*
 * Formats: what is known about the mails that come in, as data.
 *
 * A `format` block describes one kind of mail; `label`, `alias`, `portal`,
 * `link`, `unwrap`, `decode`, `opaque` and `ignore` at the top hold for all of
 * them. The files are read once for each generation of configuration;
 * everything here is read-only then, lives in its arena and borrows the texts
 * of the tree.
 */
#ifndef NORMALIZE_FORMAT_H
#define NORMALIZE_FORMAT_H

#include "alert/alert.h"
#include "conf/tree.h"
#include "normalize/pattern.h"
#include "normalize/unwrap.h"

/* `label FIELD "LABEL"`: where the value of a row belongs. */
struct format_label {
	enum alert_field field;
	const char *text;	/* as written */
	const char *key;	/* quirk_label() of it */
};

/* `set FIELD VALUE`: what a field is when the mail does not say. */
struct format_constant {
	enum alert_field field;
	const char *value;
};

typedef VEC(struct link_pattern *) link_patterns;

struct format {
	const char *name;
	const char *display;		/* the name when there is none */
	VEC(const char *) from;		/* folded addresses */
	VEC(struct pattern *) subjects;
	VEC(const char *) phrases;	/* of the body, folded */
	VEC(struct format_constant) constants;
	VEC(struct format_label) labels;
	struct map *label_index;	/* key -> struct format_label */
	link_patterns links;
	VEC(enum alert_field) expected;
};

struct formats {
	/* In the order of the files. The last one is `generic`, which asks for
	 * nothing, whether it was written or not. */
	VEC(struct format *) list;
	struct map *by_name;
	struct map *senders;		/* every `from` -> struct format */
	struct map *label_index;	/* as in struct format */
	struct map *ignored;		/* keys of labels without meaning */
	struct map *aliases[ALERT_FIELDS]; /* folded text -> const char * */
	struct map *portals;		/* hosts of {portal}, lower case */
	link_patterns links;
	unwrap_list unwraps;
};

/* Reads the statements named above among `nodes`, and no others. */
struct formats *formats_load(struct arena *arena, const conf_nodes *nodes,
			     struct diag *diag);

/* The field that a row with this key (quirk_label()) is about; NULL when no
 * format knows it. `format` is asked before the common labels. */
const struct format_label *formats_label(const struct formats *formats,
					 const struct format *format,
					 const char *key);

/* Is it said that the label means nothing? */
bool formats_ignores(const struct formats *formats, const char *key);

/* The value that a text stands for in that field, or the text itself. */
const char *formats_alias(const struct formats *formats, struct arena *arena,
			  enum alert_field field, const char *text);

#endif
