#include "parse/parameter.h"

#include "base/buf.h"
#include "base/text.h"
#include "parse/charset.h"
#include "parse/encoded_word.h"

#include <stdbool.h>

enum {
	PIECES_MOST = 64,	/* a file name of more is an attack */
	CHARSET_MOST = 40,
};

/* Octets gathered from the pieces, and what the first said of them. */
struct gathered {
	struct buf octets;
	char charset[CHARSET_MOST + 1];
};

static const struct parameter *
parameter_find(const struct parameters *parameters, const char *name)
{
	size_t i;

	for (i = 0; i < parameters->count; i++)
		if (!strcasecmp(parameters->items[i].name, name))
			return &parameters->items[i];
	return NULL;
}

static void
append_percent_decoded(struct buf *out, const char *value)
{
	for (; *value; value++) {
		int high = *value == '%' ? text_hex(value[1]) : -1;
		int low = high >= 0 ? text_hex(value[2]) : -1;

		if (low < 0) {
			buf_putc(out, *value);
			continue;
		}
		buf_putc(out, (char)(high << 4 | low));
		value += 2;
	}
}

/* charset'language'value; the first piece only. */
static const char *
take_charset(struct gathered *gathered, const char *value)
{
	const char *mark = strchr(value, '\'');
	const char *second = mark ? strchr(mark + 1, '\'') : NULL;

	if (!second)
		return value;
	if (mark - value <= CHARSET_MOST)
		memcpy(gathered->charset, value, (size_t)(mark - value));
	return second + 1;
}

static bool
add_extended(struct gathered *gathered, const struct parameters *parameters,
	     const char *name, bool first)
{
	const struct parameter *piece = parameter_find(parameters, name);
	const char *value;

	if (!piece)
		return false;
	value = first ? take_charset(gathered, piece->value) : piece->value;
	append_percent_decoded(&gathered->octets, value);
	return true;
}

static bool
add_plain(struct gathered *gathered, const struct parameters *parameters,
	  const char *name)
{
	const struct parameter *piece = parameter_find(parameters, name);

	if (piece)
		buf_puts(&gathered->octets, piece->value);
	return piece;
}

static bool
gather(struct gathered *gathered, const struct parameters *parameters,
       const char *name)
{
	struct buf key = BUF_INIT;
	bool more = true;
	int i;

	buf_printf(&key, "%s*", name);
	if (add_extended(gathered, parameters, key.data, true)) {
		buf_release(&key);
		return true;
	}
	for (i = 0; more && i < PIECES_MOST; i++) {
		buf_reset(&key);
		buf_printf(&key, "%s*%d*", name, i);
		more = add_extended(gathered, parameters, key.data, i == 0);
		buf_cut(&key, key.len - 1);
		more = more || add_plain(gathered, parameters, key.data);
	}
	buf_release(&key);
	return i > 1;
}

const char *
parameter_value(struct arena *arena, const struct parameters *parameters,
		const char *name)
{
	struct gathered gathered = { .octets = BUF_INIT };
	const struct parameter *plain = parameter_find(parameters, name);
	struct buf text = BUF_INIT;
	const char *copy;

	/* Bad octets of a file name are replaced, but not worth counting. */
	if (gather(&gathered, parameters, name))
		(void)charset_append(&text, gathered.charset,
				     gathered.octets.data,
				     gathered.octets.len);
	else if (plain)
		(void)encoded_word_append(&text, plain->value,
					  strlen(plain->value), "");
	copy = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	buf_release(&gathered.octets);
	return copy;
}
