#include "normalize/normalize.h"

#include "base/text.h"
#include "normalize/forward.h"
#include "parse/sealed.h"

enum {
	/* A forwarded mail of a forwarded mail of ... */
	NESTED_DEPTH_MOST = 4,
	/* Mails attached to one mail that are looked at. */
	NESTED_MOST = 10,
	/* Octets of a subject that stands in for a title. */
	TITLE_MOST = 300,
};

/* The mail that the alert is read from: the one that came, or one inside. */
struct choice {
	const struct message *message;
	struct recognition recognition;
};

/* An attached notification is better than the mail around it when its format
 * is known more surely. */
static void
choose_nested(const struct formats *formats, struct arena *arena,
	      const struct message *message, int depth, struct choice *best)
{
	size_t i;

	if (!depth)
		return;
	for (i = 0; i < message->nested.count && i < NESTED_MOST; i++) {
		const struct message *inner = message->nested.items[i];
		struct recognition recognition = recognise(formats, arena,
							   inner);

		if (recognition.by > best->recognition.by) {
			best->message = inner;
			best->recognition = recognition;
		}
		choose_nested(formats, arena, inner, depth - 1, best);
	}
}

/* Whoever sends a mail on can have changed it, and the word of our server is
 * about him. */
static void
set_authentic(struct normalized *out, const struct normalize_input *input,
	      bool listed, struct arena *arena)
{
	struct authentic_answer answer = authentic_check(arena, input->message,
							 input->authserv,
						input->authserv_fields, listed);

	if (input->distrust)
		answer = (struct authentic_answer){ AUTHENTIC_NONE,
						    input->distrust };
	if (out->forwarded && answer.authentic == AUTHENTIC_PASS) {
		answer.authentic = AUTHENTIC_FAIL;
		answer.why = arena_printf(arena, "%s, but it was sent on",
					  answer.why);
	}
	out->authentic_why = answer.why;
	alert_set(out->alert, ALERT_AUTHENTIC,
		  authentic_names[answer.authentic], answer.why);
}

/* A GUID is the tenant's name; a domain name is one of several. */
static void
set_tenant(struct alert *alert, const struct customer_evidences *evidences)
{
	const struct customer_evidence *best = NULL;
	size_t i;

	for (i = 0; i < evidences->tenants.count; i++) {
		const struct customer_evidence *one =
			&evidences->tenants.items[i];

		if (!best || (text_is_guid(one->text) &&
			      !text_is_guid(best->text)))
			best = one;
	}
	if (best)
		alert_set(alert, ALERT_TENANT, best->text, best->source);
}

static void
set_customer(struct normalized *out, const struct normalize_input *input,
	     struct customer_evidences *evidences, struct arena *arena)
{
	struct alert_doubt stranger = { .kind = ALERT_DOUBT_STRANGER };
	struct customer_answer answer;
	size_t i;

	for (i = 0; i < input->recipient_count; i++) {
		struct customer_evidence mailbox = {
			input->recipients[i], "envelope"
		};

		vec_push(arena, &evidences->mailboxes, mailbox);
	}
	answer = customers_find(input->customers, arena, evidences);
	out->customer = answer.result;
	out->why = answer.why;
	out->is_strange = answer.is_strange;
	stranger.one = answer.stranger;
	if (answer.doubt)
		alert_doubt_of(out->alert, &stranger, "%s", answer.doubt);
	if (answer.customer)
		alert_set(out->alert, ALERT_CUSTOMER, answer.customer->name,
			  answer.why);
}

static void
find_missing(struct normalized *out, const struct format *format,
	     struct arena *arena)
{
	size_t i;

	for (i = 0; i < format->expected.count; i++)
		if (!alert_text(out->alert, format->expected.items[i]))
			vec_push(arena, &out->missing,
				 format->expected.items[i]);
	out->complete = !out->missing.count;
}

/* What mails of the format say and this one does not was not found in it. Not
 * so a title: rules about mails without one ask for the subject. */
static void
mark_missing(struct normalized *out)
{
	size_t i;

	for (i = 0; i < out->missing.count; i++)
		if (out->missing.items[i] != ALERT_TITLE)
			alert_incomplete(out->alert, out->missing.items[i],
					 "other mails of this format say it");
}

/* After find_missing(): a subject is a title only for want of one. */
static void
set_title(struct alert *alert, const char *subject)
{
	const char *line = text_fold_space(alert->arena, subject,
					   strlen(subject));

	if (!alert_text(alert, ALERT_TITLE))
		(void)alert_add(alert, ALERT_TITLE,
				text_cut(alert->arena, line, TITLE_MOST),
				"subject");
}

static void
set_forwarded(struct normalized *out, const struct normalize_input *input,
	      const struct choice *choice, struct arena *arena)
{
	const struct message *outer = input->message;
	const struct alert_doubt doubt = {
		.kind = ALERT_DOUBT_FORWARDED,
		.one = outer->from.count && *outer->from.items[0].address ?
		       outer->from.items[0].address : NULL,
	};

	out->forwarded = choice->message != outer ||
			 choice->recognition.passed_on;
	/* What no format knows may be a person's own mail about an alert. */
	out->has_words = (out->forwarded || !out->recognised) &&
			 forward_has_words(input->formats, arena, outer,
					   choice->message != outer);
	if (out->forwarded)
		alert_doubt_of(out->alert, &doubt, "forwarded by %s",
			       doubt.one ? doubt.one : "nobody knows whom");
}

/* What was not read, and what is to be done about it, if anything can be. */
static void
doubt_unread(struct alert *alert, const struct message *message)
{
	static const struct alert_doubt unread = { .kind = ALERT_DOUBT_UNREAD };
	size_t i, known = 0;

	for (i = 0; i < message->parts.count; i++) {
		const struct message_part *part = &message->parts.items[i];
		enum sealed kind = sealed_part(part);
		const struct alert_doubt doubt = {
			.kind = ALERT_DOUBT_SEALED, .one = sealed_names[kind],
			.other = *part->name ? part->name : part->type,
		};

		if (!kind)
			continue;
		known++;
		alert_doubt_of(alert, &doubt, "'%s' may hold the mail and "
			       "cannot be read (%s)", doubt.other, doubt.one);
	}
	for (i = 0; i < message->limits.count && message->limits.count > known;
	     i++)
		alert_doubt_of(alert, &unread, "not all of it was read: %s",
			       message->limits.items[i]);
}

static void
read_message(struct normalized *out, const struct normalize_input *input,
	     const struct choice *choice, struct arena *arena)
{
	struct extraction extraction = { .alert = out->alert };
	const struct format *format = choice->recognition.format;
	size_t i;

	extract(&extraction, input->formats, &choice->recognition,
		choice->message);
	set_tenant(out->alert, &extraction.evidences);
	set_customer(out, input, &extraction.evidences, arena);
	find_missing(out, format, arena);
	mark_missing(out);
	set_title(out->alert, choice->message->subject);
	doubt_unread(out->alert, choice->message);
	for (i = 0; i < extraction.notes.count; i++)
		vec_push(arena, &out->notes, extraction.notes.items[i]);
	for (i = 0; out->recognised && i < extraction.unknown.count; i++)
		vec_push(arena, &out->unknown, extraction.unknown.items[i]);
}

/* Is there anything in it that only an alert has? */
static bool
is_alert(const struct alert *alert)
{
	return alert_text(alert, ALERT_ALERT) ||
	       alert_text(alert, ALERT_INCIDENT) ||
	       alert_severity(alert) != SEVERITY_UNKNOWN;
}

static struct mailloop
find_loop(const struct normalized *out, const struct normalize_input *input,
	  bool listed, struct arena *arena)
{
	const struct mailloop_question question = {
		.message = input->message, .formats = input->formats,
		.raw = input->raw, .length = input->length,
		.domain = input->domain, .from = input->from,
		.sender = input->sender, .recipients = input->recipients,
		.recipient_count = input->recipient_count,
		.is_listed = listed, .is_recognised = out->recognised,
		.is_alert = is_alert(out->alert),
		.is_authentic = !strcmp(alert_text(out->alert, ALERT_AUTHENTIC),
					"pass"),
	};

	return mailloop_find(arena, &question);
}

const struct normalized *
normalize_mail(const struct normalize_input *input, struct arena *arena)
{
	struct normalized *out = arena_alloc(arena, sizeof(*out));
	struct recognition outer = recognise(input->formats, arena,
					     input->message);
	struct choice choice = { input->message, outer };

	choose_nested(input->formats, arena, input->message,
		      NESTED_DEPTH_MOST, &choice);
	out->alert = alert_create(arena);
	out->by = choice.recognition.by;
	out->recognised = out->by != RECOGNISED_NOT;
	set_forwarded(out, input, &choice, arena);
	read_message(out, input, &choice, arena);
	set_authentic(out, input, outer.listed, arena);
	alert_set(out->alert, ALERT_INTAKE, "mail", "mail");
	alert_set(out->alert, ALERT_FORMAT, choice.recognition.format->name,
		  choice.recognition.source);
	out->loop = find_loop(out, input, outer.listed, arena);
	return out;
}
