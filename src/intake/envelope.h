/*
 * The block of lines on top of every message in the inbox: who sent it and to
 * whom, as the MTA said, which the message itself cannot be asked.
 *
 *	Return-Path: <sender>
 *	Delivered-To: recipient			one for each, in their order
 *	Received: (tocsin-deliver whole) by HOST id NAME; DATE
 *	the message, byte for byte as it came
 *
 * Only this block is believed, and only at the very top of a file. A message
 * may bring lines of the same names, put there by the MTA (Postfix flags R and
 * D, OpenSMTPD) or by an attacker; the Received line is the border that keeps
 * them out. It is a trace line as RFC 5321 section 4.4 wants one, so the file
 * stays a plain mail, and since tocsin-deliver writes the block first, the
 * topmost border is always its own: whatever a message begins with, even with
 * a whole forged block, lies below it.
 *
 * One word of the border tells whether the message is "whole" or was cut
 * ("short"). Both have five letters: a mail is known to be too long only when
 * the block is already on disk, and then the word is written over.
 *
 * This module needs nothing but libc, allocates nothing and cannot fail.
 */
#ifndef INTAKE_ENVELOPE_H
#define INTAKE_ENVELOPE_H

#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* In one block. MTAs hand over 1 to 50 at once, 1000 if pressed. */
	ENVELOPE_RECIPIENTS_MAX = 1000,
	/* Octets of an address that are kept: RFC 5321 allows 254, and a header
	 * line 998 (RFC 5322 2.1.1). */
	ENVELOPE_ADDRESS_MAX = 900,
	/* Room for one line, its LF and a NUL. */
	ENVELOPE_LINE_MAX = 1000,
	/* A legal block is never longer. */
	ENVELOPE_MAX = (ENVELOPE_RECIPIENTS_MAX + 2) * ENVELOPE_LINE_MAX,
	/* Octets of the word in the border. */
	ENVELOPE_WORD = 5,
};

extern const char envelope_short[];

/*
 * Write one line, LF and NUL included, into `line` of ENVELOPE_LINE_MAX
 * octets; the return value is its length.
 *
 * An address loses one pair of angle brackets around it, its control
 * characters become `?` so that no address can add a line, and what is over
 * ENVELOPE_ADDRESS_MAX is cut: an odd address is no reason to refuse an alert.
 * The null sender is "", "<>" or MAILER-DAEMON.
 */
size_t envelope_sender_line(char *line, const char *sender);
size_t envelope_recipient_line(char *line, const char *recipient);

/* `host` and `id` are ours, without blanks, together at most 400 octets.
 * `word_out` gets the place of the word "whole" in the line. */
size_t envelope_border_line(char *line, const char *host, const char *id,
			    instant_ms now, size_t *word_out);

/* A block that was found. */
struct envelope {
	size_t length;		/* octets; the message begins here */
	size_t word;		/* where "whole" or "short" is */
	size_t recipients;	/* how many, 0 to ENVELOPE_RECIPIENTS_MAX */
	bool is_short;		/* the message was cut */
};

/* Is there a whole block at the top of these bytes? The first ENVELOPE_MAX of
 * a file are always enough to tell. */
bool envelope_find(const char *bytes, size_t length,
		   struct envelope *envelope_out);

/* The address in the line of a found block that begins at `line`, and the
 * start of the next line: first the sender ("" for null), then the
 * recipients. */
const char *envelope_address(const char *line, const char **address_out,
			     size_t *length_out);

#endif
