#include "conf/conf.h"
#include "normalize/mailloop.h"
#include "tap.h"

#define OURS "k7q2m9x0yz.0123456789@relay.example"
#define AUTOMATIC "a program sent it by itself (Auto-Submitted: "
#define ANSWERS "it answers a notification of this relay "
#define REPORTS "it reports that a notification of this relay was not delivered"
#define UNNAMED "it reports to this relay on a mail that it does not name"

static struct arena *arena;
static struct formats *formats;

/* One header field, the Message-ID, and what else is known of the mail. */
static const struct row {
	const char *name, *header, *value, *id;
	struct mailloop_question of;
	const char *raw;
	const char *to;			/* NULL: a customer's mailbox */
	const char *want, *want_id;
} rows[] = {
	{ "an ordinary mail is none", "Subject", "x", "a@microsoft.com",
	  { .is_recognised = true }, "", NULL, NULL, NULL },

	/* Ours, and answers to ours. */
	{ "our own notification is one", "X-Tocsin-Code", "K7Q2M9X0YZ", "",
	  { .is_recognised = true }, "", NULL,
	  "it is a notification of this relay (X-Tocsin-Code)", "k7q2m9x0yz" },
	{ "one with another code as well", "X-Tocsin-Code", "x; y", "",
	  { .is_recognised = true }, "", NULL,
	  "it is a notification of this relay (X-Tocsin-Code)", "" },
	{ "our Message-ID is one", "Subject", "x",
	  "K7q2m9x0yz.0123456789@Relay.Example", { .is_recognised = true }, "",
	  NULL, "it is a notification of this relay (Message-ID)",
	  "k7q2m9x0yz.0123456789" },
	{ "a Message-ID that our mail server added is none", "Subject", "x",
	  "20261109081458.4XmT2k1c7Zz@relay.example",
	  { .is_recognised = true }, "", NULL, NULL, NULL },
	{ "a Message-ID of another relay is none", "Subject", "x",
	  "k7q2m9x0yz.0123456789@relay.example.org",
	  { .is_recognised = true }, "", NULL, NULL, NULL },
	{ "an answer to ours is one", "In-Reply-To", "<" OURS ">", "",
	  { .is_recognised = true }, "", NULL, ANSWERS "(In-Reply-To)",
	  "k7q2m9x0yz.0123456789" },
	{ "a thread with ours in it is one", "References",
	  "<a@b.example> <incident.k7q2m9x0yz@relay.example> <c@d.example>", "",
	  { .is_recognised = true }, "", NULL, ANSWERS "(References)",
	  "incident.k7q2m9x0yz" },
	{ "and the notification in it is named first", "References",
	  "<incident.k7q2m9x0yz@relay.example> <" OURS ">", "",
	  { .is_recognised = true }, "", NULL, ANSWERS "(References)",
	  "k7q2m9x0yz.0123456789" },
	{ "a thread without is none", "References",
	  "<k7q2m9x0yz.0123456789@b.example> <a.b@relay.example> incident.@",
	  "", { .is_recognised = true }, "", NULL, NULL, NULL },

	/* Reports. */
	{ "a report that has our Message-ID inside", "Content-Type",
	  "multipart/report; report-type=delivery-status", "", { 0 },
	  "Message-ID: <" OURS ">\n", "tocsin@relay.example", REPORTS,
	  "k7q2m9x0yz.0123456789" },
	{ "one with a null sender and no type", "Subject", "failure notice", "",
	  { .sender = "" }, "\nmessage-id:<K7Q2M9X0YZ.0123456789@RELAY.EXAMPLE>",
	  "tocsin@relay.example", REPORTS, "k7q2m9x0yz.0123456789" },
	{ "one without either", "Subject", "failure notice", "", { 0 },
	  "x " OURS, "contoso@relay.example", REPORTS,
	  "k7q2m9x0yz.0123456789" },
	{ "one that also answers", "In-Reply-To", "<" OURS ">", "",
	  { .sender = "" }, "", NULL, REPORTS, "k7q2m9x0yz.0123456789" },
	{ "one that names no mail, to the address that we send from", "Subject",
	  "x", "", { .sender = "" }, "", "Tocsin@relay.example", UNNAMED,
	  NULL },
	{ "at a customer's mailbox it is the customer's", "Subject", "x", "",
	  { .sender = "" }, "", "contoso@relay.example", NULL, NULL },
	{ "and so is one with an alert inside", "Subject", "x", "",
	  { .sender = "", .is_recognised = true }, "", "tocsin@relay.example",
	  NULL, NULL },
	{ "an id in another domain is none", "Subject", "x", "", { 0 },
	  "k7q2m9x0yz.0123456789@relay.example.org "
	  "k7q2m9x0yz.0123456789@relay.example1", NULL, NULL, NULL },
	{ "an id of another form is none", "Subject", "x", "", { 0 },
	  "k7q2m9x0yz-0123456789@relay.example a.b@relay.example", NULL, NULL,
	  NULL },
	{ "what is shorter than an id is none", "Subject", "x", "", { 0 },
	  "                        a@relay.example", NULL, NULL, NULL },
	{ "a genuine alert about a mail of ours is an alert", "Subject", "x",
	  "", { .is_authentic = true, .is_recognised = true }, OURS, NULL,
	  NULL, NULL },

	/* Programs. */
	{ "an automatic answer is one", "Auto-Submitted",
	  "auto-replied (vacation)", "", { .is_recognised = true }, "", NULL,
	  AUTOMATIC "auto-replied)", NULL },
	{ "a known mail may be generated", "Auto-Submitted",
	  "Auto-Generated; x=y", "", { .is_recognised = true }, "", NULL, NULL,
	  NULL },
	{ "so may one that has what only an alert has", "Auto-Submitted",
	  "auto-generated", "", { .is_alert = true }, "", NULL, NULL, NULL },
	{ "but not to the address that we send from", "Auto-Submitted",
	  "auto-generated", "", { .is_alert = true }, "",
	  "tocsin@relay.example", AUTOMATIC "auto-generated)", NULL },
	{ "an unknown one may not", "Auto-Submitted", "auto-generated", "",
	  { 0 }, "", NULL, AUTOMATIC "auto-generated)", NULL },
	{ "no means no", "auto-submitted", "No", "", { 0 }, "", NULL, NULL,
	  NULL },
};

static void
add(struct message *message, const char *name, const char *value)
{
	vec_push(arena, &message->headers,
		 ((struct message_header){ name, value }));
}

static struct mailloop
look(struct mailloop_question question, struct message *message,
     const char *raw, const char *to)
{
	const char *const recipients[] = { to };

	question.message = message;
	question.formats = formats;
	question.raw = raw;
	question.length = strlen(raw);
	question.domain = "relay.example";
	question.from = "tocsin@relay.example";
	question.recipients = recipients;
	question.recipient_count = to ? 1 : 0;
	return mailloop_find(arena, &question);
}

static void
test_rows(void)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct message *message = message_create(arena);
		struct mailloop loop;

		message->message_id = row->id;
		add(message, row->header, row->value);
		loop = look(row->of, message, row->raw, row->to);
		is(loop.why, row->want, "%s", row->name);
		is(loop.id, row->want_id, "  and it says which");
		ok(!loop.why == (loop.kind == MAILLOOP_NONE),
		   "  and of what kind");
	}
}

static void
test_received(void)
{
	const struct mailloop_question known = { .is_recognised = true };
	struct message *message = message_create(arena);
	int i;

	for (i = 0; i < 100; i++)
		add(message, "Received", "x");
	is(look(known, message, "", NULL).why, NULL,
	   "a hundred servers are many");
	add(message, "RECEIVED", "x");
	is(look(known, message, "", NULL).why,
	   "it has passed 101 servers (Received)",
	   "a hundred and one are too many");
}

/* What a rule of a mail system sends on has no header of ours, but shows it. */
static void
test_sent_on(void)
{
	const struct message_row from = {
		.label = "From", .value = "MSSP SOC <Tocsin@relay.example>"
	};
	const struct message_row user = {
		.label = "User", .value = "tocsin@relay.example"
	};
	struct message *message = message_create(arena);

	vec_push(arena, &message->rows, user);
	is(look((struct mailloop_question){ .is_alert = true }, message, "",
		NULL).why, NULL, "our address in a mail is no sign");
	vec_push(arena, &message->rows, from);
	is(look((struct mailloop_question){ .is_alert = true }, message, "",
		NULL).why, "a notification of this relay was sent on to it",
	   "in the header that is quoted it is");
	is(look((struct mailloop_question){ .is_authentic = true }, message,
		"", NULL).why, NULL, "but not in a genuine mail");
}

static void
test_nested(void)
{
	struct message *message = message_create(arena);
	struct message *middle = message_create(arena);
	struct message *inner = message_create(arena);

	inner->message_id = OURS;
	vec_push(arena, &middle->nested, inner);
	vec_push(arena, &message->nested, middle);
	is(look((struct mailloop_question){ .sender = "a@b" }, message, "",
		NULL).id, "k7q2m9x0yz.0123456789",
	   "a notification in an attached mail is found");
}

int
main(void)
{
	struct diag *diag;

	arena = arena_create();
	diag = diag_create(arena);
	formats = formats_load(arena, &conf_load_text(arena, "f",
		"ignore \"From\", \"Sent\"\n", diag)->nodes, diag);
	test_rows();
	test_received();
	test_sent_on();
	test_nested();
	arena_destroy(&arena);
	return tap_done();
}
