/*
 * The twin of ask/requests.h: requests that a function of the test answers, in
 * the virtual time of a loop.
 *
 *	static void answer(struct twin_request *request) { ... }
 *	struct requests *requests = twin_create(loop, answer);
 *
 * The function is called when a request is made, and says what is answered and
 * after how long; what hangs ends at the request's own limit.
 */
#ifndef REQUESTS_TWIN_H
#define REQUESTS_TWIN_H

#include "ask/requests.h"
#include "base/bug.h"
#include "base/container.h"

#include <stdlib.h>
#include <string.h>

enum { TWIN_HANGS = -1 };

struct twin_request {
	struct twin_request *next;
	struct twin *twin;
	struct loop_timer *timer;		/* kept: a loop's last */
	bool is_pending;
	struct transfer_request request;	/* texts are its own */
	char *bearer;				/* or "" */

	/* What is answered; all is well unless it is set. */
	enum transfer_end end;
	int status;
	char *body;				/* freed */
	const char *retry_after;
	char date[40];				/* or "" */
	bool is_too_large;
	int64_t delay_ms;
};

struct twin {
	struct requests requests;
	struct loop *loop;
	void (*answer)(struct twin_request *request);
	struct twin_request *all;
	size_t under_way, under_way_most, forgotten;
};

static void
twin_end(struct twin_request *request)
{
	free((char *)request->request.url);
	free((char *)request->request.body);
	free(request->bearer);
	free(request->body);
	request->body = NULL;
	request->is_pending = false;
	request->twin->under_way--;
	loop_timer_set(request->timer, -1);
}

static void
twin_deliver(void *context)
{
	struct twin_request *request = context, was = *request;
	const struct transfer_answer answer = {
		.end = was.end, .is_too_large = was.is_too_large,
		.status = was.end == TRANSFER_DONE || was.body ? was.status : 0,
		.body = was.body ? was.body : "",
		.length = was.body ? strlen(was.body) : 0,
		.retry_after = was.retry_after,
		.date = *was.date ? was.date : NULL, .error = "",
	};

	/* What asks again from done() is given this one. */
	request->body = NULL;
	twin_end(request);
	was.request.done(was.request.context, &answer);
	free(was.body);
}

static char *
twin_bearer(const char *const *headers)
{
	static const char start[] = "Authorization: Bearer ";

	for (; headers && *headers; headers++)
		if (!strncmp(*headers, start, strlen(start)))
			return bug_strdup(*headers + strlen(start));
	return bug_strdup("");
}

static struct twin_request *
twin_idle(struct twin *twin)
{
	struct twin_request *request = twin->all;

	while (request && request->is_pending)
		request = request->next;
	if (request)
		return request;
	request = bug_alloc(sizeof(*request));
	*request = (struct twin_request){
		.next = twin->all, .twin = twin,
		.timer = loop_timer(twin->loop, twin_deliver, request),
	};
	twin->all = request;
	return request;
}

static void
twin_ask(struct requests *requests, const struct transfer_request *asked)
{
	struct twin *twin = CONTAINER_OF(requests, struct twin, requests);
	struct twin_request *request = twin_idle(twin);

	*request = (struct twin_request){
		.next = request->next, .twin = twin, .timer = request->timer,
		.is_pending = true, .request = *asked,
		.bearer = twin_bearer(asked->headers),
		.end = TRANSFER_DONE, .status = 200,
	};
	request->request.url = bug_strdup(asked->url);
	request->request.body = asked->body ? bug_strdup(asked->body) : NULL;
	request->request.headers = NULL;
	if (++twin->under_way > twin->under_way_most)
		twin->under_way_most = twin->under_way;
	twin->answer(request);
	if (request->delay_ms == TWIN_HANGS) {
		request->end = TRANSFER_TIMEOUT;
		request->delay_ms = asked->timeout_ms;
	}
	loop_timer_set(request->timer, request->delay_ms);
}

static void
twin_forget(struct requests *requests, const void *context)
{
	struct twin *twin = CONTAINER_OF(requests, struct twin, requests);
	struct twin_request *request = twin->all;

	for (; request; request = request->next)
		if (request->is_pending &&
		    request->request.context == context) {
			twin->forgotten++;
			twin_end(request);
		}
}

static struct requests *
twin_create(struct loop *loop, void (*answer)(struct twin_request *request))
{
	struct twin *twin = bug_alloc(sizeof(*twin));

	*twin = (struct twin){
		.requests = { twin_ask, twin_forget }, .loop = loop,
		.answer = answer,
	};
	return &twin->requests;
}

static void
twin_destroy(struct requests **requests)
{
	struct twin *twin = CONTAINER_OF(*requests, struct twin, requests);
	struct twin_request *request;

	while ((request = twin->all)) {
		twin->all = request->next;
		if (request->is_pending)
			twin_end(request);
		free(request);
	}
	free(twin);
	*requests = NULL;
}

#endif
