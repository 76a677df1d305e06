/* The mail in a mail that the alert is read from, and what it is called. */
#include "conf/conf.h"
#include "normalize/normalize.h"

#include "tap.h"

static struct arena *arena;
static struct normalize_input input;

static struct message *
mail(const char *subject)
{
	struct message *message = message_create(arena);

	message->subject = subject;
	return message;
}

static const char *
format_of(const struct message *message)
{
	input.message = message;
	return alert_text(normalize_mail(&input, arena)->alert, ALERT_FORMAT);
}

/* The format of a mail that is attached so deep. */
static const char *
deep(int depth)
{
	struct message *message = mail("alert x");

	while (depth--) {
		struct message *outer = mail("see below");

		vec_push(arena, &outer->nested, message);
		message = outer;
	}
	return format_of(message);
}

/* The format of a mail that is attached behind so many others. */
static const char *
behind(int others)
{
	struct message *outer = mail("see below");

	while (others--)
		vec_push(arena, &outer->nested, mail("holiday"));
	vec_push(arena, &outer->nested, mail("alert x"));
	return format_of(outer);
}

static void
test_nested(void)
{
	is(deep(4), "f", "a mail may be attached four deep");
	is(deep(5), "generic", "and no deeper");
	is(behind(9), "f", "of ten attached mails each is looked at");
	is(behind(10), "generic", "and not of more");
}

static size_t
title_length(int octets)
{
	const char *x = memset(arena_alloc(arena, 401), 'x', 400);

	input.message = mail(arena_printf(arena, "%.*s", octets, x));
	return strlen(alert_text(normalize_mail(&input, arena)->alert,
				 ALERT_TITLE));
}

static void
test_title(void)
{
	is_int((long long)title_length(300), 300,
	       "a subject that is the title has up to 300 octets");
	is_int((long long)title_length(301), 303,
	       "of a longer one that many are kept");
}

int
main(void)
{
	struct diag *diag;
	struct conf *conf;

	arena = arena_create();
	diag = diag_create(arena);
	conf = conf_load_text(arena, "t", "format f \"F\" { subject \"alert "
			      "{title}\" }", diag);
	input.formats = formats_load(arena, &conf->nodes, diag);
	input.customers = customers_load(arena, &conf->nodes, diag);
	input.domain = "relay.example";
	test_nested();
	test_title();
	arena_destroy(&arena);
	return tap_done();
}
