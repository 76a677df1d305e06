/* The same message again has the same key; anything else another. */
#include "tap.h"

#include "hold/duplicate.h"

static const struct {
	const char *name;
	const char *recipients[3];
	const char *message_id;
	unsigned char octets;
	bool same;
} cases[] = {
	{ "itself", { "a@x", "b@x" }, "1@y", 7, true },
	{ "its recipients in another order", { "b@x", "a@x" }, "1@y", 7, true },
	{ "its recipients in capitals", { "A@x", "B@X" }, "1@y", 7, true },
	{ "one recipient less", { "a@x" }, "1@y", 7, false },
	{ "another recipient", { "a@x", "c@x" }, "1@y", 7, false },
	{ "a recipient that runs into the next", { "a@xb@x" }, "1@y", 7, false },
	{ "another Message-ID", { "a@x", "b@x" }, "2@y", 7, false },
	{ "other octets", { "a@x", "b@x" }, "1@y", 8, false },
};

static void
key_of(size_t i, struct duplicate_key *key)
{
	unsigned char octets[DIGEST_SIZE] = { cases[i].octets };
	size_t count = 0;

	while (count < 3 && cases[i].recipients[count])
		count++;
	duplicate_key(cases[i].recipients, count, cases[i].message_id, octets,
		      key);
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
	}
	return tap_done();
}
