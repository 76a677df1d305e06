#include "render/several.h"

#include "base/text.h"
#include "render/technique.h"

enum {
	/* Gmail cuts mails of more than 102 KB, and nobody reads a hundred
	 * names on a phone; how many are left out is said. */
	VALUES_MOST = 10,
	/* What fits on the first screen of a phone beside all the rest. */
	BRIEF_MOST = 5,
	VALUE_MOST = 500,	/* octets */
	KEY_MOST = 64,
};

bool
several_is_nothing(enum alert_field field, const char *text)
{
	static const struct { enum alert_field field; const char *text; }
	nothing[] = {
		{ ALERT_CATEGORY, "None" }, { ALERT_CATEGORY, "Unknown" },
		{ ALERT_CATEGORY, "unknownFutureValue" },
		{ ALERT_TECHNIQUE, "None" },
		{ ALERT_DEVICE_GROUP, "UnassignedGroup" },
		{ ALERT_DEVICE_GROUP, "Unassigned" },
		{ ALERT_DEVICE_GROUP, "Ungrouped devices (default)" },
		{ ALERT_DEVICE_GROUP, "None" },
		{ ALERT_DEVICE_RISK, "none" }, { ALERT_DEVICE_RISK, "unknown" },
		{ ALERT_DEVICE_RISK, "notAvailable" },
		{ ALERT_DEVICE_OS, "None" }, { ALERT_DEVICE_OS, "Unknown" },
		{ ALERT_THREAT, "None" }, { ALERT_ACTOR, "None" },
		{ ALERT_CLASSIFICATION, "unknown" },
	};
	size_t i;

	for (i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
		if (nothing[i].field == field &&
		    text_same(nothing[i].text, text))
			return true;
	return false;
}

const char *
several_short(struct arena *arena, const char *device)
{
	size_t length = strcspn(device, ".");

	if (!length || strspn(device, "0123456789.:") == strlen(device))
		return device;
	return arena_strndup(arena, device, length);
}

/* "CredentialAccess" and "Credential access" are "category-credentialaccess".
 */
static const char *
category_word(const char *text, const struct words *words)
{
	char key[KEY_MOST] = "category-";
	size_t length = strlen(key);

	for (; *text && length + 1 < sizeof(key); text++)
		if (!strchr(" -_&", *text))
			key[length++] = (char)(*text >= 'A' && *text <= 'Z' ?
					       *text - 'A' + 'a' : *text);
	key[length] = '\0';
	return words_text(words, key);
}

static const char *
in_words(struct arena *arena, enum alert_field field, const char *text,
	 const struct words *words)
{
	const char *word = NULL;

	if (field == ALERT_CATEGORY)
		word = category_word(text, words);
	if (field == ALERT_TECHNIQUE && (word = technique_name(text)))
		return arena_printf(arena, "%s (%s)", word, text);
	return word ? word : text;
}

static const char *
separator_of(const struct words *words)
{
	const char *text = words_text(words, "separator");

	return text ? text : ", ";
}

static const char *
keep(struct arena *arena, struct buf *line)
{
	const char *text = arena_strndup(arena, line->data, line->len);

	buf_release(line);
	return text;
}

/* One list on its way into a map. */
struct several {
	struct arena *arena;
	const struct words *words;
	struct value *list;
	struct buf line;
	size_t count;			/* of those that say something */
};

static void
append(struct several *several, const char *text)
{
	buf_printf(&several->line, "%s%s", several->line.len ?
		   separator_of(several->words) : "", text);
}

static void
collect(struct several *several, const struct alert *alert,
	enum alert_field field, size_t most)
{
	const struct alert_values *values = &alert->fields[field];
	size_t i;

	for (i = 0; i < values->count; i++) {
		const char *text = values->items[i].text;

		if (several_is_nothing(field, text) || several->count++ >= most)
			continue;
		text = text_cut(several->arena, text_fold_space(several->arena,
				text, strlen(text)), VALUE_MOST);
		if (most == BRIEF_MOST)
			text = several_short(several->arena, text);
		value_add(several->list, value_text(several->arena, text));
		append(several, in_words(several->arena, field, text,
					 several->words));
	}
}

/* How many are left out, or NULL. */
static const char *
more(const struct several *several, size_t most)
{
	return several->count > most ? arena_printf(several->arena, "%zu",
						    several->count - most) :
	       NULL;
}

static struct several
start(struct arena *arena, const struct words *words)
{
	return (struct several){
		.arena = arena, .words = words, .line = BUF_INIT,
		.list = value_list_joined(arena, separator_of(words)),
	};
}

void
several_set(struct arena *arena, struct value *map, const struct alert *alert,
	    enum alert_field field, const struct words *words)
{
	struct several several = start(arena, words);
	const char *name = alert_fields[field].name, *rest;

	collect(&several, alert, field, VALUES_MOST);
	rest = more(&several, VALUES_MOST);
	if (rest)
		append(&several, arena_printf(arena, "+%s", rest));
	value_set(map, name, several.list);
	value_set_text(map, arena_printf(arena, "%s-more", name), rest);
	value_set_text(map, arena_printf(arena, "%s-text", name),
		       keep(arena, &several.line));
}

/* The whole name of the only one, when that is more than its short one. */
static const char *
long_name(const struct several *several, const struct alert *alert)
{
	const char *text = alert_text(alert, ALERT_DEVICE);

	if (several->count != 1 || !text ||
	    text_same(text, several_short(several->arena, text)))
		return NULL;
	return text_cut(several->arena, text_fold_space(several->arena, text,
				strlen(text)), VALUE_MOST);
}

void
several_set_devices(struct arena *arena, struct value *map,
		    const struct alert *alert, const struct words *words)
{
	struct several several = start(arena, words);

	collect(&several, alert, ALERT_DEVICE, BRIEF_MOST);
	value_set(map, "device-brief", several.list);
	value_set_text(map, "device-brief-more", more(&several, BRIEF_MOST));
	value_set_text(map, "device-long", long_name(&several, alert));
	value_set_bool(map, "device-many", several.count > 1);
	value_set_text(map, "device-count", several.count ?
		       arena_printf(arena, "%zu", several.count) : NULL);
	value_set_text(map, "device-others", more(&several, 1));
	buf_release(&several.line);
}
