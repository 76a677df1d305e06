#include "base/diag.h"

#include "base/json.h"
#include "base/text.h"
#include "base/vec.h"

enum {
	/* A line of 1 MB must not become a terminal full of it: so many bytes
	 * of it are shown, from so many before what is underlined. */
	DIAG_LINE_MOST = 160,
	DIAG_LINE_BEFORE = 40,
	/* Nor must a word of 1 MB in the sentence about it. */
	DIAG_MESSAGE_MOST = 1000,
	/* A file given by mistake has an error in every word. */
	DIAG_MOST = 1000,
};

/* Beside those that others name: a warning that is not counted. */
enum { UNCOUNTED = DIAG_ERROR + 1, SEVERITIES };

/* Who takes part in an error, see struct diag_parties. */
struct party {
	struct diag_place place;
	bool is_blamed;
};

struct finding {
	int severity;		/* enum diag_severity, or UNCOUNTED */
	struct diag_place place;
	const char *message;
	const char *remedy;
	size_t order;		/* of arrival, to keep the sort stable */
	struct party *parties;	/* NULL: nobody but `place` */
	size_t party_count;
	bool is_clash;
};

struct diag {
	struct arena *arena;
	VEC(struct finding) findings;
	size_t counts[SEVERITIES];
	enum diag_tolerance tolerance;
};

struct diag *
diag_create(struct arena *arena)
{
	struct diag *diag = arena_alloc(arena, sizeof(*diag));

	diag->arena = arena;
	return diag;
}

/* Two stages may check the same word: that is one finding. */
static bool
is_known(const struct diag *diag, const struct finding *finding)
{
	size_t i;

	for (i = 0; i < diag->findings.count; i++) {
		const struct finding *other = &diag->findings.items[i];

		if (other->place.file == finding->place.file &&
		    other->place.offset == finding->place.offset &&
		    !strcmp(other->message, finding->message))
			return true;
	}
	return false;
}

/* Complete it, but for what it says. */
static void
push(struct diag *diag, struct finding finding, const char *remedy,
     const char *format, va_list args)
{
	int severity = finding.severity;

	finding.order = diag->findings.count;
	if (diag->findings.count == DIAG_MOST) {
		diag->counts[severity]++;
		return;
	}
	finding.message = text_cut(diag->arena,
				   arena_vprintf(diag->arena, format, args),
				   DIAG_MESSAGE_MOST);
	if (is_known(diag, &finding))
		return;
	if (remedy)
		finding.remedy = arena_strdup(diag->arena, remedy);
	diag->counts[severity]++;
	vec_push(diag->arena, &diag->findings, finding);
}

static void
add(struct diag *diag, int severity, struct diag_place place,
    const char *remedy, const char *format, va_list args)
{
	push(diag, (struct finding){ .severity = severity, .place = place },
	     remedy, format, args);
}

void
diag_error(struct diag *diag, struct diag_place place, const char *remedy,
	   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_ERROR, place, remedy, format, args);
	va_end(args);
}

static void
add_of(struct diag *diag, struct diag_place place,
       const struct diag_parties *parties, const char *remedy,
       const char *format, va_list args)
{
	struct finding finding = {
		.severity = DIAG_ERROR, .place = place,
		.party_count = parties->count, .is_clash = parties->is_clash,
		.parties = arena_array(diag->arena, parties->count,
				       sizeof(*finding.parties)),
	};
	size_t i;

	for (i = 0; i < parties->count; i++)
		finding.parties[i] = (struct party){
			parties->places[i], i + 1 < parties->count
		};
	push(diag, finding, remedy, format, args);
}

void
diag_error_of(struct diag *diag, struct diag_place place,
	      const struct diag_parties *parties, const char *remedy,
	      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_of(diag, place, parties, remedy, format, args);
	va_end(args);
}

void
diag_clash(struct diag *diag, struct diag_place place,
	   struct diag_place first, const char *remedy, const char *format,
	   ...)
{
	struct diag_place places[] = { place, first };
	const struct diag_parties parties = { places, 2, true };
	va_list args;

	va_start(args, format);
	add_of(diag, place, &parties, remedy, format, args);
	va_end(args);
}

static void
blame_one(struct finding *finding,
	  bool (*is_new)(void *context, const struct diag_file *file),
	  void *context)
{
	struct party *last = &finding->parties[finding->party_count - 1];
	size_t i, new = 0;

	for (i = 0; i < finding->party_count; i++) {
		struct party *party = &finding->parties[i];

		party->is_blamed = is_new(context, party->place.file);
		new += party->is_blamed;
	}
	if (new > 1)
		last->is_blamed = false;
	for (i = 0; i < finding->party_count && !new; i++)
		finding->parties[i].is_blamed = true;
	if (finding->is_clash)
		finding->place = finding->parties[0].is_blamed ?
				 finding->parties[0].place : last->place;
}

void
diag_blame(struct diag *diag,
	   bool (*is_new)(void *context, const struct diag_file *file),
	   void *context)
{
	size_t i;

	for (i = 0; i < diag->findings.count; i++)
		if (diag->findings.items[i].party_count)
			blame_one(&diag->findings.items[i], is_new, context);
}

void
diag_warning(struct diag *diag, struct diag_place place, const char *remedy,
	     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_WARNING, place, remedy, format, args);
	va_end(args);
}

void
diag_tolerate(struct diag *diag, enum diag_tolerance tolerance)
{
	diag->tolerance = tolerance;
}

void
diag_absent(struct diag *diag, struct diag_place place,
	    enum diag_tolerance kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, kind <= diag->tolerance ? UNCOUNTED : DIAG_ERROR, place,
	    NULL, format, args);
	va_end(args);
}

const char *
diag_did_you_mean(struct diag *diag, const char *word,
		  const char *const *candidates, const char *otherwise)
{
	const char *nearest = text_nearest(word, candidates);

	if (!nearest)
		return otherwise;
	return arena_printf(diag->arena, "did you mean '%s'?", nearest);
}

size_t
diag_errors(const struct diag *diag)
{
	return diag->counts[DIAG_ERROR];
}

size_t
diag_warnings(const struct diag *diag)
{
	return diag->counts[DIAG_WARNING];
}

static bool
is_within(struct diag_place place, const struct diag_file *file, size_t from,
	  size_t to)
{
	return place.file == file &&
	       (place.offset == DIAG_WHOLE_FILE ||
		(place.offset >= from && place.offset < to));
}

static bool
is_to_blame(const struct finding *finding, const struct diag_file *file,
	    size_t from, size_t to)
{
	size_t i = 0;

	if (!finding->party_count)
		return is_within(finding->place, file, from, to);
	while (i < finding->party_count &&
	       !(finding->parties[i].is_blamed &&
		 is_within(finding->parties[i].place, file, from, to)))
		i++;
	return i < finding->party_count;
}

size_t
diag_errors_within(const struct diag *diag, const struct diag_file *file,
		   size_t from, size_t to)
{
	/* An error that was only counted may lie anywhere. */
	size_t count = diag->counts[DIAG_ERROR] + diag->counts[DIAG_WARNING] +
		       diag->counts[UNCOUNTED] - diag->findings.count, i;

	for (i = 0; i < diag->findings.count; i++)
		count += diag->findings.items[i].severity == DIAG_ERROR &&
			 is_to_blame(&diag->findings.items[i], file, from, to);
	return count;
}

/* A line of a file. Findings are printed in order of place, so that looking
 * for the next line goes on where the last one was found. */
struct line {
	const struct diag_file *file;
	size_t number;
	size_t start;		/* offset of its first byte */
};

static void
line_find(struct line *line, struct diag_place place)
{
	const char *text = place.file->text, *end;

	if (line->file != place.file || line->start > place.offset)
		*line = (struct line){ place.file, 1, 0 };
	while ((end = memchr(text + line->start, '\n',
			     place.offset - line->start))) {
		line->start = (size_t)(end - text) + 1;
		line->number++;
	}
}

static size_t
column_in(const struct line *line, struct diag_place place)
{
	return 1 + text_count(line->file->text + line->start,
			      place.offset - line->start);
}

void
diag_line_column(struct diag_place place, size_t *line_out,
		 size_t *column_out)
{
	struct line line = { NULL, 0, 0 };

	line_find(&line, place);
	*line_out = line.number;
	*column_out = column_in(&line, place);
}

static int
compare(const void *left, const void *right)
{
	const struct finding *a = left, *b = right;
	const char *a_name = a->place.file ? a->place.file->name : "";
	const char *b_name = b->place.file ? b->place.file->name : "";
	int order = strcmp(a_name, b_name);

	if (order)
		return order;
	if (a->place.offset != b->place.offset)
		return a->place.offset < b->place.offset ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void
sort(struct diag *diag)
{
	if (diag->findings.count)
		qsort(diag->findings.items, diag->findings.count,
		      sizeof(*diag->findings.items), compare);
}

/* Append `length` bytes of a source line, harmless on a terminal. Tabs stay,
 * so that the caret below can be moved by the same tabs. */
static void
append_source(struct buf *out, const char *text, size_t length)
{
	const char *end = text + length;
	size_t step;

	for (; text < end; text += step) {
		uint32_t character = text_decode(text, end, &step);

		if (character != ' ' && character != '\t' &&
		    text_is_invisible(character))
			buf_putc(out, '?');
		else if (character == 0xFFFD && step == 1)
			buf_putc(out, '?');
		else
			buf_append(out, text, step);
	}
}

/* What moves the caret under the character behind `length` bytes of a line. */
static void
append_indent(struct buf *out, const char *text, size_t length)
{
	const char *end = text + length;
	size_t step;

	for (; text < end; text += step)
		buf_putc(out, text_decode(text, end, &step) == '\t' ? '\t' :
			 ' ');
}

/* `at` or the start of the character that it lies in. */
static size_t
character_start(const char *text, size_t at)
{
	size_t back = 0;

	while (back < 3 && back < at && (text[at - back] & 0xC0) == 0x80)
		back++;
	return at - back;
}

static void
print_source(const struct line *line, struct diag_place place,
	     struct buf *out)
{
	const char *text = line->file->text + line->start;
	size_t length = line->file->length - line->start;
	size_t mark = place.offset - line->start, from = 0, to, marked;
	const char *end = memchr(text, '\n', length);

	if (end)
		length = (size_t)(end - text);
	if (length && text[length - 1] == '\r')
		length--;
	if (mark > length)
		mark = length;
	if (length > DIAG_LINE_MOST && mark > DIAG_LINE_MOST / 2)
		from = character_start(text, mark - DIAG_LINE_BEFORE);
	to = length;
	if (to - from > DIAG_LINE_MOST)
		to = character_start(text, from + DIAG_LINE_MOST);

	buf_printf(out, "%5zu | %s", line->number, from ? "..." : "");
	append_source(out, text + from, to - from);
	buf_printf(out, "%s\n      | %s", to < length ? "..." : "",
		   from ? "   " : "");
	append_indent(out, text + from, mark - from);
	buf_putc(out, '^');
	marked = place.length < to - mark ? place.length : to - mark;
	marked = text_count(text + mark, marked);
	while (marked-- > 1)
		buf_putc(out, '~');
	buf_putc(out, '\n');
}

static const char *
severity_name(const struct finding *finding)
{
	return finding->severity == DIAG_ERROR ? "error" : "warning";
}

/* Like text_escape(), but quotes and backslashes are no danger here. */
static void
append_harmless(struct buf *out, const char *text)
{
	append_source(out, text, strlen(text));
}

/* Where the other one of a clash stands. */
static void
append_other(struct buf *out, const struct finding *finding)
{
	const struct diag_place place = finding->place;
	struct diag_place other;
	size_t line, column;

	other = finding->parties[0].place;
	if (other.file == place.file && other.offset == place.offset)
		other = finding->parties[finding->party_count - 1].place;
	diag_line_column(other, &line, &column);
	if (other.file == place.file)
		buf_printf(out, "the other is in line %zu", line);
	else
		buf_printf(out, "the other is at %s:%zu", other.file->name,
			   line);
}

/* What is to be done about it; empty: nobody knows. */
static void
append_remedy(struct buf *out, const struct finding *finding)
{
	if (finding->remedy)
		buf_puts(out, finding->remedy);
	if (finding->remedy && finding->is_clash)
		buf_puts(out, "; ");
	if (finding->is_clash)
		append_other(out, finding);
}

static void
print_remedy(const struct finding *finding, struct buf *out)
{
	struct buf remedy = BUF_INIT;

	append_remedy(&remedy, finding);
	if (remedy.len) {
		buf_puts(out, " (");
		append_harmless(out, remedy.data);
		buf_puts(out, ")");
	}
	buf_release(&remedy);
}

static void
print_finding(const struct finding *finding, struct line *line,
	      struct buf *out)
{
	struct diag_place place = finding->place;
	bool has_line = place.file && place.offset != DIAG_WHOLE_FILE;

	if (place.file)
		append_harmless(out, place.file->name);
	if (has_line) {
		line_find(line, place);
		buf_printf(out, ":%zu:%zu", line->number,
			   column_in(line, place));
	}
	if (place.file)
		buf_puts(out, ": ");
	buf_printf(out, "%s: ", severity_name(finding));
	append_harmless(out, finding->message);
	print_remedy(finding, out);
	buf_putc(out, '\n');
	if (has_line)
		print_source(line, place, out);
}

void
diag_print(struct diag *diag, struct buf *out)
{
	size_t total = diag->counts[DIAG_ERROR] + diag->counts[DIAG_WARNING] +
		       diag->counts[UNCOUNTED], i;
	struct line line = { NULL, 0, 0 };

	sort(diag);
	for (i = 0; i < diag->findings.count; i++)
		print_finding(&diag->findings.items[i], &line, out);
	if (total > diag->findings.count)
		buf_printf(out, "and %zu more findings\n",
			   total - diag->findings.count);
}

static void
print_finding_json(const struct finding *finding, struct line *line,
		   struct buf *out)
{
	struct diag_place place = finding->place;
	struct json *object = json_object();
	struct buf remedy = BUF_INIT;
	size_t number = 0, column = 0;

	append_remedy(&remedy, finding);
	if (place.file && place.offset != DIAG_WHOLE_FILE) {
		line_find(line, place);
		number = line->number;
		column = column_in(line, place);
	}
	json_set_text(object, "file", place.file ? place.file->name : NULL);
	json_set_integer(object, "line", (int64_t)number);
	json_set_integer(object, "column", (int64_t)column);
	json_set_text(object, "severity", severity_name(finding));
	json_set_text(object, "message", finding->message);
	json_set_text(object, "remedy", remedy.len ? remedy.data : NULL);
	json_print(object, out);
	buf_putc(out, '\n');
	json_destroy(&object);
	buf_release(&remedy);
}

void
diag_print_json(struct diag *diag, struct buf *out)
{
	struct line line = { NULL, 0, 0 };
	size_t i;

	sort(diag);
	for (i = 0; i < diag->findings.count; i++)
		print_finding_json(&diag->findings.items[i], &line, out);
}
