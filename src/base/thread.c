#include "base/thread.h"

#include "base/bug.h"

#include <signal.h>

pthread_t
thread_start(void *(*work)(void *context), void *context)
{
	sigset_t all, before;
	pthread_t thread;

	(void)sigfillset(&all);
	/* A thread inherits the mask. */
	if (pthread_sigmask(SIG_SETMASK, &all, &before) ||
	    pthread_create(&thread, NULL, work, context) ||
	    pthread_sigmask(SIG_SETMASK, &before, NULL))
		BUG("cannot start a thread");
	return thread;
}

void
thread_join(pthread_t thread)
{
	if (pthread_join(thread, NULL))
		BUG("cannot join a thread");
}

void
thread_set_name(const char *name)
{
	if (pthread_setname_np(pthread_self(), name))
		BUG("cannot name a thread '%s'", name);
}

void
thread_lock(pthread_mutex_t *mutex)
{
	if (pthread_mutex_lock(mutex))
		BUG("mutex");
}

void
thread_unlock(pthread_mutex_t *mutex)
{
	if (pthread_mutex_unlock(mutex))
		BUG("mutex");
}
