/*
 * The texts of words are written one behind the other, each with its NUL, into
 * pieces of memory that hold dozens: allocating each on its own would take
 * more memory than the words.
 */
#include "conf/lexer.h"

#include "base/text.h"

enum { WORDS_PIECE = 1024 };

enum byte_class {
	BYTE_WORD,		/* may stand in a bare word */
	BYTE_BLANK,
	BYTE_QUOTE,
	BYTE_SINGLE,		/* a token of its own */
};

static const unsigned char classes[256] = {
	['\0'] = BYTE_BLANK, ['\t'] = BYTE_BLANK, ['\n'] = BYTE_BLANK,
	['\v'] = BYTE_BLANK, ['\f'] = BYTE_BLANK, ['\r'] = BYTE_BLANK,
	[' '] = BYTE_BLANK, ['"'] = BYTE_QUOTE, ['{'] = BYTE_SINGLE,
	['}'] = BYTE_SINGLE, ['('] = BYTE_SINGLE, [')'] = BYTE_SINGLE,
	[','] = BYTE_SINGLE,
};

static enum byte_class
class_of(char byte)
{
	return classes[(unsigned char)byte];
}

void
lexer_init(struct lexer *lexer, struct arena *arena,
	   const struct diag_file *file, struct diag *diag)
{
	*lexer = (struct lexer){ .arena = arena, .file = file, .diag = diag };
}

/* Memory for a text of at most `length` bytes and its NUL. */
static char *
words_reserve(struct lexer *lexer, size_t length)
{
	size_t left = lexer->file->length - lexer->at + length + 1;

	if (length < lexer->room)
		return lexer->words;
	/* A small file does not need a whole piece. */
	lexer->room = left < WORDS_PIECE ? left : WORDS_PIECE;
	if (lexer->room <= length)
		lexer->room = length + 1;
	lexer->words = arena_alloc(lexer->arena, lexer->room);
	return lexer->words;
}

/* The reserved text ends before `end`. */
static void
words_end(struct lexer *lexer, char *end)
{
	*end++ = '\0';
	lexer->room -= (size_t)(end - lexer->words);
	lexer->words = end;
}

void
lexer_return(struct lexer *lexer, const struct token *token)
{
	lexer->at = token->place.offset + token->place.length;
}

/* Where a text is among the recent ones, if it is there. */
static const char **
recent_place(struct lexer *lexer, const char *text, size_t length)
{
	size_t hash = length, i;

	for (i = 0; i < length; i++)
		hash = hash * 31 + (unsigned char)text[i];
	return &lexer->recent[hash % LEXER_RECENT];
}

void
lexer_forget(struct lexer *lexer, const struct token *token)
{
	size_t length = strlen(token->text), size = length + 1;
	const char **recent = recent_place(lexer, token->text, length);

	if (token->shared || lexer->words - size != token->text)
		return;		/* it is needed, or others were read since */
	if (*recent == token->text)
		*recent = NULL;
	lexer->words -= size;
	lexer->room += size;
}

static struct diag_place
place(const struct lexer *lexer, size_t from, size_t to)
{
	return (struct diag_place){ lexer->file, (uint32_t)from,
				    (uint32_t)(to - from) };
}

/* To the next token; whether a line began on the way. */
static bool
skip_blanks(struct lexer *lexer)
{
	const char *text = lexer->file->text;
	size_t length = lexer->file->length;
	bool first = lexer->at == 0;

	for (; lexer->at < length; lexer->at++) {
		if (text[lexer->at] == '#') {
			const char *end = memchr(text + lexer->at, '\n',
						 length - lexer->at);

			if (!end) {
				lexer->at = length;
				return true;
			}
			lexer->at = (size_t)(end - text);
		}
		if (text[lexer->at] == '\n')
			first = true;
		else if (class_of(text[lexer->at]) != BYTE_BLANK)
			break;
	}
	return first;
}

static struct token
single(struct lexer *lexer)
{
	static const struct {
		char byte;
		enum token_kind kind;
		const char *text;
	} kinds[] = {
		{ '{', TOKEN_OPEN, "{" }, { '}', TOKEN_CLOSE, "}" },
		{ '(', TOKEN_LEFT, "(" }, { ')', TOKEN_RIGHT, ")" },
		{ ',', TOKEN_COMMA, "," },
	};
	size_t i = 0;

	while (kinds[i].byte != lexer->file->text[lexer->at])
		i++;
	lexer->at++;
	return (struct token){
		.kind = kinds[i].kind, .text = kinds[i].text,
		.place = place(lexer, lexer->at - 1, lexer->at),
	};
}

/*
 * A blank that does not look like one, or a curly quote: pasted from a web page
 * or a mail, and impossible to see. In a string they are text.
 */
static void
check_word(struct lexer *lexer, const struct token *token)
{
	const char *start = lexer->file->text + token->place.offset;
	const char *end = start + token->place.length, *at;
	size_t step;

	for (at = start; at < end; at += step) {
		uint32_t c = text_decode(at, end, &step);
		size_t offset = token->place.offset + (size_t)(at - start);

		if (c >= 0x80 && text_is_invisible(c)) {
			diag_error(lexer->diag,
				   place(lexer, offset, offset + step),
				   "put a blank there, or the text in "
				   "\"quotes\"",
				   "invisible character U+%04X in a word",
				   (unsigned int)c);
			return;
		}
		if (c >= 0x201C && c <= 0x201F) {
			diag_error(lexer->diag,
				   place(lexer, offset, offset + step),
				   "write \"", "curly quote");
			return;
		}
	}
}

/* The text of a word; one that is the same as a recent one takes no memory. */
static void
take_text(struct lexer *lexer, struct token *token, const char *start,
	  size_t length)
{
	const char **recent = NULL;
	char *copy;

	if (length <= LEXER_RECENT_MOST) {
		recent = recent_place(lexer, start, length);
		token->shared = *recent && !strncmp(*recent, start, length) &&
				!(*recent)[length];
	}
	if (token->shared) {
		token->text = *recent;
		return;
	}
	token->text = copy = words_reserve(lexer, length);
	words_end(lexer, mempcpy(copy, start, length));
	if (recent)
		*recent = copy;
}

static struct token
word(struct lexer *lexer)
{
	const char *start = lexer->file->text + lexer->at;
	const char *end = lexer->file->text + lexer->file->length, *at;
	struct token token = { .kind = TOKEN_WORD };
	bool ascii = true;

	for (at = start; at < end && class_of(*at) == BYTE_WORD; at++)
		ascii = ascii && (*at & 0x80) == 0;
	take_text(lexer, &token, start, (size_t)(at - start));
	token.place = place(lexer, lexer->at,
			    (size_t)(at - lexer->file->text));
	lexer->at += token.place.length;
	if (!ascii)
		check_word(lexer, &token);
	return token;
}

/* The end of the string or regex whose first quote is before `at`: its other
 * quote, or the end of the line. */
static const char *
quoted_end(const struct lexer *lexer, const char *at, char quote)
{
	const char *end = lexer->file->text + lexer->file->length;

	while (at < end && *at != quote && *at != '\n' && *at != '\r') {
		if (*at == '\\' && at + 1 < end && at[1] != '\n' &&
		    at[1] != '\r')
			at++;
		at++;
	}
	return at;
}

/* Copy with escapes resolved: \" and \\ in a string; \/ in a regex, where every
 * other one is PCRE's. The end of the copy. */
static char *
resolve(struct lexer *lexer, char *to, const char *at, const char *end,
	char quote)
{
	for (; at < end; at++) {
		size_t offset = (size_t)(at - lexer->file->text);

		if (*at == '\\' && at + 1 < end) {
			at++;
			if (quote == '/' && *at != '/')
				*to++ = '\\';
			if (quote == '"' && *at != '"' && *at != '\\')
				diag_error(lexer->diag,
					   place(lexer, offset, offset + 2),
					   "write \\\\ for a backslash",
					   "unknown escape in a string");
		}
		*to++ = *at;
	}
	return to;
}

/* From a quote at the next byte to the other one or the end of the line. */
static struct token
quoted(struct lexer *lexer, char quote)
{
	const char *text = lexer->file->text, *start = text + lexer->at + 1;
	const char *end = quoted_end(lexer, start, quote);
	bool closed = end < text + lexer->file->length && *end == quote;
	struct token token = { .kind = TOKEN_STRING };
	char *copy = words_reserve(lexer, (size_t)(end - start));

	token.text = copy;
	words_end(lexer, resolve(lexer, copy, start, end, quote));
	token.place = place(lexer, lexer->at, (size_t)(end - text) + closed);
	lexer->at += token.place.length;
	token.closed = closed;
	if (!closed)
		diag_error(lexer->diag, place(lexer, token.place.offset,
					      token.place.offset + 1),
			   quote == '"' ?
			   "close it with \" on the same line" :
			   "close it with / on the same line",
			   "unterminated %s",
			   quote == '"' ? "string" : "regex");
	if (quote == '/') {
		token.place.offset++;
		token.place.length -= 1 + closed;
	}
	return token;
}

struct token
lexer_next(struct lexer *lexer)
{
	bool first = skip_blanks(lexer);
	struct token token;

	if (lexer->at == lexer->file->length)
		token = (struct token){
			.kind = TOKEN_END, .text = "",
			.place = place(lexer, lexer->at, lexer->at),
		};
	else if (class_of(lexer->file->text[lexer->at]) == BYTE_SINGLE)
		token = single(lexer);
	else if (class_of(lexer->file->text[lexer->at]) == BYTE_QUOTE)
		token = quoted(lexer, '"');
	else
		token = word(lexer);
	token.first = first;
	return token;
}

struct token
lexer_regex(struct lexer *lexer, const struct token *token)
{
	struct token regex;

	lexer->at = token->place.offset;
	lexer_forget(lexer, token);
	regex = quoted(lexer, '/');
	regex.first = token->first;
	return regex;
}

/* What is wrong with the character at `at`, or NULL. */
static const char *
fault_of(const char *at, const char *end, size_t *length_out)
{
	unsigned char byte = (unsigned char)*at;

	*length_out = 1;
	if (byte >= 0x20 && byte < 0x7F)
		return NULL;
	if (byte < 0x80)
		return strchr("\t\r\v\f", byte) && byte ? NULL :
		       "control character";
	if (text_decode(at, end, length_out) == 0xFFFD && *length_out == 1)
		return "no UTF-8 text: byte";
	return NULL;
}

static void
check_line(const struct diag_file *file, const char *line, const char *end,
	   struct diag *diag)
{
	struct diag_place at = { file, (uint32_t)(line - file->text), 1 };
	const char *fault = NULL;
	size_t step = 0;

	if (end - line > LEXER_LINE_MOST)
		diag_error(diag, at, "break it into several",
			   "this line is longer than %d bytes",
			   LEXER_LINE_MOST);
	for (; line < end && !fault; line += step)
		fault = fault_of(line, end, &step);
	if (!fault)
		return;
	at.offset = (uint32_t)(line - step - file->text);
	diag_error(diag, at, "save the file as UTF-8 text",
		   "%s 0x%02X", fault, (unsigned char)file->text[at.offset]);
}

bool
lexer_check(const struct diag_file *file, struct diag *diag)
{
	const char *end = file->text + file->length, *line, *next;

	if (memchr(file->text, '\0', file->length)) {
		diag_error(diag,
			   (struct diag_place){ file, DIAG_WHOLE_FILE, 0 },
			   "write the file with a text editor",
			   "this is no text: it has NUL bytes");
		return false;
	}
	for (line = file->text; line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		check_line(file, line, next, diag);
	}
	return true;
}
