#include "conf/cursor.h"

#include <string.h>

bool
cursor_is_cut_off(const struct cursor *cursor)
{
	return cursor->before.kind == TOKEN_STRING && !cursor->before.closed;
}

void
cursor_advance(struct cursor *cursor)
{
	cursor->before = cursor->token;
	cursor->token = lexer_next(&cursor->lexer);
}

void
cursor_advance_over(struct cursor *cursor, const char *word)
{
	lexer_forget(&cursor->lexer, &cursor->token);
	cursor->token.text = word;
	cursor_advance(cursor);
}

struct conf_word
cursor_word(const struct token *token)
{
	return (struct conf_word){
		.text = token->text,
		.place = token->place,
	};
}

bool
cursor_is_word(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_STRING;
}

conf_words
cursor_take_words(struct cursor *cursor)
{
	size_t count = cursor->words.count;
	conf_words words = { NULL, (uint32_t)count, (uint32_t)count };

	cursor->words.count = 0;
	if (!count)
		return words;
	words.items = arena_array(cursor->arena, count, sizeof(*words.items));
	memcpy(words.items, cursor->words.items, count * sizeof(*words.items));
	return words;
}
