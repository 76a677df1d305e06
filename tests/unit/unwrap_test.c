/* Links of gateways, and what they were made of. */
#include "tap.h"

#include "normalize/unwrap.h"

static struct arena *arena;
static unwrap_list list;

#define AZURE "https://azure.microsoft.com/email/?destination="
#define SAFE "https://nam02.safelinks.protection.outlook.com/?url="
#define AZURE_2 "https%3A%2F%2Fazure.microsoft.com%2Femail%2F%3Fdestination%3D"
#define V2 "https://urldefense.proofpoint.com/v2/url?u="
#define V3 "https://urldefense.com/v3/__"

/* `want`: the link, "opaque", or NULL for no link that counts. */
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
	{ SAFE "https://b.example/x?a=1&tid=2&data=3",
	  "https://b.example/x?a=1&tid=2&data=3" },
	/* Proofpoint, as its own decoder reads them. */
	{ V2 "https-3A__b.example_alerts_a-5F1-3Ftid-3D2&d=DwMF&c=x",
	  "https://b.example/alerts/a_1?tid=2" },
	{ V2 "https-3A__b.example_a-00b&d=x", "opaque" },
	{ "https://urldefense.proofpoint.com/v2/url?d=x", "opaque" },
	{ V3 "https://b.example/a_1?tid=2__;!!Zk9x!Qw3rT$",
	  "https://b.example/a_1?tid=2" },
	{ V3 "https:/b.example/a__;!!Zk9x!Qw3rT$", "https://b.example/a" },
	{ V3 "https://b.example/*x/y?tid=2__;Iw!!Zk9x!Qw3rT$",
	  "https://b.example/#x/y?tid=2" },
	{ V3 "https://b.example/**Ax*y__;IyM_!!Zk9x!Qw3rT$",
	  "https://b.example/##x?y" },
	{ V3 "https://b.example/*x__;w6k!!Zk9x!Qw3rT$",
	  "https://b.example/%C3%A9x" },
	{ V3 "https://b.example/**Bx__;IyM!!Zk9x!Qw3rT$", "opaque" },
	{ V3 "https://b.example/*x__;I+!!Zk9x!Qw3rT$", "opaque" },
	{ V3 "https://b.example/a__;Iw", "opaque" },
	{ V3 "https://b.example/a", "opaque" },
	{ "https://urldefense.com/v3/x", "opaque" },
	/* A path that ends in the link. */
	{ "https://secure-web.example/1x-2y/https%3A%2F%2Fb.example%2Fa%3Fb",
	  "https://b.example/a?b" },
	{ "https://secure-web.example/v2/___https://b.example/a?b___.YXAx",
	  "https://b.example/a?b" },
	{ "https://secure-web.example/1x-2y/", "opaque" },
	{ "https://x.sophos.example/?d=b.example&u="
	  "aHR0cHM6Ly9iLmV4YW1wbGUvYT9i&i=1", "https://b.example/a?b" },
	{ "https://x.sophos.example/?d=b.example&u=!", "opaque" },
	{ "https://protect-eu.mimecast.example/s/Ab1C?domain=b.example",
	  "opaque" },
	{ SAFE "https%3A%2F%2Fprotect-eu.mimecast.example%2Fs%2FAb1C",
	  "opaque" },
};

static const char *
leads_to(const char *text)
{
	struct url url;

	switch (unwrap_link(&list, arena, text, &url)) {
	case UNWRAP_LINK:
		return url.text;
	case UNWRAP_OPAQUE:
		return "opaque";
	case UNWRAP_NONE:
		break;
	}
	return NULL;
}

static void
add(const char *host, const char *path, const char *parameter,
    const char *decoder)
{
	vec_push(arena, &list, ((struct unwrap){
		 host, path, parameter,
		 decoder ? unwrap_decoder(decoder) : NULL }));
}

static void
test_links(void)
{
	size_t i;

	for (i = 0; i < sizeof(wrapped) / sizeof(*wrapped); i++)
		is(leads_to(wrapped[i].text), wrapped[i].want, "%s leads to %s",
		   wrapped[i].text, wrapped[i].want ? wrapped[i].want :
						      "nothing");
}

/* Whether a link with `before` parameters before it leads on by `url`. */
static bool
leads_on(int before)
{
	struct buf link = BUF_INIT;
	struct url url;
	bool good;

	buf_puts(&link, "https://a.safelinks.protection.outlook.com/?");
	while (before--)
		buf_puts(&link, "a=b&");
	buf_puts(&link, "url=https://b.example/");
	good = unwrap_link(&list, arena, link.data, &url) == UNWRAP_LINK &&
	       !strcmp(url.host, "b.example");
	buf_release(&link);
	return good;
}

static void
test_limits(void)
{
	const char *deep = "https://b.example/";
	int i;

	for (i = 0; i < 3; i++)
		deep = arena_printf(arena, AZURE "%s", deep);
	is(leads_to(deep), "https://b.example/",
	   "three wrappings are taken off");
	deep = arena_printf(arena, AZURE "%s", deep);
	is(leads_to(deep), "opaque",
	   "what is in four leads nobody knows where");
	ok(leads_on(99) && !leads_on(100),
	   "of 100 parameters each is looked at");
}

int
main(void)
{
	arena = arena_create();
	add("azure.microsoft.com", "/email", "destination", NULL);
	add("*.safelinks.protection.outlook.com", "/*", "url", NULL);
	add("urldefense.proofpoint.com", "/v2/*", NULL, "proofpoint-v2");
	add("urldefense.com", "/v3/*", NULL, "proofpoint-v3");
	add("secure-web.example", "/*", NULL, "path");
	add("*.sophos.example", "/*", NULL, "sophos");
	add("protect-*.mimecast.example", "/s/*", NULL, NULL);
	test_links();
	test_limits();
	ok(!unwrap_decoder("nobody"), "a decoder that there is not");
	arena_destroy(&arena);
	return tap_done();
}
