#include "parse/calendar_text.h"

#include "base/text.h"

#include <strings.h>

enum { DEPTH_MOST = 8 };		/* of what is in a calendar */

struct parser {
	struct arena *arena;
	struct calendar_text *out;
	struct calendar_vevent *event;	/* that is open; or NULL */
	size_t depth;			/* components that are open: 1 is the
					   calendar, 2 an event */
	bool is_complete;		/* a calendar has ended */
	bool is_foreign;		/* something is there that is none */
};

static const char *const kept[] = {
	"UID", "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE",
	"EXRULE", "RECURRENCE-ID", "SUMMARY", "ATTENDEE", "STATUS", "SEQUENCE",
	"DTSTAMP",
};

bool
calendar_line_is(const char *line, const char *name)
{
	size_t length = strlen(name);

	return !strncasecmp(line, name, length) &&
	       (line[length] == ':' || line[length] == ';');
}

/* A colon in quotes belongs to a parameter. */
const char *
calendar_line_value(const char *line)
{
	bool is_quoted = false;

	for (; *line; line++) {
		if (*line == '"')
			is_quoted = !is_quoted;
		if (*line == ':' && !is_quoted)
			return line + 1;
	}
	return line;
}

static bool
is_kept(const char *line)
{
	size_t i;

	for (i = 0; i < sizeof(kept) / sizeof(*kept); i++)
		if (calendar_line_is(line, kept[i]))
			return true;
	return false;
}

/* The parts of a rule that begin so; with `lists`, only those with a list. */
static size_t
count_parts(const char *rule, const char *part, bool lists)
{
	size_t length = strlen(part), count = 0;
	const char *at = rule;

	for (; at; at = strchr(at, ';')) {
		at += *at == ';';
		count += !strncasecmp(at, part, length) &&
			 (!lists || memchr(at, ',', strcspn(at, ";")));
	}
	return count;
}

/* What an iterator would follow for minutes, or no two programs agree on. One
 * hour alone is what the start says already. */
static const char *
wrong_rule(const char *rule)
{
	static const char *const pace[] = {
		"FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY",
	};
	size_t i, found = 0;

	for (i = 0; i < sizeof(pace) / sizeof(*pace); i++)
		found += count_parts(rule, pace[i], false);
	if (found != 1 || count_parts(rule, "FREQ=", false) != 1)
		return "it repeats more often than daily, or in no known way";
	if (count_parts(rule, "BYHOUR=", true) ||
	    count_parts(rule, "BYMINUTE=", true) ||
	    count_parts(rule, "BYSECOND=", true))
		return "it repeats several times a day";
	if (count_parts(rule, "RSCALE=", false))
		return "it repeats by another calendar than ours";
	return NULL;
}

static void
refuse(struct parser *parser, const char *why)
{
	if (!parser->event->refused)
		parser->event->refused = why;
}

static void
keep_line(struct parser *parser, const char *line, bool is_cut)
{
	if (!is_kept(line))
		return;
	if (calendar_line_is(line, "RRULE") &&
	    wrong_rule(calendar_line_value(line)))
		refuse(parser, wrong_rule(calendar_line_value(line)));
	if (is_cut)
		refuse(parser, "a line of it is too long");
	else if (parser->event->lines.count == CALENDAR_LINES_MOST)
		refuse(parser, "it has too many lines");
	else
		vec_push(parser->arena, &parser->event->lines,
			 arena_strdup(parser->arena, line));
}

static void
begin(struct parser *parser, const char *what)
{
	const struct calendar_vevent event = { .refused = NULL };

	if (!parser->depth && strcasecmp(what, "VCALENDAR"))
		parser->is_foreign = true;
	if (parser->depth++ != 1 || strcasecmp(what, "VEVENT"))
		return;
	vec_push(parser->arena, &parser->out->events, event);
	parser->event = &parser->out->events.items[
		parser->out->events.count - 1];
}

static void
end(struct parser *parser)
{
	if (!parser->depth) {
		parser->is_foreign = true;
		return;
	}
	parser->depth--;
	if (parser->depth == 1)
		parser->event = NULL;
	parser->is_complete = !parser->depth;
}

static void
take_line(struct parser *parser, const char *line, bool is_cut)
{
	if (calendar_line_is(line, "BEGIN")) {
		begin(parser, calendar_line_value(line));
	} else if (calendar_line_is(line, "END")) {
		end(parser);
	} else if (parser->depth == 2 && parser->event) {
		keep_line(parser, line, is_cut);
	} else if (parser->depth == 1 && calendar_line_is(line, "METHOD")) {
		parser->out->is_cancelled =
			!strcasecmp(calendar_line_value(line), "CANCEL");
	} else if (!parser->depth && *line) {
		parser->is_foreign = true;
	}
}

/* Append the octets of one line of the file, and where the next one begins. */
static size_t
take_raw(const char *bytes, size_t length, struct buf *line, bool *is_cut)
{
	const char *feed = memchr(bytes, '\n', length);
	size_t raw = feed ? (size_t)(feed - bytes) : length, used = raw;

	while (used && bytes[used - 1] == '\r')
		used--;
	if (line->len + used > CALENDAR_LINE_MOST) {
		used = CALENDAR_LINE_MOST - line->len;
		*is_cut = true;
	}
	buf_append(line, bytes, used);
	return raw + (feed != NULL);
}

/* A line goes on where the next one begins with a blank (3.1). It may be folded
 * within a character. */
static bool
take_all(struct parser *parser, const char *bytes, size_t length,
	 struct buf *error)
{
	struct buf line = BUF_INIT, valid = BUF_INIT;
	size_t at = 0;

	while (at < length && !parser->is_foreign && !error->len) {
		bool is_cut = false;

		buf_reset(&line);
		buf_reset(&valid);
		at += take_raw(bytes + at, length - at, &line, &is_cut);
		while (at < length && (bytes[at] == ' ' || bytes[at] == '\t')) {
			at++;
			at += take_raw(bytes + at, length - at, &line, &is_cut);
		}
		(void)text_append_valid(&valid, line.data, line.len);
		take_line(parser, valid.size ? valid.data : "", is_cut);
		if (parser->out->events.count > CALENDAR_EVENTS_MOST)
			buf_printf(error, "it has more than %d events",
				   CALENDAR_EVENTS_MOST);
		else if (parser->depth > DEPTH_MOST)
			buf_puts(error, "what is in it is nested too deeply");
	}
	buf_release(&line);
	buf_release(&valid);
	return !error->len;
}

bool
calendar_text_parse(struct arena *arena, const char *bytes, size_t length,
		    struct calendar_text *out, struct buf *error)
{
	struct parser parser = { .arena = arena, .out = out };

	*out = (struct calendar_text){ .is_cancelled = false };
	if (length >= 3 && !memcmp(bytes, "\xEF\xBB\xBF", 3)) {
		bytes += 3;
		length -= 3;
	}
	if (length > CALENDAR_MOST) {
		buf_printf(error, "it is larger than %d octets", CALENDAR_MOST);
		return false;
	}
	if (!take_all(&parser, bytes, length, error))
		return false;
	if (parser.is_foreign || (!parser.is_complete && !parser.depth))
		buf_puts(error, "it is no calendar");
	else if (parser.depth)
		buf_puts(error, "it ends too early");
	return !error->len;
}
