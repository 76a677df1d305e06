#include "source/odata.h"

#include <string.h>

/* No id is as long; a longer one would be in the store for ever. */
enum { ID_MOST = 200 };

const char *
odata_url(const struct odata *odata, const char *host,
	  const struct source_window *window, struct arena *arena)
{
	const char *time = window->is_made ? odata->made : odata->changed;
	struct buf url = BUF_INIT;
	const char *copy;

	buf_printf(&url, "%s%s?$top=%u%s", host, odata->path, window->top,
		   odata->more);
	if (window->skip)
		buf_printf(&url, "&$skip=%zu", window->skip);
	buf_printf(&url, "&$filter=%s%%20ge%%20", time);
	clock_print(&url, window->since);
	if (window->until) {
		buf_printf(&url, "%%20and%%20%s%%20lt%%20", time);
		clock_print(&url, window->until);
	}
	copy = arena_strdup(arena, url.data);
	buf_release(&url);
	return copy;
}

static instant_ms
time_of(const struct json *object, const char *name)
{
	const char *text = json_text(json_member(object, name));
	instant_ms when;

	return text && clock_parse_foreign(text, &when) ? when : TIME_UNKNOWN;
}

void
odata_alert(struct source_record *record, struct arena *arena)
{
	record->id = odata_id(record->json, "id", arena);
	record->incident = odata_id(record->json, "incidentId", arena);
}

bool
odata_read(const struct odata *odata, const struct json *document,
	   void (*read)(struct source_record *record, struct arena *arena),
	   struct arena *arena, struct source_page *page_out)
{
	const struct json *list = json_member(document, "value");
	const struct json *one = json_first(list);
	const char *link = json_text(json_member(document, "@odata.nextLink"));

	*page_out = (struct source_page){ .next = NULL };
	if (!json_is_array(list))
		return false;
	for (; one; one = json_next(one)) {
		struct source_record record = {
			.json = one, .changed = time_of(one, odata->changed),
		};

		if (record.changed == TIME_UNKNOWN)
			record.changed = time_of(one, odata->made);
		read(&record, arena);
		vec_push(arena, &page_out->records, record);
	}
	if (link && *link)
		page_out->next = arena_strdup(arena, link);
	return true;
}

struct source_refusal
odata_refuse(int status, const struct json *document)
{
	const struct json *error = json_member(document, "error");
	const char *message = json_text(json_member(error, "message"));

	/* "The limit of '50' for Top query has been exceeded." */
	return (struct source_refusal){
		.is_error = error != NULL,
		.code = json_text(json_member(error, "code")),
		.message = message,
		.is_too_large = status == 400 && message &&
				strstr(message, " Top "),
	};
}

const char *
odata_id(const struct json *object, const char *name, struct arena *arena)
{
	const struct json *member = json_member(object, name);
	const char *text = json_text(member);
	int64_t number = json_integer(member, -1);

	if (!text && number >= 0)
		text = arena_printf(arena, "%lld", (long long)number);
	return text && *text && strlen(text) <= ID_MOST ? text : NULL;
}
