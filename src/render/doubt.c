#include "render/doubt.h"

#include "base/text.h"

enum { VALUE_MOST = 200, TEXT_MOST = 500 };

static const char *const keys[ALERT_DOUBTS] = {
	[ALERT_DOUBT_TWO] = "doubt-two",
	[ALERT_DOUBT_HIDDEN] = "doubt-hidden",
	[ALERT_DOUBT_FORWARDED] = "doubt-forwarded",
	[ALERT_DOUBT_STRANGER] = "doubt-stranger",
	[ALERT_DOUBT_UNREAD] = "doubt-unread",
};

static const char *
clean(struct arena *arena, const char *text, size_t most)
{
	return text_cut(arena, text_fold_space(arena, text, strlen(text)),
			most);
}

/* Fields that no reader meets have no word: then it is their name. */
static const char *
field_word(enum alert_field field, const struct words *words)
{
	const char *word = words_text(words, alert_fields[field].name);

	return word ? word : alert_fields[field].name;
}

/* A severity reads as everywhere else in the mail. */
static const char *
value_word(struct arena *arena, enum alert_field field, const char *text,
	   const struct words *words)
{
	const char *word = field == ALERT_SEVERITY && text ?
		words_text(words, arena_printf(arena, "severity-%s", text)) :
		NULL;

	if (word || !text)
		return word;
	return clean(arena, text, VALUE_MOST);
}

const char *
doubt_text(struct arena *arena, const struct alert_doubt *doubt,
	   const struct words *words)
{
	const char *key = keys[doubt->kind];
	const struct words_hole holes[] = {
		{ "name", doubt->other ? clean(arena, doubt->other, VALUE_MOST)
				       : NULL },
		{ "field", field_word(doubt->field, words) },
		{ "one", value_word(arena, doubt->field, doubt->one, words) },
		{ "other", value_word(arena, doubt->field, doubt->other,
				      words) },
		{ NULL, NULL }
	};
	struct buf out = BUF_INIT;
	const char *text;

	if (doubt->kind == ALERT_DOUBT_OTHER)
		return clean(arena, doubt->text, TEXT_MOST);
	if (doubt->kind == ALERT_DOUBT_SEALED)
		key = arena_printf(arena, "sealed-%s", doubt->one);
	words_print(words, key, holes, &out);
	text = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return text;
}
