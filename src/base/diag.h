/*
 * Diagnostics: what is wrong with what a person wrote, all of it in one run.
 *
 * A finding has a place, a sentence and, where one is known, a remedy. They
 * are collected while files are loaded, then printed sorted by file and place
 * as compilers print them:
 *
 *	customers/contoso.rules:14:14: error: unknown condition
 *	'severty' (did you mean 'severity'?)		(on the same line)
 *	   14 |         when severty at least high
 *	      |              ^~~~~~~
 *
 * or, for programs, as one JSON object a line with the keys
 * `file line column severity message remedy`; line and column are 0 where the
 * finding concerns the whole file.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

/* A file that was read; lives as long as what points into it. */
struct diag_file {
	const char *name;	/* as a person would open it */
	const char *text;
	size_t length;
};

/* Where a word stands. `file` NULL: nowhere in particular. Of these there are
 * millions when there are many rules, hence the narrow numbers. */
struct diag_place {
	const struct diag_file *file;
	uint32_t offset;	/* bytes from the start of the file, or
				   DIAG_WHOLE_FILE */
	uint32_t length;	/* bytes to underline; 0 or 1 for a caret */
};

/* The offset of what concerns a file and no line of it: it cannot be read,
 * something is missing in it. */
#define DIAG_WHOLE_FILE UINT32_MAX

enum diag_severity { DIAG_WARNING, DIAG_ERROR };

struct diag;

/* Borrows the arena, which must outlive it. */
struct diag *diag_create(struct arena *arena);

/*
 * Add a finding. `remedy` is put behind the sentence in parentheses; NULL when
 * there is none worth saying. The sentence has no full stop and starts in
 * lower case. Foreign text in it is escaped when printed. The same sentence
 * about the same place is one finding, however often it is added.
 */
void diag_error(struct diag *diag, struct diag_place place, const char *remedy,
		const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void diag_warning(struct diag *diag, struct diag_place place,
		  const char *remedy, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * An error that more than one file can be blamed for, such as a name that two
 * of them define: the places of all who take part, the one last who is to
 * blame only if nobody else can be. Until somebody knows better it is the fault
 * of the others; see diag_blame().
 */
struct diag_parties {
	struct diag_place *places;
	size_t count;
	/* Of two: it is printed at the place of who is to blame, and names the
	 * place of the other one. */
	bool is_clash;
};

/* `parties` is copied. */
void diag_error_of(struct diag *diag, struct diag_place place,
		   const struct diag_parties *parties, const char *remedy,
		   const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Two places that exclude each other; the latter was there first. The sentence
 * fits both. */
void diag_clash(struct diag *diag, struct diag_place place,
		struct diag_place first, const char *remedy,
		const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* It is the fault of files that are new; if none is, of all that take part. */
void diag_blame(struct diag *diag,
		bool (*is_new)(void *context, const struct diag_file *file),
		void *context);

/*
 * What is not found on this machine, though it may well be on the one that it
 * is for: a secret. An error; but who will not use it says beforehand what he
 * tolerates, and it is a warning that diag_warnings() does not count.
 */
enum diag_tolerance {
	DIAG_NOTHING,
	DIAG_MISSING,		/* there is no such file */
	DIAG_UNREADABLE,	/* nor may it be read by somebody else */
};

void diag_tolerate(struct diag *diag, enum diag_tolerance tolerance);
void diag_absent(struct diag *diag, struct diag_place place,
		 enum diag_tolerance kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* "did you mean 'x'?", from the candidate nearest to `word`, or `otherwise`
 * (may be NULL) when none is near. In the arena of `diag`. */
const char *diag_did_you_mean(struct diag *diag, const char *word,
			      const char *const *candidates,
			      const char *otherwise);

size_t diag_errors(const struct diag *diag);
size_t diag_warnings(const struct diag *diag);

/* Errors that lie between two places of one file, or concern it as a whole, so
 * that one customer's block can be refused alone; those that it is to blame
 * for. */
size_t diag_errors_within(const struct diag *diag,
			  const struct diag_file *file, size_t from, size_t to);

/* 1-based line, and column in characters. */
void diag_line_column(struct diag_place place, size_t *line_out,
		      size_t *column_out);

void diag_print(struct diag *diag, struct buf *out);
void diag_print_json(struct diag *diag, struct buf *out);

#endif
