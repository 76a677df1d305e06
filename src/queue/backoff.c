#include "queue/backoff.h"

int64_t
backoff_pause(unsigned int attempts, uint32_t random)
{
	/* Kept small before it is squared; the pause has its most by then. */
	int64_t step = attempts < 1000 ? attempts : 1000;
	int64_t pause = BACKOFF_FIRST_MS * step * step;

	if (pause > BACKOFF_MOST_MS)
		pause = BACKOFF_MOST_MS;
	return pause / 2 + pause * random / UINT32_MAX;
}

int64_t
backoff_short_pause(unsigned int attempts)
{
	int64_t pause = BACKOFF_SHORT_FIRST_MS;

	while (attempts-- > 1 && pause < BACKOFF_SHORT_MOST_MS)
		pause *= 2;
	return pause < BACKOFF_SHORT_MOST_MS ? pause : BACKOFF_SHORT_MOST_MS;
}

bool
backoff_next(int64_t pause_ms, instant_ms now, instant_ms expires,
	     instant_ms *due_out)
{
	instant_ms due = now + pause_ms;

	if (now >= expires)
		return false;
	*due_out = due < expires ? due : expires;
	return true;
}
