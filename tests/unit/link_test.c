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

#define AZURE "https://azure.microsoft.com/email/?destination="
#define SAFE "https://nam02.safelinks.protection.outlook.com/?url="
#define AZURE_2 "https%3A%2F%2Fazure.microsoft.com%2Femail%2F%3Fdestination%3D"

static const struct { const char *text, *want; } wrapped[] = {
	{ "https://a.example/?destination=https%3A%2F%2Fb.example",
	  "https://a.example/?destination=https%3A%2F%2Fb.example" },
	{ AZURE "https%3A%2F%2Fb.example%2F%23x%2Fy%3Ftid%3D1&p=bT0y%3D",
	  "https://b.example/#x/y?tid=1" },
	{ "https://AZURE.microsoft.com/Email?p=1&destination=https://b."
	  "example/", "https://b.example/" },
	{ SAFE AZURE_2 "https%253A%252F%252Fb.example%252F&data=05",
	  "https://b.example/" },
	{ "https://azure.microsoft.com/email/?p=1",
	  "https://azure.microsoft.com/email/?p=1" },
	{ AZURE "javascript%3Aalert(1)", NULL },
	{ AZURE "http%3A%2F%2Fb.example", NULL },
	{ AZURE "https%3A%2F%2Fb.example%40evil.example", NULL },
	{ AZURE, NULL },
	{ "https://azure.microsoft.com/emailtrackingpixel/?destination=https:"
	  "//b.example",
	  "https://azure.microsoft.com/emailtrackingpixel/?destination=https:"
	  "//b.example" },
};

static void
test_unwrapping(void)
{
	unwrap_list list = { .count = 0 };
	const char *deep = "https://b.example/";
	struct url url;
	size_t i;

	vec_push(arena, &list, ((struct unwrap){ "azure.microsoft.com",
						 "/email", "destination" }));
	vec_push(arena, &list,
		 ((struct unwrap){ "*.safelinks.protection.outlook.com", "/*",
				   "url" }));
	for (i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++)
		is(link_unwrap(&list, arena, wrapped[i].text, &url) ?
		   url.text : NULL, wrapped[i].want, "%s leads to %s",
		   wrapped[i].text, wrapped[i].want ? wrapped[i].want :
						      "nothing");
	for (i = 0; i < 20; i++)
		deep = arena_printf(arena, AZURE "%s", deep);
	ok(!link_unwrap(&list, arena, deep, &url),
	   "what is wrapped twenty times is not unwrapped");
	deep = memset(arena_alloc(arena, 20001), 'a', 20000);
	ok(!url_parse(arena, arena_printf(arena, "https://b.example/%s", deep),
		      &url), "a link of 20 KB is none");
}

static const struct { const char *hole, *text; bool fits; } forms[] = {
	{ "alert", "636207662895522474_-1111111", true },
	{ "alert", "da637551227677560813_-961444813", true },
	{ "alert", "da3cb12a2f-33e5-42ea-9238-be9ffbc212e2_1", true },
	{ "alert", "fa0f1ad3d4-6f26-4a0a-9a63-08dcb1a2c3d4", true },
	{ "alert", "2517889194552039666_04942809-0b90-4e3a-b7d2-6369012a0328",
	  true },
	{ "alert", "byalert", false },
	{ "alert", "", false },
	{ "alert", "da_", false },
	{ "alert", "da1_<b>", false },
	{ "incident", "924565", true },
	{ "incident", "byalert", false },
	{ "incident", "12a", false },
	{ "tenant", TENANT, true },
	{ "tenant", "contoso.onmicrosoft.com", true },
	{ "tenant", "contoso", false },
	{ "tenant", ".com", false },
	{ "tenant", "a b.com", false },
	{ "device", "0123456789abcdef0123456789ABCDEF01234567", true },
	{ "device", "v2", false },
};

/* Whether a link with `before` parameters before it leads on by `url`. */
static bool
leads_on(const unwrap_list *list, int before)
{
	struct buf link = BUF_INIT;
	struct url url;
	bool good;

	buf_puts(&link, "https://a.safelinks.protection.outlook.com/?");
	while (before--)
		buf_puts(&link, "a=b&");
	buf_puts(&link, "url=https://b.example/");
	good = link_unwrap(list, arena, link.data, &url) &&
	       !strcmp(url.host, "b.example");
	buf_release(&link);
	return good;
}

static void
test_limits(void)
{
	const char *x = memset(arena_alloc(arena, 5001), '1', 5000);
	const char *deep = "https://b.example/";
	unwrap_list list = { .count = 0 };
	struct url url;
	int i;

	vec_push(arena, &list, ((struct unwrap){ "azure.microsoft.com",
						 "/email", "destination" }));
	vec_push(arena, &list,
		 ((struct unwrap){ "*.safelinks.protection.outlook.com", "/*",
				   "url" }));
	ok(url_parse(arena, arena_printf(arena, "https://b.example/%.*s",
					 4096 - 18, x), &url),
	   "a link has up to 4096 octets");
	ok(!url_parse(arena, arena_printf(arena, "https://b.example/%.*s",
					  4096 - 17, x), &url), "and not more");
	for (i = 0; i < 3; i++)
		deep = arena_printf(arena, AZURE "%s", deep);
	ok(link_unwrap(&list, arena, deep, &url), "three wrappings are taken "
	   "off");
	deep = arena_printf(arena, AZURE "%s", deep);
	ok(!link_unwrap(&list, arena, deep, &url), "four are one too many");
	ok(leads_on(&list, 99) && !leads_on(&list, 100),
	   "of 100 parameters each is looked at");
	ok(link_form_fits("incident", arena_printf(arena, "%.128s", x)) &&
	   !link_form_fits("incident", arena_printf(arena, "%.129s", x)),
	   "an id has up to 128 octets");
}

static void
test_forms(void)
{
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		ok(link_form_fits(forms[i].hole, forms[i].text) ==
		   forms[i].fits, "'%s' is %s id of {%s}", forms[i].text,
		   forms[i].fits ? "an" : "no", forms[i].hole);
}

int
main(void)
{
	arena = arena_create();
	test_urls();
	test_matches();
	test_bad_patterns();
	test_unwrapping();
	test_limits();
	test_forms();
	arena_destroy(&arena);
	return tap_done();
}
