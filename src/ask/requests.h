/*
 * Who asks over the network: net/transfer.h in the event loop, or its twin in a
 * test, which answers by itself.
 *
 * This is what the real one does with a request, and what a twin has to do: it
 * copies all but the context, and calls done() once, later, from the loop.
 */
#ifndef ASK_REQUESTS_H
#define ASK_REQUESTS_H

#include "base/loop.h"
#include "net/transfer.h"

struct requests {
	void (*ask)(struct requests *requests,
		    const struct transfer_request *request);
	/* Those of that context that are under way end without an answer. */
	void (*forget)(struct requests *requests, const void *context);
};

/* transfer_setup() has been called. Borrows the loop. */
struct requests *requests_create(struct loop *loop);
/* Those under way end without an answer. */
void requests_destroy(struct requests **requests);

#endif
