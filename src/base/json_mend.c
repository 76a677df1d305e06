/* One pass that copies only when it has to: `kept` is the start of what is fine
 * and was not appended yet. */
#include "base/json_mend.h"

#include "base/text.h"

struct mend {
	const char *kept, *at, *end;
	struct buf *out;
};

#define ESCAPED_UNKNOWN "\\ufffd"

static void
replace(struct mend *mend, size_t length, const char *text)
{
	buf_append(mend->out, mend->kept, (size_t)(mend->at - mend->kept));
	buf_puts(mend->out, text);
	mend->at += length;
	mend->kept = mend->at;
}

static size_t
left(const struct mend *mend)
{
	return (size_t)(mend->end - mend->at);
}

/* The unit of a \uXXXX that begins so many octets behind `at`; -1 when none
 * does. */
static int
unit_behind(const struct mend *mend, size_t skip)
{
	const char *at = mend->at + skip;
	int unit = 0, i;

	if (left(mend) < skip + 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (i = 2; i < 6; i++) {
		int digit = text_hex(at[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static bool
is_high(int unit)
{
	return unit >= 0xd800 && unit < 0xdc00;
}

static bool
is_low(int unit)
{
	return unit >= 0xdc00 && unit < 0xe000;
}

static void
mend_unit(struct mend *mend)
{
	int unit = unit_behind(mend, 0);

	if (unit < 0)
		replace(mend, 2, ESCAPED_UNKNOWN);
	else if (is_high(unit) && is_low(unit_behind(mend, 6)))
		mend->at += 12;
	else if (!unit || is_high(unit) || is_low(unit))
		replace(mend, 6, ESCAPED_UNKNOWN);
	else
		mend->at += 6;
}

static void
mend_escape(struct mend *mend)
{
	if (left(mend) < 2)
		mend->at++;
	else if (mend->at[1] == 'u')
		mend_unit(mend);
	else
		mend->at += 2;
}

static void
mend_octets(struct mend *mend)
{
	size_t step;
	bool is_bad = text_decode(mend->at, mend->end, &step) == 0xfffd &&
		      step == 1;

	if (is_bad)
		replace(mend, 1, ESCAPED_UNKNOWN);
	else
		mend->at += step;
}

/* From behind its quote to behind the next. */
static void
mend_string(struct mend *mend)
{
	while (left(mend)) {
		unsigned char octet = (unsigned char)*mend->at;

		if (octet == '"') {
			mend->at++;
			return;
		}
		if (octet == '\\')
			mend_escape(mend);
		else if (!octet)
			replace(mend, 1, ESCAPED_UNKNOWN);
		else if (octet < 0x80)
			mend->at++;
		else
			mend_octets(mend);
	}
}

static bool
mend_number(struct mend *mend)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t length = strlen(words[i]);

		if (left(mend) < length ||
		    memcmp(mend->at, words[i], length))
			continue;
		replace(mend, length, "null");
		return true;
	}
	return false;
}

bool
json_mend(const char *text, size_t length, struct buf *out)
{
	struct mend mend = {
		.kept = text, .at = text, .end = text + length, .out = out,
	};

	while (left(&mend)) {
		if (*mend.at == '"') {
			mend.at++;
			mend_string(&mend);
		} else if (!mend_number(&mend)) {
			mend.at++;
		}
	}
	if (mend.kept == text)
		return false;
	buf_append(out, mend.kept, (size_t)(mend.end - mend.kept));
	return true;
}
