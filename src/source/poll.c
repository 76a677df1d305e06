#include "source/poll.h"

#include "base/text.h"
#include "conf/value.h"
#include "source/refuse.h"

enum {
	EVERY_LEAST_MS = 1000,
	EVERY_MOST_MS = 24 * 3600 * 1000,
	COMPLETE_MS = 5000,
	/* An alert cannot wait for longer. */
	COMPLETE_MOST_MS = 60000,
	/* What is read along is less urgent: every fifth time. */
	ALONG_TIMES = 5,
	ALONG_MOST_MS = 3600 * 1000,
	/* A server that wants us to wait for longer is asked anew then. */
	WAIT_MOST_MS = 3600 * 1000,
};

/* ---- loading ---- */

struct loading {
	const struct conf *conf;
	const app_list *apps;
	struct diag *diag;
	poll_plans *plans;
};

static bool
load_clauses(const struct loading *loading, const struct conf_node *node,
	     struct poll_plan *plan)
{
	const struct conf_node *using = conf_find(&node->clauses, "using");
	const struct conf_node *every = conf_find(&node->clauses, "every");
	const struct conf_node *within = conf_find(&node->clauses, "within");
	struct conf_word name;

	plan->complete_ms = COMPLETE_MS;
	if (within && conf_duration(conf_word(within, 0), loading->diag,
				    &plan->complete_ms) &&
	    plan->complete_ms > COMPLETE_MOST_MS)
		diag_error(loading->diag, conf_word(within, 0).place,
			   "from 0s to 1m", "a mail cannot wait for %s",
			   conf_word(within, 0).text);
	plan->source = source_find(conf_word(node, 0).text);
	plan->every_ms = 60000;
	if (every && conf_duration(conf_word(every, 0), loading->diag,
				   &plan->every_ms) &&
	    (plan->every_ms < EVERY_LEAST_MS ||
	     plan->every_ms > EVERY_MOST_MS))
		diag_error(loading->diag, conf_word(every, 0).place,
			   "from 1s to 1d", "an API cannot be asked every %s",
			   conf_word(every, 0).text);
	if (!using) {
		if (!node->broken)
			diag_error(loading->diag, node->place, "add using APP",
				   "'poll' does not say with which app");
		return false;
	}
	name = conf_word(using, 0);
	plan->app = app_find(loading->apps, name.text);
	if (!plan->app)
		diag_error(loading->diag, name.place,
			   diag_did_you_mean(loading->diag, name.text,
				app_names(loading->apps,
					  loading->conf->arena),
				"define it with `app`"),
			   "unknown app '%s'", name.text);
	if (!plan->app || !plan->source)
		return false;
	plan->host = app_host(plan->app, plan->source);
	return true;
}

static const struct poll_plan *
plan_along(const struct poll_plan *plan, struct arena *arena)
{
	struct poll_plan *along;

	if (!plan->source->along)
		return NULL;
	along = arena_alloc(arena, sizeof(*along));
	*along = *plan;
	along->source = plan->source->along;
	along->every_ms *= ALONG_TIMES;
	if (along->every_ms > ALONG_MOST_MS)
		along->every_ms = plan->every_ms > ALONG_MOST_MS ?
				  plan->every_ms : ALONG_MOST_MS;
	return along;
}

/* One for each tenant; how many. */
static size_t
add_tenants(const struct loading *loading, const struct conf_node *customer,
	    const struct poll_plan *like)
{
	struct arena *arena = loading->conf->arena;
	size_t count = 0, i, j;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];

		if (strcmp(node->keyword, "tenant"))
			continue;
		for (j = 0; j < node->words.count; j++) {
			const char *tenant = node->words.items[j].text;
			struct poll_plan *plan;

			if (!text_is_guid(tenant))
				continue;	/* a domain name */
			plan = arena_alloc(arena, sizeof(*plan));
			*plan = *like;
			plan->tenant = text_fold(arena, tenant);
			plan->along = plan_along(plan, arena);
			vec_push(arena, loading->plans, plan);
			count++;
		}
	}
	return count;
}

static void
load_poll(const struct loading *loading, const struct conf_node *customer,
	  const struct conf_node *node)
{
	struct poll_plan plan = { .customer = conf_word(customer, 0).text };

	if (load_clauses(loading, node, &plan) &&
	    !add_tenants(loading, customer, &plan))
		diag_error(loading->diag, node->place, "add tenant GUID",
			   "customer '%s' has no tenant that can be asked",
			   plan.customer);
}

static bool
is_polled(const struct conf_node *node, const char *source)
{
	return !strcmp(node->keyword, "poll") &&
	       !strcmp(conf_word(node, 0).text, source);
}

static void
load_customer(const struct loading *loading, const struct conf_node *customer)
{
	size_t i, j;

	for (i = 0; i < customer->block.count; i++) {
		const struct conf_node *node = customer->block.items[i];
		const char *name = conf_word(node, 0).text;

		if (strcmp(node->keyword, "poll"))
			continue;
		j = 0;
		while (!is_polled(customer->block.items[j], name))
			j++;
		if (j < i)
			diag_error(loading->diag, node->place, "keep one of "
				   "them", "second 'poll %s' of customer '%s'",
				   name, conf_word(customer, 0).text);
		else
			load_poll(loading, customer, node);
	}
}

void
polls_load(const struct conf *conf, const app_list *apps, struct diag *diag,
	   poll_plans *plans)
{
	const struct loading loading = { conf, apps, diag, plans };
	size_t i;

	for (i = 0; i < conf->nodes.count; i++)
		if (!strcmp(conf->nodes.items[i]->keyword, "customer"))
			load_customer(&loading, conf->nodes.items[i]);
}

bool
poll_gives_alerts(const struct poll_plan *plan)
{
	return plan->source->kind == SOURCE_ALERTS;
}

/* ---- headers ---- */

bool
poll_parse_date(const char *text, instant_ms *when_out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil c = { .month = 0 };
	char month[4] = "", zone[4] = "";
	const char *at;
	int year;

	if (!text || sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d "
			    "%2d:%2d:%2d %3[A-Z]", &c.day, month, &year,
			    &c.hour, &c.minute, &c.second, zone) != 7)
		return false;
	at = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!at || (at - months) % 3 || strcmp(zone, "GMT"))
		return false;
	c.month = (int)(at - months) / 3 + 1;
	c.year = year;
	*when_out = clock_from_civil(&c);
	return true;
}

int64_t
poll_parse_wait(const char *text, instant_ms now)
{
	instant_ms when;
	int64_t wait = 0, unit = 1000;

	if (!text)
		return -1;
	if (poll_parse_date(text, &when)) {
		wait = when > now ? when - now : 0;
	} else if (*text >= '0' && *text <= '9') {
		for (; *text >= '0' && *text <= '9' && wait < WAIT_MOST_MS;
		     text++)
			wait = wait * 10 + (*text - '0') * 1000;
		if (*text == '.')
			for (text++; *text >= '0' && *text <= '9'; text++)
				wait += (*text - '0') * (unit /= 10);
	} else {
		return -1;
	}
	return wait < WAIT_MOST_MS ? wait : WAIT_MOST_MS;
}

int64_t
poll_wait(const struct transfer_answer *answer, instant_ms now)
{
	instant_ms theirs;

	return poll_parse_wait(answer->retry_after,
			       poll_parse_date(answer->date, &theirs) ?
			       theirs : now);
}

/* ---- answers ---- */

static void
fail(struct poll_answer *out, const char *sentence)
{
	out->result = POLL_FAILED;
	out->refusal = (struct refusal){
		.turn = TURN_LATER, .sentence = sentence,
	};
}

/* A link goes with the token, so only to where the token is for. */
static bool
is_ours(const struct poll_plan *plan, const char *link)
{
	const char *url = plan->host->url;
	size_t length = strlen(url);

	return !strncasecmp(link, url, length) &&
	       (link[length] == '/' || link[length] == '?');
}

static void
take_page(struct poll_answer *out, const struct poll_plan *plan,
	  struct json *document)
{
	const char *next = out->page.next;

	out->is_foreign = next && !is_ours(plan, next);
	if (out->is_foreign)
		out->page.next = NULL;
	out->result = POLL_PAGE;
	out->document = document;
}

/* What can be read of it all the same; NULL: nothing. */
static struct json *
salvage(struct poll_answer *out, const struct transfer_answer *answer,
	struct arena *arena)
{
	struct salvage found;

	if (!salvage_page(answer->body, answer->length, arena, &found))
		return NULL;
	out->left = found.left;
	out->passed = found.count;
	out->is_cut = found.is_cut;
	out->is_ended = found.is_ended;
	out->rest = found.rest;
	return found.page;
}

static void
take_refusal(struct poll_answer *out, const struct poll_plan *plan,
	     const struct transfer_answer *answer, const struct json *document,
	     struct arena *arena)
{
	struct source_refusal refusal =
		plan->source->refuse(answer->status, document);

	out->result = answer->status == 401 ? POLL_TOKEN :
		      refusal.is_too_large ? POLL_TOO_LARGE : POLL_FAILED;
	out->refusal = refuse(answer, &refusal, plan->source->permission,
			      arena);
	out->is_throttled = out->wait_ms >= 0 || answer->status == 429;
}

static void
read_document(struct poll_answer *out, const struct poll_plan *plan,
	      const struct transfer_answer *answer, struct arena *arena)
{
	struct buf error = BUF_INIT;
	struct json *document = json_parse(answer->body, answer->length,
					   &error);
	bool is_whole = document;

	buf_release(&error);
	if (!document && answer->status == 200)
		document = salvage(out, answer, arena);
	if (answer->status != 200) {
		take_refusal(out, plan, answer, document, arena);
	} else if (!document) {
		fail(out, "the API answered with what is no JSON");
	} else if (!plan->source->read(document, arena, &out->page)) {
		fail(out, "the API answered without a list");
	} else {
		take_page(out, plan, document);
		if (is_whole)
			out->passed = out->page.records.count;
		return;
	}
	json_destroy(&document);
}

/* As much as came, if that began as a page. */
static void
read_part(struct poll_answer *out, const struct poll_plan *plan,
	  const struct transfer_answer *answer, const char *why,
	  struct arena *arena)
{
	struct json *document = answer->status == 200 ?
				salvage(out, answer, arena) : NULL;

	if (document && plan->source->read(document, arena, &out->page)) {
		take_page(out, plan, document);
		out->is_cut = true;
	} else {
		json_destroy(&document);
	}
	if (!out->rest.text)
		out->rest.text = "";
	out->rest.sentence = why;
}

void
poll_read(const struct poll_plan *plan, const struct transfer_answer *answer,
	  instant_ms now, struct arena *arena, struct poll_answer *answer_out)
{
	*answer_out = (struct poll_answer){
		.wait_ms = poll_wait(answer, now),
	};
	if (answer->is_too_large) {
		read_part(answer_out, plan, answer, "it is too large", arena);
		fail(answer_out, "a page is too large");
		answer_out->result = POLL_TOO_LARGE;
	} else if (answer->end != TRANSFER_DONE) {
		read_part(answer_out, plan, answer, "the connection breaks in "
			  "it", arena);
		answer_out->result = POLL_FAILED;
		answer_out->refusal = refusal_of_end(answer, "the API", arena);
	} else {
		read_document(answer_out, plan, answer, arena);
	}
}
