/*
 * The decoders stand in a table by their names. Each gets a whole link, since
 * some gateways write a link into the path of their own as it was, question
 * mark and all.
 */
#include "normalize/unwrap.h"

#include "base/base64.h"
#include "base/text.h"

enum {
	/* A wrapped link may be wrapped once more on the customer's side and
	 * once on ours; what goes deeper wants to keep us busy. */
	UNWRAP_MOST = 4,
};

/* --- Decoders --- */

/* Proofpoint URL Defense v2: %xx is -xx, and / is _, in the parameter u. */
static const char *
decode_proofpoint_v2(struct arena *arena, const struct url *url)
{
	const char *wrapped = url_parameter(arena, url, "u");
	char *text, *at;

	if (!wrapped)
		return NULL;
	text = arena_strdup(arena, wrapped);
	for (at = text; *at; at++)
		*at = *at == '-' ? '%' : *at == '_' ? '/' : *at;
	return url_decode(arena, text, strlen(text));
}

/* How many characters `**X` stands for, 2 for A to 65 for _; 0 for no X. */
static size_t
run_length(char mark)
{
	static const char marks[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = mark ? strchr(marks, mark) : NULL;

	return at ? (size_t)(at - marks) + 2 : 0;
}

/* Put `count` characters of `*from` to `out`; false when there are fewer. */
static bool
take_characters(struct buf *out, const char **from, const char *end,
		size_t count)
{
	size_t step;

	for (; count; count--, *from += step) {
		if (*from >= end)
			return false;
		(void)text_decode(*from, end, &step);	/* only its length */
		buf_append(out, *from, step);
	}
	return true;
}

/* `text` with its stars filled in from `kept`. */
static bool
fill_in(struct buf *out, const char *text, const char *kept, size_t length)
{
	const char *end = kept + length;

	for (; *text; text++) {
		size_t count = 1;

		if (*text != '*') {
			buf_putc(out, *text);
			continue;
		}
		if (text[1] == '*' && run_length(text[2])) {
			count = run_length(text[2]);
			text += 2;
		}
		if (!take_characters(out, &kept, end, count))
			return false;
	}
	return true;
}

static const char *
fill_in_base64(struct arena *arena, const char *text, const char *base64,
	       size_t length)
{
	struct buf kept = BUF_INIT, out = BUF_INIT;
	const char *link = NULL;

	if (base64_decode_url(&kept, base64, length) &&
	    fill_in(&out, text, kept.data, kept.len))
		link = arena_strndup(arena, out.data, out.len);
	buf_release(&kept);
	buf_release(&out);
	return link;
}

/*
 * Proofpoint URL Defense v3:
 *
 *	https://urldefense.com/v3/__LINK__;BASE64!!ID!CHECK$
 *
 * What Proofpoint takes for odd in LINK is a star, or `**X` for a run of them,
 * and stands in BASE64 one after the other. Some mail programs make one slash
 * of the two behind https:, which url_parse() forgives.
 */
static const char *
decode_proofpoint_v3(struct arena *arena, const struct url *url)
{
	const char *start = strstr(url->text, "/v3/__"), *end, *stop, *text;

	if (!start)
		return NULL;
	start += strlen("/v3/__");
	end = strstr(start, "__;");
	stop = end ? strchr(end + 3, '!') : NULL;
	if (!stop)
		return NULL;
	text = url_decode(arena, start, (size_t)(end - start));
	return text ? fill_in_base64(arena, text, end + 3,
				     (size_t)(stop - end - 3)) : NULL;
}

/* A link in the path of another, as it is or percent-encoded, perhaps between
 * three low lines: https://secure-web.cisco.com/1x2y/https%3A%2F%2F... */
static const char *
decode_path(struct arena *arena, const struct url *url)
{
	const char *inner = strcasestr(url->text + strlen("https"), "https");
	const char *end;

	if (!inner)
		return NULL;
	if (inner[5] == '%')
		return url_decode(arena, inner, strcspn(inner, "/?#"));
	end = strstr(inner, "___.");
	return arena_strndup(arena, inner, end ? (size_t)(end - inner) :
			     strlen(inner));
}

/* Sophos: in the parameter u, in base64. */
static const char *
decode_sophos(struct arena *arena, const struct url *url)
{
	const char *wrapped = url_parameter(arena, url, "u"), *link = NULL;
	struct buf out = BUF_INIT;

	if (wrapped && base64_decode_url(&out, wrapped, strlen(wrapped)) &&
	    !memchr(out.data, '\0', out.len))
		link = arena_strndup(arena, out.data, out.len);
	buf_release(&out);
	return link;
}

static const struct {
	const char *name;
	unwrap_decode *decode;
} decoders[] = {
	{ "proofpoint-v2", decode_proofpoint_v2 },
	{ "proofpoint-v3", decode_proofpoint_v3 },
	{ "path", decode_path },
	{ "sophos", decode_sophos },
};

enum { DECODERS = sizeof(decoders) / sizeof(*decoders) };

unwrap_decode *
unwrap_decoder(const char *name)
{
	size_t i;

	for (i = 0; i < DECODERS; i++)
		if (!strcmp(decoders[i].name, name))
			return decoders[i].decode;
	return NULL;
}

const char *const *
unwrap_decoder_names(void)
{
	static const char *names[DECODERS + 1];
	size_t i;

	for (i = 0; i < DECODERS; i++)
		names[i] = decoders[i].name;
	return names;
}

/* --- Links --- */

static const struct unwrap *
find_gateway(const unwrap_list *unwraps, struct arena *arena,
	     const struct url *url)
{
	const char *path = text_fold(arena, url->path);
	size_t i;

	for (i = 0; i < unwraps->count; i++)
		if (text_glob(unwraps->items[i].host, url->host) &&
		    text_glob(unwraps->items[i].path, path))
			return &unwraps->items[i];
	return NULL;
}

/* One wrapping less. UNWRAP_NONE when the gateway wraps nothing here. */
static enum unwrap_result
open_once(const struct unwrap *gateway, struct arena *arena,
	  const struct url *url, const char **inner_out)
{
	if (gateway->parameter) {
		*inner_out = url_parameter(arena, url, gateway->parameter);
		return *inner_out ? UNWRAP_LINK : UNWRAP_NONE;
	}
	*inner_out = gateway->decode ? gateway->decode(arena, url) : NULL;
	return *inner_out ? UNWRAP_LINK : UNWRAP_OPAQUE;
}

enum unwrap_result
unwrap_link(const unwrap_list *unwraps, struct arena *arena, const char *text,
	    struct url *url_out)
{
	int i;

	for (i = 0; i < UNWRAP_MOST; i++) {
		const struct unwrap *gateway;
		enum unwrap_result result;

		if (!url_parse(arena, text, url_out))
			return UNWRAP_NONE;
		gateway = find_gateway(unwraps, arena, url_out);
		if (!gateway)
			return UNWRAP_LINK;
		result = open_once(gateway, arena, url_out, &text);
		if (result == UNWRAP_NONE)
			return UNWRAP_LINK;
		if (result == UNWRAP_OPAQUE)
			return UNWRAP_OPAQUE;
	}
	return UNWRAP_OPAQUE;
}
