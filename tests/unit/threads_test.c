/*
 * What all threads share: several do the same at once and get the same. Worth
 * most under ThreadSanitizer (make check-threads).
 */
#include "base/map.h"
#include "base/text.h"
#include "base/thread.h"
#include "base/zone.h"
#include "match/regex.h"
#include "tap.h"

#define NOON (INT64_C(20000) * 86400000 + 43200000)

enum { THREADS = 4, ROUNDS = 20 };

static pthread_barrier_t together;
static struct regex *regex;

struct worker {
	pthread_t thread;
	int (*act)(struct arena *arena);
	int result;
};

static int
offsets_of_zones(struct arena *arena)
{
	static const char *const names[] = {
		"Asia/Tokyo", "America/Bogota", "Africa/Tunis", "Asia/Aden",
		"Europe/Paris", "No/Where",
	};
	struct buf error = BUF_INIT;
	int sum = 0;
	size_t i;

	(void)arena;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct zone *zone = zone_find(names[i], &error);

		sum += zone ? zone_offset_s(zone, NOON) : 1;
	}
	buf_release(&error);
	return sum;
}

static int
names_of_zones(struct arena *arena)
{
	const char *const *name;
	int count = 0;

	(void)arena;
	for (name = zone_names(); *name; name++)
		count++;
	return count ? 1 : 0;
}

static int
match(struct arena *arena)
{
	uint32_t steps = REGEX_ALERT_STEPS;

	(void)arena;
	return regex_match(regex, "srv-17.example", 14, &steps) == REGEX_YES;
}

static int
fold(struct arena *arena)
{
	return !strcmp(text_fold(arena, "\xc3\x84RGER"), "\xc3\xa4rger");
}

static int
find(struct arena *arena)
{
	struct map *map = map_create(arena);
	int value = 7;

	(void)map_set(map, "key", &value);	/* was absent */
	return *(int *)map_find(map, "key");
}

static int
have_a_name(struct arena *arena)
{
	char name[16];

	(void)arena;
	thread_set_name("worker");
	return !pthread_getname_np(pthread_self(), name, sizeof(name)) &&
	       !strcmp(name, "worker");
}

static void *
work(void *context)
{
	struct worker *worker = context;
	struct arena *arena = arena_create();
	int i;

	(void)pthread_barrier_wait(&together);
	worker->result = worker->act(arena);
	for (i = 1; i < ROUNDS; i++)
		if (worker->act(arena) != worker->result)
			worker->result = -1;
	arena_destroy(&arena);
	return NULL;
}

static void
test_act(int (*act)(struct arena *arena), int want, const char *name)
{
	struct worker workers[THREADS];
	int i, same = 0;

	for (i = 0; i < THREADS; i++) {
		workers[i].act = act;
		workers[i].thread = thread_start(work, &workers[i]);
	}
	for (i = 0; i < THREADS; i++) {
		thread_join(workers[i].thread);
		same += workers[i].result == want;
	}
	is_int(same, THREADS, "%s", name);
}

int
main(void)
{
	struct arena *arena = arena_create();
	struct buf error = BUF_INIT;
	size_t offset;

	regex = regex_compile(arena, "^srv-[0-9]+\\.", &error, &offset);
	if (!regex || pthread_barrier_init(&together, NULL, THREADS)) {
		printf("Bail out! %s\n", error.data);
		return 1;
	}
	test_act(offsets_of_zones,
		 32400 - 18000 + 3600 + 10800 + 7200 + 1,
		 "all threads find the same zones");
	test_act(names_of_zones, 1, "and the names of all of them");
	test_act(match, 1, "each compares with the one regular expression");
	test_act(fold, 1, "each folds letters");
	test_act(find, 7, "each has maps, with the secret of all");
	test_act(have_a_name, 1, "each has the name that it gave itself");
	(void)pthread_barrier_destroy(&together);
	arena_destroy(&arena);
	return tap_done();
}
