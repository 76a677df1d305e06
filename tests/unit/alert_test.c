/* The alert record: what it keeps of what it is given. */
#include "alert/alert.h"

#include "tap.h"

static void
test_many_values(void)
{
	struct arena *arena = arena_create();
	struct alert *alert = alert_create(arena);
	int i;

	for (i = 0; i < 1002; i++)
		(void)alert_add(alert, ALERT_DEVICE,
				arena_printf(arena, "d%d", i), "test");
	is_int((long long)alert->fields[ALERT_DEVICE].count, 1000,
	       "a field has up to 1000 values");
	arena_destroy(&arena);
}

int
main(void)
{
	test_many_values();
	return tap_done();
}
