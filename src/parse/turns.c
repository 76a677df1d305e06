#include "parse/turns.h"

void
turns_refuse(struct arena *arena, struct turns *turns, const char *sentence)
{
	if (turns->refused.count == TURNS_REFUSED_MOST)
		turns->refused_more++;
	else
		vec_push(arena, &turns->refused, arena_strdup(arena, sentence));
}

static void
put_event(struct json *array, const struct turns_event *event)
{
	struct json *object = json_add_object(array), *list;
	size_t i;

	json_set_text(object, "summary", event->summary);
	list = json_set_array(object, "attendees");
	for (i = 0; i < event->attendees.count; i++)
		json_add_text(list, event->attendees.items[i]);
	list = json_set_array(object, "turns");
	for (i = 0; i < event->spans.count; i++) {
		json_add_integer(list, event->spans.items[i].since);
		json_add_integer(list, event->spans.items[i].until);
	}
}

void
turns_print(const struct turns *turns, struct buf *out)
{
	struct json *object = json_object(), *list;
	size_t i;

	list = json_set_array(object, "events");
	for (i = 0; i < turns->events.count; i++)
		put_event(list, &turns->events.items[i]);
	list = json_set_array(object, "refused");
	for (i = 0; i < turns->refused.count; i++)
		json_add_text(list, turns->refused.items[i]);
	json_set_integer(object, "refused-more",
			 (int64_t)turns->refused_more);
	json_print(object, out);
	json_destroy(&object);
}

static bool
take_spans(struct arena *arena, const struct json *list,
	   struct turns_event *event)
{
	const struct json *one = json_first(list);

	for (; one; one = json_next(one)) {
		struct turns_span span = { .since = json_integer(one,
							INT64_MIN) };

		one = json_next(one);
		span.until = json_integer(one, INT64_MIN);
		if (!one || span.since >= span.until ||
		    span.since == INT64_MIN ||
		    event->spans.count == TURNS_MOST)
			return false;
		vec_push(arena, &event->spans, span);
	}
	return event->spans.count > 0;
}

static bool
take_event(struct arena *arena, const struct json *json,
	   struct turns_event *event)
{
	const char *summary = json_text(json_member(json, "summary"));
	const struct json *one = json_first(json_member(json, "attendees"));

	if (!summary)
		return false;
	event->summary = arena_strdup(arena, summary);
	for (; one; one = json_next(one)) {
		if (!json_text(one))
			return false;
		vec_push(arena, &event->attendees,
			 arena_strdup(arena, json_text(one)));
	}
	return take_spans(arena, json_member(json, "turns"), event);
}

struct turns *
turns_parse(struct arena *arena, const struct json *json, struct buf *error)
{
	struct turns *turns = arena_alloc(arena, sizeof(*turns));
	const struct json *one = json_first(json_member(json, "events"));
	bool good = json_is_array(json_member(json, "events"));
	size_t total = 0;
	int64_t more = json_integer(json_member(json, "refused-more"), 0);

	for (; one && good; one = json_next(one)) {
		struct turns_event event = { .summary = "" };

		good = take_event(arena, one, &event);
		total += event.spans.count;
		good = good && total <= TURNS_MOST;
		vec_push(arena, &turns->events, event);
	}
	for (one = json_first(json_member(json, "refused")); one && good;
	     one = json_next(one))
		if (json_text(one))
			turns_refuse(arena, turns, json_text(one));
	if (more > 0)
		turns->refused_more += (size_t)more;
	if (good)
		return turns;
	buf_puts(error, "these are no turns of a calendar");
	return NULL;
}
