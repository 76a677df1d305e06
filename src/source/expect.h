/*
 * What should not be quiet for too long: `expect mail every 3d`, `expect poll
 * every 10m`, per customer, as the configuration has it.
 */
#ifndef SOURCE_EXPECT_H
#define SOURCE_EXPECT_H

#include "conf/tree.h"

struct expectation {
	const char *customer;
	const char *display;	/* its name for people */
	bool is_poll;		/* else mail */
	int64_t every_ms;
};

typedef VEC(struct expectation) expectations;

/* What is wrong goes to `diag`. */
void expect_load(const struct conf *conf, struct diag *diag,
		 expectations *list);

#endif
