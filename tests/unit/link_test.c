#include "tap.h"

#include "base/text.h"
#include "normalize/link.h"

static struct arena *arena;

#define TENANT "72f988bf-86f1-41af-91ab-2d7cd011db47"

/* `want` NULL: no link that counts. */
static const struct { const char *text, *want, *host, *path, *query; }
urls[] = {
	{ "https://security.microsoft.com", "https://security.microsoft.com",
	  "security.microsoft.com", "/", "" },
	{ "HTTPS://Security.Microsoft.COM/Alerts/a?tid=1#x",
	  "https://security.microsoft.com/Alerts/a?tid=1#x",
	  "security.microsoft.com", "/Alerts/a#x", "tid=1" },
	{ "https:/securitycenter.windows.com/alert/6_-1",
	  "https://securitycenter.windows.com/alert/6_-1",
	  "securitycenter.windows.com", "/alert/6_-1", "" },
	{ "https://a.example/x/", "https://a.example/x/", "a.example", "/x",
	  "" },
	{ "https://a.example?tid=1", "https://a.example?tid=1", "a.example",
	  "/", "tid=1" },
	{ "https://a.example/#b/c?tid=1", "https://a.example/#b/c?tid=1",
	  "a.example", "/#b/c", "&tid=1" },
	{ " \xE2\x80\x8B" "https://a.example/\"><script>\r\nx",
	  "https://a.example/%22%3E%3Cscript%3E%0D%0Ax", "a.example",
	  "/%22%3E%3Cscript%3E%0D%0Ax", "" },
	{ "http://security.microsoft.com/", NULL, NULL, NULL, NULL },
	{ "https://security.microsoft.com@evil.example/", NULL, NULL, NULL,
	  NULL },
	{ "https://evil.example\\@security.microsoft.com/", NULL, NULL, NULL,
	  NULL },
	{ "https://security.microsoft.com:443/", NULL, NULL, NULL, NULL },
	{ "https:///security.microsoft.com/", NULL, NULL, NULL, NULL },
	{ "https://security.microsoft\xC2\xADx.com/", NULL, NULL, NULL, NULL },
	{ "https://s\xD0\xB5" "curity.microsoft.com/", NULL, NULL, NULL, NULL },
	{ "https://", NULL, NULL, NULL, NULL },
	{ "https:", NULL, NULL, NULL, NULL },
	{ "javascript:https://a.example/", NULL, NULL, NULL, NULL },
	{ "", NULL, NULL, NULL, NULL },
};

static void
test_urls(void)
{
	struct buf shown = BUF_INIT;
	struct url url;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
		bool good = url_parse(arena, urls[i].text, &url);

		buf_reset(&shown);
		text_escape(&shown, urls[i].text, 200);
		is(good ? url.text : NULL, urls[i].want, "'%s' is %s",
		   shown.data, urls[i].want ? "a link" : "no link");
		if (!good || !urls[i].want)
			continue;
		is(url.host, urls[i].host, "  its host");
		is(url.path, urls[i].path, "  its path");
		is(url.query, urls[i].query, "  its query");
	}
	buf_release(&shown);
}

/* `want`: "hole=text hole=text", or NULL for no match. */
static const struct { const char *pattern, *text, *want; } matches[] = {
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com/alerts/da6_-9?tid=1",
	  "alert=da6_-9" },
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com/ALERTS/da6_-9/", "alert=da6_-9" },
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com/alerts/da6/evidence", NULL },
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com/alerts/", NULL },
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com.evil.example/alerts/a", NULL },
	{ "https://{portal}/alerts/{alert}",
	  "https://evil.example/security.microsoft.com/alerts/a", NULL },
	{ "https://{portal}/alerts/{alert}",
	  "https://x.security.microsoft.com/alerts/a", NULL },
	{ "https://{portal}/incident2/{incident}/{*}",
	  "https://security.microsoft.com/incident2/12/overview",
	  "incident=12" },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com?a=b&TID=" TENANT "&c",
	  "tenant=" TENANT },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/x/y#z?tid=contoso%2Eexample",
	  "tenant=contoso.example" },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/?tid=a&tid=b", "tenant=a tenant=b" },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/?tid=a%00b", NULL },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/?xtid=a", NULL },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/alerts/a;tid=b", "tenant=b" },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/?x=y;tid=b&amp;TID=c",
	  "tenant=b tenant=c" },
	{ "https://{portal}/{*}?tid={tenant}",
	  "https://security.microsoft.com/?x=y?tid=b", "tenant=b" },
	{ "https://{portal}/alerts/{alert}",
	  "https://security.microsoft.com/alerts/a;tid=b", "alert=a" },
	{ "https://{portal}/viewalerts?id={alert}",
	  "https://security.microsoft.com/viewalerts?tid=x&id=7", "alert=7" },
	{ "https://a.example/{tenant}#b/{*}", "https://A.example/c.d#b/e",
	  "tenant=c.d" },
	{ "https://a.example/{tenant}#b/{*}", "https://a.example/c/d#b/e",
	  NULL },
};

static const char *
captures_text(const pattern_captures *captures)
{
	struct buf out = BUF_INIT;
	const char *text;
	size_t i;

	for (i = 0; i < captures->count; i++)
		buf_printf(&out, "%s%s=%s", i ? " " : "",
			   captures->items[i].hole, captures->items[i].text);
	text = arena_strdup(arena, out.data);
	buf_release(&out);
	return text;
}

static void
test_matches(void)
{
	struct map *portals = map_create(arena);
	struct buf error = BUF_INIT;
	size_t i;

	map_set(portals, "security.microsoft.com", portals);
	for (i = 0; i < sizeof(matches) / sizeof(*matches); i++) {
		struct link_pattern *pattern = link_pattern_parse(arena,
			matches[i].pattern, &error);
		pattern_captures captures = { .count = 0 };
		struct url url;
		bool good = pattern &&
			url_parse(arena, matches[i].text, &url) &&
			link_pattern_match(pattern, portals, arena, &url,
					   &captures);

		is(good ? captures_text(&captures) : NULL, matches[i].want,
		   "%s in %s", matches[i].pattern, matches[i].text);
	}
	is(error.data, "", "all these patterns make sense");
	buf_release(&error);
}

static const struct { const char *pattern, *error; } bad[] = {
	{ "http://{portal}/a", "a link begins with https://" },
	{ "https://{*}/a", "the host is neither a name nor {portal}" },
	{ "https://{portal}.example/a",
	  "the host is neither a name nor {portal}" },
	{ "https://{portal}/{alert", "a brace without its pair" },
	{ "https://{portal}/{alert}{*}",
	  "nothing stands between {alert} and {*}" },
	{ "https://{portal}/{Alert}", "'{Alert}' is no hole" },
	{ "https://{portal}/a?tid", "a parameter is written name={hole}" },
};

static void
test_bad_patterns(void)
{
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct buf error = BUF_INIT;

		ok(!link_pattern_parse(arena, bad[i].pattern, &error),
		   "'%s' is no pattern", bad[i].pattern);
		is(error.data, bad[i].error, "  and it says why");
		buf_release(&error);
	}
}

/* `want`: the id, NULL when it has not the whole form of one. */
static const struct { const char *hole, *text, *want; } forms[] = {
	{ "alert", "636207662895522474_-1111111",
	  "636207662895522474_-1111111" },
	{ "alert", "da637551227677560813_-961444813",
	  "da637551227677560813_-961444813" },
	{ "alert", "da637551227677560813%5F-961444813).",
	  "da637551227677560813_-961444813" },
	{ "alert", "da3cb12a2f-33e5-42ea-9238-be9ffbc212e2_1",
	  "da3cb12a2f-33e5-42ea-9238-be9ffbc212e2_1" },
	{ "alert", "fa0f1ad3d4-6f26-4a0a-9a63-08dcb1a2c3d4,",
	  "fa0f1ad3d4-6f26-4a0a-9a63-08dcb1a2c3d4" },
	{ "alert", "2517889194552039666_04942809-0b90-4e3a-b7d2-6369012a0328",
	  "2517889194552039666_04942809-0b90-4e3a-b7d2-6369012a0328" },
	{ "alert", "ca5f2c1a7e0b644d0e9a1f3c8b",
	  "ca5f2c1a7e0b644d0e9a1f3c8b" },
	{ "alert", "byalert", NULL },
	{ "alert", "", NULL },
	{ "alert", "da_", NULL },
	{ "alert", "da1_<b>", NULL },
	/* What a line end may leave of one. */
	{ "alert", "da637551", NULL },
	{ "alert", "da637551227677560813", NULL },
	{ "alert", "da637551227677560813_", NULL },
	{ "alert", "da637551227677560813_-", NULL },
	{ "alert", "fa0f1ad3d4-6f26-", NULL },
	{ "alert", "fa0f1ad3d4-6f26-4a0a-9a63-08dcb1a2", NULL },
	{ "alert", "da3cb12a2f-33e5-42ea-9238-be9ffbc212e2_", NULL },
	{ "alert", "2517889194552039666_04942809-0b90-4e3a-b7d2", NULL },
	{ "incident", "924565", "924565" },
	{ "incident", "924565).", "924565" },
	{ "incident", "byalert", NULL },
	{ "incident", "12a", NULL },
	{ "tenant", TENANT, TENANT },
	{ "tenant", TENANT ").", TENANT },
	{ "tenant", TENANT ".", TENANT },
	{ "tenant", TENANT "&amp", TENANT },
	{ "tenant", "{" TENANT "}", TENANT },
	{ "tenant", "%7B" TENANT "%7D", TENANT },
	{ "tenant", "\"" TENANT "\"", TENANT },
	{ "tenant", "72f988bf86f141af91ab2d7cd011db47", TENANT },
	{ "tenant", "72f988bf86f141af91ab2d7cd011db4", NULL },
	{ "tenant", "contoso.onmicrosoft.com", "contoso.onmicrosoft.com" },
	{ "tenant", "contoso.onmicrosoft.com).", "contoso.onmicrosoft.com" },
	{ "tenant", "contoso", NULL },
	{ "tenant", ".com", NULL },
	{ "tenant", "a b.com", NULL },
	{ "device", "0123456789abcdef0123456789ABCDEF01234567",
	  "0123456789abcdef0123456789ABCDEF01234567" },
	{ "device", "v2", NULL },
	{ "tenant", "a%00b.example", NULL },
};

static void
test_limits(void)
{
	const char *x = memset(arena_alloc(arena, 8201), '1', 8200);
	struct url url;

	ok(url_parse(arena, arena_printf(arena, "https://b.example/%.*s",
					 8192 - 18, x), &url),
	   "a link has up to 8192 octets");
	ok(!url_parse(arena, arena_printf(arena, "https://b.example/%.*s",
					  8192 - 17, x), &url), "and not more");
	ok(link_id(arena, "incident", arena_printf(arena, "%.128s", x)) &&
	   !link_id(arena, "incident", arena_printf(arena, "%.129s", x)),
	   "an id has up to 128 octets");
}

static void
test_forms(void)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		is(link_id(arena, forms[i].hole, forms[i].text), forms[i].want,
		   "'%s' is %s {%s}", forms[i].text,
		   forms[i].want ? "an id of" : "no", forms[i].hole);
}

int
main(void)
{
	arena = arena_create();
	test_urls();
	test_matches();
	test_bad_patterns();
	test_limits();
	test_forms();
	arena_destroy(&arena);
	return tap_done();
}
