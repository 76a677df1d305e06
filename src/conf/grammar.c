/*
 * The tables read from the inside out: what stands in a block before what has
 * the block. A line is
 *
 *	{ keyword, { words }, block, clauses, next, flags, help }
 */
#include "conf/grammar.h"

#include "conf/value.h"

#define ONE(name) { name, GRAMMAR_ONE, NULL }
#define LIST(name) { name, GRAMMAR_LIST, NULL }
#define CHOICE(names) { names, GRAMMAR_CHOICE, NULL }
#define MAYBE(name) { name, GRAMMAR_MAYBE, NULL }
#define TEXT ONE("\"TEXT\"")
#define LINK { "URL", GRAMMAR_ONE, conf_link }
#define DATE { "DATE", GRAMMAR_ONE, conf_is_date }
#define TIME { "TIME", GRAMMAR_ONE, conf_is_time }
#define CLOCK { "HH:MM", GRAMMAR_ONE, conf_is_clock }
#define MOMENT { "TIME", GRAMMAR_ONE, conf_is_moment }
#define ADDRESS { "ADDRESS", GRAMMAR_ONE, conf_address }
#define ADDRESSES { "ADDRESS", GRAMMAR_LIST, conf_address }

#define ONCE .flags = GRAMMAR_ONCE
#define HELP(text) .help = text
#define END { .keyword = NULL }

static const struct grammar rate_clauses[] = {
	{ "per", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("in any time of that length") },
	END
};

static const struct grammar relay_block[] = {
	{ "smtp", { LIST("HOST[:PORT]") }, ONCE,
	  HELP("servers to hand mails to, tried in order") },
	{ "tls", { CHOICE("required|implicit|none") }, ONCE,
	  HELP("how the connection is protected; required is the default") },
	{ "ca-file", { ONE("PATH") }, ONCE,
	  HELP("certificates to trust instead of the system's") },
	{ "login", { ONE("USER") }, ONCE, HELP("user name") },
	{ "password-file", { ONE("PATH") }, ONCE,
	  HELP("file whose first line is the password") },
	{ "auth", { CHOICE("plain|login") }, ONCE,
	  HELP("SASL mechanism; chosen by what the server offers") },
	{ "timeout", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("how long one mail may take") },
	{ "hello", { ONE("HOST") }, ONCE, HELP("name given in EHLO") },
	{ "maildir", { ONE("PATH") }, ONCE,
	  HELP("write mails to a Maildir, send none") },
	{ "connections", { ONE("N") }, ONCE,
	  HELP("at most so many at once; learned when it is not said") },
	{ "rate", { ONE("N") }, .clauses = rate_clauses,
	  .flags = GRAMMAR_ONCE | GRAMMAR_NEEDS_CLAUSE,
	  HELP("at most so many mails") },
	END
};

static const struct grammar pager_clauses[] = {
	{ "using", { ONE("TEMPLATE") }, ONCE,
	  HELP("template of what is sent there") },
	END
};

static const struct grammar person_block[] = {
	{ "mail", { ADDRESSES }, HELP("where this person reads mail") },
	{ "pager", { ONE("ADDRESS") }, .clauses = pager_clauses,
	  HELP("where to reach this person by pager") },
	{ "language", { ONE("LANG") }, ONCE,
	  HELP("language of notifications") },
	{ "timezone", { ONE("ZONE") }, ONCE, HELP("zone that times are in") },
	{ "relay", { ONE("NAME") }, ONCE,
	  HELP("relay to use instead of the first") },
	END
};

static const struct grammar team_block[] = {
	{ "mail", { ADDRESSES }, HELP("addresses of the whole team") },
	{ "members", { LIST("NAME") },
	  HELP("persons, teams and oncalls in it") },
	{ "language", { ONE("LANG") }, ONCE,
	  HELP("language of notifications") },
	{ "timezone", { ONE("ZONE") }, ONCE, HELP("zone that times are in") },
	{ "relay", { ONE("NAME") }, ONCE,
	  HELP("relay to use instead of the first") },
	END
};

static const struct grammar rotate_clauses[] = {
	{ "daily", ONCE, HELP("each day the next one") },
	{ "weekly", ONCE, HELP("each week the next one") },
	{ "every", { ONE("N"), CHOICE("days|weeks") }, ONCE,
	  HELP("so many days or weeks for each") },
	{ "on", { { "DAY", GRAMMAR_ONE, conf_is_day } }, ONCE,
	  HELP("day of the change, where it turns by weeks") },
	{ "at", { CLOCK }, ONCE, HELP("clock time of the change") },
	{ "from", { DATE, LIST("NAME") }, ONCE,
	  HELP("since when, and who in turn") },
	{ "during", { ONE("WINDOW") }, ONCE,
	  HELP("nobody has duty by it outside of the window") },
	END
};

static const struct grammar replace_clauses[] = {
	{ "by", { ONE("NAME") }, ONCE, HELP("who is on duty instead") },
	{ "from", { MOMENT }, ONCE, HELP("since when; a date is its begin") },
	{ "until", { MOMENT }, ONCE, HELP("until when; a date is its end") },
	END
};

static const struct grammar calendar_clauses[] = {
	{ "url-file", { ONE("PATH") }, ONCE,
	  HELP("file whose first line is the address") },
	{ "ca-file", { ONE("PATH") }, ONCE,
	  HELP("certificates to trust instead of the system's") },
	{ "of", { LIST("NAME") }, ONCE, HELP("who may come on duty by it") },
	{ "by", { CHOICE("summary|attendee") }, ONCE,
	  HELP("where a name is found in an event") },
	{ "every", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("how often it is fetched; 15m is the default") },
	END
};

static const struct grammar oncall_block[] = {
	{ "timezone", { ONE("ZONE") }, ONCE,
	  HELP("zone that its times are in") },
	{ "rotate", .clauses = rotate_clauses, .flags = GRAMMAR_NEEDS_CLAUSE,
	  HELP("a layer: people who take turns") },
	{ "replace", { ONE("NAME") }, .clauses = replace_clauses,
	  HELP("somebody else for a while") },
	{ "calendar", { { "URL|PATH", GRAMMAR_UNLESS, NULL } },
	  .clauses = calendar_clauses, .flags = GRAMMAR_NEEDS_CLAUSE,
	  HELP("a layer: a calendar that says who has duty") },
	{ "otherwise", { ONE("NAME") }, ONCE,
	  HELP("who is on duty when nobody else is") },
	{ "hand-over", { ONE("NAME") }, ONCE,
	  HELP("who is told when duty changes") },
	END
};

static const struct grammar window_block[] = {
	{ "timezone", { ONE("ZONE") }, ONCE,
	  HELP("zone that the hours are in") },
	{ "", { { "DAYS", GRAMMAR_MORE, NULL },
	      { "RANGE", GRAMMAR_ANY, NULL } },
	  HELP("days and hours, as mon-fri 18:00-08:00") },
	END
};

static const struct grammar notify_clauses[] = {
	{ "using", { ONE("TEMPLATE") }, ONCE, HELP("template of the mail") },
	{ "by", { CHOICE("pager") }, ONCE,
	  HELP("tell each at his pager, if he has one") },
	{ "do", { TEXT }, ONCE, HELP("what the reader is to do") },
	{ "runbook", { LINK }, ONCE, HELP("where that is described") },
	{ "note", { TEXT }, ONCE, HELP("what the reader should know") },
	END
};

static const struct grammar drop_clauses[] = {
	{ "owner", { ONE("NAME") }, ONCE, HELP("who answers for it") },
	{ "reason", { TEXT }, ONCE, HELP("why nobody is to be told") },
	{ "until", { DATE }, ONCE, HELP("the day on which it ends") },
	{ "always", ONCE, HELP("there is no end: the contract says so") },
	END
};

static const struct grammar rule_clauses[] = {
	{ "when", { { "CONDITION", GRAMMAR_EXPR, NULL } }, ONCE,
	  HELP("what has to be certainly true") },
	{ "also", .next = "notify", HELP("act, and go on searching") },
	{ "notify", { LIST("NAME") }, .clauses = notify_clauses,
	  HELP("persons, teams and oncalls to tell") },
	{ "drop", .clauses = drop_clauses, ONCE, HELP("tell nobody") },
	END
};

static const struct grammar otherwise_clauses[] = {
	{ "notify", { LIST("NAME") }, .clauses = notify_clauses,
	  HELP("persons, teams and oncalls to tell") },
	END
};

static const struct grammar app_block[] = {
	{ "client", { ONE("GUID") }, ONCE,
	  HELP("application id of its registration") },
	{ "certificate-file", { ONE("PATH") }, ONCE,
	  HELP("certificate and private key it proves itself with") },
	{ "secret-file", { ONE("PATH") }, ONCE,
	  HELP("file whose first line is its secret") },
	{ "refresh-token-file", { ONE("PATH") }, ONCE,
	  HELP("file whose first line is a person's refresh token") },
	{ "cloud", { CHOICE("global|gcc|gcc-high|dod|china") }, ONCE,
	  HELP("where its tenants are; global is the default") },
	{ "login", { ONE("URL") }, ONCE,
	  HELP("base URL of Entra ID instead of the cloud's") },
	{ "graph", { ONE("URL") }, ONCE,
	  HELP("base URL of Graph instead of the cloud's") },
	{ "endpoint", { ONE("URL") }, ONCE,
	  HELP("base URL of Defender for Endpoint instead of the cloud's") },
	{ "ca-file", { ONE("PATH") }, ONCE,
	  HELP("certificates to trust instead of the system's") },
	END
};

static const struct grammar poll_clauses[] = {
	{ "using", { ONE("APP") }, ONCE, HELP("application that asks") },
	{ "every", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("how often; 1m is the default") },
	{ "complete", .next = "within", ONCE,
	  HELP("let a mail wait for what the API knows of its alert") },
	{ "within", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("for at most so long; 5s is the default") },
	END
};

static const struct grammar every_clauses[] = {
	{ "every", { { "DURATION", GRAMMAR_ONE, conf_is_duration } }, ONCE,
	  HELP("the longest silence that is usual") },
	END
};

static const struct grammar expected_clauses[] = {
	{ "mail", .clauses = every_clauses, HELP("its notification mails") },
	{ "poll", .clauses = every_clauses, HELP("good answers of its APIs") },
	END
};

static const struct grammar customer_block[] = {
	{ "tenant", { LIST("GUID") }, HELP("tenant ids of this customer") },
	{ "poll", { CHOICE("graph|endpoint") }, .clauses = poll_clauses,
	  HELP("ask an API for the alerts of its tenants") },
	{ "expect", .clauses = expected_clauses,
	  .flags = GRAMMAR_NEEDS_CLAUSE | GRAMMAR_ONE_CLAUSE,
	  HELP("tell the catch-all when it is quiet for longer") },
	{ "mailbox", { ADDRESSES },
	  HELP("addresses its notifications are sent to") },
	{ "organization", { LIST("\"TEXT\"") },
	  HELP("names of its organization in notifications") },
	{ "language", { ONE("LANG") }, ONCE,
	  HELP("language of notifications, if the reader has none") },
	{ "timezone", { ONE("ZONE") }, ONCE,
	  HELP("zone of times, if the reader has none") },
	{ "note", { TEXT }, ONCE, HELP("what readers should know of it") },
	{ "runbook", { LINK }, ONCE, HELP("where is described what to do") },
	{ "phone", { TEXT }, ONCE, HELP("whom to call there") },
	{ "recipients", { LIST("ADDRESS|@DOMAIN") },
	  HELP("who may be told anything of this customer") },
	{ "rule", { ONE("NAME"), MAYBE("COMMENT") }, .clauses = rule_clauses,
	  HELP("the first rule that surely matches decides") },
	{ "otherwise", .clauses = otherwise_clauses,
	  .flags = GRAMMAR_ONCE | GRAMMAR_NEEDS_CLAUSE,
	  HELP("what is done when no rule decides") },
	END
};

static const struct grammar format_block[] = {
	{ "from", { ADDRESSES }, HELP("exact From addresses of this mail") },
	{ "subject", { LIST("\"PATTERN\"") },
	  HELP("whole subjects, with holes") },
	{ "text", { LIST("\"PHRASE\"") },
	  HELP("phrases of the body that identify it") },
	{ "set", { ONE("FIELD"), LIST("VALUE") }, HELP("a constant field") },
	{ "label", { ONE("FIELD"), LIST("\"LABEL\"") },
	  HELP("labels of a field in this mail") },
	{ "link", { LIST("\"PATTERN\"") }, HELP("links that carry fields") },
	{ "expect", { LIST("FIELD") },
	  HELP("fields without which the mail is incomplete") },
	END
};

static const struct grammar alert_block[] = {
	{ "incomplete", { LIST("FIELD") },
	  HELP("fields that may have a value that was not read") },
	{ "", { LIST("VALUE") }, HELP("a field of the alert") },
	END
};

static const struct grammar alert_clauses[] = {
	{ "at", { TIME }, ONCE, HELP("when it arrives") },
	END
};

static const struct grammar mail_clauses[] = {
	{ "to", { ADDRESS }, ONCE, HELP("mailbox it arrives at") },
	{ "at", { TIME }, ONCE, HELP("when it arrives") },
	END
};

static const struct grammar given_clauses[] = {
	{ "alert", .block = alert_block, .clauses = alert_clauses,
	  HELP("an alert with these fields") },
	{ "mail", { ONE("FILE") }, .clauses = mail_clauses,
	  HELP("a whole mail") },
	END
};

static const struct grammar expect_notify_clauses[] = {
	{ "by", { ONE("RULE") }, ONCE, HELP("rule that decides") },
	{ "using", { ONE("TEMPLATE") }, ONCE, HELP("template of the mail") },
	END
};

static const struct grammar expect_drop_clauses[] = {
	{ "by", { ONE("RULE") }, ONCE, HELP("rule that decides") },
	END
};

static const struct grammar expect_clauses[] = {
	{ "notify", { ADDRESSES }, .clauses = expect_notify_clauses,
	  HELP("exactly these are told") },
	{ "drop", .clauses = expect_drop_clauses, HELP("nobody is told") },
	{ "hold", HELP("it is held: nobody knows whose alert it is") },
	END
};

static const struct grammar test_block[] = {
	{ "given", .clauses = given_clauses,
	  .flags = GRAMMAR_NEEDS_CLAUSE | GRAMMAR_ONE_CLAUSE | GRAMMAR_ONCE,
	  HELP("what arrives") },
	{ "expect", .clauses = expect_clauses,
	  .flags = GRAMMAR_NEEDS_CLAUSE | GRAMMAR_ONE_CLAUSE | GRAMMAR_ONCE,
	  HELP("what must become of it") },
	END
};

static const struct grammar authserv_clauses[] = {
	{ "fields", { { "COUNT", GRAMMAR_ONE, conf_is_count } }, ONCE,
	  HELP("how many fields its filters write, 1 to 9; 1 is the default") },
	END
};

const struct grammar grammar_top[] = {
	{ "include", { LIST("\"PATTERN\"") },
	  HELP("read other files in this place") },

	{ "state", { ONE("PATH") }, HELP("directory of what must survive") },
	{ "store", { ONE("sqlite:PATH") },
	  HELP("file of journal and queue; store.db in the state") },
	{ "spool", { ONE("PATH") }, HELP("directory of the inbox") },
	{ "domain", { { "HOST", GRAMMAR_ONE, conf_host } },
	  HELP("domain of Message-IDs and replies") },
	{ "from", { MAYBE("NAME"), ADDRESS }, HELP("sender of notifications") },
	{ "authserv", { { "HOST", GRAMMAR_ONE, conf_host } },
	  .clauses = authserv_clauses,
	  HELP("whose Authentication-Results are believed") },
	{ "templates", { ONE("PATH") }, HELP("directory of the templates") },
	{ "keep", { CHOICE("raw"), ONE("DURATION|0") },
	  HELP("how long mails and records are kept as they came; 90d") },
	{ "catch-all", { ONE("NAME") }, HELP("who is told when nobody is") },

	{ "relay", { ONE("NAME") }, relay_block,
	  HELP("a way for notifications to leave") },
	{ "person", { ONE("NAME"), MAYBE("TEXT") }, person_block,
	  HELP("somebody to tell") },
	{ "team", { ONE("NAME"), MAYBE("TEXT") }, team_block,
	  HELP("several to tell") },
	{ "oncall", { ONE("NAME"), MAYBE("TEXT") }, oncall_block,
	  HELP("who is on duty, when") },
	{ "window", { ONE("NAME") }, window_block, HELP("hours of the week") },

	{ "app", { ONE("NAME") }, app_block,
	  HELP("an application that reads tenants by API") },
	{ "customer", { ONE("NAME"), MAYBE("TEXT") }, customer_block,
	  HELP("a customer, what it is known by, and its rules") },
	{ "test", { ONE("\"SENTENCE\"") }, test_block,
	  HELP("what the rules must do with an alert") },

	{ "format", { ONE("NAME"), TEXT }, format_block,
	  HELP("a kind of mail and how it is read") },
	{ "label", { ONE("FIELD"), LIST("\"LABEL\"") },
	  HELP("labels of a field in every mail") },
	{ "alias", { ONE("FIELD"), ONE("VALUE"), LIST("\"TEXT\"") },
	  HELP("other words for a value") },
	{ "portal", { LIST("HOST") }, HELP("hosts of Microsoft's portals") },
	{ "link", { LIST("\"PATTERN\"") },
	  HELP("links that carry fields, in every mail") },
	{ "unwrap", { ONE("\"PATTERN\""), ONE("PARAMETER") },
	  HELP("links whose parameter holds the real link") },
	{ "decode", { ONE("\"PATTERN\""), ONE("DECODER") },
	  HELP("links in which a gateway wrote the real link its own way") },
	{ "opaque", { LIST("\"PATTERN\"") },
	  HELP("links of gateways that alone know the real link") },
	{ "ignore", { LIST("\"LABEL\"") }, HELP("labels that mean nothing") },

	{ "language", { ONE("LANG"), ONE("\"NAME\"") },
	  HELP("the language of a words file") },
	{ "word", { ONE("KEY"), TEXT },
	  HELP("a text of the templates in this language") },
	END
};

/* The parser has a bit for each line. */
_Static_assert(sizeof(grammar_top) / sizeof(*grammar_top) <= 32,
	       "too many lines in one table");

const struct grammar *
grammar_find(const struct grammar *table, const char *word, bool any)
{
	for (; table && table->keyword; table++) {
		if (*table->keyword == *word && !strcmp(table->keyword, word))
			return table;
		if (any && !*table->keyword)
			return table;
	}
	return NULL;
}

static void
append_word(struct buf *out, const struct grammar_word *word)
{
	static const char *const shapes[] = {
		[GRAMMAR_ONE] = " %s",
		[GRAMMAR_MAYBE] = " [\"%s\"]",
		[GRAMMAR_UNLESS] = " [%s]",
		[GRAMMAR_ANY] = " %s",
		[GRAMMAR_LIST] = " %s, ...",
		[GRAMMAR_MORE] = " %s",
		[GRAMMAR_CHOICE] = " %s",
		[GRAMMAR_EXPR] = " %s",
	};
	const char *shape = shapes[word->count], *hole = strstr(shape, "%s");

	buf_append(out, shape, (size_t)(hole - shape));
	buf_puts(out, word->name);
	buf_puts(out, hole + 2);
}

/* With the clauses of the line, but not with theirs. */
static void
append_usage(struct buf *out, const struct grammar *line, bool clauses)
{
	const struct grammar *clause;
	bool needed = line->flags & GRAMMAR_NEEDS_CLAUSE;
	size_t i;

	buf_puts(out, line->keyword);
	for (i = 0; i < GRAMMAR_WORDS_MOST && line->words[i].name; i++)
		append_word(out, &line->words[i]);
	if (line->next)
		buf_printf(out, " %s ...", line->next);
	if (line->block)
		buf_puts(out, " { ... }");
	clause = clauses ? line->clauses : NULL;
	for (; clause && clause->keyword; clause++) {
		buf_puts(out, needed && clause > line->clauses ? " | " : " ");
		if (!needed)
			buf_putc(out, '[');
		append_usage(out, clause, false);
		if (!needed)
			buf_putc(out, ']');
	}
}

char *
grammar_usage(struct arena *arena, const struct grammar *line)
{
	struct buf usage = BUF_INIT;
	const char *start;
	char *copy;

	append_usage(&usage, line, true);
	start = usage.data + strspn(usage.data, " ");	/* a free keyword */
	copy = arena_strdup(arena, start);
	buf_release(&usage);
	return copy;
}

/* Is it one of the names in "a, b, c"? */
static bool
has_home(const struct buf *homes, const char *name)
{
	const char *at = homes->len ? homes->data : "";
	size_t length = strlen(name);

	while ((at = strstr(at, name))) {
		if ((at == homes->data || at[-1] == ' ') &&
		    (!at[length] || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}

static void
append_homes(struct buf *out, const struct grammar *table, const char *word)
{
	for (; table && table->keyword; table++) {
		if ((grammar_find(table->block, word, false) ||
		     grammar_find(table->clauses, word, false)) &&
		    !has_home(out, table->keyword))
			buf_printf(out, "%s%s", out->len ? ", " : "",
				   table->keyword);
		append_homes(out, table->block, word);
		append_homes(out, table->clauses, word);
	}
}

char *
grammar_home(struct arena *arena, const char *word)
{
	struct buf homes = BUF_INIT;
	char *copy = NULL;

	if (grammar_find(grammar_top, word, false))
		return arena_strdup(arena, "outside of { }");
	append_homes(&homes, grammar_top, word);
	if (homes.len)
		copy = arena_printf(arena, "in %s", homes.data);
	buf_release(&homes);
	return copy;
}

typedef void walk_each(void *context, const char *path, const char *usage,
		       const char *help);

static void
walk(struct arena *arena, const struct grammar *table, const char *above,
     walk_each *each, void *context)
{
	for (; table && table->keyword; table++) {
		char *usage = grammar_usage(arena, table);
		char *path = arena_printf(arena, "%s%s%s", above,
					  *above ? " " : "", *table->keyword ?
					  table->keyword :
					  table->words[0].name);

		each(context, path, usage, table->help);
		walk(arena, table->block, path, each, context);
		walk(arena, table->clauses, path, each, context);
	}
}

void
grammar_walk(walk_each *each, void *context)
{
	struct arena *arena = arena_create();

	walk(arena, grammar_top, "", each, context);
	arena_destroy(&arena);
}
