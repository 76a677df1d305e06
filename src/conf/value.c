/* What a word means when it is to be a duration, a size or an address. */
#include "conf/conf.h"

#include "base/file.h"
#include "base/text.h"

struct unit {
	char letter;
	uint64_t factor;
};

/* "15m": a whole number and one of the units, the list of which ends with
 * factor 0; at most `most` of the smallest. */
static bool
parse_number(const char *text, const struct unit *units, uint64_t most,
	     uint64_t *value_out)
{
	size_t digits = strspn(text, "0123456789"), i;
	uint64_t number = 0;

	while (units->factor && units->letter != text[digits])
		units++;
	if (!digits || !units->factor || (text[digits] && text[digits + 1]))
		return false;
	for (i = 0; i < digits; i++) {
		if (number > most / 10 - 1)
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
	}
	*value_out = number * units->factor;
	return number <= most / units->factor;
}

bool
conf_duration(struct conf_word word, struct diag *diag,
	      int64_t *milliseconds_out)
{
	static const struct unit units[] = {
		{ 's', 1000 }, { 'm', 60 * 1000 }, { 'h', 60 * 60 * 1000 },
		{ 'd', 24 * 60 * 60 * 1000 }, { '\0', 0 },
	};
	uint64_t value;

	if (!parse_number(word.text, units, INT64_MAX, &value)) {
		diag_error(diag, word.place,
			   "write a number and s, m, h or d: 30s 15m 2h 7d",
			   "'%s' is no duration", word.text);
		return false;
	}
	*milliseconds_out = (int64_t)value;
	return true;
}

bool
conf_is_duration(struct conf_word word, struct diag *diag)
{
	int64_t unused;

	return conf_duration(word, diag, &unused);
}

bool
conf_size(struct conf_word word, struct diag *diag, uint64_t *bytes_out)
{
	static const struct unit units[] = {
		{ '\0', 1 }, { 'K', 1 << 10 }, { 'M', 1 << 20 },
		{ 'G', 1 << 30 }, { '\0', 0 },
	};

	if (parse_number(word.text, units, UINT64_MAX, bytes_out))
		return true;
	diag_error(diag, word.place, "write a number and K, M or G: 25M",
		   "'%s' is no size", word.text);
	return false;
}

bool
conf_address(struct conf_word word, struct diag *diag)
{
	if (text_is_address(word.text))
		return true;
	diag_error(diag, word.place, "write LOCAL@DOMAIN",
		   "'%s' is no mail address", word.text);
	return false;
}

char *
conf_path(struct arena *arena, struct conf_word word)
{
	return file_beside(arena, word.place.file ? word.place.file->name : "",
			   word.text);
}
