/*
 * A link is taken apart with the least that is needed: a host, a path, and the
 * parameters, wherever they stand.
 */
#include "normalize/link.h"

#include "base/text.h"

#include <ctype.h>

enum {
	/* As long as the reader hands over; what is longer it has told. */
	LINK_MOST = 8192,
	/* Parameters of one link that are looked at. */
	PARAMETERS_MOST = 100,
	ID_MOST = 128,
	GUID_LENGTH = 36,
	/* Digits of an id of one number; ticks, which have another one behind
	 * them, have 18 and 19. */
	HASH_LEAST = 20,
};

static const char hexadecimal[] = "0123456789abcdefABCDEF";

/* Octets of RFC 3986 section 2, and the percent sign of what is encoded. */
static bool
belongs_in_url(unsigned char byte)
{
	return isalnum(byte) || (byte && strchr("-._~:/?#[]@!$&'()*+,;=%",
						byte));
}

static const char *
encode_odd(struct arena *arena, const char *text)
{
	struct buf out = BUF_INIT;
	const char *copy;

	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (belongs_in_url(byte))
			buf_putc(&out, *text);
		else
			buf_printf(&out, "%%%02X", byte);
	}
	copy = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

const char *
url_decode(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_strndup(arena, text, length), *to = copy;
	const char *from = copy;

	for (; *from; from++) {
		int high = *from == '%' ? text_hex(from[1]) : -1;
		int low = high >= 0 ? text_hex(from[2]) : -1;

		if (low < 0) {
			*to++ = *from;
			continue;
		}
		if (!(high * 16 + low))
			return NULL;
		*to++ = (char)(high * 16 + low);
		from += 2;
	}
	*to = '\0';
	return copy;
}

/* "https://" in any case; the one slash of the 2017 mails is enough. */
static const char *
skip_scheme(const char *text)
{
	if (strncasecmp(text, "https:/", 7))
		return NULL;
	text += 7;
	return *text == '/' ? text + 1 : text;
}

static const char *
parse_host(struct arena *arena, const char *text, size_t length)
{
	const char *allowed = "abcdefghijklmnopqrstuvwxyz0123456789.-";
	const char *host = text_fold(arena, arena_strndup(arena, text, length));

	if (strlen(host) != length || !length || host[0] == '.' ||
	    strspn(host, allowed) != length)
		return NULL;
	return host;
}

/* The path and fragment without their queries, and the queries. `;` begins
 * one as well: /alerts/da1_2;tid=... (RFC 3986 section 3.3). */
static void
split_rest(struct arena *arena, const char *rest, struct url *url)
{
	size_t path = strcspn(rest, "?;#"), query = 0, fragment;
	const char *hash = rest + path, *inner;

	if (*hash == '?' || *hash == ';') {
		query = strcspn(hash + 1, "#");
		url->query = arena_strndup(arena, hash + 1, query);
		hash += 1 + query;
	} else {
		url->query = "";
	}
	fragment = strcspn(hash, "?;");
	inner = hash + fragment + (hash[fragment] != '\0');
	if (*inner)
		url->query = arena_printf(arena, "%s&%s", url->query, inner);
	if (path > 1 && rest[path - 1] == '/')
		path--;
	url->path = arena_printf(arena, "%s%.*s%.*s", *rest == '/' ? "" : "/",
				 (int)path, rest, (int)fragment, hash);
}

bool
url_parse(struct arena *arena, const char *text, struct url *url_out)
{
	const char *trimmed = text_trim(arena, text, strlen(text)), *rest;
	size_t host;

	if (strlen(trimmed) > LINK_MOST)
		return false;
	rest = skip_scheme(trimmed);
	if (!rest)
		return false;
	host = strcspn(rest, "/?#");
	url_out->host = parse_host(arena, rest, host);
	if (!url_out->host)
		return false;
	rest = encode_odd(arena, rest + host);
	url_out->text = arena_printf(arena, "https://%s%s", url_out->host,
				     rest);
	split_rest(arena, rest, url_out);
	return true;
}

/* Walks the parameters of a query: `at` is where the next one begins. Also
 * behind `?` and `;`: "?a=b?tid=c", "?a=b;tid=c" and "&amp;tid=c" occur. */
static bool
next_parameter(struct arena *arena, const char **at, const char **name_out,
	       const char **value_out)
{
	size_t length = strcspn(*at, "&;?"), name;
	const char *pair = *at;

	if (!*pair)
		return false;
	*at += length + (pair[length] != '\0');
	name = strcspn(pair, "=&;?");
	*name_out = url_decode(arena, pair, name);
	*value_out = name < length ?
		url_decode(arena, pair + name + 1, length - name - 1) : "";
	return true;
}

const char *
url_parameter(struct arena *arena, const struct url *url, const char *name)
{
	const char *at = url->query;
	size_t length = strlen(name);
	int left = PARAMETERS_MOST;

	for (; *at && left--; at += strcspn(at, "&"), at += *at == '&') {
		const char *value = at + length + 1;

		if (strncasecmp(at, name, length) || at[length] != '=')
			continue;
		/* Not encoded, it goes on to the end, its own `&` included. */
		if (!strncasecmp(value, "https:", 6))
			return value;
		return url_decode(arena, value, strcspn(value, "&"));
	}
	return NULL;
}

struct link_parameter {
	const char *name;
	struct pattern *value;
};

struct link_pattern {
	const char *host;	/* NULL: {portal} */
	struct pattern *path;
	VEC(struct link_parameter) parameters;
	VEC(const char *) holes;
};

static void
add_holes(struct link_pattern *pattern, struct arena *arena,
	  const struct pattern *part)
{
	const char *const *hole;

	for (hole = pattern_holes(part); *hole; hole++)
		vec_push(arena, &pattern->holes, *hole);
}

static bool
add_parameters(struct link_pattern *pattern, struct arena *arena,
	       const char *query, struct buf *error)
{
	struct link_parameter one;
	const char *value;
	int left = PARAMETERS_MOST;

	while (left-- && next_parameter(arena, &query, &one.name, &value)) {
		if (!one.name || !value || !*one.name || !*value) {
			buf_puts(error, "a parameter is written name={hole}");
			return false;
		}
		one.value = pattern_parse(arena, value, "", error);
		if (!one.value)
			return false;
		add_holes(pattern, arena, one.value);
		vec_push(arena, &pattern->parameters, one);
	}
	return true;
}

/* The parts of a pattern are not encoded: braces have no place in a URL. */
static bool
parse_parts(struct link_pattern *pattern, struct arena *arena, const char *text,
	    struct buf *error)
{
	struct url parts;
	size_t host;

	if (strncasecmp(text, "https://", 8)) {
		buf_puts(error, "a link begins with https://");
		return false;
	}
	text += 8;
	host = strcspn(text, "/?#");
	if (strncmp(text, "{portal}", 8) || host != 8) {
		pattern->host = parse_host(arena, text, host);
		if (!pattern->host) {
			buf_puts(error, "the host is neither a name nor "
				 "{portal}");
			return false;
		}
	}
	split_rest(arena, text + host, &parts);
	pattern->path = pattern_parse(arena, parts.path, "/?#&", error);
	if (!pattern->path)
		return false;
	add_holes(pattern, arena, pattern->path);
	return add_parameters(pattern, arena, parts.query, error);
}

struct link_pattern *
link_pattern_parse(struct arena *arena, const char *text, struct buf *error)
{
	struct link_pattern *pattern = arena_alloc(arena, sizeof(*pattern));

	if (!parse_parts(pattern, arena, text, error))
		return NULL;
	vec_push(arena, &pattern->holes, NULL);
	return pattern;
}

const char *const *
link_pattern_holes(const struct link_pattern *pattern)
{
	return pattern->holes.items;
}

static bool
match_parameter(const struct link_parameter *parameter, struct arena *arena,
		const char *query, pattern_captures *captures)
{
	const char *name, *value;
	int left = PARAMETERS_MOST;
	bool found = false;

	while (left-- && next_parameter(arena, &query, &name, &value))
		if (name && value && !strcasecmp(name, parameter->name) &&
		    pattern_match(parameter->value, arena, value, captures))
			found = true;
	return found;
}

bool
link_pattern_match(const struct link_pattern *pattern,
		   const struct map *portals, struct arena *arena,
		   const struct url *url, pattern_captures *captures)
{
	pattern_captures found = { .count = 0 };
	size_t i;

	if (pattern->host ? strcmp(pattern->host, url->host) :
			    !map_find(portals, url->host))
		return false;
	if (!pattern_match(pattern->path, arena, url->path, &found))
		return false;
	for (i = 0; i < pattern->parameters.count; i++)
		if (!match_parameter(&pattern->parameters.items[i], arena,
				     url->query, &found))
			return false;
	for (i = 0; i < found.count; i++)
		vec_push(arena, captures, found.items[i]);
	return true;
}

static size_t
count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

static bool
is_hash(const char *text)
{
	size_t length = strlen(text);

	/* Two letters and digits are ticks alone. */
	return strspn(text, hexadecimal) == length && length >= HASH_LEAST &&
	       text[2 + count_digits(text + 2)];
}

/* The octets of a GUID that `text` begins with: 36, or 0. */
static size_t
count_guid(struct arena *arena, const char *text)
{
	return strlen(text) >= GUID_LENGTH &&
	       text_is_guid(arena_strndup(arena, text, GUID_LENGTH)) ?
	       GUID_LENGTH : 0;
}

/* `_-961444813`, `_1` */
static bool
is_second_number(const char *text)
{
	if (*text++ != '_')
		return false;
	text += *text == '-';
	return *text && !text[count_digits(text)];
}

/*
 * Up to two letters of the product, then one of
 *
 *	637551227677560813_-961444813		ticks and a second number
 *	2517889194552039666_04942809-0b90-...	ticks and a GUID
 *	3cb12a2f-33e5-42ea-9238-be9ffbc212e2	a GUID, or with `_1` behind it
 *	5f2c1a7e0b644d0e9a1f3c8b		hexadecimal digits
 *
 * and nothing less: what a line end left of an id is the same for many.
 */
static const char *
alert_id(struct arena *arena, const char *text)
{
	const char *at = text;
	size_t length;

	while (at < text + 2 && islower((unsigned char)*at) &&
	       !count_guid(arena, at) && !is_hash(at))
		at++;
	if (is_hash(at))
		return text;
	length = count_guid(arena, at);
	if (length)
		return !at[length] || is_second_number(at + length) ? text :
		       NULL;
	length = count_digits(at);
	at += length;
	if (length && is_second_number(at))
		return text;
	return length && *at == '_' && count_guid(arena, at + 1) &&
	       !at[1 + GUID_LENGTH] ? text : NULL;
}

static const char *
incident_id(struct arena *arena, const char *text)
{
	(void)arena;
	return *text && !text[count_digits(text)] ? text : NULL;
}

/* 72f988bf86f141af91ab2d7cd011db47 with its dashes */
static const char *
add_dashes(struct arena *arena, const char *digits)
{
	return arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%s", digits, digits + 8,
			    digits + 12, digits + 16, digits + 20);
}

/* A GUID, with whatever stands behind it, or a domain name, which also
 * occurs. */
static const char *
tenant_id(struct arena *arena, const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *dot = strchr(text, '.');
	size_t guid = count_guid(arena, text);

	if (guid && !isalnum((unsigned char)text[guid]) && text[guid] != '-')
		return arena_strndup(arena, text, guid);
	if (strlen(text) == 32 && strspn(text, hexadecimal) == 32)
		return add_dashes(arena, text);
	return dot && dot != text && dot[1] &&
	       strspn(text, allowed) == strlen(text) ? text : NULL;
}

static const char *
device_id(struct arena *arena, const char *text)
{
	(void)arena;
	return strlen(text) == 40 && strspn(text, hexadecimal) == 40 ? text :
	       NULL;
}

/* Without the punctuation of a sentence or the brackets around it. */
static const char *
bare_id(struct arena *arena, const char *text)
{
	const char *end = text + strlen(text);

	while (*text && ispunct((unsigned char)*text) && *text != '_')
		text++;
	while (end > text && ispunct((unsigned char)end[-1]) &&
	       !strchr("_-", end[-1]))
		end--;
	return arena_strndup(arena, text, (size_t)(end - text));
}

const char *
link_id(struct arena *arena, const char *hole, const char *text)
{
	static const struct {
		const char *hole;
		const char *(*id)(struct arena *arena, const char *text);
	} forms[] = {
		{ "alert", alert_id }, { "incident", incident_id },
		{ "tenant", tenant_id }, { "device", device_id },
	};
	const char *decoded = url_decode(arena, text, strlen(text)), *id;
	size_t i;

	if (!decoded)
		return NULL;
	id = bare_id(arena, decoded);
	if (strlen(id) > ID_MOST)
		return NULL;
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].hole, hole))
			return forms[i].id(arena, id);
	return id;
}
