/*
 * The parser calls element_start(), element_end() and characters(); a stack of
 * open elements says what they mean at that place, and the page (page.h) is
 * told of it.
 */
#include "parse/html.h"

#include "base/bug.h"
#include "base/text.h"
#include "parse/page.h"

#include <libxml/HTMLparser.h>

enum {
	HTML_MOST = 2 << 20,	/* octets: time; real mail has up to 100,000 */
	DEPTH_MOST = PAGE_DEPTH_MOST,	/* libxml2 is quadratic in it */
	WORDS_MOST = 512,	/* in one tag: quadratic in its attributes */
	STYLE_MOST = 1024,	/* octets of a style that are looked at */
};

enum element_flags {
	BLOCK = 1 << 0,		/* begins and ends a line */
	BREAK = 1 << 1,
	UNREAD = 1 << 2,	/* no text for a reader */
	TABLE = 1 << 3,
	ROW = 1 << 4,
	CELL = 1 << 5,
	TERM = 1 << 6,
	DEFINITION = 1 << 7,
	LINK = 1 << 8,
	PREFORMATTED = 1 << 9,
};

/* Sorted, for bsearch(). What is not here is part of a line. */
static const struct element_kind {
	const char *name;
	unsigned int flags;
} element_kinds[] = {
	{ "a", LINK }, { "address", BLOCK }, { "area", LINK },
	{ "article", BLOCK }, { "aside", BLOCK }, { "blockquote", BLOCK },
	{ "body", BLOCK }, { "br", BREAK }, { "caption", BLOCK },
	{ "center", BLOCK }, { "dd", BLOCK | DEFINITION }, { "div", BLOCK },
	{ "dl", BLOCK }, { "dt", BLOCK | TERM }, { "fieldset", BLOCK },
	{ "figure", BLOCK }, { "footer", BLOCK }, { "form", BLOCK },
	{ "h1", BLOCK }, { "h2", BLOCK }, { "h3", BLOCK }, { "h4", BLOCK },
	{ "h5", BLOCK }, { "h6", BLOCK }, { "header", BLOCK },
	{ "hr", BLOCK }, { "li", BLOCK }, { "main", BLOCK }, { "nav", BLOCK },
	{ "ol", BLOCK }, { "option", BLOCK }, { "p", BLOCK },
	{ "pre", BLOCK | PREFORMATTED }, { "script", UNREAD },
	{ "section", BLOCK }, { "select", BLOCK }, { "style", UNREAD },
	{ "table", BLOCK | TABLE }, { "tbody", BLOCK }, { "td", CELL },
	{ "template", UNREAD }, { "tfoot", BLOCK }, { "th", CELL },
	{ "thead", BLOCK }, { "title", UNREAD }, { "tr", BLOCK | ROW },
	{ "ul", BLOCK },
};

struct element {
	unsigned int flags;
	bool hidden;		/* this or one around it */
	bool tiny;		/* font size zero; one inside can undo it */
	bool unread, lines;	/* no text; line ends count */
	unsigned int rows;	/* that a cell spans */
};

struct html {
	struct arena *arena;
	struct message *message;
	htmlParserCtxtPtr parser;
	struct page *page;
	struct element elements[DEPTH_MOST];	/* open ones */
	size_t depth;
};

/* --- Elements --- */

static int
compare_kind(const void *key, const void *member)
{
	const struct element_kind *kind = member;

	return strcmp(key, kind->name);
}

static unsigned int
flags_of(const char *name)
{
	const struct element_kind *kind;

	kind = bsearch(name, element_kinds,
		       sizeof(element_kinds) / sizeof(*element_kinds),
		       sizeof(*element_kinds), compare_kind);
	return kind ? kind->flags : 0;
}

/* The value of a property in a style without blanks, in lower case. */
static const char *
property(const char *style, const char *name)
{
	const char *at = style;
	size_t length = strlen(name);

	for (; (at = strstr(at, name)); at++)
		if ((at == style || at[-1] == ';') && at[length] == ':')
			return at + length + 1;
	return "";
}

static bool
is_zero(const char *value)
{
	return *value == '0' && !strtod(value, NULL);
}

static void
apply_style(struct element *element, const char *style)
{
	char normal[STYLE_MOST + 1];
	const char *size;
	size_t length = 0;

	for (; *style && length < STYLE_MOST; style++)
		if ((unsigned char)*style > ' ')
			normal[length++] = *style >= 'A' && *style <= 'Z'
				? (char)(*style + 'a' - 'A') : *style;
	normal[length] = '\0';
	if (text_starts(property(normal, "display"), "none") ||
	    text_starts(property(normal, "visibility"), "hidden") ||
	    is_zero(property(normal, "opacity")) ||
	    is_zero(property(normal, "max-height")))
		element->hidden = true;
	size = property(normal, "font-size");
	if (*size)
		element->tiny = is_zero(size);
}

/* The href of the attributes; others change the element. */
static const char *
apply_attributes(struct element *element, const xmlChar **attributes)
{
	const char *href = NULL;

	for (; attributes && attributes[0]; attributes += 2) {
		const char *name = (const char *)attributes[0];
		const char *value = (const char *)attributes[1];

		if (!strcmp(name, "hidden"))
			element->hidden = true;
		else if (value && !strcmp(name, "style"))
			apply_style(element, value);
		else if (value && !strcmp(name, "rowspan"))
			element->rows = (unsigned int)strtoul(value, NULL, 10);
		else if (value && !strcmp(name, "href"))
			href = value;
	}
	return href;
}

static const struct element no_element;

static const struct element *
open_element(const struct html *html)
{
	return html->depth ? &html->elements[html->depth - 1] : &no_element;
}

static void
element_enter(struct page *page, const struct element *element,
	      const char *href)
{
	if (element->flags & (BLOCK | BREAK))
		page_mark(page, '\n', element->hidden);
	if (element->flags & TABLE)
		page_table_start(page);
	if (element->flags & ROW)
		page_row_start(page, element->hidden);
	if (element->flags & CELL) {
		page_mark(page, '\t', element->hidden);
		page_cell_start(page, element->hidden, element->rows);
	}
	if (element->flags & TERM)
		page_term_start(page);
	if (element->flags & DEFINITION)
		page_definition_start(page);
	if (element->flags & LINK)
		page_link_start(page, href, element->hidden);
}

static void
element_leave(struct page *page, const struct element *element)
{
	if (element->flags & LINK)
		page_link_end(page);
	if (element->flags & TERM)
		page_term_end(page);
	if (element->flags & DEFINITION)
		page_definition_end(page);
	if (element->flags & CELL)
		page_cell_end(page);
	if (element->flags & ROW)
		page_row_end(page);
	if (element->flags & TABLE)
		page_table_end(page);
	if (element->flags & BLOCK)
		page_mark(page, '\n', element->hidden);
}

static void
element_start(void *context, const xmlChar *name, const xmlChar **attributes)
{
	struct html *html = context;
	struct element element = *open_element(html);
	const char *href;

	if (html->depth == DEPTH_MOST) {
		message_limit(html->arena, html->message, "HTML nested too "
			      "deeply: what follows was not read");
		xmlStopParser(html->parser);
		return;
	}
	element.flags = flags_of((const char *)name);
	element.rows = 1;
	element.unread = element.unread || element.flags & UNREAD;
	element.lines = element.lines || element.flags & PREFORMATTED;
	href = apply_attributes(&element, attributes);
	html->elements[html->depth++] = element;
	element_enter(html->page, &element, href);
}

static void
element_end(void *context, const xmlChar *name)
{
	struct html *html = context;

	(void)name;		/* the parser closes the innermost one */
	if (html->depth)
		element_leave(html->page, &html->elements[--html->depth]);
}

static void
characters(void *context, const xmlChar *text, int length)
{
	struct html *html = context;
	const struct element *element = open_element(html);

	if (!element->unread && length > 0)
		page_text(html->page, (const char *)text, (size_t)length,
			  element->hidden || element->tiny, element->lines);
}

/* --- The document --- */

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of the tag at `at`, or NULL when it has too many words. */
static const char *
tag_end(const char *at, const char *end)
{
	size_t words = 0;

	for (; at < end && words <= WORDS_MOST; at++) {
		if (*at == '>')
			return at;
		if ((*at == '"' || *at == '\'') && at[-1] == '=') {
			at = memchr(at + 1, *at, (size_t)(end - at - 1));
			if (!at)
				return end;
			words++;
		} else {
			words += is_blank(*at) && !is_blank(at[-1]);
		}
	}
	return at == end ? at : NULL;
}

static bool
begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		c == ':';
}

/* Octets before the first tag that would take too long. This reading of tags
 * can be led astray by quotes in comments; the reader's limit of processor
 * time holds all the same. */
static size_t
safe_length(struct html *html, const char *text, size_t length)
{
	const char *end = text + length, *at = text, *tag;

	while ((tag = memchr(at, '<', (size_t)(end - at)))) {
		at = tag + 1;
		if (at == end || !begins_name(*at))
			continue;
		at = tag_end(at, end);
		if (at)
			continue;
		message_limit(html->arena, html->message, "an HTML tag with "
			      "too many attributes: what follows was not read");
		return (size_t)(tag - text);
	}
	return length;
}

static size_t
cut_length(struct html *html, const char *text, size_t length)
{
	if (length <= HTML_MOST)
		return length;
	message_limit(html->arena, html->message,
		      "too much HTML: what follows 2 MiB was not read");
	length = HTML_MOST;
	while (length && (text[length] & 0xC0) == 0x80)
		length--;
	return length;
}

static void
run_parser(struct html *html, const char *text, size_t length)
{
	htmlSAXHandler handler = {
		.startElement = element_start,
		.endElement = element_end,
		.characters = characters,
		.ignorableWhitespace = characters,
	};

	html->parser = htmlNewParserCtxt();
	if (!html->parser)
		BUG("no memory for an HTML parser");
	*html->parser->sax = handler;
	html->parser->userData = html;
	/* NULL is the document: there is none with our handler. */
	(void)htmlCtxtReadMemory(html->parser, text, (int)length, NULL,
				 "UTF-8", HTML_PARSE_RECOVER |
				 HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING |
				 HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC |
				 HTML_PARSE_NODEFDTD);
	htmlFreeParserCtxt(html->parser);
	while (html->depth)	/* when it was stopped */
		element_end(html, NULL);
}

void
html_read(struct arena *arena, struct message *message, const char *text,
	  size_t length, struct buf *text_out)
{
	struct html *html = arena_alloc(arena, sizeof(*html));

	html->arena = arena;
	html->message = message;
	html->page = page_create(arena, message);
	length = safe_length(html, text, cut_length(html, text, length));
	if (length)
		run_parser(html, text, length);
	page_finish(html->page, text_out);
}
