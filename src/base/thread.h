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

void thread_lock(pthread_mutex_t *mutex);
void thread_unlock(pthread_mutex_t *mutex);

#endif
