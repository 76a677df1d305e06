/*
 * The poller in virtual time: a cloud of our own answers, hours pass between
 * two lines.
 */
#include "ask/poller.h"

#include "base/bug.h"
#include "base/digest.h"
#include "base/text.h"
#include "requests_twin.h"
#include "store/query.h"
#include "tap.h"
#include "temporary.h"

#include <sys/mman.h>
#include <unistd.h>

#define NOON INT64_C(1795348800000)	/* 2026-11-22T12:00:00Z */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define TICK INT64_C(200)
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

static struct arena *arena;		/* of one test */
static struct clock now;
static struct loop *loop;
static struct store *store;
static struct clerk *clerk;
static struct clerk *(*create_clerk)(struct loop *loop, struct store *store);
static struct generations *generations;
static struct requests *requests;
static struct poller *poller;
static struct buf error = BUF_INIT;
static char secret[TEMPORARY_LENGTH];
static int log_file = -1;

/* ---- what was asked ---- */

enum kind { TOKEN, PAGE, MADE, INCIDENTS };

struct asked {
	enum kind kind;
	instant_ms at;
	const char *url, *form, *bearer;
	instant_ms since;	/* of a page */
	unsigned int top;
	int64_t timeout_ms;
	size_t most;
};

static VEC(struct asked) asked;

/* "%20ge%20TIME", up to the next blank. */
static instant_ms
time_in(const char *url, const char *operator)
{
	const char *at = strstr(url, operator);
	instant_ms when = TIME_UNKNOWN;

	if (at) {
		at += strlen(operator);
		(void)clock_parse(arena_strndup(arena, at, strcspn(at, "%")),
				  &when);
	}
	return when;
}

static instant_ms
since_of(const char *url)
{
	return time_in(url, "%20ge%20");
}

static enum kind
kind_of(const char *url)
{
	return strstr(url, "/oauth2/") ? TOKEN :
	       strstr(url, "/incidents") ? INCIDENTS :
	       strstr(url, "created") ? MADE : PAGE;
}

static struct asked
note(const struct twin_request *request)
{
	const char *top = strstr(request->request.url, "$top=");
	const struct asked one = {
		.kind = kind_of(request->request.url), .at = now.fixed,
		.url = arena_strdup(arena, request->request.url),
		.form = request->request.body ?
			arena_strdup(arena, request->request.body) : "",
		.bearer = arena_strdup(arena, request->bearer),
		.since = since_of(request->request.url),
		.top = top ? (unsigned int)strtoul(top + 5, NULL, 10) : 0,
		.timeout_ms = request->request.timeout_ms,
		.most = request->request.answer_most,
	};

	vec_push(arena, &asked, one);
	return one;
}

static size_t
count(enum kind kind)
{
	size_t i, found = 0;

	for (i = 0; i < asked.count; i++)
		found += asked.items[i].kind == kind;
	return found;
}

/* The nth of a kind, from 0; negative from the end. */
static const struct asked *
nth(enum kind kind, int n)
{
	static const struct asked none = { .at = TIME_UNKNOWN, .url = "",
					   .form = "", .bearer = "" };
	size_t i, left = n < 0 ? count(kind) + (size_t)n : (size_t)n;

	for (i = 0; i < asked.count; i++)
		if (asked.items[i].kind == kind && !left--)
			return &asked.items[i];
	return &none;
}

/* ---- the cloud ---- */

/* What is answered next of a kind, in place of what is usual. */
struct scripted {
	int times;		/* left; negative: for ever */
	int status;
	const char *body;
	const char *retry_after;
	int64_t delay_ms;
	int64_t date_ms;	/* their clock minus ours; 0: no Date */
};

static struct scripted script[4];
static int64_t token_lives_s;
static const char *refresh_token;	/* that comes with the next token */
static int64_t date_ms;			/* of all usual answers; 0: none */
static VEC(const char *) alerts, incidents;	/* as JSON */
static void (*meanwhile)(struct twin_request *request);

static void
set_date(struct twin_request *request, int64_t skew)
{
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun",
		"Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
	};
	struct civil c;

	if (!skew)
		return;
	clock_to_civil(now.fixed + skew, &c);
	(void)snprintf(request->date, sizeof(request->date),
		       "Sun, %02d %s %04d %02d:%02d:%02d GMT", c.day % 100,
		       months[c.month - 1], (int)c.year % 10000,
		       c.hour % 100, c.minute % 100, c.second % 100);
}

static char *
list_of(const char *const *items, size_t length)
{
	struct buf text = BUF_INIT;
	char *copy;
	size_t i;

	buf_puts(&text, "{\"value\":[");
	for (i = 0; i < length; i++)
		buf_printf(&text, "%s%s", i ? "," : "", items[i]);
	buf_puts(&text, "]}");
	copy = bug_strdup(text.data);
	buf_release(&text);
	return copy;
}

static char *
token_body(void)
{
	static int number;
	const char *body = arena_printf(arena, "{\"token_type\":\"Bearer\","
		"\"access_token\":\"token-%d\",\"expires_in\":%lld%s%s%s}",
		number++, (long long)token_lives_s, refresh_token ?
		",\"refresh_token\":\"" : "", refresh_token ? refresh_token :
		"", refresh_token ? "\"" : "");

	return bug_strdup(body);
}

static void
answer_usual(struct twin_request *request, enum kind kind)
{
	set_date(request, date_ms);
	request->body = kind == TOKEN ? token_body() :
		kind == INCIDENTS ? list_of(incidents.items, incidents.count) :
		list_of(alerts.items, alerts.count);
}

static void
answer(struct twin_request *request)
{
	enum kind kind = note(request).kind;
	struct scripted *next = &script[kind];

	if (!next->times) {
		answer_usual(request, kind);
	} else {
		next->times -= next->times > 0;
		request->status = next->status;
		request->body = bug_strdup(next->body ? next->body : "");
		request->retry_after = next->retry_after;
		request->delay_ms = next->delay_ms;
		set_date(request, next->date_ms);
		if (next->status == 200 && !next->body) {
			free(request->body);
			answer_usual(request, kind);
		}
	}
	if (meanwhile)
		meanwhile(request);
}

static const char *
stamp(instant_ms when)
{
	struct buf text = BUF_INIT;
	const char *copy;

	clock_print(&text, when);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static const char *
alert(const char *id, instant_ms made, instant_ms changed,
      const char *incident)
{
	return arena_printf(arena, "{\"id\":\"%s\",\"title\":\"%s\","
		"\"severity\":\"high\",\"status\":\"new\","
		"\"serviceSource\":\"microsoftDefenderForEndpoint\","
		"\"incidentId\":%s%s%s,\"createdDateTime\":\"%s\","
		"\"lastUpdateDateTime\":\"%s\"}", id, id,
		incident ? "\"" : "", incident ? incident : "null",
		incident ? "\"" : "", stamp(made), stamp(changed));
}

static void
add_alert(const char *id, instant_ms made, instant_ms changed)
{
	vec_push(arena, &alerts, alert(id, made, changed, NULL));
}

/* ---- a store that may fail ---- */

static const struct store_driver *real_driver;
static struct store_driver driver;
static size_t refusals;

static enum outcome
begin(struct store_session *session, struct buf *why)
{
	if (!refusals)
		return real_driver->begin(session, why);
	refusals--;
	buf_puts(why, "it is full");
	return OUTCOME_TEMPORARY;
}

static void
open_store(void)
{
	if (store_open("memory", &store, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	real_driver = store->driver;
	driver = *real_driver;
	driver.begin = begin;
	store->driver = &driver;
	refusals = 0;
}

static struct store_poll
row_of(const char *source)
{
	struct store_polls polls = { 0 };
	struct store_poll none = { .started = -1 };
	size_t i;

	if (store_polls(store, arena, &polls, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < polls.count; i++)
		if (!strcmp(polls.items[i].source, source))
			return polls.items[i];
	return none;
}

/* "notify a1, drop old, notice A tenant cannot be read" */
static const char *
items(void)
{
	struct store_items list = { 0 };
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	if (store_items(store, 0, 1000, arena, &list, &error) != OUTCOME_OK)
		BUG("%s", error.data);
	for (i = 0; i < list.count; i++) {
		const struct store_item *item = &list.items[i];
		struct json *json = NULL;
		const char *what = item->verdict.reason;

		if (!strcmp(item->kind, "api")) {
			json = json_parse(item->verdict.alert,
					  strlen(item->verdict.alert), &error);
			what = json_text(json_member(json, "alert"));
		}
		buf_printf(&text, "%s%s %s", text.len ? ", " : "",
			   !strcmp(item->kind, "notice") ? "notice" :
			   item->verdict.action, what ? what : "?");
		json_destroy(&json);
	}
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static size_t
text_times(const char *text, const char *words)
{
	size_t found = 0;

	for (; (text = strstr(text, words)); text++)
		found++;
	return found;
}

static size_t
log_has(const char *words)
{
	static char text[1 << 20];
	ssize_t length = pread(log_file, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text_times(text, words);
}

/* ---- the world ---- */

static size_t finished_times, stored_times;
static double share;			/* from 0 to 1 */
static struct buf runs = BUF_INIT;	/* "+" well, "-" failed, of alerts */

static void
stored(void *context)
{
	(void)context;
	stored_times++;
}

static void
finished(void *context)
{
	(void)context;
	finished_times++;
}

static void
ended(void *context, const struct poll_plan *plan, const char *failure)
{
	(void)context;
	if (poll_gives_alerts(plan))
		buf_putc(&runs, failure ? '-' : '+');
}

static struct generation *
load(const char *customers)
{
	struct arena *mine = arena_create();
	struct map *texts = map_create(mine);
	struct generation *generation;
	char *text = arena_printf(mine,
		"state /poller\nspool /poller\n"
		"catch-all desk\nteam desk { mail soc@mssp.example }\n"
		"relay out { maildir /poller/out }\n%s", customers);

	(void)map_set(texts, "/poller/main", text);
	generation = generation_load("/poller/main", texts, NOON);
	if (!generation_good(generation)) {
		diag_print(generation->diag, &error);
		BUG("%s", error.data);
	}
	arena_destroy(&mine);
	return generation;
}

static const char *
app_of(int client, const char *proof)
{
	return arena_printf(arena, "app reader { client "
		"6f9c1d0e-0000-4000-8000-00000000000%d %s %s }\n", client,
		proof, secret);
}

static const char *
app_with(const char *proof)
{
	return app_of(1, proof);
}

static const char *
customers_with(const char *app, const char *poll)
{
	return arena_printf(arena, "%scustomer c { tenant " TENANT
		" recipients @mssp.example poll %s otherwise notify desk }\n",
		app, poll);
}

static uint32_t
by_choice(uint32_t most)
{
	return (uint32_t)(most * share);
}

static struct poller_world
world(void)
{
	return (struct poller_world){
		.loop = loop, .clerk = clerk, .requests = requests,
		.generations = generations, .clock = &now,
		.chance = by_choice, .stored = stored, .ended = ended,
	};
}

static void
open_world(const char *customers)
{
	now = clock_at(NOON);
	loop = loop_create_virtual(&now);
	open_store();
	clerk = create_clerk(loop, store);
	generations = generations_create(load(customers));
	requests = twin_create(loop, answer);
	share = 0.5;
	token_lives_s = 3600;
	date_ms = 0;
	refresh_token = NULL;
	memset(script, 0, sizeof(script));
	memset(&asked, 0, sizeof(asked));
	memset(&alerts, 0, sizeof(alerts));
	memset(&incidents, 0, sizeof(incidents));
	meanwhile = NULL;
	finished_times = stored_times = 0;
	buf_reset(&runs);
	if (ftruncate(log_file, 0) || lseek(log_file, 0, SEEK_SET))
		BUG("no empty log");
}

static void
open_poller(void)
{
	struct poller_world all = world();

	poller = poller_create(&all);
}

static void
open_all(const char *poll)
{
	arena = arena_create();
	open_world(customers_with(app_with("secret-file"), poll));
	open_poller();
}

static struct twin *
twin(void)
{
	return CONTAINER_OF(requests, struct twin, requests);
}

static void
close_poller(void)
{
	poller_stop(poller);
	poller_destroy(&poller);
}

static void
close_world(void)
{
	clerk_destroy(&clerk);
	twin_destroy(&requests);
	generations_destroy(&generations);
	store_close(&store);
	loop_destroy(&loop);
	arena_destroy(&arena);
}

static void
close_all(void)
{
	close_poller();
	close_world();
}

static void
pass(int64_t ms)
{
	loop_run_until(loop, now.fixed + ms);
}

/* Until there is one more of a kind, and it is dealt with. */
static const struct asked *
next(enum kind kind)
{
	size_t before = count(kind), i;

	for (i = 0; i < 100000 && count(kind) == before; i++)
		pass(TICK);
	pass(0);
	return nth(kind, -1);
}

static bool
is_between(int64_t value, int64_t least, int64_t most)
{
	if (value < least || value > most)
		printf("# got %lld, want %lld to %lld\n", (long long)value,
		       (long long)least, (long long)most);
	return value >= least && value <= most;
}

/* ---- paces ---- */

static void
test_due(void)
{
	size_t i;
	bool good = true;

	open_all("graph using reader every 1m");
	pass(MINUTE + TICK);
	ok(count(PAGE) >= 1 && is_between(nth(PAGE, 0)->at - NOON, 0,
					   MINUTE + TICK),
	   "the first time is within the interval");
	pass(30 * MINUTE);
	for (i = 1; i < 30; i++)
		good = good && is_between(nth(PAGE, (int)i)->at -
					  nth(PAGE, (int)i - 1)->at, MINUTE,
					  MINUTE + TICK);
	ok(good, "then it is asked once in it, to a fifth of a second");
	ok(is_between((int64_t)count(INCIDENTS), 6, 7),
	   "incidents every fifth time");
	is_int((int64_t)count(TOKEN), 1, "with one token");
	is(nth(PAGE, 3)->bearer, nth(INCIDENTS, 1)->bearer, "for both");
	is_int(nth(PAGE, 0)->timeout_ms, 30 * SECOND,
	       "a page has half a minute");
	is_int((int64_t)nth(PAGE, 0)->most, 8 << 20, "and 8 MiB");
	is_int((int64_t)nth(TOKEN, 0)->most, 256 << 10, "a token 256 KiB");
	close_all();
}

static void
test_backoff(const char *name, int status, int64_t first, int64_t most)
{
	int64_t want = first;
	bool good = true;
	int i;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = -1, .status = status };
	share = 0;
	next(PAGE);
	for (i = 0; i < 12; i++) {
		instant_ms before = nth(PAGE, -1)->at;
		int64_t spread = i % 2 ? want / 4 : 0;

		share = i % 2 ? 0 : 0.99999;	/* of the next one */
		good = good && is_between(next(PAGE)->at - before,
					  want + spread - TICK,
					  want + spread + 2 * TICK);
		want = want * 2 < most ? want * 2 : most;
	}
	ok(good, "%s: twice as long each time, up to a limit", name);
	script[PAGE].times = 0;
	next(PAGE);
	ok(is_between(next(PAGE)->at - nth(PAGE, -2)->at, MINUTE,
		      MINUTE + TICK), "%s: then as before", name);
	close_all();
}

static void
test_retry_after(void)
{
	instant_ms before;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = 1, .status = 429,
					  .retry_after = "1234.5" };
	before = next(PAGE)->at;
	ok(is_between(next(PAGE)->at - before, 1234500, 1234500 + TICK),
	   "Retry-After is kept, and not more");
	ok(count(INCIDENTS) && is_between(nth(INCIDENTS, -1)->at - before,
					  1234500, 1234500 + MINUTE),
	   "for all of the tenant: names of incidents wait as well");
	before = now.fixed;
	script[INCIDENTS] = (struct scripted){ .times = 1, .status = 429,
					       .retry_after = "1234.5" };
	next(INCIDENTS);
	ok(next(PAGE)->at - nth(INCIDENTS, -1)->at <= MINUTE + TICK,
	   "but no alert waits for names");
	close_all();
}

/* As some gateways say each time. */
static void
test_retry_soon(const char *wait)
{
	int64_t want = MINUTE;
	bool good = true;
	int i;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	share = 0;
	script[PAGE] = (struct scripted){
		.times = -1, .status = 429, .retry_after = wait
	};
	next(PAGE);
	for (i = 0; i < 4; i++) {
		instant_ms before = nth(PAGE, -1)->at;

		good = good && is_between(next(PAGE)->at - before, want,
					  want + 2 * TICK);
		want *= 2;
	}
	ok(good, "Retry-After: %s: not sooner than otherwise, and longer each "
	   "time", wait);
	close_all();
}

/* What is once elsewhere, or is asked for by a box on the way. */
static void
test_redirected(int status)
{
	instant_ms before;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = 1, .status = status };
	before = next(PAGE)->at;
	ok(is_between(next(PAGE)->at - before, MINUTE,
		      MINUTE * 5 / 4 + TICK), "a %d costs one interval", status);
	is(items(), "", "and nobody is told");
	close_all();
}

static void
answer_endless(struct twin_request *request);
static int endless;

static void
test_budget(void)
{
	size_t i, in_a_minute = 0;
	instant_ms first;

	open_all("graph using reader every 1s");
	pass(3 * SECOND);
	endless = 0;
	meanwhile = answer_endless;
	pass(5 * MINUTE);	/* what is left at the start is used up */
	first = now.fixed;
	pass(MINUTE);
	for (i = 0; i < asked.count; i++)
		in_a_minute += asked.items[i].at > first;
	ok(is_between((int64_t)in_a_minute, 98, 101),
	   "a tenant is asked 100 times a minute");
	close_all();
}

/* ---- tokens ---- */

static void
test_token_early(void)
{
	open_all("graph using reader every 1m");
	pass(59 * MINUTE);
	is_int((int64_t)count(TOKEN), 2, "a token of an hour is renewed");
	ok(is_between(nth(TOKEN, 1)->at - nth(TOKEN, 0)->at, 55 * MINUTE,
		      56 * MINUTE + TICK), "five minutes before its end");
	token_lives_s = 400;
	pass(58 * MINUTE);
	close_all();
	open_all("graph using reader every 1s");
	token_lives_s = 400;
	pass(6 * MINUTE);
	ok(is_between(nth(TOKEN, 1)->at - nth(TOKEN, 0)->at, 200 * SECOND,
		      201 * SECOND + TICK),
	   "a short one when half its life is over");
	close_all();
}

/* Pages that follow each other while the token should be renewed. */
static void
test_token_in_run(void)
{
	const char *body = "{\"value\":[],\"@odata.nextLink\":"
			   "\"https://graph.microsoft.com/next\"}";
	const char *bearer;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	while (now.fixed - nth(TOKEN, 0)->at < 53 * MINUTE)
		pass(SECOND);
	script[PAGE] = (struct scripted){ .times = 1, .status = 200,
					  .body = body,
					  .delay_ms = 3 * MINUTE };
	bearer = next(PAGE)->bearer;
	next(PAGE);
	ok(nth(PAGE, -1)->at - nth(TOKEN, 0)->at > 55 * MINUTE,
	   "a run lasts until its token should be renewed");
	is(nth(PAGE, -1)->url, "https://graph.microsoft.com/next",
	   "the next page");
	is(nth(PAGE, -1)->bearer, bearer, "is asked for with it all the same");
	next(PAGE);
	ok(strcmp(nth(PAGE, -1)->bearer, bearer), "the next run with another");
	close_all();
}

/* Both are due at once, and the token takes a while. */
static void
test_token_along(void)
{
	arena = arena_create();
	open_world(customers_with(app_with("secret-file"),
				  "graph using reader every 1m"));
	share = 0;
	script[TOKEN] = (struct scripted){ .times = 1, .status = 200,
					   .delay_ms = 10 * SECOND + TICK / 2 };
	open_poller();
	pass(MINUTE);
	is_int((int64_t)count(TOKEN), 1, "what reads along asks for no token");
	ok(is_between(nth(INCIDENTS, 0)->at - nth(TOKEN, 0)->at, 10 * SECOND,
		      10 * SECOND + TICK), "but uses it as soon as it is there");
	close_all();
}

/* What was changed is not known everywhere at once: a certificate, a key that
 * signs, a grant. */
static const struct settling {
	const char *name, *body, *turn;
	int status;
	enum kind kind;
} settling[] = {
	{ "a certificate that nobody knows yet", "{\"error\":"
	  "\"invalid_client\",\"error_codes\":[700027]}", "ours", 401, TOKEN },
	{ "a grant that is not accepted", "{\"error\":\"invalid_grant\","
	  "\"error_codes\":[70000]}", "ours", 400, TOKEN },
	{ "a number that nobody knows", "{\"error\":\"invalid_grant\","
	  "\"error_codes\":[1]}", "theirs", 400, TOKEN },
	{ "a key that signs and is new", "{\"error\":{\"code\":"
	  "\"InvalidAuthenticationToken\",\"message\":\"Signing key is "
	  "invalid.\"}}", "later", 401, PAGE },
	{ "a portal", "<html>", "later", 302, TOKEN },
	{ "a proxy", "<html>", "later", 407, PAGE },
};

static void
test_settling(const struct settling *row)
{
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[row->kind] = (struct scripted){
		.times = -1, .status = row->status, .body = row->body
	};
	if (row->kind == TOKEN)
		pass(54 * MINUTE);	/* that there is, ends */
	next(row->kind);
	while (now.fixed < row_of("graph").failed + 30 * MINUTE)
		pass(MINUTE);
	is(items(), "", "%s: nobody is told before half an hour", row->name);
	ok(now.fixed - nth(row->kind, -1)->at <= 15 * MINUTE * 5 / 4 + MINUTE,
	   "%s: it is tried again and again", row->name);
	pass(20 * MINUTE);
	is(items(), "notice A tenant cannot be read", "%s: then it is told",
	   row->name);
	is(row_of("graph").class, row->turn, "%s: whose turn it is", row->name);
	script[row->kind].times = 0;
	pass(HOUR + 20 * MINUTE);
	is(items(), "notice A tenant cannot be read, "
	   "notice A tenant can be read again", "%s: and its end", row->name);
	close_all();
}

/* Two tenants of one app, which answer the same. */
static void
test_folded(const char *name, int status, const char *body, enum kind kind,
	    size_t want)
{
	arena = arena_create();
	open_world(arena_printf(arena, "%scustomer d { tenant 11111111-2222-"
		"3333-4444-555555555555 recipients @mssp.example poll graph "
		"using reader every 1m otherwise notify desk }\n",
		customers_with(app_with("secret-file"),
			       "graph using reader every 1m")));
	script[kind] = (struct scripted){
		.times = -1, .status = status, .body = body
	};
	open_poller();
	pass(3 * MINUTE);
	is_int((int64_t)text_times(items(), "cannot be read"), (int64_t)want,
	       "%s is told %s", name, want > 1 ? "for each tenant" : "once");
	close_all();
}

/* ---- windows ---- */

static void
test_overlap(void)
{
	instant_ms started, changed;

	open_all("graph using reader every 1m");
	pass(MINUTE + TICK);
	started = nth(PAGE, 0)->at;
	is_int(row_of("graph").started, started, "the first contact");
	is_int(nth(PAGE, 0)->since, started - 30 * MINUTE,
	       "looks back half an hour");
	is_int(next(PAGE)->since, started - 15 * MINUTE,
	       "the next ones a quarter before the cursor");
	changed = now.fixed;
	add_alert("a1", changed, changed);
	next(PAGE);
	is_int(row_of("graph").cursor, changed,
	       "which is the latest change");
	next(PAGE);
	is_int(nth(PAGE, -1)->since, row_of("graph").cursor - 15 * MINUTE,
	       "also for the window");
	is(items(), "notify a1", "and it is told");
	ok(stored_times > 0, "at once");
	script[PAGE] = (struct scripted){ .times = -1, .status = 503 };
	pass(90 * MINUTE);
	script[PAGE].times = 0;
	alerts.count = 0;
	next(PAGE);
	next(PAGE);
	ok(row_of("graph").cursor - 30 * MINUTE ==
	   nth(PAGE, -2)->since, "after an outage half an hour before it");
	is_int(nth(PAGE, -1)->since, row_of("graph").cursor - 15 * MINUTE,
	       "and then a quarter again");
	close_all();
}

static void
test_sweeps(void)
{
	int i;
	bool good = true;

	open_all("graph using reader every 1m");
	pass(5 * HOUR);
	ok(is_between((int64_t)count(MADE), 4, 5), "a sweep an hour");
	for (i = 1; i < 4; i++)
		good = good && is_between(nth(MADE, i)->at -
					  nth(MADE, i - 1)->at, HOUR,
					  HOUR + MINUTE + 2 * TICK);
	ok(good, "with an hour between");
	is_int(nth(MADE, 1)->at - nth(MADE, 1)->since, DAY, "over a day");
	close_all();
	open_all("graph using reader every 3h");
	pass(10 * HOUR);
	ok(count(MADE) >= 2 && count(PAGE) >= 3,
	   "also for an API that is asked less often");
	close_all();
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[MADE] = (struct scripted){ .times = -1, .status = 400 };
	pass(3 * HOUR);
	ok(count(PAGE) > 5 && row_of("graph").good > NOON + HOUR,
	   "a sweep that fails keeps no change from being asked for");
	ok(is_between(nth(MADE, 1)->at - nth(MADE, 0)->at, HOUR,
		      HOUR + 15 * MINUTE), "and is tried an hour later");
	close_all();
}

/* A first page with a link, then what the script says. */
static const char *
page_with_link(const char *alerts_json, const char *link)
{
	return arena_printf(arena, "{\"value\":[%s],\"@odata.nextLink\":"
		"\"https://graph.microsoft.com/%s\"}", alerts_json, link);
}

static int fails_of_two;

static void
answer_two(struct twin_request *request)
{
	if (!strstr(request->request.url, "two") || !fails_of_two)
		return;
	fails_of_two--;
	request->status = 500;
}

static void
test_pages(void)
{
	struct store_poll before, after;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	before = row_of("graph");
	script[PAGE] = (struct scripted){
		.times = 1, .status = 200,
		.body = page_with_link(alert("a1", now.fixed, now.fixed, NULL),
				       "two"),
	};
	fails_of_two = 2;
	meanwhile = answer_two;
	next(PAGE);
	ok(strstr(nth(PAGE, -1)->url, "two"), "a link is followed");
	after = row_of("graph");
	is(items(), "notify a1", "a page is told as soon as it is there");
	is_int(after.cursor, before.cursor, "the cursor waits for the last");
	next(PAGE);
	is(nth(PAGE, -1)->url, nth(PAGE, -2)->url,
	   "a page that fails is asked for again");
	next(PAGE);
	ok(strstr(nth(PAGE, -2)->url, "alerts_v2") &&
	   nth(PAGE, -2)->since == nth(PAGE, -2)->at, "then, is it the API?");
	ok(strstr(nth(PAGE, -1)->url, "%20lt%20"),
	   "if it is not, the window is read anew");
	pass(MINUTE);
	after = row_of("graph");
	is(items(), "notify a1", "nobody is told twice");
	close_all();
}

static void
test_page_limits(void)
{
	static const unsigned int smaller[] = { 25, 6, 1 };
	static const unsigned int larger[] = { 2, 4, 8, 16, 32, 64, 100, 100 };
	size_t i;

	open_all("graph using reader every 1m");
	pass(6 * MINUTE);
	is_int(nth(PAGE, 0)->top, 100, "a page has a hundred records");
	is_int(nth(INCIDENTS, 0)->top, 50, "of incidents fifty");
	script[PAGE] = (struct scripted){
		.times = 3, .status = 400, .body = "{\"error\":{\"message\":"
		"\"The limit of '5' for Top query has been exceeded.\"}}"
	};
	next(PAGE);
	for (i = 0; i < 3; i++)
		is_int(nth(PAGE, (int)i - 3)->top, smaller[i],
		       "less when that is too much: %u", smaller[i]);
	is_int((int64_t)nth(PAGE, -1)->most, 64 << 20,
	       "one record may have 64 MiB");
	for (i = 0; i < 8; i++)
		is_int(next(PAGE)->top, larger[i], "then more again: %u",
		       larger[i]);
	script[PAGE].times = -1;
	next(PAGE);
	pass(SECOND);
	is(row_of("graph").class, "ours", "not even one can be had");
	close_all();
}

/* ---- records that no page survives ---- */

enum { POISON_RECORDS = 6 };

/* How a page fails that has the record in it. */
static const struct poison {
	const char *name;
	const char *tail;	/* behind its first half; NULL: it is too
				   large */
} poisons[] = {
	{ "breaks off", "" },
	{ "breaks off with an error", "{\"error\":{\"code\":\"UnknownError\"}}" },
	{ "is inside out", "\"x\":\"y\"}" },
	{ "is too large", NULL },
	{ "breaks the connection", "" },
};

/* What the API makes of $skip. */
static const char *const counting[] = { "counts", "refuses", "does not" };

#define TOP_ALONE "counts to $top alone"

static const struct poison *poison;
static const char *counts;
static size_t poison_at, poison_page;	/* most records in a page */

static size_t
number_in(const char *url, const char *name, size_t otherwise)
{
	const char *at = strstr(url, name);

	return at ? strtoul(at + strlen(name), NULL, 10) : otherwise;
}

/* They changed a second apart. */
static instant_ms poison_changed;

static bool
is_in_window(const char *url, size_t i)
{
	instant_ms when = poison_changed + (instant_ms)i * SECOND;
	instant_ms until = time_in(url, "%20lt%20");

	return when >= since_of(url) &&
	       (until == TIME_UNKNOWN || when < until);
}

static void
spoil(struct twin_request *request, struct buf *text)
{
	buf_cut(text, text->len - 60);
	if (strstr(poison->name, "connection"))
		request->end = TRANSFER_LOST;
	if (poison->tail) {
		buf_puts(text, poison->tail);
	} else {
		request->is_too_large = true;
		request->end = TRANSFER_STOPPED;
	}
}

static void
answer_poisoned(struct twin_request *request)
{
	const char *url = request->request.url;
	size_t token = number_in(url, "$token=", 0);
	size_t skip = strcmp(counts, "counts") ? token :
		      number_in(url, "$skip=", token), i;
	size_t end = skip + number_in(url, "$top=", 100);
	struct buf text = BUF_INIT;
	bool is_whole = true;

	if (kind_of(url) != PAGE && kind_of(url) != MADE)
		return;
	if (end > skip + poison_page)
		end = skip + poison_page;
	if (!strcmp(counts, "refuses") && strstr(url, "$skip=")) {
		request->status = 400;
		free(request->body);
		request->body = bug_strdup("{\"error\":{}}");
		return;
	}
	buf_puts(&text, "{\"value\":[");
	for (i = skip; is_whole && i < end && i < alerts.count; i++) {
		if (!is_in_window(url, i))
			continue;
		buf_printf(&text, "%s%s", text.len > 12 ? "," : "",
			   alerts.items[i]);
		is_whole = i != poison_at;
	}
	if (!is_whole)
		spoil(request, &text);
	else if (end < alerts.count)
		buf_printf(&text, "],\"@odata.nextLink\":"
			   "\"https://graph.microsoft.com/alerts_v2?$top=%zu"
			   "&$token=%zu%s\"}", end - skip, end,
			   strstr(url, "&$filter"));
	else
		buf_puts(&text, "]}");
	free(request->body);
	request->body = bug_strdup(text.data);
	buf_release(&text);
}

static void
test_poison_at(const char *name, const char *poll)
{
	struct buf want = BUF_INIT;
	instant_ms before;
	size_t i;

	open_all(poll);
	pass(2 * MINUTE);
	before = row_of("graph").cursor;
	poison_changed = now.fixed;
	for (i = 0; i < POISON_RECORDS; i++)
		add_alert(arena_printf(arena, "a%zu", i), poison_changed +
			  (instant_ms)i * SECOND, poison_changed +
			  (instant_ms)i * SECOND);
	meanwhile = answer_poisoned;
	/* A connection may break by itself: once more, the page and the
	 * record. */
	pass(strstr(name, "connection") ? 4 * MINUTE : MINUTE + 2 * TICK);
	for (i = 0; i < POISON_RECORDS; i++) {
		const char *id = arena_printf(arena, "notify a%zu", i);

		if (i != poison_at && !strstr(items(), id))
			buf_printf(&want, " %s", id);
	}
	is(want.data, "", "record %zu of pages of %zu %s, the API %s: the "
	   "others are told soon", poison_at, poison_page, name, counts);
	ok(strstr(items(), "hold") != NULL && log_has("event=hold") == 1,
	   "it is held");
	ok(row_of("graph").cursor > before &&
	   row_of("graph").failed == TIME_UNKNOWN, "and holds up nothing");
	pass(HOUR + 2 * MINUTE);	/* with a sweep */
	is_int((int64_t)log_has("event=hold"), 1, "nor is it told again");
	buf_release(&want);
	close_all();
}

static void
test_poison(void)
{
	static const size_t page_sizes[] = { 2, 100 };
	size_t i, j;

	for (i = 0; i < sizeof(poisons) / sizeof(*poisons); i++)
		for (j = 0; j < 2; j++)
			for (poison_at = (i + j) % tap_stride();
			     poison_at < POISON_RECORDS;
			     poison_at += tap_stride()) {
				poison = &poisons[i];
				poison_page = page_sizes[j];
				counts = poisons[i].tail ?
					 counting[poison_at % 3] : counting[0];
				test_poison_at(poison->name, "graph using "
					       "reader every 1m");
			}
}

/* What a span began with cannot always be told by its id. */
static void
test_poison_behind_nameless(void)
{
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	poison = &poisons[0];
	poison_page = 100;
	counts = counting[0];
	poison_at = 1;
	poison_changed = now.fixed;
	vec_push(arena, &alerts, "{\"title\":\"I have no id\"}");
	add_alert("a1", poison_changed, poison_changed);
	add_alert("a2", poison_changed, poison_changed);
	meanwhile = answer_poisoned;
	pass(MINUTE + 2 * TICK);
	ok(strstr(items(), "notify a2") != NULL, "what stands behind a record "
	   "that breaks the page off, behind one without an id, is told");
	is_int((int64_t)log_has("event=hold"), 2, "and both of them are held");
	is(strstr(nth(PAGE, -1)->url, "%20lt%20"), NULL, "by counting, since "
	   "the API counts");
	close_all();
}

/* ---- records that no page with them is answered ---- */

/* What is answered instead, whenever one of them would be in the page. */
static const struct silence {
	const char *name;
	int status;
	enum transfer_end end;
	const char *body;
} silences[] = {
	{ "is a fault of the API", 500, TRANSFER_DONE,
	  "{\"error\":{\"code\":\"InternalServerError\"}}" },
	{ "is a fault of a gateway", 502, TRANSFER_DONE, "<html>Bad Gateway" },
	{ "is refused", 422, TRANSFER_DONE, "{\"error\":{\"code\":\"Bad\"}}" },
	{ "is no list", 200, TRANSFER_DONE, "{}" },
	{ "is no JSON", 200, TRANSFER_DONE, "oops" },
	{ "breaks the connection before it", 0, TRANSFER_LOST, "" },
	{ "is never answered", 0, TRANSFER_TIMEOUT, "" },
};

static const struct silence *silence;
static VEC(instant_ms) changes;		/* of each of `alerts` */
static VEC(size_t) silent;		/* numbers of alerts */
static bool is_ill;			/* the API as a whole */
static unsigned int ill_percent, ill_seed;	/* so many answers of it */
static int64_t made_before;		/* its change is the first alert */

static bool
is_silent(size_t i)
{
	size_t j = 0;

	while (j < silent.count && silent.items[j] != i)
		j++;
	return j < silent.count;
}

static void
be_silent(struct twin_request *request)
{
	free(request->body);
	request->body = bug_strdup(silence->body);
	request->status = silence->status;
	request->end = silence->end;
	if (silence->end == TRANSFER_TIMEOUT)
		request->delay_ms = TWIN_HANGS;
}

static bool
is_asked_for(const char *url, instant_ms when)
{
	instant_ms until = time_in(url, "%20lt%20");

	return when >= since_of(url) && (until == TIME_UNKNOWN || when < until);
}

static bool
is_unlucky(void)
{
	ill_seed = ill_seed * 1103515245U + 12345U;
	return (ill_seed >> 16) % 100 < ill_percent;
}

/* When it changed, or was made. */
static instant_ms
time_of(const char *url, size_t i)
{
	return changes.items[i] - (i || kind_of(url) != MADE ? 0 : made_before);
}

/* One page is all of a window, as far as $top and $skip are not known. */
static void
answer_silently(struct twin_request *request)
{
	const char *url = request->request.url;
	bool can_count = !strcmp(counts, "counts");
	size_t skip = can_count ? number_in(url, "$skip=", 0) : 0;
	size_t top = can_count || !strcmp(counts, TOP_ALONE) ?
		     number_in(url, "$top=", 100) : 100, i, n = 0;
	struct buf text = BUF_INIT;
	bool is_bad = is_ill || is_unlucky();

	if (kind_of(url) != PAGE && kind_of(url) != MADE)
		return;
	buf_puts(&text, "{\"value\":[");
	for (i = 0; i < alerts.count; i++) {
		if (!is_asked_for(url, time_of(url, i)) || n++ < skip ||
		    n > skip + top)
			continue;
		is_bad |= is_silent(i);
		buf_printf(&text, "%s%s", text.len > 12 ? "," : "",
			   alerts.items[i]);
	}
	buf_puts(&text, "]}");
	if (!strcmp(counts, "refuses") && strstr(url, "$skip=")) {
		buf_reset(&text);
		buf_puts(&text, "{\"error\":{}}");
		request->status = 400;
		is_bad = false;
	}
	free(request->body);
	request->body = bug_strdup(text.data);
	if (is_bad)
		be_silent(request);
	buf_release(&text);
}

static void
add_changed(instant_ms when)
{
	add_alert(arena_printf(arena, "a%zu.", alerts.count), when, when);
	vec_push(arena, &changes, when);
}

/* Alerts that can be told and are not, and those that cannot and are. */
static const char *
wrongly_told(void)
{
	struct buf wrong = BUF_INIT;
	const char *copy;
	size_t i;

	for (i = 0; i < alerts.count; i++)
		if (is_silent(i) == (strstr(items(), arena_printf(arena,
				"notify a%zu.", i)) != NULL))
			buf_printf(&wrong, " %zu", i);
	copy = arena_strdup(arena, wrong.data);
	buf_release(&wrong);
	return copy;
}

/* Some records, so far apart. */
static void
open_silence(size_t records, int64_t apart_ms)
{
	size_t i;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	is_ill = false;
	ill_percent = 0;
	made_before = 0;
	memset(&changes, 0, sizeof(changes));
	memset(&silent, 0, sizeof(silent));
	for (i = 0; i < records; i++)
		add_changed(now.fixed + (instant_ms)i * apart_ms);
	meanwhile = answer_silently;
}

static void
test_silence_at(size_t at)
{
	instant_ms before;

	open_silence(POISON_RECORDS, at % 2 ? SECOND : 1);
	before = row_of("graph").cursor;
	vec_push(arena, &silent, at);
	/* A page, its like a minute later, and some fifty that close it in. */
	pass(silence->end == TRANSFER_TIMEOUT ? 25 * MINUTE : 3 * MINUTE);
	is(wrongly_told(), "", "record %zu %s, the API %s: the others are told "
	   "soon", at, silence->name, counts);
	pass(25 * MINUTE);
	is_int((int64_t)log_has("event=hold"), 1, "it is told");
	ok(log_has(stamp(changes.items[at])), "and which one it is");
	ok(row_of("graph").failed == TIME_UNKNOWN &&
	   row_of("graph").cursor > before, "it holds up nothing");
	close_all();
}

/* Hours of it, and its end. */
static void
test_silence_lasts(void)
{
	size_t before;
	int i;

	open_silence(3, MINUTE);
	vec_push(arena, &silent, 1);
	pass(30 * MINUTE);
	for (i = 0; i < 5; i++) {
		add_changed(now.fixed);
		pass(MINUTE + 2 * TICK);
		is(wrongly_told(), "", "what comes beside it is told at the "
		   "next poll");
	}
	before = asked.count;
	pass(10 * MINUTE);
	ok(asked.count - before <= 10 + 3 + 3, "it costs little");
	pass(5 * HOUR);
	is_int((int64_t)log_has("event=hold"), 1, "it is told once, by sweeps "
	   "as well");
	close_poller();
	open_poller();
	pass(5 * HOUR);
	is_int((int64_t)log_has("event=hold"), 2, "after a restart once more, "
	   "as a sweep finds it");
	is(wrongly_told(), "", "it is not lost sight of");
	silent.count = 0;
	pass(HOUR + 2 * MINUTE);
	is(wrongly_told(), "", "when the API gives it at last, it is told");
	before = asked.count;
	pass(HOUR);
	ok(asked.count - before <= 60 + 12 + 2, "and that was that");
	close_all();
}

/* A restart before it was told loses nothing: the cursor has waited. */
static void
test_silence_restart(void)
{
	open_silence(3, SECOND);
	vec_push(arena, &silent, 2);
	pass(5 * MINUTE);
	is(wrongly_told(), "", "what is around it is told");
	is_int((int64_t)log_has("event=hold"), 0, "it is not told at once");
	ok(row_of("graph").cursor <= changes.items[2], "the cursor waits");
	close_poller();
	add_changed(now.fixed);
	pass(3 * DAY);
	open_poller();
	pass(25 * MINUTE);
	is_int((int64_t)log_has("event=hold"), 1, "it is told days later");
	is_int(row_of("graph").cursor, changes.items[3], "the cursor goes on");
	close_all();
}

static void
test_silence_together(void)
{
	open_silence(5, 0);
	vec_push(arena, &silent, 1);
	vec_push(arena, &silent, 2);
	pass(3 * MINUTE);
	is(wrongly_told(), "", "those of the same millisecond are told");
	pass(30 * MINUTE);
	is_int((int64_t)log_has("event=hold"), 1, "what is left is told once");
	close_all();
}

/* Whatever it makes of what it is asked, no millisecond is left behind of which
 * nobody heard. */
static void
test_silence_together_uncounted(const char *how, size_t at)
{
	counts = how;
	open_silence(3, 0);
	vec_push(arena, &silent, at);
	pass(30 * MINUTE);
	is_int((int64_t)log_has("event=hold"), 1, "of one millisecond record "
	       "%zu %s, the API %s: it is told", at, silence->name, how);
	counts = counting[0];
	close_all();
}

static void
test_silence_uncounted(void)
{
	size_t at, i;

	for (at = 0; at < 3; at++) {
		test_silence_together_uncounted(TOP_ALONE, at);
		for (i = 0; i < sizeof(counting) / sizeof(*counting); i++)
			test_silence_together_uncounted(counting[i], at);
	}
}

/* Seconds until the newest alert is told. */
static int64_t
until_told(void)
{
	const instant_ms began = now.fixed;
	const char *want = arena_printf(arena, "notify a%zu.",
					alerts.count - 1);

	while (!strstr(items(), want) && now.fixed - began < 3 * HOUR)
		pass(5 * SECOND);
	return (now.fixed - began) / SECOND;
}

/* One after the other, in any order: the tenant can be read. */
static void
test_silence_follows(const size_t *order)
{
	size_t i;

	open_silence(4, SECOND);
	pass(MINUTE + 2 * TICK);
	for (i = 0; i < 3; i++) {
		vec_push(arena, &silent, order[i]);
		pass(5 * MINUTE);
		ok(row_of("graph").failed == TIME_UNKNOWN, "record %zu of "
		   "%zu%zu%zu %s, the API %s: it can be read", i, order[0],
		   order[1], order[2], silence->name, counts);
		add_changed(now.fixed);
		ok(until_told() <= 65, "what comes is told");
	}
	/* Shows late, and before all others. */
	add_changed(changes.items[0] - SECOND);
	ok(until_told() <= 65, "and what comes late");
	pass(90 * MINUTE);
	ok(row_of("graph").failed == TIME_UNKNOWN, "nor does it fail later");
	close_all();
}

static void
test_silence_in_any_order(void)
{
	static const size_t orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
		{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(orders) / sizeof(*orders); i++) {
		counts = counting[i % 3];
		test_silence_follows(orders[i]);
	}
	counts = counting[0];
}

/* Only a sweep asks for the time at which it was made. */
static void
test_silence_shows_late(void)
{
	open_silence(1, 0);
	made_before = 3 * DAY;
	vec_push(arena, &silent, 0);
	pass(3 * HOUR);
	is_int((int64_t)log_has("event=hold"), 1, "one is told");
	add_changed(now.fixed);
	pass(5 * MINUTE);
	add_changed(now.fixed - HOUR);
	vec_push(arena, &silent, 2);
	pass(6 * HOUR);
	is_int((int64_t)log_has("event=hold"), 2, "and another that has shown "
	       "late, of which no more is known");
	close_all();
}

/* Many minutes of closing in, and the hours behind it. */
static void
test_silence_is_slow(size_t bad, const char *how)
{
	int64_t worst = 0, waited;
	size_t i;

	counts = how;
	open_silence(0, 0);
	pass(4 * MINUTE);
	for (i = 0; i < 20; i++)
		add_changed(now.fixed - (instant_ms)(21 - i) * 10 * SECOND);
	for (i = 0; i < bad; i++)
		vec_push(arena, &silent, i * 2);
	pass(3 * MINUTE);
	for (i = 0; i < 20; i++) {
		add_changed(now.fixed);
		waited = until_told();
		worst = waited > worst ? waited : worst;
		pass((i < 10 ? 20 : 613) * SECOND);
	}
	ok(worst <= 2 * 60 + 15, "%zu records are never answered, the API %s: what "
	   "comes meanwhile is told after %d seconds at most", bad, how,
	   (int)worst);
	is(wrongly_told(), "", "and what is around them");
	is_int((int64_t)log_has("event=hold"), (int64_t)bad, "each is told "
	       "once");
	counts = counting[0];
	close_all();
}

/* Most answers are failures: that is no record's fault. */
static void
test_brownout(unsigned int percent, unsigned int seed)
{
	instant_ms began;

	open_silence(3, SECOND);
	pass(3 * MINUTE);
	ill_percent = percent;
	ill_seed = seed;
	pass(20 * MINUTE);
	add_changed(now.fixed);
	began = now.fixed;
	while (!strstr(items(), "notify a3.") && now.fixed - began < 3 * HOUR)
		pass(MINUTE);
	ok(strstr(items(), "notify a3.") != NULL, "%u %% of answers are "
	   "failures (seed %u): an alert is told after %d minutes", percent,
	   seed, (int)((now.fixed - began) / MINUTE));
	is_int((int64_t)log_has("event=hold") + (int64_t)log_has("event=gap"),
	       0, "and no record is to blame");
	close_all();
}

/* A page that waits for a name is asked for again, and then what was to be
 * asked for behind it. */
static void
test_silence_names(void)
{
	open_silence(3, MINUTE);
	vec_push(arena, &silent, 1);
	pass(6 * MINUTE);
	vec_push(arena, &alerts, alert("a3.", now.fixed, now.fixed, "77"));
	vec_push(arena, &changes, now.fixed);
	add_changed(changes.items[0] + SECOND);
	vec_push(arena, &incidents, "{\"id\":\"77\",\"displayName\":\"N\"}");
	pass(MINUTE + 2 * TICK);
	is(wrongly_told(), "", "what is read behind a name that is waited for "
	   "is told");
	close_all();
}

/* Now and then a page fails by itself. */
static void
test_silence_passes(void)
{
	open_silence(3, SECOND);
	vec_push(arena, &silent, 1);
	pass(3 * MINUTE);
	silent.count = 0;
	pass(5 * MINUTE);
	is(wrongly_told(), "", "what can be fetched after some tries is told");
	pass(HOUR);
	is_int((int64_t)log_has("event=hold"), 0, "and it alone");
	ok(row_of("graph").cursor == changes.items[2], "the cursor goes on");
	close_all();
}

/* Too many are the fault of the API, and may pass. */
static void
test_silence_spreads(void)
{
	size_t i;

	open_silence(40, SECOND);
	for (i = 0; i < 40; i += 2)
		vec_push(arena, &silent, i);
	pass(20 * MINUTE);
	is(row_of("graph").class, "later", "many are a matter of the API");
	is_int((int64_t)text_times(items(), "notice"), 0, "that may pass");
	pass(40 * MINUTE);
	ok(strstr(items(), "notice A tenant cannot be read") != NULL,
	   "of which somebody is told once it has not");
	silent.count = 0;
	pass(3 * HOUR);
	is(wrongly_told(), "", "and nothing is lost");
	close_all();
}

/* Nothing is closed in when no page comes at all. */
static void
test_ill(void)
{
	size_t before;

	open_silence(3, SECOND);
	is_ill = true;
	before = count(PAGE);
	pass(6 * HOUR);
	ok(is_between((int64_t)(count(PAGE) - before), 24, 30), "an API that is ill is left alone");
	is_int((int64_t)log_has("event=hold") + (int64_t)log_has("event=gap"),
	       0, "no record of it is to blame");
	is_ill = false;
	pass(20 * MINUTE);
	is(wrongly_told(), "", "and told when it is well");
	close_all();
}

static void
test_silence(void)
{
	size_t i;

	for (i = 0; i < sizeof(silences) / sizeof(*silences); i++) {
		silence = &silences[i];
		for (poison_at = 0; poison_at < POISON_RECORDS; poison_at++) {
			counts = counting[poison_at % 3];
			test_silence_at(poison_at);
		}
	}
	silence = silences;
	counts = "counts";
	test_silence_lasts();
	test_silence_restart();
	test_silence_together();
	test_silence_uncounted();
	test_silence_in_any_order();
	test_silence_shows_late();
	test_silence_names();
	test_silence_passes();
	test_silence_spreads();
	test_ill();
	for (i = 0; i < 3; i++) {
		test_brownout(60, (unsigned int)i);
		test_brownout(80, (unsigned int)i);
	}
	silence = &silences[6];
	test_silence_is_slow(1, counting[0]);
	test_silence_is_slow(4, counting[2]);
}

static void
answer_endless(struct twin_request *request)
{
	if (kind_of(request->request.url) != PAGE && !strstr(
		    request->request.url, "/more"))
		return;
	free(request->body);
	request->body = bug_strdup(page_with_link("", arena_printf(arena,
						"more%d", endless++)));
}

static void
test_endless(void)
{
	open_all("graph using reader every 1h");
	pass(HOUR);
	endless = 0;
	meanwhile = answer_endless;
	while (now.fixed < NOON + 3 * HOUR && !log_has("more pages than"))
		pass(MINUTE);
	is_int(endless, 2000, "a run has two thousand pages at most");
	close_all();
}

static void
test_circle(void)
{
	size_t before;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	before = count(PAGE);
	script[PAGE] = (struct scripted){
		.times = 2, .status = 200, .body = page_with_link("", "two"),
	};
	next(PAGE);
	pass(SECOND);
	is_int((int64_t)(count(PAGE) - before), 2, "a page that comes again "
	       "is not asked for");
	is(row_of("graph").class, "theirs", "and is their mistake");
	close_all();
}

/* ---- names ---- */

static void
test_names(void)
{
	instant_ms at;

	open_all("graph using reader every 1m");
	pass(6 * MINUTE);
	script[INCIDENTS] = (struct scripted){
		.times = -1, .status = 200, .delay_ms = TWIN_HANGS
	};
	vec_push(arena, &alerts, alert("a1", now.fixed + MINUTE,
				       now.fixed + MINUTE, "77"));
	at = next(PAGE)->at;
	is(items(), "", "an alert waits for the name of its incident");
	ok(count(INCIDENTS) && nth(INCIDENTS, -1)->at == at,
	   "which is asked for at once");
	while (!*items())
		pass(TICK);
	ok(is_between(now.fixed - at, 3 * SECOND, 3 * SECOND + 2 * TICK),
	   "for three seconds");
	is(items(), "notify a1", "and then is told without it");
	vec_push(arena, &incidents, "{\"id\":\"78\",\"displayName\":\"N\"}");
	script[INCIDENTS].times = 0;
	pass(40 * MINUTE);
	vec_push(arena, &alerts, alert("a2", now.fixed, now.fixed, "79"));
	vec_push(arena, &incidents, "{\"id\":\"79\",\"displayName\":\"O\"}");
	at = next(PAGE)->at;
	ok(is_between(now.fixed - at, 0, TICK) && strstr(items(), "a2"),
	   "when it is there, no second is waited");
	close_all();
}

/* ---- many ---- */

static void
answer_slowly(struct twin_request *request)
{
	request->delay_ms = SECOND;
}

static const char *
many_customers(size_t customers)
{
	struct buf text = BUF_INIT;
	const char *copy;
	size_t i;

	buf_puts(&text, app_with("secret-file"));
	for (i = 0; i < customers; i++)
		buf_printf(&text, "customer c%zu { tenant %08zu-0000-4000-8000"
			   "-000000000000 recipients @mssp.example poll "
			   "endpoint using reader every 1s otherwise notify "
			   "desk }\n", i, i);
	copy = arena_strdup(arena, text.data);
	buf_release(&text);
	return copy;
}

static void
test_fair(void)
{
	enum { LANES = 10000 };
	static unsigned char turns[LANES];
	unsigned int least = 255, most = 0;
	size_t i;

	arena = arena_create();
	open_world(many_customers(LANES));
	meanwhile = answer_slowly;
	open_poller();
	pass(LANES * 2 * SECOND / 128 + 30 * SECOND);
	memset(turns, 0, sizeof(turns));
	for (i = 0; i < asked.count; i++)
		if (asked.items[i].kind == TOKEN)
			turns[strtoul(strstr(asked.items[i].url, ".com/") + 5,
				      NULL, 10)]++;
	for (i = 0; i < LANES; i++) {
		least = turns[i] < least ? turns[i] : least;
		most = turns[i] > most ? turns[i] : most;
	}
	is_int((int64_t)twin()->under_way_most, 128,
	       "128 requests are under way at most");
	is_int(least, 1, "each of ten thousand tenants has its turn");
	is_int(most, 1, "and none two before that");
	close_all();
}

/* ---- clocks ---- */

static void
test_their_clock(void)
{
	struct store_poll before, after;
	instant_ms since;

	open_all("graph using reader every 1m");
	date_ms = -10 * MINUTE;
	pass(2 * MINUTE);
	before = row_of("graph");
	ok(is_between(nth(PAGE, 0)->at - before.started, 10 * MINUTE,
		      10 * MINUTE + SECOND), "a tenant is met by its clock");
	date_ms = 0;
	since = next(PAGE)->since;
	script[PAGE] = (struct scripted){
		.times = 1, .status = 503, .date_ms = -6 * 365 * DAY
	};
	next(PAGE);
	next(PAGE);
	is_int(nth(PAGE, -1)->since, since, "a Date of an error moves nothing");
	script[PAGE] = (struct scripted){
		.times = 1, .status = 200, .date_ms = -6 * 365 * DAY
	};
	add_alert("old", NOON - 30 * DAY, now.fixed - 12 * MINUTE);
	next(PAGE);
	next(PAGE);
	is(items(), "drop old", "nor does a wrong one of a page");
	after = row_of("graph");
	is_int(after.started, before.started, "the start stays where it was");
	ok(after.cursor >= before.cursor, "and the cursor");
	close_all();
}

static void
write_row(instant_ms started, instant_ms cursor, instant_ms good)
{
	const struct store_poll row = {
		.tenant = TENANT, .source = "graph", .customer = "c",
		.started = started, .cursor = cursor, .swept = NOON,
		.good = good, .alerts = TIME_UNKNOWN, .failed = TIME_UNKNOWN,
	};

	if (store_poll_put(store, &row, &error) != OUTCOME_OK)
		BUG("%s", error.data);
}

static void
test_future_row(void)
{

	arena = arena_create();
	open_world(customers_with(app_with("secret-file"),
				  "graph using reader every 1m"));
	write_row(NOON + 365 * DAY, NOON + 365 * DAY, NOON - 20 * MINUTE);
	open_poller();
	add_alert("old", NOON - 30 * DAY, NOON - MINUTE);
	add_alert("a1", NOON - MINUTE, NOON - MINUTE);
	next(PAGE);
	is_int(nth(PAGE, 0)->since, NOON - 35 * MINUTE,
	       "a cursor in the future does not count");
	is(items(), "drop old, notify a1", "nor does such a start");
	is_int(row_of("graph").started, NOON + 365 * DAY,
	       "but the row stays as it was");
	close_all();
}

static void
test_our_clock(void)
{
	instant_ms before;

	open_all("graph using reader every 1m");
	pass(5 * MINUTE);
	before = now.fixed -= 3 * DAY;
	next(PAGE);
	ok(is_between(now.fixed - before, 0, MINUTE + 2 * TICK),
	   "a clock that is set back stops nobody");
	next(PAGE);
	ok(is_between(nth(PAGE, -1)->at - nth(PAGE, -2)->at, MINUTE,
		      MINUTE + TICK), "and hurries nobody");
	before = now.fixed += 6 * DAY;
	next(PAGE);
	ok(is_between(now.fixed - before, 0, MINUTE + 2 * TICK),
	   "nor does one that is set forward");
	next(PAGE);
	ok(is_between(nth(PAGE, -1)->at - nth(PAGE, -2)->at, MINUTE,
		      MINUTE + TICK), "either way");
	close_all();
}

/* ---- failures ---- */

static void
test_unread(void)
{
	instant_ms good;

	arena = arena_create();
	open_world(customers_with(app_with("secret-file"),
				  "graph using reader every 1s"));
	write_row(NOON - 30 * DAY, NOON - 2 * HOUR, NOON - 2 * HOUR);
	refusals = 2;
	open_poller();
	add_alert("downtime", NOON - HOUR, NOON - HOUR);
	pass(4 * SECOND);
	is_int((int64_t)asked.count, 0, "before its row is read, no API is "
	       "asked");
	ok(!poller_good(poller, "c", &good), "and nobody knows when it was");
	is_int((int64_t)log_has("event=trouble"), 1, "which is said once");
	pass(10 * SECOND);
	is(items(), "notify downtime", "then the alerts of the downtime are "
	   "told");
	ok(is_between(nth(TOKEN, 0)->at - NOON, 10 * SECOND, 12 * SECOND),
	   "a failing store is asked every five seconds");
	ok(poller_good(poller, "c", &good) && good > NOON, "and it is known");
	close_all();
}

static void
test_page_not_stored(void)
{
	struct store_poll before;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	before = row_of("graph");
	add_alert("a1", now.fixed, now.fixed);
	refusals = 2;		/* the page, and the report of that */
	next(PAGE);
	is(items(), "", "a page that cannot be stored");
	is_int(row_of("graph").cursor, before.cursor, "moves no cursor");
	next(PAGE);
	is(items(), "notify a1", "and is asked for again");
	close_all();
}

static void
test_told(void)
{
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = -1, .status = 403 };
	pass(3 * HOUR);
	is(items(), "notice A tenant cannot be read",
	   "a cause that somebody must mend is told once");
	is_int((int64_t)log_has("event=poll-failed"), 1, "and said once");
	is(row_of("graph").class, "consent", "and is in the row");
	script[PAGE].times = 0;
	pass(2 * HOUR);
	is(items(), "notice A tenant cannot be read, "
	   "notice A tenant can be read again", "so is its end");
	is_int(row_of("graph").failed, TIME_UNKNOWN, "which is in the row");
	close_all();
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = -1, .status = 500 };
	next(PAGE);
	pass(29 * MINUTE);
	is(items(), "", "what may pass by itself is told later");
	pass(31 * MINUTE);
	is(items(), "notice A tenant cannot be read",
	   "when it has lasted half an hour");
	pass(3 * HOUR);
	is(items(), "notice A tenant cannot be read", "once");
	script[PAGE].times = 0;
	pass(HOUR);
	is(items(), "notice A tenant cannot be read, "
	   "notice A tenant can be read again", "and its end");
	close_all();
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = 2, .status = 403 };
	refusals = 1;
	next(PAGE);
	is(items(), "", "a report that cannot be stored");
	next(PAGE);
	is(items(), "notice A tenant cannot be read",
	   "is made at the next failure");
	close_all();
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = -1, .status = 500 };
	script[INCIDENTS] = script[PAGE];
	next(PAGE);
	pass(29 * MINUTE);
	refusals = 1;
	pass(HOUR);
	ok(!refusals && log_has("event=trouble"), "one of what has lasted");
	is(items(), "notice A tenant cannot be read", "as well");
	close_all();
}

/* ---- reloads ---- */

static const char *next_customers;

static void
reload(void *context)
{
	(void)context;
	generations_replace(generations, load(next_customers));
	poller_reload(poller);
}

/* Between what was told and its end something passes by itself. */
static void
test_told_between(void)
{
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = 1, .status = 403 };
	next(PAGE);
	script[PAGE] = (struct scripted){ .times = 1, .status = 503 };
	next(PAGE);
	is(items(), "notice A tenant cannot be read", "trouble that passes by "
	   "itself is not told beside what was");
	next(PAGE);
	is(items(), "notice A tenant cannot be read, "
	   "notice A tenant can be read again", "and hides no end of that");
	close_all();
}

static void
test_reload(void)
{
	struct loop_timer *timer;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = 1, .status = 200,
					  .delay_ms = 10 * SECOND };
	next(PAGE);
	next_customers = "";
	add_alert("a1", now.fixed, now.fixed);
	reload(NULL);
	is_int((int64_t)twin()->forgotten, 1,
	       "a lane that goes forgets its request");
	pass(HOUR);
	is(items(), "", "and nothing comes of it");
	next_customers = customers_with(app_with("secret-file"),
					"graph using reader every 1m");
	reload(NULL);
	is_int(nth(PAGE, -1)->at < now.fixed, 1, "one that comes back");
	pass(2 * MINUTE);
	is(items(), "notify a1", "goes on from where it was");

	/* While a page is with the clerk. */
	timer = loop_timer(loop, reload, NULL);
	add_alert("a2", now.fixed, now.fixed);
	script[PAGE] = (struct scripted){ .times = 1, .status = 200,
					  .delay_ms = SECOND };
	next_customers = "";
	next(PAGE);
	loop_timer_set(timer, nth(PAGE, -1)->at + SECOND - now.fixed);
	pass(MINUTE);
	is(items(), "notify a1, notify a2", "what is with the clerk is stored "
	   "after its lane has gone");
	close_all();
}

static void
test_new_app(void)
{
	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	script[PAGE] = (struct scripted){ .times = -1, .status = 403 };
	pass(30 * MINUTE);
	script[PAGE].times = 0;
	next_customers = customers_with(app_of(2, "secret-file"),
					"graph using reader every 1m");
	reload(NULL);
	pass(SECOND);
	ok(count(TOKEN) == 2 && strstr(nth(TOKEN, 1)->form, "000000000002"),
	   "another app asks at once, for a token of its own");
	is(nth(PAGE, -1)->bearer[0] ? "yes" : "", "yes", "and reads");
	ok(!strcmp(nth(PAGE, -1)->url, nth(PAGE, -1)->url) &&
	   row_of("graph").failed == TIME_UNKNOWN, "well");
	close_all();
}

/* ---- refresh tokens ---- */

/* That the store has, which the clerk must not be using. */
static const char *
kept_token(void)
{
	struct digest *digest = digest_create();
	unsigned char bytes[DIGEST_SIZE];
	char hex[DIGEST_HEX];
	const char *kept = NULL;

	clerk_drain(clerk);
	digest_add_text(digest, "secret");
	digest_finish(&digest, bytes);
	digest_hex(bytes, hex);
	if (store_meta(store, arena_printf(arena, "refresh-token reader %s",
					   hex), arena, &kept, &error) !=
	    OUTCOME_OK)
		BUG("%s", error.data);
	return kept;
}

static void
refuse_with_token(struct twin_request *request)
{
	if (kind_of(request->request.url) == TOKEN)
		refusals = 1;
}

static void
test_refresh(void)
{
	arena = arena_create();
	open_world(customers_with(app_with("refresh-token-file"),
				  "graph using reader every 1m"));
	refresh_token = "newer";
	open_poller();
	pass(2 * MINUTE);
	ok(strstr(nth(TOKEN, 0)->form, "refresh_token=secret"),
	   "the refresh token of the file is used");
	pass(HOUR);
	ok(strstr(nth(TOKEN, 1)->form, "refresh_token=newer"),
	   "and then what it was renewed to");
	close_poller();
	open_poller();
	pass(2 * MINUTE);
	ok(strstr(nth(TOKEN, -1)->form, "refresh_token=newer"),
	   "also after a restart");
	refresh_token = "newest";
	meanwhile = refuse_with_token;
	next(TOKEN);
	is(kept_token(), "newer", "one that could not be stored");
	pass(5 * SECOND - 2 * TICK);
	is(kept_token(), "newer", "is not tried again at once");
	pass(3 * TICK);
	is(kept_token(), "newest", "but five seconds later");
	close_poller();
	open_poller();
	pass(2 * MINUTE);
	ok(strstr(nth(TOKEN, -1)->form, "refresh_token=newest"),
	   "and then it is used after a restart, too");
	refresh_token = "last";
	next(TOKEN);
	meanwhile = NULL;
	next_customers = customers_with(app_of(2, "refresh-token-file"),
					"graph using reader every 1m");
	reload(NULL);
	is(kept_token(), "newest", "when what the store has is read again");
	ok(strstr(next(TOKEN)->form, "refresh_token=last"),
	   "one that it has not yet is used all the same");
	close_all();
}

/* ---- commands ---- */

static void
open_once(struct poller_world *all, const char *poll)
{
	arena = arena_create();
	open_world(customers_with(app_with("secret-file"), poll));
	*all = world();
	all->once = true;
	all->finished = finished;
}

static void
test_once(void)
{
	struct poller_world all;

	open_once(&all, "graph using reader every 1m");
	write_row(NOON - DAY, NOON - HOUR, NOON - HOUR);
	poller = poller_create(&all);
	pass(5 * SECOND);
	is_int((int64_t)finished_times, 1, "one run, and it is finished");
	is(runs.data, "+", "well");
	is_int((int64_t)(count(PAGE) + count(MADE)), 1, "of what changed");
	pass(HOUR);
	is_int((int64_t)count(PAGE), 1, "nothing is asked after that");
	close_all();
	open_once(&all, "graph using reader every 1m");
	script[TOKEN] = (struct scripted){ .times = -1, .status = 500 };
	poller = poller_create(&all);
	pass(5 * SECOND);
	is_int((int64_t)finished_times, 1, "without a token it is finished");
	is(runs.data, "-", "but failed");
	close_all();
	open_once(&all, "graph using reader every 1m");
	refusals = 1;
	poller = poller_create(&all);
	pass(5 * SECOND);
	is_int((int64_t)finished_times, 1, "and so it is without a store");
	is(runs.data, "-", "which is a failure");
	close_all();
}

static void
test_since(void)
{
	struct poller_world all;

	open_once(&all, "graph using reader every 1m");
	write_row(NOON - DAY, NOON - 2 * HOUR, NOON - 2 * HOUR);
	all.since = NOON - HOUR;
	add_alert("a1", NOON - 50 * MINUTE, NOON - MINUTE);
	add_alert("a2", NOON - 70 * MINUTE, NOON - MINUTE);
	poller = poller_create(&all);
	pass(5 * SECOND);
	is_int(nth(PAGE, 0)->since, NOON - HOUR, "a person says since when");
	is(items(), "notify a1, drop a2", "what was made since is news");
	is_int(row_of("graph").cursor, NOON - 2 * HOUR,
	       "but what is before was not read");
	close_all();
}

static void
test_hurry(void)
{
	open_all("graph using reader every 1h complete within 7s");
	is_int(poller_hurry(poller, "c"), 0, "nobody waits for one not met");
	pass(HOUR);
	is_int(poller_hurry(poller, "c"), 7 * SECOND, "a mail may wait");
	pass(0);
	is_int(nth(PAGE, -1)->at, now.fixed, "and it is asked at once");
	is_int(poller_hurry(poller, "other"), 0, "for its customer only");
	pass(SECOND);
	script[PAGE] = (struct scripted){ .times = 1, .status = 500 };
	(void)poller_hurry(poller, "c");
	pass(SECOND);
	is_int(poller_hurry(poller, "c"), 0, "not for one that fails");
	close_all();
}

/* What is known of the last good run after a crash. */
static void
test_good_written(void)
{
	instant_ms most = 0;
	int i;

	open_all("graph using reader every 1m");
	pass(2 * MINUTE);
	for (i = 0; i < 60; i++) {
		int64_t ago;

		pass(MINUTE);
		ago = now.fixed - row_of("graph").good;
		most = ago > most ? ago : most;
	}
	ok(is_between(most, 10 * MINUTE, 12 * MINUTE),
	   "it is known to ten minutes");
	close_all();
}

/* With the clerk's thread, and with its twin. */
static void
test_with(struct clerk *(*create)(struct loop *loop, struct store *store))
{
	size_t i;

	create_clerk = create;
	test_due();
	test_backoff("what passes", 500, MINUTE, 15 * MINUTE);
	test_backoff("what somebody must mend", 403, 10 * MINUTE, HOUR);
	test_retry_after();
	test_retry_soon("0");
	test_retry_soon("1");
	test_redirected(307);
	test_redirected(302);
	test_budget();
	test_token_early();
	test_token_in_run();
	test_token_along();
	for (i = 0; i < sizeof(settling) / sizeof(*settling); i++)
		test_settling(&settling[i]);
	test_folded("400", 400, "{\"error\":{\"message\":\"no\"}}", PAGE, 2);
	test_folded("a licence that lacks", 400, "{\"error\":{\"message\":"
		    "\"Request not applicable to target tenant.\"}}", PAGE, 2);
	test_folded("a secret that has expired", 401, "{\"error\":"
		    "\"invalid_client\",\"error_codes\":[7000222]}", TOKEN, 1);
	test_overlap();
	test_sweeps();
	test_pages();
	test_page_limits();
	test_endless();
	test_circle();
	test_names();
	test_their_clock();
	test_future_row();
	test_our_clock();
	test_unread();
	test_page_not_stored();
	test_told();
	test_told_between();
	test_reload();
	test_new_app();
	test_refresh();
	test_once();
	test_since();
	test_hurry();
	test_good_written();
}

int
main(void)
{
	int fd = mkstemp(temporary(secret));

	if (fd < 0 || write(fd, "secret\n", 7) != 7)
		BUG("no secret");
	log_file = memfd_create("log", MFD_CLOEXEC);
	if (log_file < 0 || dup2(log_file, STDERR_FILENO) < 0)
		BUG("no log");
	test_with(clerk_create);
	test_with(clerk_create_inline);
	test_poison();
	test_poison_behind_nameless();
	test_silence();
	test_fair();
	buf_release(&runs);
	buf_release(&error);
	(void)close(fd);		/* done with */
	(void)unlink(secret);
	return tap_done();
}
