/*
 * Threads, as all of ours are: signals are for the event loop, and a lock that
 * fails is a bug.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* The thread has all signals blocked. */
pthread_t thread_start(void *(*work)(void *context), void *context);
void thread_join(pthread_t thread);
/* What top(1) and gdb(1) show for the calling thread; 15 octets at most. */
void thread_set_name(const char *name);

void thread_lock(pthread_mutex_t *mutex);
void thread_unlock(pthread_mutex_t *mutex);

#endif
