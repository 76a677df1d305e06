#include "base/diag.h"

#include "base/json.h"
#include "base/text.h"
#include "base/vec.h"

enum {
	/* A line of 1 MB must not become a terminal full of it. */
	DIAG_LINE_MOST = 160,
	/* A binary file given by mistake has an error in every word. */
	DIAG_MOST = 1000,
};

struct finding {
	enum diag_severity severity;
	struct diag_place place;
	const char *message;
	const char *remedy;
	size_t order;		/* of arrival, to keep the sort stable */
};

struct diag {
	struct arena *arena;
	VEC(struct finding) findings;
	size_t counts[2];
};

struct diag *
diag_create(struct arena *arena)
{
	struct diag *diag = arena_alloc(arena, sizeof(*diag));

	diag->arena = arena;
	return diag;
}

static void
add(struct diag *diag, enum diag_severity severity, struct diag_place place,
    const char *remedy, const char *format, va_list args)
{
	struct finding finding = {
		.severity = severity,
		.place = place,
		.order = diag->findings.count,
	};

	diag->counts[severity]++;
	if (diag->findings.count >= DIAG_MOST)
		return;
	finding.message = arena_vprintf(diag->arena, format, args);
	if (remedy)
		finding.remedy = arena_strdup(diag->arena, remedy);
	vec_push(diag->arena, &diag->findings, finding);
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

void
diag_warning(struct diag *diag, struct diag_place place, const char *remedy,
	     const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add(diag, DIAG_WARNING, place, remedy, format, args);
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

size_t
diag_errors_within(const struct diag *diag, const struct diag_file *file,
		   size_t from, size_t to)
{
	size_t count = 0, i;

	for (i = 0; i < diag->findings.count; i++) {
		const struct finding *finding = &diag->findings.items[i];

		if (finding->severity == DIAG_ERROR &&
		    finding->place.file == file &&
		    finding->place.offset >= from && finding->place.offset < to)
			count++;
	}
	return count;
}

/* The start of the line that holds `offset`, and its number. */
static size_t
line_start(const struct diag_file *file, size_t offset, size_t *line_out)
{
	size_t start = 0, line = 1, i;

	for (i = 0; i < offset && i < file->length; i++)
		if (file->text[i] == '\n')
			start = i + 1, line++;
	*line_out = line;
	return start;
}

void
diag_line_column(struct diag_place place, size_t *line_out,
		 size_t *column_out)
{
	size_t start = line_start(place.file, place.offset, line_out);

	*column_out = 1 + text_count(place.file->text + start,
				     place.offset - start);
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

static void
print_source(const struct finding *finding, struct buf *out)
{
	const struct diag_file *file = finding->place.file;
	size_t line, start, end, before, marked, i;
	const char *text;

	start = line_start(file, finding->place.offset, &line);
	text = file->text + start;
	end = strcspn(text, "\r\n");
	before = finding->place.offset - start;
	if (before >= DIAG_LINE_MOST || before > end)
		return;
	if (end > DIAG_LINE_MOST)
		end = DIAG_LINE_MOST;

	buf_printf(out, "%5zu | ", line);
	append_source(out, text, end);
	buf_puts(out, "\n      | ");
	for (i = 0; i < before; i++)
		if ((text[i] & 0xC0) != 0x80)	/* one mark a character */
			buf_putc(out, text[i] == '\t' ? '\t' : ' ');
	marked = finding->place.length;
	if (marked > end - before)
		marked = end - before;
	marked = text_count(text + before, marked);
	buf_putc(out, '^');
	for (i = 1; i < marked; i++)
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

static void
print_finding(const struct finding *finding, struct buf *out)
{
	if (finding->place.file) {
		size_t line, column;

		diag_line_column(finding->place, &line, &column);
		buf_printf(out, "%s:%zu:%zu: ", finding->place.file->name, line,
			   column);
	}
	buf_printf(out, "%s: ", severity_name(finding));
	append_harmless(out, finding->message);
	if (finding->remedy) {
		buf_puts(out, " (");
		append_harmless(out, finding->remedy);
		buf_puts(out, ")");
	}
	buf_putc(out, '\n');
	if (finding->place.file)
		print_source(finding, out);
}

void
diag_print(struct diag *diag, struct buf *out)
{
	size_t total = diag->counts[DIAG_ERROR] + diag->counts[DIAG_WARNING], i;

	sort(diag);
	for (i = 0; i < diag->findings.count; i++)
		print_finding(&diag->findings.items[i], out);
	if (total > diag->findings.count)
		buf_printf(out, "and %zu more findings\n",
			   total - diag->findings.count);
}

static void
print_finding_json(const struct finding *finding, struct buf *out)
{
	struct json *object = json_object();
	size_t line = 0, column = 0;

	if (finding->place.file)
		diag_line_column(finding->place, &line, &column);
	json_set_text(object, "file", finding->place.file ?
		      finding->place.file->name : NULL);
	json_set_integer(object, "line", (int64_t)line);
	json_set_integer(object, "column", (int64_t)column);
	json_set_text(object, "severity", severity_name(finding));
	json_set_text(object, "message", finding->message);
	json_set_text(object, "remedy", finding->remedy);
	json_print(object, out);
	buf_putc(out, '\n');
	json_destroy(&object);
}

void
diag_print_json(struct diag *diag, struct buf *out)
{
	size_t i;

	sort(diag);
	for (i = 0; i < diag->findings.count; i++)
		print_finding_json(&diag->findings.items[i], out);
}
