/* Any text as HTML. */
#include "fuzz.h"

#include "base/bug.h"
#include "base/text.h"
#include "parse/charset.h"
#include "parse/html.h"

static void
check(const char *text)
{
	if (!text_is_utf8(text, strlen(text)))
		BUG("HTML gave a text that is no UTF-8");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf html = BUF_INIT, text = BUF_INIT;
	struct arena *arena = arena_create();
	struct message *message = message_create(arena);
	size_t i;

	charset_append(&html, "utf-8", (const char *)data, size);
	html_read(arena, message, html.data, html.len, &text);
	check(text.data);
	for (i = 0; i < message->rows.count; i++) {
		check(message->rows.items[i].label);
		check(message->rows.items[i].value);
	}
	for (i = 0; i < message->links.count; i++) {
		check(message->links.items[i].url);
		check(message->links.items[i].text);
	}
	buf_release(&html);
	buf_release(&text);
	arena_destroy(&arena);
	return 0;
}
