#include "normalize/format.h"

#include "base/text.h"
#include "normalize/quirk.h"

struct loader {
	struct formats *formats;
	struct arena *arena;
	struct diag *diag;
};

/* Decided by the relay, whatever a mail says. */
static bool
is_ours(enum alert_field field)
{
	return field == ALERT_CUSTOMER || field == ALERT_INTAKE ||
	       field == ALERT_AUTHENTIC || field == ALERT_FORMAT;
}

/* All fields that a mail can fill, ended by NULL. */
static const char *const *
field_names(void)
{
	static const char *names[ALERT_FIELDS + 1];
	int field, count = 0;

	for (field = 0; field < ALERT_FIELDS; field++)
		if (!is_ours((enum alert_field)field))
			names[count++] = alert_fields[field].name;
	return names;
}

static bool
load_field(const struct loader *loader, struct conf_word word,
	   enum alert_field *field_out)
{
	*field_out = alert_field_find(word.text);
	if (*field_out == ALERT_FIELDS) {
		diag_error(loader->diag, word.place,
			   diag_did_you_mean(loader->diag, word.text,
					     field_names(),
					     "tocsin-rules(5) lists them"),
			   "unknown field '%s'", word.text);
		return false;
	}
	if (is_ours(*field_out)) {
		diag_error(loader->diag, word.place, NULL, "field '%s' is "
			   "decided by the relay, not by a mail", word.text);
		return false;
	}
	return true;
}

static struct pattern *
load_pattern(const struct loader *loader, struct conf_word word)
{
	const char *const *hole;
	struct buf error = BUF_INIT;
	struct pattern *pattern = pattern_parse(loader->arena, word.text, "",
						&error);

	if (!pattern)
		diag_error(loader->diag, word.place, "holes are written "
			   "{field} or {*}", "bad pattern: %s", error.data);
	buf_release(&error);
	for (hole = pattern ? pattern_holes(pattern) : NULL; hole && *hole;
	     hole++) {
		struct conf_word name = { *hole, word.place };
		enum alert_field field;

		if (!load_field(loader, name, &field))
			return NULL;
	}
	return pattern;
}

static void
load_link(const struct loader *loader, struct conf_word word,
	  link_patterns *links)
{
	static const char *const known[] = {
		"alert", "incident", "tenant", "device", NULL
	};
	struct buf error = BUF_INIT;
	struct link_pattern *link = link_pattern_parse(loader->arena,
						       word.text, &error);
	const char *const *hole;
	size_t i;

	if (!link)
		diag_error(loader->diag, word.place, NULL,
			   "bad link pattern: %s", error.data);
	buf_release(&error);
	if (!link)
		return;
	for (hole = link_pattern_holes(link); *hole; hole++) {
		for (i = 0; known[i] && strcmp(known[i], *hole); i++)
			continue;
		if (known[i])
			continue;
		diag_error(loader->diag, word.place,
			   diag_did_you_mean(loader->diag, *hole, known,
				"{alert} {incident} {tenant} {device} {portal} "
				"{*}"), "unknown hole '{%s}'", *hole);
		return;
	}
	vec_push(loader->arena, links, link);
}

/* Is it one, and new? Says so when it is none, or another field's. */
static bool
label_is_good(const struct loader *loader, const struct format_label *label,
	      const struct map *index, struct conf_word word)
{
	const struct format_label *other = map_find(index, label->key);

	if (!*label->key)
		diag_error(loader->diag, word.place, NULL, "'%s' is no label",
			   word.text);
	else if (other && other->field != label->field)
		diag_error(loader->diag, word.place, NULL,
			   "label '%s' is already '%s'", word.text,
			   alert_fields[other->field].name);
	return *label->key && !other;
}

/* `label FIELD "LABEL", ...`, for one format (its `labels`) or for all. */
static void
load_label(const struct loader *loader, const struct conf_node *node,
	   struct map *index, struct format *format)
{
	struct format_label *label;
	enum alert_field field;
	size_t i;

	if (!load_field(loader, conf_word(node, 0), &field))
		return;
	for (i = 1; i < node->words.count; i++) {
		struct conf_word word = node->words.items[i];

		label = arena_alloc(loader->arena, sizeof(*label));
		label->field = field;
		label->text = word.text;
		label->key = quirk_label(loader->arena, word.text);
		if (!label_is_good(loader, label, index, word))
			continue;
		(void)map_set(index, label->key, label);
		if (format)
			vec_push(loader->arena, &format->labels, *label);
	}
}

static void
load_from(const struct loader *loader, const struct conf_node *node,
	  struct format *format)
{
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		const char *address = text_fold(loader->arena,
						node->words.items[i].text);

		if (!text_is_address(address))
			continue;	/* the parser has said so */
		vec_push(loader->arena, &format->from, address);
		(void)map_set(loader->formats->senders, address, format);
	}
}

static void
load_subject(const struct loader *loader, const struct conf_node *node,
	     struct format *format)
{
	struct pattern *pattern;
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		pattern = load_pattern(loader, node->words.items[i]);
		if (pattern)
			vec_push(loader->arena, &format->subjects, pattern);
	}
}

static void
load_text(const struct loader *loader, const struct conf_node *node,
	  struct format *format)
{
	const char *phrase;
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		phrase = text_fold(loader->arena, node->words.items[i].text);
		if (*phrase)
			vec_push(loader->arena, &format->phrases, phrase);
		else
			diag_error(loader->diag, node->words.items[i].place,
				   NULL, "an empty phrase is in every mail");
	}
}

/* A severity has to be one of the known words; other fields take any text. */
static bool
value_is_good(const struct loader *loader, enum alert_field field,
	      struct conf_word value)
{
	if (field != ALERT_SEVERITY ||
	    severity_parse(value.text) != SEVERITY_UNKNOWN)
		return true;
	diag_error(loader->diag, value.place,
		   diag_did_you_mean(loader->diag, value.text, severity_names,
				     "one of informational, low, medium, high, "
				     "critical"),
		   "unknown severity '%s'", value.text);
	return false;
}

static void
load_set(const struct loader *loader, const struct conf_node *node,
	 struct format *format)
{
	struct format_constant constant;
	size_t i;

	if (!load_field(loader, conf_word(node, 0), &constant.field))
		return;
	if (node->words.count > 2 && !alert_fields[constant.field].several)
		diag_error(loader->diag, node->words.items[2].place, NULL,
			   "field '%s' has one value",
			   alert_fields[constant.field].name);
	for (i = 1; i < node->words.count; i++) {
		constant.value = node->words.items[i].text;
		if (value_is_good(loader, constant.field,
				  node->words.items[i]))
			vec_push(loader->arena, &format->constants, constant);
	}
}

static void
load_format_label(const struct loader *loader, const struct conf_node *node,
		  struct format *format)
{
	load_label(loader, node, format->label_index, format);
}

static void
load_format_link(const struct loader *loader, const struct conf_node *node,
		 struct format *format)
{
	size_t i;

	for (i = 0; i < node->words.count; i++)
		load_link(loader, node->words.items[i], &format->links);
}

static void
load_expect(const struct loader *loader, const struct conf_node *node,
	    struct format *format)
{
	enum alert_field field;
	size_t i;

	for (i = 0; i < node->words.count; i++)
		if (load_field(loader, node->words.items[i], &field))
			vec_push(loader->arena, &format->expected, field);
}

static const struct {
	const char *keyword;
	void (*load)(const struct loader *loader, const struct conf_node *node,
		     struct format *format);
} format_statements[] = {
	{ "from", load_from },
	{ "subject", load_subject },
	{ "text", load_text },
	{ "set", load_set },
	{ "label", load_format_label },
	{ "link", load_format_link },
	{ "expect", load_expect },
};

static void
load_format_block(const struct loader *loader, const struct conf_node *node,
		  struct format *format)
{
	size_t count = sizeof(format_statements) / sizeof(*format_statements);
	size_t i, j;

	for (i = 0; i < node->block.count; i++)
		for (j = 0; j < count; j++)
			if (!strcmp(node->block.items[i]->keyword,
				    format_statements[j].keyword))
				format_statements[j].load(loader,
					node->block.items[i], format);
}

static struct format *
format_create(const struct loader *loader, const char *name,
	      const char *display)
{
	struct format *format = arena_alloc(loader->arena, sizeof(*format));

	format->name = name;
	format->display = *display ? display : name;
	format->label_index = map_create(loader->arena);
	return format;
}

/* What a mail is known by; `generic` has none, every other format some. */
static void
check_signs(const struct loader *loader, const struct conf_node *node)
{
	struct conf_word name = conf_word(node, 0);
	bool generic = !strcmp(name.text, "generic");
	bool signs = conf_find(&node->block, "from") ||
		     conf_find(&node->block, "subject") ||
		     conf_find(&node->block, "text");

	if (generic && signs)
		diag_error(loader->diag, name.place, "take `from`, `subject` "
			   "and `text` out of it", "format 'generic' is for "
			   "mails that nothing describes");
	if (!generic && !signs && !node->broken)
		diag_error(loader->diag, name.place, "add from ADDRESS, "
			   "subject \"PATTERN\" or text \"PHRASE\"",
			   "no mail is ever of format '%s'", name.text);
}

static void
load_format(const struct loader *loader, const struct conf_node *node)
{
	struct conf_word name = conf_word(node, 0);
	struct format *format = format_create(loader, name.text,
					      conf_word(node, 1).text);

	if (!*name.text)
		return;		/* the parser has said so */
	load_format_block(loader, node, format);
	if (map_set(loader->formats->by_name, name.text, format)) {
		diag_error(loader->diag, name.place, NULL,
			   "there is already a format '%s'", name.text);
		return;
	}
	check_signs(loader, node);
	vec_push(loader->arena, &loader->formats->list, format);
}

static void
load_common_label(const struct loader *loader, const struct conf_node *node)
{
	load_label(loader, node, loader->formats->label_index, NULL);
}

/* `alias FIELD VALUE "TEXT", ...` */
static void
load_alias(const struct loader *loader, const struct conf_node *node)
{
	struct conf_word value = conf_word(node, 1);
	enum alert_field field;
	struct map **map;
	size_t i;

	if (!load_field(loader, conf_word(node, 0), &field) ||
	    !value_is_good(loader, field, value))
		return;
	map = &loader->formats->aliases[field];
	if (!*map)
		*map = map_create(loader->arena);
	for (i = 2; i < node->words.count; i++) {
		struct conf_word word = node->words.items[i];
		const char *key = text_fold(loader->arena, word.text);
		const char *other = map_find(*map, key);

		if (other && !text_same(other, value.text))
			diag_error(loader->diag, word.place, NULL, "'%s' is "
				   "already %s '%s'", word.text,
				   alert_fields[field].name, other);
		else
			(void)map_set(*map, key, arena_strdup(loader->arena,
							      value.text));
	}
}

static void
load_portal(const struct loader *loader, const struct conf_node *node)
{
	struct url url;
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		struct conf_word word = node->words.items[i];
		const char *text = arena_printf(loader->arena, "https://%s",
						word.text);

		if (url_parse(loader->arena, text, &url) &&
		    text_same(url.host, word.text))
			(void)map_set(loader->formats->portals, url.host,
				      loader->formats);
		else
			diag_error(loader->diag, word.place, "write the host's "
				   "name alone", "'%s' is no host", word.text);
	}
}

static void
load_common_link(const struct loader *loader, const struct conf_node *node)
{
	size_t i;

	for (i = 0; i < node->words.count; i++)
		load_link(loader, node->words.items[i],
			  &loader->formats->links);
}

/* "HOST/PATH", both globs; url_parse() has no slash at the end of a path, so
 * the glob has none either. */
static bool
load_gateway(const struct loader *loader, struct conf_word word,
	     struct unwrap *gateway)
{
	const char *place = text_fold(loader->arena, word.text);
	size_t host = strcspn(place, "/"), end = strlen(place);

	if (!host || host == end || strstr(place, "://")) {
		diag_error(loader->diag, word.place,
			   "write it as \"HOST/PATH\"",
			   "'%s' is no place of a redirector", place);
		return false;
	}
	if (end > host + 1 && place[end - 1] == '/')
		end--;
	gateway->host = arena_strndup(loader->arena, place, host);
	gateway->path = arena_strndup(loader->arena, place + host, end - host);
	return true;
}

/* `unwrap "HOST/PATH" PARAMETER` */
static void
load_unwrap(const struct loader *loader, const struct conf_node *node)
{
	struct unwrap unwrap = { .parameter = conf_word(node, 1).text };

	if (!load_gateway(loader, conf_word(node, 0), &unwrap))
		return;
	if (*unwrap.parameter)
		vec_push(loader->arena, &loader->formats->unwraps, unwrap);
	else
		diag_error(loader->diag, conf_word(node, 1).place,
			   "write `unwrap \"HOST/PATH\" PARAMETER`",
			   "'' is no parameter");
}

/* `decode "HOST/PATH" DECODER` */
static void
load_decode(const struct loader *loader, const struct conf_node *node)
{
	struct conf_word name = conf_word(node, 1);
	struct unwrap unwrap = { .decode = unwrap_decoder(name.text) };

	if (!load_gateway(loader, conf_word(node, 0), &unwrap))
		return;
	if (unwrap.decode)
		vec_push(loader->arena, &loader->formats->unwraps, unwrap);
	else
		diag_error(loader->diag, name.place,
			   diag_did_you_mean(loader->diag, name.text,
					     unwrap_decoder_names(),
					     "tocsin-formats(5) lists them"),
			   "unknown decoder '%s'", name.text);
}

/* `opaque "HOST/PATH", ...` */
static void
load_opaque(const struct loader *loader, const struct conf_node *node)
{
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		struct unwrap unwrap = { .parameter = NULL };

		if (load_gateway(loader, node->words.items[i], &unwrap))
			vec_push(loader->arena, &loader->formats->unwraps,
				 unwrap);
	}
}

static void
load_ignore(const struct loader *loader, const struct conf_node *node)
{
	const char *key;
	size_t i;

	for (i = 0; i < node->words.count; i++) {
		key = quirk_label(loader->arena, node->words.items[i].text);
		(void)map_set(loader->formats->ignored, key, loader->formats);
	}
}

static const struct {
	const char *keyword;
	void (*load)(const struct loader *loader, const struct conf_node *node);
} statements[] = {
	{ "format", load_format },
	{ "label", load_common_label },
	{ "alias", load_alias },
	{ "portal", load_portal },
	{ "link", load_common_link },
	{ "unwrap", load_unwrap },
	{ "decode", load_decode },
	{ "opaque", load_opaque },
	{ "ignore", load_ignore },
};

/* `generic` is asked last, wherever it was written. */
static void
end_with_generic(const struct loader *loader)
{
	struct formats *formats = loader->formats;
	struct format *generic = map_find(formats->by_name, "generic");
	size_t i, kept = 0;

	if (!generic) {
		generic = format_create(loader, "generic", "Unknown mail");
		(void)map_set(formats->by_name, generic->name, generic);
	}
	for (i = 0; i < formats->list.count; i++)
		if (formats->list.items[i] != generic)
			formats->list.items[kept++] = formats->list.items[i];
	formats->list.count = kept;
	vec_push(loader->arena, &formats->list, generic);
}

struct formats *
formats_load(struct arena *arena, const conf_nodes *nodes, struct diag *diag)
{
	size_t count = sizeof(statements) / sizeof(*statements), i, j;
	struct formats *formats = arena_alloc(arena, sizeof(*formats));
	struct loader loader = { formats, arena, diag };

	formats->by_name = map_create(arena);
	formats->senders = map_create(arena);
	formats->label_index = map_create(arena);
	formats->ignored = map_create(arena);
	formats->portals = map_create(arena);
	for (i = 0; i < nodes->count; i++)
		for (j = 0; j < count; j++)
			if (!strcmp(nodes->items[i]->keyword,
				    statements[j].keyword))
				statements[j].load(&loader, nodes->items[i]);
	end_with_generic(&loader);
	return formats;
}

const struct format_label *
formats_label(const struct formats *formats, const struct format *format,
	      const char *key)
{
	const struct format_label *label = map_find(format->label_index, key);

	return label ? label : map_find(formats->label_index, key);
}

bool
formats_ignores(const struct formats *formats, const char *key)
{
	return map_find(formats->ignored, key) != NULL;
}

const char *
formats_alias(const struct formats *formats, struct arena *arena,
	      enum alert_field field, const char *text)
{
	const char *value = NULL;

	if (formats->aliases[field])
		value = map_find(formats->aliases[field],
				 text_fold(arena, text));
	return value ? value : text;
}
