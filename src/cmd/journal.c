#include "cmd/journal.h"

#include "base/text.h"

enum { JOURNAL_TEXT_MOST = 1000 };	/* octets of one value on one line */

void
journal_line(struct buf *out, const char *label, const char *text)
{
	if (!text)
		return;
	buf_printf(out, "%-12s ", label);
	text_escape(out, text, JOURNAL_TEXT_MOST);
	buf_putc(out, '\n');
}

void
journal_time(struct buf *out, const char *label, instant_ms when)
{
	if (when == TIME_UNKNOWN)
		return;
	buf_printf(out, "%-12s ", label);
	clock_print(out, when);
	buf_putc(out, '\n');
}

void
journal_lines(struct buf *out, const char *indent, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		buf_printf(out, "%s%.*s\n", indent, (int)length, text);
		text += length + (text[length] == '\n');
	}
}

void
journal_message(struct buf *out, const void *bytes, size_t length)
{
	const char *at = bytes, *end = at + length;

	for (; at < end; at++)
		if (*at != '\r')
			buf_putc(out, *at);
}

void
journal_delivery(struct buf *out, const struct store_delivery *delivery)
{
	buf_printf(out, "  %-6lld %-9s %s", (long long)delivery->id,
		   store_state_names[delivery->state], delivery->address);
	if (delivery->kind == STORE_NOTICE)
		buf_printf(out, " (notice: %s)", delivery->about);
	if (delivery->rule)
		buf_printf(out, " by %s", delivery->rule);
	if (delivery->template)
		buf_printf(out, " using %s", delivery->template);
	buf_printf(out, " through %s, since ", delivery->relay);
	clock_print(out, delivery->updated);
	if (delivery->state == STORE_RETRY) {
		buf_puts(out, ", next try ");
		clock_print(out, delivery->due);
	}
	buf_putc(out, '\n');
}

enum outcome
journal_attempts(struct store *store, int64_t delivery, struct arena *arena,
		 struct buf *out, struct buf *error)
{
	struct store_attempts attempts = { 0 };
	enum outcome outcome = store_attempts(store, delivery, arena,
					      &attempts, error);
	size_t i;

	for (i = 0; i < attempts.count; i++) {
		const struct store_attempt *attempt = &attempts.items[i];

		buf_printf(out, "         try %u ", attempt->number);
		clock_print(out, attempt->at);
		buf_printf(out, " %s", store_answer_names[attempt->answer]);
		if (attempt->host)
			buf_printf(out, " by %s", attempt->host);
		if (attempt->reply) {
			buf_puts(out, ": ");
			text_escape(out, attempt->reply, JOURNAL_TEXT_MOST);
		}
		buf_putc(out, '\n');
	}
	return outcome;
}

enum outcome
journal_events(struct store *store, int64_t item, struct arena *arena,
	       struct buf *out, struct buf *error)
{
	struct store_events events = { 0 };
	enum outcome outcome = store_events(store, item, arena, &events, error);
	size_t i;

	if (events.count)
		buf_puts(out, "\nevents\n");
	for (i = 0; i < events.count; i++) {
		const struct store_event *event = &events.items[i];

		buf_puts(out, "  ");
		clock_print(out, event->at);
		buf_printf(out, " %s", event->what);
		if (event->delivery)
			buf_printf(out, " delivery %lld",
				   (long long)event->delivery);
		if (event->who) {
			buf_puts(out, " by ");
			text_escape(out, event->who, JOURNAL_TEXT_MOST);
		}
		if (event->reason) {
			buf_puts(out, ": ");
			text_escape(out, event->reason, JOURNAL_TEXT_MOST);
		}
		buf_putc(out, '\n');
	}
	return outcome;
}
