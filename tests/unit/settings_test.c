#include "conf/conf.h"
#include "conf/settings.h"

#include "tap.h"

static struct arena *arena;

static struct settings
load(const char *text, struct diag *diag)
{
	return settings_load(conf_load_text(arena, "etc/tocsin.conf", text,
					    diag), diag);
}

static void
test_defaults(void)
{
	struct diag *diag = diag_create(arena);
	struct settings settings = load("catch-all soc", diag);

	is(settings.state, "/var/lib/tocsin", "the state has its place");
	is(settings.store, "sqlite:/var/lib/tocsin/store.db",
	   "the store is in it");
	is(settings.spool, "/var/spool/tocsin", "the inbox has its place");
	ok(*settings.domain != '\0', "the domain is the host's name");
	is(settings.from_name, "tocsin", "the sender has a name");
	is(settings.from, arena_printf(arena, "tocsin@%s", settings.domain),
	   "and an address in the domain");
	is(settings.authserv, NULL, "nobody's word about mails counts");
	is_int((long long)settings.authserv_fields, 1,
	       "and of whoever is believed, one field does");
	is(settings.templates, NULL, "templates are the embedded ones");
	is(settings.catch_all.text, "soc", "the catch-all is what was said");
	is_int((long long)diag_errors(diag), 0, "there are no errors");
}

static void
test_values(void)
{
	struct diag *diag = diag_create(arena);
	struct settings settings = load(
		"state /s spool inbox domain d.example authserv mx.example "
		"fields 2 from \"A B\" a@d.example templates t catch-all ana", diag);

	is(settings.state, "/s", "a path can be absolute");
	is(settings.store, "sqlite:/s/store.db", "the store goes along");
	is(settings.spool, "etc/inbox", "or as seen from the main file");
	is(settings.templates, "etc/t", "as templates are");
	is(settings.domain, "d.example", "the domain can be set");
	is(settings.from_name, "A B", "and the sender's name");
	is(settings.from, "a@d.example", "and address");
	is(settings.authserv, "mx.example", "and the one that is believed");
	is_int((long long)settings.authserv_fields, 2,
	       "and how many fields of it");
	is_int(settings.catch_all.place.offset, 112,
	       "the catch-all has its place");
	is_int((long long)diag_errors(diag), 0, "there are no errors");
}

static void
test_store(void)
{
	static const struct { const char *text, *want; } rows[] = {
		{ "store sqlite:/d/x.db", "sqlite:/d/x.db" },
		{ "store sqlite:x.db state s", "sqlite:etc/x.db" },
		{ "state s", "sqlite:etc/s/store.db" },
	};
	struct diag *diag = diag_create(arena);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is(load(arena_printf(arena, "%s catch-all x", rows[i].text),
			diag).store, rows[i].want, "%s", rows[i].text);
	is_int((long long)diag_errors(diag), 0, "there are no errors");
}

static void
test_keep(void)
{
	static const struct { const char *text; long long want; } rows[] = {
		{ "", 90 * 24 }, { "keep raw 90d", 90 * 24 },
		{ "keep raw 7d", 7 * 24 }, { "keep raw 12h", 12 },
		{ "keep raw 0", 0 }, { "keep raw 0d", 0 },
	};
	struct diag *diag = diag_create(arena);
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		is_int(load(arena_printf(arena, "%s catch-all x",
					 rows[i].text), diag).keep_raw_ms,
		       rows[i].want * 3600 * 1000, "hours of '%s'",
		       rows[i].text);
	is_int((long long)diag_errors(diag), 0, "there are no errors");
}

static void
test_from(void)
{
	struct diag *diag = diag_create(arena);
	struct settings settings = load("domain d.example from a@b.example "
					"catch-all x", diag);

	is(settings.from, "a@b.example", "the sender's name may be left out");
	is(settings.from_name, "tocsin", "and is the default then");
	settings = load("domain d.example catch-all x", diag);
	is(settings.from, "tocsin@d.example",
	   "the default address is in the domain that was set");
}

static void
test_broken(void)
{
	struct diag *diag = diag_create(arena);
	struct settings settings = load("domain from state store", diag);

	ok(diag_errors(diag) > 0, "broken settings are errors");
	ok(settings.domain && settings.from && settings.state &&
	   settings.store && settings.catch_all.text,
	   "but there is a value all the same");
}

int
main(void)
{
	arena = arena_create();
	test_defaults();
	test_values();
	test_store();
	test_keep();
	test_from();
	test_broken();
	arena_destroy(&arena);
	return tap_done();
}
