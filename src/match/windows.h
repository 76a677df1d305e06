/*
 * The windows of one configuration by name, and which of them are used.
 *
 * Order of calls: windows_load(), then windows_use() by all who name one, then
 * windows_check().
 */
#ifndef MATCH_WINDOWS_H
#define MATCH_WINDOWS_H

#include "match/window.h"

struct windows;

/* Lives in the arena of `conf`. What is wrong goes to `diag`. Never NULL. */
struct windows *windows_load(const struct conf *conf, struct diag *diag);

/* The window that `name` names, which is used from now on; NULL after an error
 * with a remedy. */
const struct window *windows_use(struct windows *windows,
				 struct conf_word name, struct diag *diag);

/* Warn of those that nobody uses; while there are errors of none, as a rule
 * that is left out uses nothing. */
void windows_check(const struct windows *windows, struct diag *diag);

#endif
