#include "deliver/trouble.h"

#include "base/text.h"
#include "pipeline/notice.h"

enum {
	/* Of one relay, until it is over: whoever gets that many has been
	 * told. */
	CAUSES_MOST = 10,
};

/* What the store has of a relay: "SINCE CAUSE CAUSE ..."; "" when all is
 * well. */
struct record {
	const char *name;		/* of the value */
	instant_ms since;
	const char *causes;		/* each between blanks */
	size_t count;
};

static enum outcome
record_load(struct store *store, const char *relay, struct arena *arena,
	    struct record *record_out, struct buf *error)
{
	const char *name = arena_printf(arena, "relay %s", relay), *value, *at;
	char *end = NULL;
	enum outcome outcome = store_meta(store, name, arena, &value, error);

	*record_out = (struct record){
		.name = name, .since = TIME_UNKNOWN, .causes = " ",
	};
	if (outcome != OUTCOME_OK || !value || !*value)
		return outcome;
	record_out->since = strtoll(value, &end, 10);
	record_out->causes = end;
	for (at = end; (at = strchr(at, ' ')) && at[1]; at++)
		record_out->count++;
	return outcome;
}

static bool
is_known(const struct record *record, const char *cause, struct arena *arena)
{
	return record->count >= CAUSES_MOST ||
	       strstr(record->causes, arena_printf(arena, " %s ", cause));
}

static enum outcome
say(const struct trouble *trouble, const struct generation *generation,
    struct store *store, instant_ms since, instant_ms now,
    struct change *change, struct buf *error)
{
	struct arena *arena = change->arena;
	struct pipeline_word word = {
		.identity = arena_printf(arena, "relay %s %s %lld",
			trouble->relay, trouble->is_over ? "works" :
			trouble->cause, (long long)since),
		.notice = {
			.kind = trouble->is_over ? NOTICE_RELAY_GOOD
						 : NOTICE_RELAY_FAILED,
			.name = trouble->relay,
			.since = since,
			.detail = trouble->is_over ? NULL : trouble->detail,
		},
	};
	int64_t count;
	enum outcome outcome = store_delivery_waiting(store, trouble->relay,
						      &count, error);

	word.notice.count = (size_t)count;
	if (outcome != OUTCOME_OK)
		return outcome;
	return pipeline_say(generation, store, &word, now, change, error);
}

static enum outcome
begin(const struct trouble *trouble, const struct record *record,
      const struct generation *generation, struct store *store,
      instant_ms now, struct change *change, struct buf *error)
{
	instant_ms since = record->count ? record->since : trouble->since;

	if (is_known(record, trouble->cause, change->arena))
		return OUTCOME_OK;
	change_put_meta(change, record->name,
			arena_printf(change->arena, "%lld%s%s ",
				     (long long)since, record->causes,
				     trouble->cause));
	return say(trouble, generation, store, since, now, change, error);
}

static enum outcome
end(const struct trouble *trouble, const struct record *record,
    const struct generation *generation, struct store *store, instant_ms now,
    struct change *change, struct buf *error)
{
	if (!record->count)
		return OUTCOME_OK;
	change_put_meta(change, record->name, "");
	return say(trouble, generation, store, record->since, now, change,
		   error);
}

enum outcome
trouble_tell(const struct trouble *trouble,
	     const struct generation *generation, struct store *store,
	     instant_ms now, struct change *change, struct buf *error)
{
	struct record record;
	enum outcome outcome = record_load(store, trouble->relay,
					   change->arena, &record, error);

	if (outcome != OUTCOME_OK)
		return outcome;
	return (trouble->is_over ? end : begin)(trouble, &record, generation,
						store, now, change, error);
}
