#include "oncall/contact.h"

#include "conf/conf.h"
#include "send/channel.h"
#include "tap.h"

#define NOW INT64_C(1800000000000)

static struct arena *arena;

static const struct relay
	outside = { .name = "outside", .channel = &channel_smtp },
	inside = { .name = "inside", .channel = &channel_maildir };
static const struct relay *const relays[] = { &outside, &inside, NULL };

static struct contacts *
load(const char *text, struct buf *said)
{
	struct diag *diag = diag_create(arena);
	struct contacts *contacts;
	struct conf *conf;

	conf = conf_load_text(arena, "c", text, diag);
	contacts = contacts_load(conf, relays, windows_load(conf, diag), diag);
	diag_print(diag, said);
	return contacts;
}

/* Who is behind a name: "ana@x.example(ana) ...". */
static char *
told(const struct contacts *contacts, const char *name)
{
	struct buf out = BUF_INIT;
	recipients who = { 0 };
	char *copy;
	size_t i;

	contact_resolve(contacts, contact_find(contacts, name), NULL, NOW,
			arena, &who, NULL);
	for (i = 0; i < who.count; i++)
		buf_printf(&out, "%s%s(%s)", i ? " " : "",
			   who.items[i].endpoint.address, who.items[i].contact->name);
	copy = arena_strdup(arena, out.data);
	buf_release(&out);
	return copy;
}

static const char people[] =
	"person ana { mail ana@x.example }\n"
	"person bob { mail bob@x.example, ANA@x.example }\n"
	"team soc { members bob, ana, night  mail soc@x.example }\n"
	"team night { members ana, bob }\n"
	"team few { members night, soc }\n";

static const struct {
	const char *name, *want;
} behind[] = {
	{ "ana", "ana@x.example(ana)" },
	{ "bob", "bob@x.example(bob) ANA@x.example(bob)" },
	{ "soc", "soc@x.example(soc) bob@x.example(bob) ANA@x.example(bob)" },
	{ "few", "ana@x.example(ana) bob@x.example(bob) soc@x.example(soc)" },
};

static void
test_behind(void)
{
	struct buf said = BUF_INIT;
	struct contacts *contacts = load(people, &said);
	size_t i;

	is(said.data, "", "persons and teams load");
	for (i = 0; i < sizeof(behind) / sizeof(*behind); i++)
		is(told(contacts, behind[i].name), behind[i].want,
		   "%s: first the team's own, then each member once",
		   behind[i].name);
	buf_release(&said);
}

static const struct {
	const char *text, *relay;
} ways[] = {
	{ "person p { mail p@x.example }", "outside" },
	{ "person p { relay inside mail p@x.example }", "inside" },
	{ "person p { mail p@x.example relay inside }", "inside" },
	{ "person p { mail p@x.example relay gone }", "outside" },
};

static void
test_ways(void)
{
	struct buf said = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		struct contacts *contacts = load(ways[i].text, &said);
		const struct recipient *own = contacts->list.items[0]->own.items;

		is(own->relay->name, ways[i].relay, "%s goes by that relay",
		   ways[i].text);
		ok(own->endpoint.channel == own->relay->channel,
		   "and its channel");
	}
	buf_release(&said);
}

static const struct {
	const char *name, *address;
	bool want;
} possible[] = {
	{ "ana", "ana@x.example", true },
	{ "ana", "ANA@x.example", true },
	{ "ana", "bob@x.example", false },
	{ "few", "soc@x.example", true },
	{ "few", "eve@x.example", false },
};

static void
test_could_be(void)
{
	struct buf said = BUF_INIT;
	struct contacts *contacts = load(people, &said);
	size_t i;

	for (i = 0; i < sizeof(possible) / sizeof(*possible); i++) {
		const struct endpoint endpoint = {
			&channel_maildir, possible[i].address,
		};

		ok(contact_could_be(contacts,
				    contact_find(contacts, possible[i].name),
				    &endpoint) == possible[i].want,
		   "%s may %sbe told at %s, by whichever channel of mail",
		   possible[i].name, possible[i].want ? "" : "never ",
		   possible[i].address);
	}
	buf_release(&said);
}

#define P "person p { mail p@x.example } "

static const struct {
	const char *text, *want;
} findings[] = {
	{ P "team a { members p }", "" },
	{ P "team a { members p, p }", "" },
	{ "team a { members a }",
	  "c:1:6: error: team 'a' is a member of itself (take one of them out "
	  "of the other)" },
	{ "team a { members b } team b { members c } team c { members b }",
	  "c:1:27: error: team 'b' is a member of itself (take one of "
	  "them out of the other)" },
	{ P "team a { members b, c } team b { members c } "
	  "team c { members p }", "" },
	{ P "team a { members q }", "c:1:48: error: unknown contact 'q' (did "
	  "you mean 'p'?)" },
	{ "person p { mail p@, q@x.example }",
	  "c:1:17: error: 'p@' is no mail address (write the "
	  "address alone: LOCAL@DOMAIN)" },
	{ "person p { }", "c:1:8: error: person 'p' has no address (write "
	  "`mail ADDRESS`)" },
	{ P "team p { members p }", "c:1:36: error: two have the name 'p': "
	  "person and team (names are shared by persons, teams and oncalls: rename "
	  "one; the other is in line 1)" },
};

static void
test_findings(void)
{
	struct buf said = BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(findings) / sizeof(*findings); i++) {
		buf_reset(&said);
		(void)load(findings[i].text, &said);
		said.data[strcspn(said.data, "\n")] = '\0';
		is(said.data, findings[i].want, "%s", findings[i].text);
	}
	buf_release(&said);
}

/* Two teams on each level, both members of both above: as many ways lead down
 * as there are atoms in a glass. */
static void
test_ladder(void)
{
	struct buf text = BUF_INIT, said = BUF_INIT;
	struct contacts *contacts;
	int i;

	for (i = 0; i < 40; i++)
		buf_printf(&text, "team a%d { members a%d, b%d } "
			   "team b%d { members a%d, b%d }\n",
			   i, i + 1, i + 1, i, i + 1, i + 1);
	buf_puts(&text, "person a40 { mail a@x.example } "
		 "person b40 { mail b@x.example }\n");
	contacts = load(text.data, &said);
	is(said.data, "", "a ladder of teams is no circle");
	is(told(contacts, "a0"), "a@x.example(a40) b@x.example(b40)",
	   "and is gone down once");
	buf_release(&text);
	buf_release(&said);
}

static void
test_chain(void)
{
	enum { LENGTH = 100000 };
	struct buf text = BUF_INIT, said = BUF_INIT;
	struct contacts *contacts;
	bool *marks;
	int i;

	for (i = 0; i < LENGTH; i++)
		buf_printf(&text, "team t%d { members t%d }\n", i, i + 1);
	buf_printf(&text, "person t%d { mail p@x.example }\n", LENGTH);
	contacts = load(text.data, &said);
	is(said.data, "", "no depth of teams is too deep");
	is(told(contacts, "t0"), "p@x.example(t100000)", "to load or to tell");
	marks = arena_array(arena, contacts->list.count, sizeof(*marks));
	contact_mark(contacts, contact_find(contacts, "t1"), marks);
	ok(!marks[0] && marks[1] && marks[LENGTH], "or to mark");
	buf_release(&text);
	buf_release(&said);
}

int
main(void)
{
	arena = arena_create();
	test_behind();
	test_ways();
	test_could_be();
	test_findings();
	test_ladder();
	test_chain();
	arena_destroy(&arena);
	return tap_done();
}
