/*
 * The difficulty is getaddrinfo(3), which cannot be given a time: a thread asks
 * it, and is left alone with the question when that takes too long.
 */
#include "base/hostname.h"

#include "base/bug.h"
#include "base/text.h"
#include "base/thread.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

enum {
	HOST_MOST = 256,		/* RFC 1035 2.3.4 and a NUL */
	PATIENCE_S = 2,
};

/* Whoever is last of the two frees it. */
struct lookup {
	pthread_mutex_t mutex;
	pthread_cond_t done;
	bool is_done, is_left_alone;
	char short_name[HOST_MOST];
	char full_name[HOST_MOST];	/* "": there is none */
};

static char full_name[HOST_MOST];

static void
lookup_destroy(struct lookup *lookup)
{
	(void)pthread_cond_destroy(&lookup->done);	/* nobody waits, */
	(void)pthread_mutex_destroy(&lookup->mutex);	/* nobody holds it */
	free(lookup);
}

/* Fit for EHLO, and another name than every machine has for itself. */
static bool
is_full(const char *name)
{
	return strchr(name, '.') && !text_starts(name, "localhost") &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789.-_")];
}

static void
ask_resolver(const char *name, char full_name_out[HOST_MOST])
{
	const struct addrinfo hints = { .ai_flags = AI_CANONNAME };
	struct addrinfo *found = NULL;

	if (getaddrinfo(name, NULL, &hints, &found))
		return;
	if (found->ai_canonname && is_full(found->ai_canonname) &&
	    strlen(found->ai_canonname) < HOST_MOST)
		(void)snprintf(full_name_out, HOST_MOST, "%s",
			       found->ai_canonname);
	freeaddrinfo(found);
}

static void *
work(void *context)
{
	struct lookup *lookup = context;
	char name[HOST_MOST] = "";
	bool is_left_alone;

	thread_set_name("hostname");
	ask_resolver(lookup->short_name, name);
	thread_lock(&lookup->mutex);
	memcpy(lookup->full_name, name, sizeof(name));
	lookup->is_done = true;
	is_left_alone = lookup->is_left_alone;
	(void)pthread_cond_signal(&lookup->done);
	thread_unlock(&lookup->mutex);
	if (is_left_alone)
		lookup_destroy(lookup);
	return NULL;
}

/* False after too long. */
static bool
wait_for(struct lookup *lookup)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);	/* cannot fail */
	until.tv_sec += PATIENCE_S;
	thread_lock(&lookup->mutex);
	while (!lookup->is_done &&
	       pthread_cond_timedwait(&lookup->done, &lookup->mutex,
				      &until) != ETIMEDOUT)
		;
	lookup->is_left_alone = !lookup->is_done;
	thread_unlock(&lookup->mutex);
	return !lookup->is_left_alone;
}

static void
look_up(const char *short_name)
{
	struct lookup *lookup = bug_alloc(sizeof(*lookup));
	pthread_t thread;

	memset(lookup, 0, sizeof(*lookup));
	(void)snprintf(lookup->short_name, HOST_MOST, "%s", short_name);
	if (pthread_mutex_init(&lookup->mutex, NULL) ||
	    pthread_cond_init(&lookup->done, NULL))
		BUG("no mutex for the name of the host");
	thread = thread_start(work, lookup);
	if (!wait_for(lookup)) {
		(void)pthread_detach(thread);	/* it is not joined */
		return;
	}
	thread_join(thread);
	memcpy(full_name, lookup->full_name, sizeof(full_name));
	lookup_destroy(lookup);
}

static void
find(void)
{
	char name[HOST_MOST];

	if (gethostname(name, sizeof(name)) != 0)
		return;
	name[sizeof(name) - 1] = '\0';
	if (is_full(name))
		memcpy(full_name, name, sizeof(full_name));
	else if (*name)
		look_up(name);
}

const char *
hostname_full(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, find);	/* cannot fail */
	return *full_name ? full_name : NULL;
}
