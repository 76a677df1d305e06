/*
 * authres-header = authserv-id [version] ( *resinfo / [";"] "none" )
 * resinfo        = ";" method [ "/" version ] "=" result
 *                  [ "reason" "=" value ] *( ptype "." property "=" value )
 *
 * with comments, which nest, wherever a blank may stand.
 */
#include "normalize/authres.h"

#include "base/buf.h"
#include "base/text.h"

enum {
	RESULTS_MOST = 50,	/* a field full of results is an attack */
	PROPERTIES_MOST = 50,
};

struct scan {
	struct arena *arena;
	const char *at;
	bool broken;
};

/* `at` is behind the parenthesis that opens it; its end, or NULL. */
static const char *
comment_end(const char *at)
{
	int depth = 1;

	for (; *at; at++) {
		if (*at == '\\' && at[1])
			at++;
		else if (*at == '(')
			depth++;
		else if (*at == ')' && !--depth)
			return at + 1;
	}
	return NULL;
}

static void
skip_space(struct scan *scan)
{
	const char *end;

	for (;;) {
		scan->at += strspn(scan->at, " \t\r\n");
		if (*scan->at != '(')
			return;
		end = comment_end(scan->at + 1);
		if (!end) {
			scan->broken = true;
			scan->at += strlen(scan->at);
			return;
		}
		scan->at = end;
	}
}

static bool
take(struct scan *scan, char byte)
{
	skip_space(scan);
	if (*scan->at != byte)
		return false;
	scan->at++;
	return true;
}

static const char *
take_quoted(struct scan *scan)
{
	struct buf out = BUF_INIT;
	const char *text;

	for (scan->at++; *scan->at && *scan->at != '"'; scan->at++) {
		if (*scan->at == '\\' && scan->at[1])
			scan->at++;
		buf_putc(&out, *scan->at);
	}
	if (*scan->at)
		scan->at++;
	else
		scan->broken = true;
	text = arena_strndup(scan->arena, out.data, out.len);
	buf_release(&out);
	return text;
}

/* A word up to one of `stops`, a blank or a comment, or a quoted string; NULL
 * when there is neither. */
static const char *
take_word(struct scan *scan, const char *stops)
{
	const char *word;
	size_t length = 0;

	skip_space(scan);
	if (*scan->at == '"')
		return take_quoted(scan);
	while (scan->at[length] && !strchr(" \t\r\n()\"", scan->at[length]) &&
	       !strchr(stops, scan->at[length]))
		length++;
	if (!length)
		return NULL;
	word = arena_strndup(scan->arena, scan->at, length);
	scan->at += length;
	return word;
}

static const char *
lower(struct scan *scan, const char *word)
{
	return text_fold(scan->arena, word);
}

/* What stands between two semicolons and is no result, up to the next one. */
static void
skip_words(struct scan *scan)
{
	while (*scan->at && *scan->at != ';') {
		if (!take_word(scan, ";") && *scan->at && *scan->at != ';') {
			scan->broken = true;
			scan->at++;
		}
		skip_space(scan);
	}
}

static void
take_properties(struct scan *scan, struct authres_result *result)
{
	struct authres_property property;

	for (;;) {
		skip_space(scan);
		if (!*scan->at || *scan->at == ';')
			return;
		property.name = take_word(scan, "=;");
		if (!property.name || !take(scan, '=') ||
		    result->properties.count == PROPERTIES_MOST)
			break;
		property.value = take_word(scan, ";");
		if (!property.value)
			break;
		property.name = lower(scan, property.name);
		vec_push(scan->arena, &result->properties, property);
	}
	scan->broken = true;
	scan->at += strlen(scan->at);
}

static void
take_result(struct scan *scan, struct authres *authres)
{
	struct authres_result result = { .method = take_word(scan, "=/;") };
	const char *word;

	if (result.method && take(scan, '/'))
		(void)take_word(scan, "=;");	/* the version of the method */
	if (!result.method || !take(scan, '=')) {
		skip_words(scan);
		return;
	}
	word = take_word(scan, "=;");
	if (!word || authres->results.count == RESULTS_MOST) {
		scan->broken = true;
		scan->at += strlen(scan->at);
		return;
	}
	result.method = lower(scan, result.method);
	result.result = lower(scan, word);
	take_properties(scan, &result);
	vec_push(scan->arena, &authres->results, result);
}

struct authres *
authres_parse(struct arena *arena, const char *value)
{
	struct authres *authres = arena_alloc(arena, sizeof(*authres));
	struct scan scan = { .arena = arena, .at = value };
	const char *word = take_word(&scan, ";=");

	authres->authserv = word ? lower(&scan, word) : "";
	skip_words(&scan);	/* the version of the field */
	while (take(&scan, ';'))
		take_result(&scan, authres);
	authres->broken = scan.broken || *scan.at || !word;
	return authres;
}

const char *
authres_property(const struct authres_result *result, const char *name)
{
	size_t i;

	for (i = 0; i < result->properties.count; i++)
		if (!strcmp(result->properties.items[i].name, name))
			return result->properties.items[i].value;
	return NULL;
}
