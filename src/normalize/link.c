#include "normalize/link.h"

#include "base/text.h"

#include <ctype.h>

enum {
	/* Longer than any browser's or mail program's own limit: a link that
	 * long is an attack on whoever reads it. */
	LINK_MOST = 4096,
	/* A wrapped link may be wrapped once more on the customer's side and
	 * once on ours; what goes deeper wants to keep us busy. */
	UNWRAP_MOST = 4,
	/* Parameters of one link that are looked at. */
	PARAMETERS_MOST = 100,
	ID_MOST = 128,
};

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

static int
hexadecimal(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, tolower((unsigned char)digit));

	return digit && at ? (int)(at - digits) : -1;
}

/* NULL when a NUL is encoded: such a text would end before its end. */
static const char *
decode_percent(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_strndup(arena, text, length), *to = copy;
	const char *from = copy;

	for (; *from; from++) {
		int high = *from == '%' ? hexadecimal(from[1]) : -1;
		int low = high >= 0 ? hexadecimal(from[2]) : -1;

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

/* The path and fragment without their queries, and the queries. */
static void
split_rest(struct arena *arena, const char *rest, struct url *url)
{
	size_t path = strcspn(rest, "?#"), query = 0, fragment;
	const char *hash = rest + path, *inner;

	if (*hash == '?') {
		query = strcspn(hash + 1, "#");
		url->query = arena_strndup(arena, hash + 1, query);
		hash += 1 + query;
	} else {
		url->query = "";
	}
	fragment = strcspn(hash, "?");
	inner = hash + fragment + (hash[fragment] == '?');
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

/* Walks the parameters of a query: `at` is where the next one begins. */
static bool
next_parameter(struct arena *arena, const char **at, const char **name_out,
	       const char **value_out)
{
	size_t length = strcspn(*at, "&"), name;
	const char *pair = *at;

	if (!*pair)
		return false;
	*at += length + (pair[length] == '&');
	name = strcspn(pair, "=&");
	*name_out = decode_percent(arena, pair, name);
	*value_out = name < length ?
		decode_percent(arena, pair + name + 1, length - name - 1) : "";
	return true;
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

/* The target that a redirector's address carries, or NULL. */
static const char *
find_target(const unwrap_list *unwraps, struct arena *arena,
	    const struct url *url)
{
	const char *path = text_fold(arena, url->path);
	const char *query, *name, *value;
	size_t i;

	for (i = 0; i < unwraps->count; i++) {
		const struct unwrap *unwrap = &unwraps->items[i];
		int left = PARAMETERS_MOST;

		if (!text_glob(unwrap->host, url->host) ||
		    !text_glob(unwrap->path, path))
			continue;
		query = url->query;
		while (left-- && next_parameter(arena, &query, &name, &value))
			if (name && value && !strcasecmp(name,
							 unwrap->parameter))
				return value;
	}
	return NULL;
}

bool
link_unwrap(const unwrap_list *unwraps, struct arena *arena, const char *text,
	    struct url *url_out)
{
	const char *target;
	int i;

	if (!url_parse(arena, text, url_out))
		return false;
	for (i = 0; i < UNWRAP_MOST; i++) {
		target = find_target(unwraps, arena, url_out);
		if (!target)
			return true;
		if (!url_parse(arena, target, url_out))
			return false;
	}
	return false;
}

/* 636207662895522474_-1111111, da3cb12a2f-33e5-42ea-9238-be9ffbc212e2_1,
 * 2517889194552039666_04942809-0b90-4e3a-b7d2-6369012a0328: up to two letters
 * of the product, then hexadecimal, maybe a second number behind `_`. */
static bool
is_alert_id(const char *text)
{
	static const char digits[] = "0123456789abcdefABCDEF-";
	size_t letters = 0;

	while (letters < 2 && islower((unsigned char)text[letters]))
		letters++;
	text += letters;
	if (!strspn(text, digits))
		return false;
	text += strspn(text, digits);
	if (*text == '_' && text[1])
		text += 1 + strspn(text + 1, digits);
	return !*text;
}

static bool
is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* A GUID, or a domain name, which also occurs. */
static bool
is_tenant(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *dot = strchr(text, '.');

	return text_is_guid(text) ||
	       (dot && dot != text && dot[1] &&
		strspn(text, allowed) == strlen(text));
}

static bool
is_device_id(const char *text)
{
	return strlen(text) == 40 &&
	       strspn(text, "0123456789abcdefABCDEF") == 40;
}

bool
link_form_fits(const char *hole, const char *text)
{
	static const struct {
		const char *hole;
		bool (*fits)(const char *text);
	} forms[] = {
		{ "alert", is_alert_id }, { "incident", is_number },
		{ "tenant", is_tenant }, { "device", is_device_id },
	};
	size_t i;

	if (strlen(text) > ID_MOST)
		return false;
	for (i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (!strcmp(forms[i].hole, hole))
			return forms[i].fits(text);
	return true;
}
