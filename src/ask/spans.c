#include "ask/spans.h"

bool
spans_halve(struct spans *spans, instant_ms present, struct arena *arena)
{
	struct span older = spans->now;
	instant_ms end = older.until == SPAN_OPEN ? present : older.until;

	if (end - older.since <= 1)
		return false;
	older.until = older.since + (end - older.since + 1) / 2;
	spans->now.since = older.until;
	vec_push(arena, &spans->wait, older);
	return true;
}

void
spans_back(struct spans *spans, struct span before, struct arena *arena)
{
	vec_push(arena, &spans->wait, spans->now);
	spans->now = before;
}

bool
spans_next(struct spans *spans)
{
	if (!spans->wait.count)
		return false;
	spans->now = spans->wait.items[--spans->wait.count];
	return true;
}
