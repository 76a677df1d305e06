/*
 * A program that root starts acts as somebody who may do less.
 *
 * What root makes in a directory of the relay could not be read or written by
 * the daemon, who owns it; and root should not write where somebody else can
 * plant a link. Needs nothing but libc.
 */
#ifndef BASE_OWNER_H
#define BASE_OWNER_H

#include <stdbool.h>

/* Be the owner of `path` and of its group, and nothing else, for good. Nothing
 * changes for whoever is not root, where root is the owner, or where there is
 * no such path. False, with errno, when it has to be and cannot. */
bool owner_become(const char *path);

/* The same until owner_return(), for whoever has something to do as root after
 * that. Files are to be made by nobody else meanwhile. */
bool owner_borrow(const char *path);
bool owner_return(void);

#endif
