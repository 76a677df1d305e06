#include "ask/requests.h"

#include "base/bug.h"
#include "base/container.h"

#include <stdlib.h>

enum { CONNECTIONS_MOST = 64 };

struct over_network {
	struct requests requests;
	struct loop *loop;
	struct transfer_many *many;
};

static struct over_network *
network_of(struct requests *requests)
{
	return CONTAINER_OF(requests, struct over_network, requests);
}

static void
ask(struct requests *requests, const struct transfer_request *request)
{
	transfer_ask(network_of(requests)->many, request);
}

static void
forget(struct requests *requests, const void *context)
{
	transfer_forget(network_of(requests)->many, context);
}

static void
answered(void *context)
{
	const struct over_network *network = context;

	transfer_turn(network->many);
}

struct requests *
requests_create(struct loop *loop)
{
	struct over_network *network = bug_alloc(sizeof(*network));

	*network = (struct over_network){
		.requests = { ask, forget }, .loop = loop,
		.many = transfer_many_create(CONNECTIONS_MOST),
	};
	loop_watch(loop, transfer_many_fd(network->many), answered, network);
	return &network->requests;
}

void
requests_destroy(struct requests **requests)
{
	struct over_network *network = network_of(*requests);

	loop_forget(network->loop, transfer_many_fd(network->many));
	transfer_many_destroy(&network->many);
	free(network);
	*requests = NULL;
}
