#include "ask/lane_private.h"

enum {
	TOKEN_ANSWER_MOST = 256 << 10,
	/* A token is renewed this long before its end. */
	TOKEN_EARLY_MS = 5 * 60000,
};

static void
take_token(struct lane *lane, const struct oauth_answer *answer)
{
	int64_t early;

	lane_wipe(&lane->token);
	buf_puts(&lane->token, answer->token);
	early = answer->lives_ms > 2 * TOKEN_EARLY_MS ? TOKEN_EARLY_MS :
		answer->lives_ms / 2;
	lane->token_ends = lane_now(lane) + answer->lives_ms;
	lane->token_renewed = lane->token_ends - early;
	if (answer->refresh_token && lane->plan->app->client.refresh_token)
		refreshes_keep(lane->world->refreshes, lane->plan->app,
			       answer->refresh_token, lane_now(lane));
	lane_go_on(lane);
}

static void
token_answered(void *context, const struct transfer_answer *answer)
{
	struct lane *lane = context;
	struct arena *arena = arena_create();
	struct oauth_answer read;

	lane_answered(lane);
	read = oauth_read(answer, &lane->plan->app->client, arena);
	if (read.token)
		take_token(lane, &read);
	else
		lane_fail(lane, &read.refusal,
			  poll_wait(answer, lane_now(lane)));
	arena_destroy(&arena);
}

void
lane_ask_token(struct lane *lane)
{
	const struct app *app = lane->plan->app;
	struct arena *arena = arena_create();
	struct oauth_client client = app->client;
	struct transfer_request request = {
		.ca_file = app->ca_file, .answer_most = TOKEN_ANSWER_MOST,
		.done = token_answered,
	};

	if (client.refresh_token)
		client.refresh_token =
			refreshes_latest(lane->world->refreshes, app);
	request.url = oauth_url(&client, lane->plan->tenant, arena);
	request.body = oauth_form(&client, lane->plan->tenant,
				  lane->plan->host->scope,
				  lane_now(lane), arena);
	lane_ask(lane, LANE_ASKING_TOKEN, &request);
	explicit_bzero((char *)request.body, strlen(request.body));
	arena_destroy(&arena);
}

/* What reads along takes a token as it is; the leader renews it. */
bool
lane_has_token(struct lane *lane)
{
	const struct lane *owner = lane_owner(lane);
	bool is_last_minute = lane->run || lane->leader;

	return owner->token.len && lane_now(lane) <
	       (is_last_minute ? owner->token_ends : owner->token_renewed);
}
