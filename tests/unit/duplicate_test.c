/* The same message again has the same key; anything else another. */
#include "tap.h"

#include "hold/duplicate.h"

static const struct {
	const char *name;
	const char *recipients[3];
	unsigned char written, octets;
	bool is_proven;
	bool same, same_proven;
} cases[] = {
	{ "itself", { "a@x", "b@x" }, 7, 7, true, true, true },
	{ "its recipients in another order", { "b@x", "a@x" }, 7, 7, true,
	  true, true },
	{ "its recipients in capitals", { "A@x", "B@X" }, 7, 7, true, true,
	  true },
	{ "one recipient less", { "a@x" }, 7, 7, true, false, false },
	{ "another recipient", { "a@x", "c@x" }, 7, 7, true, false, false },
	{ "a recipient that runs into the next", { "a@xb@x" }, 7, 7, true,
	  false, false },
	{ "other words of its author", { "a@x", "b@x" }, 8, 7, true, false,
	  false },
	{ "other traces of its way", { "a@x", "b@x" }, 7, 8, true, true, true },
	{ "a copy that proves nothing", { "a@x", "b@x" }, 7, 7, false, false,
	  true },
};

static void
key_of(size_t i, struct duplicate_key *key)
{
	struct duplicate_message message = {
		.recipients = cases[i].recipients,
		.written = { cases[i].written }, .octets = { cases[i].octets },
		.is_proven = cases[i].is_proven,
	};

	while (message.count < 3 && cases[i].recipients[message.count])
		message.count++;
	duplicate_key(&message, key);
}

int
main(void)
{
	struct duplicate_key first, key;
	size_t i;

	key_of(0, &first);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		key_of(i, &key);
		ok(!strcmp(first.hex, key.hex) == cases[i].same,
		   "%s is %s message", cases[i].name,
		   cases[i].same ? "the same" : "another");
		ok(!strcmp(first.code, key.code) == cases[i].same,
		   "and so says its code");
		ok(!strcmp(first.hex, key.proven) == cases[i].same_proven,
		   "and it is %slooked for as it", cases[i].same_proven ?
		   "" : "not ");
	}
	return tap_done();
}
