/*
 * Conditions: compiled from the tree of the configuration, answered for facts.
 *
 * A condition is a test, or and, or, not of conditions. A test asks one field
 * with one word of the language ("is", "at least"); cond.c lists the words in
 * one table. To add a word: one file with one struct cond_word, a line in that
 * table, a paragraph in tocsin-rules(5), a test.
 *
 * The answer is yes, no, or unknown when a field is missing or a comparison
 * was stopped; and, or, not are Kleene's. Only yes makes a rule act.
 */
#ifndef MATCH_COND_H
#define MATCH_COND_H

#include "base/map.h"
#include "conf/tree.h"
#include "match/facts.h"
#include "match/regex.h"
#include "match/windows.h"

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

/* "no", "yes", "unknown" */
const char *cond_answer_name(enum answer answer);

struct cond_word;

/* One of the values that a test compares with. */
union cond_operand {
	const char *text;		/* folded */
	const struct regex *regex;
	const struct window *window;
	int rank;			/* see order.h */
};

/*
 * A test, or some of them linked. `a and b and c` is one item with three below
 * it, however many there are, so depth is that of the parentheses a person
 * wrote, which the parser bounds.
 *
 * Small, and the only operand that most tests have within it: what an alert is
 * compared with lies side by side in memory, where it is fetched together.
 */
struct cond {
	unsigned char kind;	/* an enum conf_expr_kind */
	unsigned char field;	/* of a test, an alert_field; ALERT_FIELDS: no
				   field, the test asks about now */
	bool every;		/* all values of the field, else any */
	bool negated;		/* "is not": the opposite for each value */
	uint32_t count;		/* of items, 1 for not; of operands */
	const struct cond_word *word;
	const struct conf_expr *source;	/* of a test */
	union {
		struct cond *items;
		union cond_operand operand;	/* of a test that has one */
		union cond_operand *operands;	/* that has more: any of them */
	};
};

static inline const union cond_operand *
cond_operand(const struct cond *test, uint32_t i)
{
	return test->count == 1 ? &test->operand : &test->operands[i];
}

/* What is needed to compile one. */
struct cond_load {
	struct arena *arena;
	struct arena *scratch;		/* until loading is over */
	struct diag *diag;
	struct windows *windows;	/* written: which are used */
	const struct diag_file *file;	/* that the condition stands in */
	bool drop;			/* of a rule that drops */
};

/* NULL when something is wrong with it, which then is in the diagnostics. */
struct cond *cond_load(struct cond_load *load, const struct conf_expr *expr);

/*
 * The answer. With `why` not NULL, what decided it is appended: every test
 * that led to the answer, its value and where the value came from, bounded and
 * escaped.
 */
enum answer cond_eval(const struct cond *cond, struct facts *facts,
		      struct buf *why);

/* The condition as a person could have written it; lists of values longer than
 * `most` are cut. */
void cond_describe(const struct cond *cond, size_t most, struct buf *out);

/* One test without its field: "every like "lab-*"". */
void cond_describe_wanted(const struct cond *test, size_t most,
			  struct buf *out);

/* ---- for the words ---- */

struct cond_keys;	/* see index.h */

struct cond_word {
	unsigned int types;	/* bit 1 << enum alert_type: fields of these;
				   bit COND_NOW: stands without a field */
	bool one_value;		/* takes no list */
	bool quantity_free;	/* any and every make no difference */

	/* Compile one value; false after an error. NULL: takes none. */
	bool (*load)(struct cond_load *load, const struct cond *test,
		     struct conf_word value, union cond_operand *out);

	/* Does one value of the field fit any operand? `fact` is NULL when
	 * there is no field. */
	enum answer (*fits)(const struct cond *test,
			    const struct facts *facts,
			    const struct fact *fact);

	/* The answer for a field without a value; NULL: unknown. */
	enum answer (*missing)(const struct cond *test);

	/* "it is Tue 02:00 CET", of a test without a field. */
	void (*tell)(const struct cond *test, const struct facts *facts,
		     struct buf *out);

	/* If the test is to say yes, at least one key of every kind told here
	 * must be in the alert: see index.h. NULL: nothing is certain. */
	void (*keys)(const struct cond *test,
		     const union cond_operand *operand,
		     struct cond_keys *keys);
};

enum { COND_NOW = 1 << 8 };

extern const struct cond_word cond_is, cond_like, cond_contains, cond_matches,
	cond_at_least, cond_below, cond_present, cond_during;

/* A value as texts are compared, which lives as long as the value; NULL after
 * an error, which an empty one is. */
const char *cond_fold(struct cond_load *load, struct conf_word value);

/* Is `value` a word of the field's enumeration, if it has a closed one? False
 * after an error. */
bool cond_check_value(struct cond_load *load, enum alert_field field,
		      struct conf_word value);

#endif
