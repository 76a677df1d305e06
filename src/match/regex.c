/* Compiled patterns live in the arena of the rules, so nothing is freed one by
 * one: PCRE2 gets the arena as its memory. */
#include "match/regex.h"

#include "base/bug.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>

enum {
	/* A longer pattern is a list of values in disguise. */
	REGEX_LENGTH_MOST = 256,
	REGEX_NESTING_MOST = 50,
	/* Against patterns like ^(a+)+$: bounds one comparison to about 5 ms,
	 * 1 MiB and a depth that a small stack would take. */
	REGEX_STEPS_MOST = 100000,
	REGEX_HEAP_MOST_KIB = 1024,
	REGEX_DEPTH_MOST = 10000,
};

struct regex {
	pcre2_code *code;
};

static void *
memory_take(size_t size, void *arena)
{
	return arena_alloc(arena, size);
}

static void
memory_give(void *memory, void *arena)
{
	(void)memory;			/* freed with its arena */
	(void)arena;
}

static pcre2_code *
compile(struct arena *arena, const char *pattern, int *error_out,
	size_t *offset_out)
{
	/* Callouts are what steps are counted by. */
	const uint32_t options = PCRE2_CASELESS | PCRE2_UTF |
		PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C |
		PCRE2_AUTO_CALLOUT;
	pcre2_general_context *memory;
	pcre2_compile_context *context;

	memory = pcre2_general_context_create(memory_take, memory_give, arena);
	context = memory ? pcre2_compile_context_create(memory) : NULL;
	if (!context)
		BUG("no context for a regular expression");
	(void)pcre2_set_parens_nest_limit(context, REGEX_NESTING_MOST);
	return pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
			     options, error_out, offset_out, context);
}

struct regex *
regex_compile(struct arena *arena, const char *pattern, struct buf *error,
	      size_t *offset_out)
{
	struct regex *regex;
	pcre2_code *code;
	PCRE2_UCHAR message[128];
	int number;

	*offset_out = 0;
	if (strlen(pattern) > REGEX_LENGTH_MOST) {
		*offset_out = REGEX_LENGTH_MOST;
		buf_printf(error, "more than %d bytes", REGEX_LENGTH_MOST);
		return NULL;
	}
	code = compile(arena, pattern, &number, offset_out);
	if (!code) {
		if (pcre2_get_error_message(number, message,
					    sizeof(message)) < 0)
			BUG("no message for PCRE2 error %d", number);
		buf_puts(error, (const char *)message);
		return NULL;
	}
	regex = arena_alloc(arena, sizeof(*regex));
	regex->code = code;
	return regex;
}

/* Scratch memory of the thread, made at its first comparison and kept until it
 * ends. */
struct scratch {
	pcre2_match_context *context;
	pcre2_match_data *data;
};

static pthread_key_t scratch_key;

static void
scratch_free(void *context)
{
	struct scratch *scratch = context;

	pcre2_match_data_free(scratch->data);
	pcre2_match_context_free(scratch->context);
}

static void
scratch_prepare(void)
{
	if (pthread_key_create(&scratch_key, scratch_free))
		BUG("pthread_key_create");
}

static const struct scratch *
scratch(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static _Thread_local struct scratch scratch;

	if (scratch.data)
		return &scratch;
	scratch.context = pcre2_match_context_create(NULL);
	scratch.data = pcre2_match_data_create(1, NULL);
	if (!scratch.context || !scratch.data)
		BUG("no memory for regular expressions");
	if (pthread_once(&once, scratch_prepare) ||
	    pthread_setspecific(scratch_key, &scratch))
		BUG("no end for the memory of regular expressions");
	(void)pcre2_set_match_limit(scratch.context, REGEX_STEPS_MOST);
	(void)pcre2_set_heap_limit(scratch.context, REGEX_HEAP_MOST_KIB);
	(void)pcre2_set_depth_limit(scratch.context, REGEX_DEPTH_MOST);
	return &scratch;
}

static int
count_step(pcre2_callout_block *block, void *steps_left)
{
	uint32_t *left = steps_left;

	(void)block;
	if (!*left)
		return PCRE2_ERROR_CALLOUT;
	--*left;
	return 0;
}

enum regex_result
regex_match(const struct regex *regex, const char *text, size_t length,
	    uint32_t *steps_left)
{
	const struct scratch *use = scratch();
	int result;

	if (!*steps_left)
		return REGEX_LIMIT;
	(void)pcre2_set_callout(use->context, count_step, steps_left);
	result = pcre2_match(regex->code, (PCRE2_SPTR)text, length, 0, 0,
			     use->data, use->context);
	if (result >= 0)
		return REGEX_YES;
	return result == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_LIMIT;
}
