/*
 * The difficulty is to know where a record ends without being able to read it.
 * Brackets are counted outside of strings; a quote too many or too few turns
 * that inside out, and would make one of many records. It shows at once, since
 * outside of strings JSON has but a few words: at the first other one the page
 * counts as broken off.
 *
 * A bracket too many or too few makes several records of one, or one of
 * several. It shows, too: what stands between two commas is no object, or has
 * the beginning of a record inside. From the record in which that begins
 * nothing is counted, since then whole records would be passed over.
 */
#include "source/salvage.h"

#include "base/text.h"

#include <string.h>

enum {
	/* Of a record that is kept for a person to look at: more than an alert
	 * has, and less than would fill a disk. */
	LEFT_MOST = 1 << 20,
	/* Records of a page: each is shown to a person. */
	LEFTS_MOST = 100,
	WORD_MOST = 60,			/* characters of an error's */
};

struct scan {
	const char *at, *end;
};

/* Past white space, or commas as well. */
static void
skip(struct scan *scan, const char *what)
{
	while (scan->at < scan->end && *scan->at && strchr(what, *scan->at))
		scan->at++;
}

static bool
skip_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->end; scan->at++) {
		if (*scan->at == '"') {
			scan->at++;
			return true;
		}
		if (*scan->at == '\\')
			scan->at++;
	}
	return false;
}

static bool
is_in_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr("+-.", c));
}

/* A number, or what some write for one. */
static bool
skip_word(struct scan *scan)
{
	static const char *const words[] = {
		"true", "false", "null", "NaN", "Infinity", "-Infinity",
	};
	const char *start = scan->at;
	size_t i, length, digits;

	while (scan->at < scan->end && is_in_word(*scan->at))
		scan->at++;
	length = (size_t)(scan->at - start);
	for (digits = 0; digits < length &&
	     strchr("0123456789+-.eE", start[digits]); digits++)
		continue;
	if (length && digits == length)
		return true;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strlen(words[i]) == length &&
		    !memcmp(words[i], start, length))
			return true;
	scan->at = start;
	return false;
}

/* Those that are open, each as what closes it. */
static bool
skip_brackets(struct scan *scan, struct buf *open)
{
	do {
		char c;

		skip(scan, open->len ? " \t\r\n,:" : " \t\r\n");
		if (scan->at == scan->end)
			return false;
		c = *scan->at;
		if (c == '{' || c == '[') {
			buf_putc(open, c == '{' ? '}' : ']');
			scan->at++;
		} else if (open->len && c == open->data[open->len - 1]) {
			buf_cut(open, open->len - 1);
			scan->at++;
		} else if (c == '"' ? !skip_string(scan) : !skip_word(scan)) {
			return false;
		}
	} while (open->len);
	return true;
}

/* One value, however deep. */
static bool
skip_value(struct scan *scan)
{
	struct buf open = BUF_INIT;
	bool is_skipped = skip_brackets(scan, &open);

	buf_release(&open);
	return is_skipped;
}

/* To behind the bracket of "value":[ */
static bool
find_list(struct scan *scan)
{
	static const char name[] = "\"value\"";

	skip(scan, " \t\r\n\xef\xbb\xbf");	/* UTF-8 may say that it is */
	if (scan->at == scan->end || *scan->at++ != '{')
		return false;
	for (;;) {
		const char *key;

		skip(scan, " \t\r\n,");
		key = scan->at;
		if (scan->at == scan->end || *key != '"' || !skip_string(scan))
			return false;
		skip(scan, " \t\r\n:");
		if (scan->end - key > (ptrdiff_t)strlen(name) &&
		    !memcmp(key, name, strlen(name)))
			break;
		if (!skip_value(scan))
			return false;
	}
	return scan->at < scan->end && *scan->at++ == '[';
}

static const char *
error_word(const struct json *error, struct arena *arena)
{
	const char *code = json_text(json_member(error, "code"));
	const char *message = json_text(json_member(error, "message"));
	struct buf text = BUF_INIT;
	const char *copy;

	text_escape(&text, code && *code ? code : message && *message ?
		    message : "(no code)", WORD_MOST);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

/* The error that stands behind what is broken off, or NULL. */
static const char *
error_behind(const char *text, const char *end, struct arena *arena)
{
	static const char begin[] = "{\"error\"";
	const char *at = memmem(text, (size_t)(end - text), begin,
				strlen(begin));
	struct scan scan = { at, end };
	struct buf why = BUF_INIT;
	struct json *document = NULL;
	const char *word = NULL;

	if (at && skip_value(&scan))
		document = json_parse(at, (size_t)(scan.at - at), &why);
	if (document)
		word = error_word(json_member(document, "error"), arena);
	json_destroy(&document);
	buf_release(&why);
	return word;
}

static struct salvage_left
leave(const char *text, size_t length, const char *sentence,
      struct arena *arena)
{
	if (length > LEFT_MOST)
		length = LEFT_MOST;
	return (struct salvage_left){
		.text = arena_strndup(arena, text, length), .length = length,
		.sentence = sentence,
	};
}

/* The records that are read from a page, and the one before. */
struct taking {
	struct salvage *out;
	struct buf records;		/* of the page that is made of it */
	const char *last;		/* where the last one began; NULL */
	size_t last_length;		/* of `records` before it */
	const char *doubted;		/* nothing is counted from there; or
					   NULL */
	struct arena *arena;
};

static void
take_good(struct taking *taking, const char *text, size_t length)
{
	if (taking->records.len)
		buf_putc(&taking->records, ',');
	buf_append(&taking->records, text, length);
	taking->out->readable++;
}

/* Does the beginning of the record, with its first name, stand in it again? */
static bool
has_another(const char *text, size_t length)
{
	struct scan name = { text + 1, text + length };
	const char *quote;

	skip(&name, " \t\r\n");
	quote = name.at;
	if (name.at == name.end || *quote != '"' || !skip_string(&name))
		return false;
	return memmem(name.at, (size_t)(name.end - name.at), text,
		      (size_t)(name.at - text));
}

/* A piece of a record makes the one before it a piece as well. */
static void
doubt(struct taking *taking, const char *text, bool is_piece)
{
	struct salvage *out = taking->out;

	taking->doubted = text;
	if (!is_piece || !taking->last)
		return;
	taking->doubted = taking->last;
	out->count--;
	if (taking->records.len == taking->last_length)
		out->left.count--;
	else
		out->readable--;
	buf_cut(&taking->records, taking->last_length);
}

/* What stands between two commas. */
static void
take_record(struct taking *taking, const char *text, size_t length)
{
	struct salvage *out = taking->out;
	struct buf error = BUF_INIT;
	struct json *json = json_parse(text, length, &error);

	if (!taking->doubted && *text != '{')
		doubt(taking, text, true);
	else if (!taking->doubted && !json && has_another(text, length))
		doubt(taking, text, false);
	taking->last = text;
	taking->last_length = taking->records.len;
	if (json && *text == '{')
		take_good(taking, text, length);
	if (!taking->doubted) {
		out->count++;
		if (!json)
			vec_push(taking->arena, &out->left,
				 leave(text, length,
				       arena_strdup(taking->arena, error.data),
				       taking->arena));
	}
	json_destroy(&json);
	buf_release(&error);
}

/* "the page breaks off in this record with an error of the API: CODE" */
static const char *
break_sentence(const char *where, const char *from, const struct scan *scan,
	       struct arena *arena)
{
	const char *error = error_behind(from, scan->end, arena);

	return arena_printf(arena, "the page breaks off %s%s%s", where,
			    error ? " with an error of the API: " : "",
			    error ? error : "");
}

/* The record that begins at `start` ends where nobody knows; of one that has
 * not begun there is but the place. */
static void
take_rest(struct taking *taking, const char *start, const struct scan *scan)
{
	const char *from = taking->doubted ? taking->doubted : start;
	const char *where = scan->at > from ? "in this record" :
			    "before the end of its list";

	taking->out->is_cut = true;
	taking->out->rest = leave(from, (size_t)(scan->at - from),
				  break_sentence(where, from, scan,
						 taking->arena),
				  taking->arena);
}

/* Does the page go on behind the bracket as behind the end of its list, as far
 * as it goes? Otherwise the bracket was a record's. */
static bool
is_end(const struct scan *bracket, struct arena *arena)
{
	struct scan behind = { bracket->at + 1, bracket->end };
	bool is_comma;

	skip(&behind, " \t\r\n");
	is_comma = behind.at < behind.end && *behind.at == ',';
	skip(&behind, " \t\r\n,");
	return behind.at == behind.end ||
	       *behind.at == (is_comma ? '"' : '}') ||
	       error_behind(bracket->at, bracket->end, arena);
}

static void
end_list(struct taking *taking, const struct scan *scan)
{
	const char *from = taking->doubted, *until = scan->at;

	if (!from && !is_end(scan, taking->arena)) {
		from = scan->at;
		until = scan->end;
	}
	taking->out->is_ended = !from;
	taking->out->is_cut = from;
	if (from)
		taking->out->rest = leave(from, (size_t)(until - from),
			"the brackets of this record do not match",
			taking->arena);
}

/* An error in the place of a record, and nothing behind it: no record, but why
 * there are no more. */
static bool
is_error_at_end(const char *start, const struct scan *scan)
{
	struct scan behind = *scan;
	struct buf why = BUF_INIT;
	struct json *json;
	bool is_error;

	skip(&behind, " \t\r\n");
	if (behind.at < behind.end || !text_starts(start, "{\"error\""))
		return false;
	json = json_parse(start, (size_t)(scan->at - start), &why);
	is_error = json_member(json_member(json, "error"), "code") ||
		   json_member(json_member(json, "error"), "message");
	json_destroy(&json);
	buf_release(&why);
	return is_error;
}

/* False: they are so many that it is not they. */
static bool
take_records(struct taking *taking, struct scan *scan)
{
	while (taking->out->left.count < LEFTS_MOST) {
		const char *start;

		skip(scan, " \t\r\n,");
		start = scan->at;
		if (start < scan->end && *start == ']') {
			end_list(taking, scan);
			return true;
		}
		if (!skip_value(scan)) {
			if (start < scan->end && *start != '{' &&
			    !taking->doubted)
				doubt(taking, start, true);
			take_rest(taking, start, scan);
			return true;
		}
		if (is_error_at_end(start, scan)) {
			scan->at = start;
			take_rest(taking, start, scan);
			return true;
		}
		take_record(taking, start, (size_t)(scan->at - start));
	}
	return false;
}

/* The page with those records, in what stood around them if that is known. */
static struct json *
compose(struct salvage *out, const struct buf *head, const struct buf *records,
	const struct scan *behind, struct arena *arena)
{
	struct buf text = BUF_INIT, error = BUF_INIT;
	struct json *page = NULL;

	if (out->is_ended) {
		buf_append(&text, head->data, head->len);
		buf_append(&text, records->data, records->len);
		buf_append(&text, behind->at,
			   (size_t)(behind->end - behind->at));
		page = json_parse(text.data, text.len, &error);
	}
	if (!page) {
		if (out->is_ended)
			out->rest.sentence = break_sentence("behind its list",
				behind->at, behind, arena);
		out->is_cut = true;
		buf_reset(&text);
		buf_printf(&text, "{\"value\":[%s]}", records->data);
		page = json_parse(text.data, text.len, &error);
	}
	buf_release(&text);
	buf_release(&error);
	return page;
}

bool
salvage_page(const char *text, size_t length, struct arena *arena,
	     struct salvage *out)
{
	struct scan scan = { text, text + length };
	struct taking taking = {
		.out = out, .records = BUF_INIT, .arena = arena,
	};
	struct buf head = BUF_INIT;

	*out = (struct salvage){ .page = NULL };
	if (find_list(&scan)) {
		buf_append(&head, text, (size_t)(scan.at - text));
		if (take_records(&taking, &scan))
			out->page = compose(out, &head, &taking.records, &scan,
					    arena);
	}
	buf_release(&head);
	buf_release(&taking.records);
	return out->page != NULL;
}
