/* The tables below are the policy, the rest looks into them. */
#include "send/smtp_fate.h"

#include "base/bug.h"

enum { ANY = -1 };

const struct smtp_fate_info smtp_fates[SMTP_FATES] = {
	[SMTP_ACCEPTED]	 = { OUTCOME_OK,	false, SEND_ABOUT_MAIL },
	[SMTP_REFUSED]	 = { OUTCOME_PERMANENT,	false, SEND_ABOUT_MAIL },
	[SMTP_LATER]	 = { OUTCOME_TEMPORARY,	false, SEND_ABOUT_MAIL },
	[SMTP_UNCERTAIN] = { OUTCOME_TEMPORARY,	false, SEND_ABOUT_MAIL },
	[SMTP_SLOWER]	 = { OUTCOME_TEMPORARY,	true,  SEND_ABOUT_PACE },
	[SMTP_NEXT]	 = { OUTCOME_TEMPORARY,	true,  SEND_ABOUT_RELAY },
	[SMTP_MEND]	 = { OUTCOME_TEMPORARY,	true,  SEND_ABOUT_RELAY },
	[SMTP_UNFIT]	 = { OUTCOME_PERMANENT,	true,  SEND_ABOUT_MAIL },
	[SMTP_STOPPED]	 = { OUTCOME_TEMPORARY,	false, SEND_ABOUT_MAIL },
};

/*
 * RFC 3463: the second and third number of an enhanced status code say what a
 * reply is about, whichever command it answers. The first row that fits
 * decides; what fits none is decided by `events`. 5.1.x is about an address,
 * but these two about our own; 5.2.x is about the mailbox, 5.4.x about the way
 * to it, 5.6.x about the content.
 */
static const struct {
	int class, subject, detail;	/* detail ANY: any */
	enum smtp_fate fate;
} statuses[] = {
	{ 5, 1, 7,   SMTP_MEND },	/* the sender's address: syntax */
	{ 5, 1, 8,   SMTP_MEND },	/* the sender's system */
	{ 5, 3, 4,   SMTP_REFUSED },	/* the message is too big */
	{ 5, 3, ANY, SMTP_MEND },	/* the mail system itself */
	{ 5, 5, ANY, SMTP_MEND },	/* the dialogue: a HELO it dislikes */
	{ 5, 7, ANY, SMTP_MEND },	/* we may not: relaying, the login */
	{ 4, 3, 1,   SMTP_NEXT },	/* its disk is full */
	{ 4, 3, ANY, SMTP_SLOWER },	/* it takes nothing at present */
	{ 4, 4, 5,   SMTP_SLOWER },	/* congestion */
	{ 4, 5, ANY, SMTP_SLOWER },	/* too much in one session */
	{ 4, 7, ANY, SMTP_SLOWER },	/* rate limits, greylisting */
};

/* The first row that fits decides: the step and those after it up to the
 * second, the reply code (0: no reply came), how the transfer ended. */
static const struct {
	enum smtp_step from, to;
	int low, high;
	int end;
	enum smtp_fate fate;
} events[] = {
	/* Silence, a broken connection, or neither yes nor no. */
	{ SMTP_DOT,	SMTP_DOT,  0,   399, ANY,	      SMTP_UNCERTAIN },
	{ SMTP_CONNECT,	SMTP_DOT,  0,   599, TRANSFER_STOPPED, SMTP_STOPPED },
	/* Unknown or misplaced commands and parameters (RFC 5321 4.2.2: 500 to
	 * 504), and the login: missing, too weak or unencrypted (RFC 4954
	 * section 6). They say nothing of the recipient. 521 and 556 (RFC
	 * 7504) do: that host takes no mail for him. */
	{ SMTP_MAIL,	SMTP_DOT,  500, 504, ANY,		SMTP_MEND },
	{ SMTP_MAIL,	SMTP_DOT,  530, 530, ANY,		SMTP_MEND },
	{ SMTP_MAIL,	SMTP_DOT,  534, 535, ANY,		SMTP_MEND },
	{ SMTP_MAIL,	SMTP_DOT,  538, 538, ANY,		SMTP_MEND },
	{ SMTP_MAIL,	SMTP_DOT,  500, 599, ANY,		SMTP_REFUSED },
	{ SMTP_MAIL,	SMTP_DOT,  400, 499, ANY,		SMTP_LATER },
	{ SMTP_TLS,	SMTP_TLS,  0,   599, TRANSFER_NO_TLS,	SMTP_MEND },
	{ SMTP_TLS,	SMTP_TLS,  0,   599, TRANSFER_UNTRUSTED, SMTP_MEND },
	{ SMTP_AUTH,	SMTP_AUTH, 400, 499, ANY,		SMTP_NEXT },
	{ SMTP_AUTH,	SMTP_AUTH, 0,   599, TRANSFER_LOGIN,	SMTP_MEND },
	/* No connection, a greeting or EHLO that is not 2xx, a stall or a
	 * broken connection before the server had all of it. */
	{ SMTP_CONNECT,	SMTP_DOT,  0,   599, ANY,		SMTP_NEXT },
};

/* "554 5.7.1 ...": the code, a blank, and the three numbers. */
static bool
parse_status(const struct smtp_answer *answer, int numbers_out[3])
{
	int end = 0;

	return answer->code >= 400 && answer->words.len > 4 &&
	       sscanf(answer->words.data + 4, "%1d.%3d.%3d%n", &numbers_out[0],
		      &numbers_out[1], &numbers_out[2], &end) == 3 &&
	       end && strchr(" -", answer->words.data[4 + end]) &&
	       numbers_out[0] == answer->code / 100;
}

static bool
find_status(const struct smtp_answer *answer, enum smtp_fate *fate_out)
{
	int numbers[3];
	size_t i;

	if (answer->step < SMTP_MAIL || !parse_status(answer, numbers))
		return false;
	for (i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		if (statuses[i].class != numbers[0] ||
		    statuses[i].subject != numbers[1] ||
		    (statuses[i].detail != ANY &&
		     statuses[i].detail != numbers[2]))
			continue;
		*fate_out = statuses[i].fate;
		return true;
	}
	return false;
}

/* "550 relaying denied", of servers that know no enhanced codes. */
static bool
denies_relaying(const struct smtp_answer *answer)
{
	return answer->step >= SMTP_MAIL && answer->step <= SMTP_DATA &&
	       answer->code >= 550 && answer->code <= 554 &&
	       strcasestr(answer->words.data, "relay");
}

static enum smtp_fate
find_event(const struct smtp_answer *answer)
{
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(*events); i++)
		if (answer->step >= events[i].from &&
		    answer->step <= events[i].to &&
		    answer->code >= events[i].low &&
		    answer->code <= events[i].high &&
		    (events[i].end == ANY ||
		     events[i].end == (int)answer->end))
			return events[i].fate;
	BUG("step %d, reply %d, end %d fits no event", (int)answer->step,
	    answer->code, (int)answer->end);
}

enum smtp_fate
smtp_fate(const struct smtp_answer *answer)
{
	enum smtp_fate fate;

	if (answer->is_unfit)
		return SMTP_UNFIT;
	/* Any yes to the message is one; curl knows only 250. */
	if (answer->end == TRANSFER_DONE ||
	    (answer->step == SMTP_DOT && answer->code / 100 == 2))
		return SMTP_ACCEPTED;
	/* "Closing": whatever it was asked, it is about the host. */
	if (answer->code == 421)
		return SMTP_SLOWER;
	if (find_status(answer, &fate))
		return fate;
	return denies_relaying(answer) ? SMTP_MEND : find_event(answer);
}
