/*
 * The texts of words are written one behind the other, each with its NUL, into
 * pieces of memory that hold dozens: allocating each on its own would take
 * more memory than the words.
 */
#include "conf/lexer.h"

#include "base/text.h"

enum {
	WORDS_PIECE = 1024,
	/* Of a text in wrong quotes; so that a line full of apostrophes is not
	 * searched to its end for each of them. */
	FOREIGN_MOST = 400,
};

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

/* A blank of a word processor or a web page. */
static bool
is_wide_blank(uint32_t c)
{
	return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
	       c == 0x3000;
}

/* Over a run of them at the next byte, which is an error; false when there is
 * none. */
static bool
skip_wide_blanks(struct lexer *lexer)
{
	const char *text = lexer->file->text, *end = text + lexer->file->length;
	size_t start = lexer->at, step;
	uint32_t c, first = 0;

	while (lexer->at < lexer->file->length &&
	       is_wide_blank(c = text_decode(text + lexer->at, end, &step))) {
		if (!first)
			first = c;
		lexer->at += step;
	}
	if (first)
		diag_error(lexer->diag, place(lexer, start, lexer->at),
			   "put a blank there, or the text in \"quotes\"",
			   "U+%04X is no blank, though it looks like one",
			   (unsigned int)first);
	return first != 0;
}

/* To the next token; whether a line began on the way. */
static bool
skip_blanks(struct lexer *lexer)
{
	const char *text = lexer->file->text;
	size_t length = lexer->file->length;
	bool first = lexer->at == 0;

	while (lexer->at < length) {
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
		if (class_of(text[lexer->at]) == BYTE_BLANK)
			lexer->at++;
		else if (!(text[lexer->at] & 0x80) || !skip_wide_blanks(lexer))
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
 * A character in a word that is impossible to see, or a curly quote: pasted
 * from a web page or a mail. In a string they are text. False when it is to be
 * left out.
 */
static bool
check_character(struct lexer *lexer, const char *at, size_t length, uint32_t c)
{
	size_t offset = (size_t)(at - lexer->file->text);
	struct diag_place where = place(lexer, offset, offset + length);

	if (c >= 0x201C && c <= 0x201F)
		diag_error(lexer->diag, where, "write \"", "curly quote");
	if (c < 0x80 || !text_is_invisible(c))
		return true;
	diag_error(lexer->diag, where,
		   "take it away, or put the text in \"quotes\"",
		   "invisible character U+%04X in a word", (unsigned int)c);
	return false;
}

/* The text of a word with characters beyond ASCII, without what cannot be seen.
 * A wide blank ends it as well: where it ends is returned. */
static const char *
take_checked(struct lexer *lexer, struct token *token, const char *start,
	     const char *end)
{
	char *to = words_reserve(lexer, (size_t)(end - start));
	const char *at;
	size_t step;

	token->text = to;
	for (at = start; at < end; at += step) {
		uint32_t c = text_decode(at, end, &step);

		if (is_wide_blank(c))
			break;
		if (check_character(lexer, at, step, c))
			to = mempcpy(to, at, step);
	}
	words_end(lexer, to);
	return at;
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
	if (ascii)
		take_text(lexer, &token, start, (size_t)(at - start));
	else
		at = take_checked(lexer, &token, start, at);
	token.place = place(lexer, lexer->at,
			    (size_t)(at - lexer->file->text));
	lexer->at += token.place.length;
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

/* Whether a lone quote is the second one of a text that was begun on the line
 * before, where it has been said that this cannot be. */
static bool
ends_cut(const struct lexer *lexer, size_t offset)
{
	const char *quote = lexer->file->text + offset, *line;

	if (!lexer->cut)
		return false;
	line = memchr(lexer->file->text + lexer->cut, '\n',
		      offset - lexer->cut);
	return line && !memchr(line + 1, '\n', (size_t)(quote - line) - 1);
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
	bool known;

	token.text = copy;
	words_end(lexer, resolve(lexer, copy, start, end, quote));
	token.place = place(lexer, lexer->at, (size_t)(end - text) + closed);
	lexer->at += token.place.length;
	token.closed = closed;
	known = ends_cut(lexer, token.place.offset);
	if (!closed && !known)
		diag_error(lexer->diag, place(lexer, token.place.offset,
					      token.place.offset + 1),
			   quote == '"' ?
			   "close it with \" on the same line" :
			   "close it with / on the same line",
			   "unterminated %s",
			   quote == '"' ? "string" : "regex");
	lexer->cut = closed || known ? 0 : lexer->at;
	if (quote == '/') {
		token.place.offset++;
		token.place.length -= 1 + closed;
	}
	return token;
}

/* Quotes of word processors and of other languages. A text that begins with one
 * ends with one of the same family, or with the quote that was meant. */
static const uint32_t foreign_quotes[][5] = {
	{ 0x201C, 0x201D, 0x201E, 0x201F, '"' },
	{ 0x2018, 0x2019, 0x201A, 0x201B, '\'' },
	{ 0xAB, 0xBB, '"' },
};

enum { FAMILIES = sizeof(foreign_quotes) / sizeof(*foreign_quotes) };

static bool
is_of_family(size_t family, uint32_t c)
{
	size_t i = 0;

	while (i < 5 && foreign_quotes[family][i] != c)
		i++;
	return i < 5;
}

/* The closing quote of the text that the next byte begins, if it begins one; a
 * word ends behind it, or it is an apostrophe. */
static const char *
foreign_close(const struct lexer *lexer, size_t family, size_t *length_out)
{
	const char *at = lexer->file->text + lexer->at;
	const char *end = lexer->file->text + lexer->file->length;

	if (end - at > FOREIGN_MOST)
		end = at + FOREIGN_MOST;
	if (!is_of_family(family, text_decode(at, end, length_out)))
		return NULL;
	for (at += *length_out; at < end && *at != '\n'; at += *length_out)
		if (is_of_family(family, text_decode(at, end, length_out)) &&
		    (at + *length_out == end ||
		     class_of(at[*length_out]) != BYTE_WORD))
			return at;
	return NULL;
}

/* A text in wrong quotes, as the string it was meant to be; false when there is
 * none. */
static bool
foreign_quoted(struct lexer *lexer, struct token *token)
{
	const char *start = lexer->file->text + lexer->at, *close = NULL;
	size_t family, length, step;

	for (family = 0; family < FAMILIES && !close; family++)
		close = foreign_close(lexer, family, &length);
	if (!close)
		return false;
	(void)text_decode(start, close, &step);	/* for its length */
	*token = (struct token){ .kind = TOKEN_STRING, .closed = true };
	take_text(lexer, token, start + step, (size_t)(close - start) - step);
	token->place = place(lexer, lexer->at, lexer->at +
			     (size_t)(close - start) + length);
	lexer->at += token->place.length;
	diag_error(lexer->diag, token->place, "write \"TEXT\"",
		   "wrong quotes");
	return true;
}

static bool
may_be_foreign(const struct lexer *lexer)
{
	char byte = lexer->file->text[lexer->at];

	return byte == '\'' || byte & 0x80;
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
	else if (!may_be_foreign(lexer) || !foreign_quoted(lexer, &token))
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

static bool
is_utf16(const struct diag_file *file)
{
	return text_starts(file->text, "\xFF\xFE") ||
	       text_starts(file->text, "\xFE\xFF");
}

static void
refuse_file(const struct diag_file *file, struct diag *diag,
	    const char *sentence, const char *remedy)
{
	diag_error(diag, (struct diag_place){ file, DIAG_WHOLE_FILE, 0 },
		   remedy, "%s", sentence);
}

bool
lexer_check(const struct diag_file *file, struct diag *diag)
{
	const char *end = file->text + file->length, *line, *next;

	if (memchr(file->text, '\0', file->length)) {
		refuse_file(file, diag, is_utf16(file) ?
			    "this is UTF-16" :
			    "this is no text: it has NUL bytes",
			    "save the file as UTF-8 text");
		return false;
	}
	if (memchr(file->text, '\r', file->length) &&
	    !memchr(file->text, '\n', file->length)) {
		refuse_file(file, diag, "its lines end with CR alone",
			    "save the file with LF or CR LF at the ends");
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
