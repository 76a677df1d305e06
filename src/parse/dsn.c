#include "parse/dsn.h"

#include "base/text.h"
#include "parse/header.h"

enum {
	GROUPS_MOST = 1000,	/* recipients; a mail of ours has one */
	OUTCOME_MOST = 40,	/* octets of a word */
};

bool
dsn_is_type(const char *type)
{
	static const char *const types[] = {
		"message/delivery-status", "message/global-delivery-status",
		"message/disposition-notification",
		"message/global-disposition-notification",
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(type, types[i]))
			return true;
	return false;
}

/* `Action: failed (mailbox full)`; `Disposition: manual-action/
 * MDN-sent-manually; displayed / error`: what modifies a disposition says that
 * something went wrong, so it is a word that nobody knows. */
static void
add_outcome(struct arena *arena, struct message *message,
	    const struct header_field *field)
{
	const char *value = header_text(arena, field, "",
					&message->bad_bytes);
	bool is_disposition = header_is(field, "Disposition");
	const char *mode = is_disposition ? strchr(value, ';') : NULL;

	if (mode)
		value = mode + 1;
	value += strspn(value, " \t");
	if (is_disposition && strchr(value, '/'))
		value = "";
	value = arena_strndup(arena, value, strcspn(value, " \t;,("));
	vec_push(arena, &message->outcomes,
		 text_fold(arena, text_cut(arena, value, OUTCOME_MOST)));
}

/* Says the field that it failed, whatever the word for it is? `Status: 5.1.1`
 * (RFC 3463), and of a reader `Error:` (RFC 8098 3.2.7) or, as it was once,
 * `Failure:`. */
static bool
says_failed(struct arena *arena, struct message *message,
	    const struct header_field *field)
{
	const char *value;

	if (header_is(field, "Error") || header_is(field, "Failure"))
		return true;
	if (!header_is(field, "Status"))
		return false;
	value = header_text(arena, field, "", &message->bad_bytes);
	return value[strspn(value, " \t")] == '5';
}

/* The fields of one recipient, or those of the whole. */
static void
read_group(struct arena *arena, struct message *message,
	   const struct header *group)
{
	bool is_recipient = false, is_said = false, has_failed = false;
	size_t i;

	for (i = 0; i < group->fields.count; i++) {
		const struct header_field *field = &group->fields.items[i];

		is_recipient |= header_is(field, "Final-Recipient");
		has_failed |= says_failed(arena, message, field);
		if (!header_is(field, "Action") &&
		    !header_is(field, "Disposition"))
			continue;
		add_outcome(arena, message, field);
		is_said = true;
	}
	if ((is_recipient && !is_said) || has_failed || group->cut)
		vec_push(arena, &message->outcomes, "");
}

void
dsn_read(struct arena *arena, struct message *message, const char *text,
	 size_t length)
{
	struct header group;
	size_t groups;

	for (groups = 0; length && groups < GROUPS_MOST; groups++) {
		header_split(arena, text, length, &group);
		if (!group.body)
			break;
		read_group(arena, message, &group);
		text += group.body;
		length -= group.body;
	}
	/* What was not read may say anything. */
	if (length || !message->outcomes.count)
		vec_push(arena, &message->outcomes, "");
}
