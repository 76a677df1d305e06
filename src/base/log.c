#include "base/log.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdarg.h>
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

static void
log_event(int level, const char *event, va_list args)
{
	struct buf line = BUF_INIT;
	const char *key;

	if (getenv("JOURNAL_STREAM"))
		buf_printf(&line, "<%d>", level);
	buf_printf(&line, "event=%s", event);
	while ((key = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (!value)
			continue;
		buf_printf(&line, " %s=", key);
		append_value(&line, value);
	}
	buf_putc(&line, '\n');
	/* One write, so lines of several threads do not mix. With standard
	 * error gone there is nobody left to tell. */
	if (write(STDERR_FILENO, line.data, line.len) < 0)
		(void)0;
	buf_release(&line);
}

#define LOG_AT(level) do { \
	va_list args; \
	va_start(args, event); \
	log_event(level, event, args); \
	va_end(args); \
} while (0)

void
log_info(const char *event, ...)
{
	LOG_AT(6);
}

void
log_warning(const char *event, ...)
{
	LOG_AT(4);
}

void
log_error(const char *event, ...)
{
	LOG_AT(3);
}
