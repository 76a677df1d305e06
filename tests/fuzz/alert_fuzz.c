/* Any text as the JSON of an alert: it is one, or a sentence says why not; and
 * what is printed of it is read as the same. */
#include "fuzz.h"

#include "alert/alert.h"
#include "base/bug.h"
#include "base/json.h"
#include "base/text.h"

static void
print(const struct alert *alert, struct buf *out)
{
	struct json *object = alert_to_json(alert);

	json_print(object, out);
	json_destroy(&object);
}

static const struct alert *
read_alert(struct arena *arena, const char *text, size_t length)
{
	struct buf error = BUF_INIT;
	struct json *object = json_parse(text, length, &error);
	const struct alert *alert = NULL;

	if (object)
		alert = alert_from_json(arena, object, &error);
	if (!alert && !error.len)
		BUG("an alert is refused without a sentence");
	json_destroy(&object);
	buf_release(&error);
	return alert;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	struct buf first = BUF_INIT, second = BUF_INIT;
	const struct alert *alert = read_alert(arena, (const char *)data,
					       size);

	if (alert && text_is_utf8((const char *)data, size)) {
		(void)alert_severity(alert);
		print(alert, &first);
		alert = read_alert(arena, first.data, first.len);
		if (!alert)
			BUG("an alert cannot be read again");
		print(alert, &second);
		if (first.len != second.len ||
		    memcmp(first.data, second.data, first.len))
			BUG("an alert is not read as it was printed");
	}
	buf_release(&first);
	buf_release(&second);
	arena_destroy(&arena);
	return 0;
}
