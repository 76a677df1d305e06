#include "deliver/senders.h"

#include "base/bug.h"

struct sender_done *
sender_done_create(uint64_t id)
{
	struct sender_done *done = bug_alloc(sizeof(*done));

	*done = (struct sender_done){ .id = id, .result = SEND_RESULT_INIT };
	return done;
}

void
sender_done_destroy(struct sender_done **done)
{
	struct sender_done *gone = *done;

	*done = gone->next;
	send_result_release(&gone->result);
	free(gone);
}
