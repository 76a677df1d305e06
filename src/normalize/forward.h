/*
 * A mail that was sent on: did whoever did it write something of his own? Then
 * it is more than a repeat of what he sent on, and somebody has to read it.
 */
#ifndef NORMALIZE_FORWARD_H
#define NORMALIZE_FORWARD_H

#include "normalize/format.h"
#include "parse/message.h"

/*
 * What a program sends on begins with the header of the original,
 *
 *	-----Original Message-----
 *	From: Microsoft Defender <defender-noreply@microsoft.com>
 *	Sent: Wednesday, November 25, 2026 9:40 AM
 *
 * whose labels are those of `ignore`; or it is attached (`is_attached`) and
 * there is no text beside it. Anything else may be words: a signature is as
 * good as a sentence here.
 */
bool forward_has_words(const struct formats *formats, struct arena *arena,
		       const struct message *message, bool is_attached);

#endif
