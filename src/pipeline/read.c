#include "pipeline/read.h"

#include "pipeline/identity.h"

static const struct normalized *
read_mail(const struct generation *g, const struct pipeline_input *input,
	  struct arena *arena)
{
	const struct normalize_input wanted = {
		.formats = g->formats,
		.customers = g->customers,
		.authserv = g->settings.authserv,
		.authserv_fields = g->settings.authserv_fields,
		.distrust = input->distrust,
		.domain = g->settings.domain,
		.from = g->settings.from,
		.sender = input->sender,
		.raw = input->raw,
		.length = input->length,
		.recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.message = input->message,
	};

	return normalize_mail(&wanted, arena);
}

static const struct normalized *
read_record(const struct generation *g, const struct pipeline_input *input,
	    const char **failure_out, struct arena *arena)
{
	const struct normalize_record wanted = {
		.customers = g->customers,
		.formats = g->formats,
		.tenant = input->tenant,
		.record = *input->record,
	};
	struct buf error = BUF_INIT;
	const struct normalized *normalized = normalize_record(&wanted, arena,
							       &error);

	if (!normalized)
		*failure_out = arena_strdup(arena, error.data);
	buf_release(&error);
	return normalized;
}

/* A mail, or a record of an API, that nothing could be read of. */
static struct alert *
unreadable_alert(const struct pipeline_input *input, struct arena *arena)
{
	struct alert *alert = alert_create(arena);

	alert_set(alert, ALERT_TITLE, input->record ?
		  "A record of the API that could not be read" :
		  "A mail that could not be read", "tocsin");
	alert_set(alert, ALERT_INTAKE, input->record ? "api" : "mail",
		  "tocsin");
	alert_set(alert, ALERT_AUTHENTIC, input->record ? "pass" : "none",
		  "tocsin");
	if (input->tenant)
		alert_set(alert, ALERT_TENANT, input->tenant,
			  "the tenant that was asked");
	return alert;
}

static void
read_alert(const struct generation *g, struct pipeline_reading *reading,
	   struct arena *arena)
{
	const struct pipeline_input *input = reading->input;

	if (input->record && !input->failure)
		reading->normalized = read_record(g, input, &reading->failure,
						  arena);
	else if (input->message)
		reading->normalized = read_mail(g, input, arena);
	else
		reading->failure = input->failure;
	reading->alert = reading->normalized ? reading->normalized->alert
					     : unreadable_alert(input, arena);
	if (reading->normalized && input->released_for)
		alert_set(reading->alert, ALERT_CUSTOMER, input->released_for,
			  "released for it");
}

struct pipeline_reading *
pipeline_read(const struct generation *generation,
	      const struct pipeline_input *input, struct arena *arena)
{
	struct pipeline_reading *reading = arena_alloc(arena,
						       sizeof(*reading));

	reading->input = input;
	read_alert(generation, reading, arena);
	pipeline_identify(input, reading->alert, &reading->key);
	reading->question = (struct hold_question){
		.alert = reading->alert,
		.key = &reading->key,
		.spool = input->name,
		.released = input->released,
	};
	return reading;
}
