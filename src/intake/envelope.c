#include "intake/envelope.h"

#define SENDER "Return-Path: <"
#define RECIPIENT "Delivered-To: "
#define BORDER "Received: (tocsin-deliver "
#define BORDER_REST ") by "

#define LENGTH(literal) (sizeof(literal) - 1)

static const char envelope_whole[] = "whole";
const char envelope_short[] = "short";

_Static_assert(LENGTH(envelope_whole) == ENVELOPE_WORD &&
	       LENGTH(envelope_short) == ENVELOPE_WORD,
	       "one word is written over the other");
_Static_assert(LENGTH(RECIPIENT) + ENVELOPE_ADDRESS_MAX + LENGTH(">\n") <
	       ENVELOPE_LINE_MAX, "the longest address fits in a line");

static bool
is_control(char byte)
{
	return (unsigned char)byte < 0x20 || byte == 0x7F;
}

static size_t
address_line(char *line, const char *before, const char *address,
	     const char *after)
{
	size_t length = strlen(address), place = strlen(before), i;

	if (length >= 2 && address[0] == '<' && address[length - 1] == '>') {
		address++;
		length -= 2;
	}
	if (length > ENVELOPE_ADDRESS_MAX)
		length = ENVELOPE_ADDRESS_MAX;

	memcpy(line, before, place);
	for (i = 0; i < length; i++)
		line[place++] = is_control(address[i]) ? '?' : address[i];
	while (*after)
		line[place++] = *after++;
	line[place] = '\0';
	return place;
}

size_t
envelope_sender_line(char *line, const char *sender)
{
	/* What Postfix calls the null sender unless null_sender is empty. */
	if (!strcasecmp(sender, "MAILER-DAEMON"))
		sender = "";
	return address_line(line, SENDER, sender, ">\n");
}

size_t
envelope_recipient_line(char *line, const char *recipient)
{
	return address_line(line, RECIPIENT, recipient, "\n");
}

size_t
envelope_border_line(char *line, const char *host, const char *id,
		     instant_ms now, size_t *word_out)
{
	/* Not strftime(), whose names depend on the locale, nor gmtime_r(),
	 * which allocates and reads the file that $TZ names. */
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct civil at;

	clock_to_civil(now, &at);
	*word_out = LENGTH(BORDER);
	return (size_t)snprintf(line, ENVELOPE_LINE_MAX,
		BORDER "%s" BORDER_REST "%.200s id %.200s; "
		"%.3s, %02d %.3s %04d %02d:%02d:%02d +0000\n",
		envelope_whole, host, id, days + 3 * clock_weekday(now),
		at.day, months + 3 * (at.month - 1), (int)at.year, at.hour,
		at.minute, at.second);
}

/* The line end of the header line at `line`, when it begins with `start`, is
 * no longer than we write one, and holds no other control character. */
static const char *
line_end(const char *line, const char *end, const char *start)
{
	size_t length = strlen(start), left = (size_t)(end - line);
	const char *s;

	if (left < length || memcmp(line, start, length) != 0)
		return NULL;
	if (left > ENVELOPE_LINE_MAX)
		end = line + ENVELOPE_LINE_MAX;
	for (s = line + length; s < end && !is_control(*s); s++)
		;
	return s < end && *s == '\n' ? s : NULL;
}

/* The same for the border, and what its word says. */
static const char *
border_end(const char *line, const char *end, bool *short_out)
{
	const char *stop = line_end(line, end, BORDER);
	const char *word = line + LENGTH(BORDER), *rest = word + ENVELOPE_WORD;

	if (!stop || stop - word < (ptrdiff_t)(ENVELOPE_WORD +
					       LENGTH(BORDER_REST)) ||
	    memcmp(rest, BORDER_REST, LENGTH(BORDER_REST)) != 0)
		return NULL;
	*short_out = !memcmp(word, envelope_short, ENVELOPE_WORD);
	if (!*short_out && memcmp(word, envelope_whole, ENVELOPE_WORD) != 0)
		return NULL;
	return stop;
}

bool
envelope_find(const char *bytes, size_t length, struct envelope *envelope_out)
{
	struct envelope found = { 0 };
	const char *line = bytes, *end = bytes + length, *stop;

	stop = line_end(line, end, SENDER);
	if (!stop || stop[-1] != '>')
		return false;
	line = stop + 1;
	while ((stop = line_end(line, end, RECIPIENT)) != NULL) {
		if (++found.recipients > ENVELOPE_RECIPIENTS_MAX)
			return false;
		line = stop + 1;
	}
	stop = border_end(line, end, &found.is_short);
	if (!stop)
		return false;
	found.word = (size_t)(line - bytes) + LENGTH(BORDER);
	found.length = (size_t)(stop + 1 - bytes);
	*envelope_out = found;
	return true;
}

const char *
envelope_address(const char *line, const char **address_out,
		 size_t *length_out)
{
	const char *stop = strchr(line, '\n');
	bool is_sender = *line == *SENDER;
	const char *start = line + (is_sender ? LENGTH(SENDER)
					      : LENGTH(RECIPIENT));

	*address_out = start;
	*length_out = (size_t)(stop - start) - (is_sender ? 1 : 0);
	return stop + 1;
}
