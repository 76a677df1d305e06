#include "tap.h"

#include "normalize/mailloop.h"

static struct arena *arena;

static const struct {
	const char *name, *header, *value, *id;
	bool recognised;
	const char *want;
} cases[] = {
	{ "an ordinary mail is none", "Subject", "x", "a@microsoft.com", true,
	  NULL },
	{ "our own notification is one", "X-Tocsin-Code", "K7Q2M9", "", true,
	  "it is a notification of this relay (X-Tocsin-Code)" },
	{ "our Message-ID is one", "Subject", "x",
	  "K7q2m9x0yz.0123456789@Relay.Example", true,
	  "it is a notification of this relay (Message-ID)" },
	{ "a Message-ID that our mail server added is none", "Subject", "x",
	  "20261109081458.4XmT2k1c7Zz@relay.example", true, NULL },
	{ "a Message-ID of another relay is none", "Subject", "x",
	  "k7q2m9x0yz.0123456789@relay.example.org", true, NULL },
	{ "an answer to ours is one", "In-Reply-To",
	  "<incident.k7q2m9x0yz@relay.example>", "", true,
	  "it answers a notification of this relay (In-Reply-To)" },
	{ "a thread with ours in it is one", "References",
	  "<a@b.example> <incident.k7q2m9x0yz@relay.example> <c@d.example>", "",
	  true, "it answers a notification of this relay (References)" },
	{ "a thread without is none", "References",
	  "<k7q2m9x0yz.0123456789@b.example> <a.b@relay.example> incident.@",
	  "", true, NULL },
	{ "an automatic answer is one", "Auto-Submitted",
	  "auto-replied (vacation)", "", true,
	  "a program sent it by itself (Auto-Submitted: auto-replied)" },
	{ "a known mail may be generated", "Auto-Submitted",
	  "Auto-Generated; x=y", "", true, NULL },
	{ "an unknown one may not", "Auto-Submitted", "auto-generated", "",
	  false, "a program sent it by itself (Auto-Submitted: "
	  "auto-generated)" },
	{ "no means no", "auto-submitted", "No", "", false, NULL },
};

static void
add(struct message *message, const char *name, const char *value)
{
	vec_push(arena, &message->headers,
		 ((struct message_header){ name, value }));
}

int
main(void)
{
	struct message *message;
	size_t i;

	arena = arena_create();
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		message = message_create(arena);
		message->message_id = cases[i].id;
		add(message, cases[i].header, cases[i].value);
		is(mailloop_find(arena, message, "relay.example",
				 cases[i].recognised).why, cases[i].want, "%s",
		   cases[i].name);
	}
	message = message_create(arena);
	for (i = 0; i < 30; i++)
		add(message, "Received", "x");
	is(mailloop_find(arena, message, "relay.example", true).why, NULL,
	   "thirty servers are many");
	add(message, "RECEIVED", "x");
	is(mailloop_find(arena, message, "relay.example", true).why,
	   "it has passed 31 servers (Received)", "thirty-one are too many");
	ok(mailloop_find(arena, message, "relay.example", true).certain,
	   "and to tell of them would be one more");
	message = message_create(arena);
	message->message_id = "x@y";
	add(message, "Auto-Submitted", "auto-generated");
	ok(!mailloop_find(arena, message, "relay.example", false).certain,
	   "an unknown program's mail may be told of");
	arena_destroy(&arena);
	return tap_done();
}
