/*
 * Any octets as what Entra ID or an API answers: a body, and before it maybe a
 * line of a status, Retry-After and Date with tabs between. A token or a
 * sentence comes of it, a page or a sentence, and of each record of a page an
 * alert or a sentence.
 */
#include "fuzz.h"

#include "base/bug.h"
#include "base/text.h"
#include "conf/conf.h"
#include "source/poll.h"
#include "net/oauth.h"
#include "normalize/record.h"

#include <stdlib.h>
#include <string.h>

#define NOW INT64_C(1795305600000)	/* 2026-11-22T00:00:00Z */
#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"
#define GRAPH "https://graph.example"

static const char configuration[] =
	"portal security.microsoft.com\n"
	"app reader { client 6f9c1d0e-0000-4000-8000-000000000001\n"
	"  secret-file /dev/null  graph " GRAPH " endpoint " GRAPH " }\n"
	"customer contoso { tenant " TENANT "\n"
	"  poll graph using reader  poll endpoint using reader }\n";

static struct customers *customers;
static struct formats *formats;
static poll_plans plans;

static void
load(void)
{
	struct arena *arena = arena_create();	/* kept */
	struct diag *diag = diag_create(arena);
	struct conf *conf = conf_load_text(arena, "t", configuration, diag);
	app_list apps = { 0 };

	apps_load(conf, NOW, diag, &apps);
	polls_load(conf, &apps, diag, &plans);
	customers = customers_load(arena, &conf->nodes, diag);
	formats = formats_load(arena, &conf->nodes, diag);
	if (plans.count != 2)
		BUG("the configuration does not load");
}

/* It is shown to people, in logs and terminals. */
static void
check_sentence(const char *sentence)
{
	if (!sentence || !*sentence)
		BUG("a refusal without a sentence");
	for (; *sentence; sentence++)
		if ((unsigned char)*sentence < ' ' || *sentence == 0x7f)
			BUG("a control character is shown");
}

static void
try_token(const struct transfer_answer *answer, struct arena *arena)
{
	static const struct oauth_client client = { .secret = "secret" };
	struct oauth_answer read = oauth_read(answer, &client, arena);

	if (!read.token)
		check_sentence(refusal_text(&read.refusal, arena));
	else if (!*read.token || read.lives_ms < 0)
		BUG("a token that is none");
}

static void
try_records(const struct json *document, struct arena *arena)
{
	struct buf error = BUF_INIT;
	record_list records = { 0 };
	size_t i;

	if (!record_find(document, arena, &records, &error))
		check_sentence(error.data);
	for (i = 0; i < records.count; i++) {
		const struct normalized *normalized;

		buf_reset(&error);
		normalized = normalize_record(&(struct normalize_record){
			.customers = customers, .formats = formats,
			.tenant = TENANT,
			.record = records.items[i],
		}, arena, &error);
		if (!normalized)
			check_sentence(error.data);
		else if (!alert_text(normalized->alert, ALERT_ALERT) ||
			 !normalized->why)
			BUG("an alert without an id or a reason");
	}
	buf_release(&error);
}

static void
try_page(const struct poll_plan *plan, const struct transfer_answer *answer,
	 struct arena *arena)
{
	struct poll_answer read;
	size_t i;

	poll_read(plan, answer, NOW, arena, &read);
	if (read.result == POLL_PAGE)
		try_records(read.document, arena);
	else if (read.result == POLL_FAILED)
		check_sentence(refusal_text(&read.refusal, arena));
	for (i = 0; i < read.left.count; i++)
		check_sentence(read.left.items[i].sentence);
	if (read.page.next &&
	    (strncasecmp(read.page.next, GRAPH, strlen(GRAPH)) ||
	     !strchr("/?", read.page.next[strlen(GRAPH)])))
		BUG("a token would leave");
	if (read.wait_ms < -1)
		BUG("a wait that ended before it began");
	json_destroy(&read.document);
}

/* The body is what is left of `text`. */
static void
read_head(char **text, struct transfer_answer *answer)
{
	char *head;

	if (**text < '0' || **text > '9' || !strchr(*text, '\n'))
		return;
	head = strsep(text, "\n");
	answer->status = (int)strtol(strsep(&head, "\t"), NULL, 10) % 1000;
	answer->retry_after = strsep(&head, "\t");
	answer->date = head;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_create();
	char *text = arena_strndup(arena, (const char *)data, size);
	const char *end = text + size;
	struct transfer_answer answer = {
		.end = TRANSFER_DONE, .status = 200, .error = "",
	};
	size_t i;

	if (!customers)
		load();
	read_head(&text, &answer);
	answer.body = text;
	answer.length = (size_t)(end - text);
	try_token(&answer, arena);
	for (i = 0; i < plans.count; i++)
		try_page(plans.items[i], &answer, arena);
	arena_destroy(&arena);
	return 0;
}
