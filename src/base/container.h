/*
 * From a member to the struct that it is a part of, for those who are lent a
 * member and give it back:
 *
 *	struct take *take = CONTAINER_OF(unit, struct take, unit);
 */
#ifndef BASE_CONTAINER_H
#define BASE_CONTAINER_H

#include <stddef.h>

#define CONTAINER_OF(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

#endif
