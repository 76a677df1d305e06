#include "base/log.h"

#include "base/text.h"

#include <unistd.h>

enum { LOG_VALUE_MOST = 400 };	/* bytes of one value: one line, one screen */

static bool
needs_quotes(const char *value)
{
	return !*value || strpbrk(value, " =\"\\\n\t");
}

static void
append_value(struct buf *line, const char *value)
{
	bool quote = needs_quotes(value);

	if (quote)
		buf_putc(line, '"');
	text_escape(line, value, LOG_VALUE_MOST);
	if (quote)
		buf_putc(line, '"');
}

void
log_vline(struct buf *line, enum log_level level, const char *event,
	  va_list args)
{
	const char *key;

	if (getenv("JOURNAL_STREAM"))
		buf_printf(line, "<%d>", (int)level);
	buf_printf(line, "event=%s", event);
	while ((key = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (!value)
			continue;
		buf_printf(line, " %s=", key);
		append_value(line, value);
	}
	buf_putc(line, '\n');
}

void
log_write(const char *lines)
{
	const char *end;

	/* One write a line, so lines of several threads do not mix. With
	 * standard error gone there is nobody left to tell. */
	for (; (end = strchr(lines, '\n')); lines = end + 1)
		if (write(STDERR_FILENO, lines, (size_t)(end + 1 - lines)) < 0)
			(void)0;
}

#define LOG_AT(out, level) do { \
	va_list args; \
	va_start(args, event); \
	log_vline(out, level, event, args); \
	va_end(args); \
} while (0)

#define LOG_NOW(level) do { \
	struct buf line = BUF_INIT; \
	LOG_AT(&line, level); \
	log_write(line.data); \
	buf_release(&line); \
} while (0)

void
log_line(struct buf *out, enum log_level level, const char *event, ...)
{
	LOG_AT(out, level);
}

void
log_info(const char *event, ...)
{
	LOG_NOW(LOG_LEVEL_INFO);
}

void
log_warning(const char *event, ...)
{
	LOG_NOW(LOG_LEVEL_WARNING);
}

void
log_error(const char *event, ...)
{
	LOG_NOW(LOG_LEVEL_ERROR);
}
