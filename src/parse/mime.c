/*
 * libetpan's traps that this file knows, beside those that preflight.c takes
 * away: a part without header fields loses its first lines, because they look
 * like fields; a multipart without the boundary it names loses all up to the
 * last "--"; a multipart that names no boundary comes back as one part;
 * parameters in RFC 2231 form are handed over undecoded; some display names
 * keep their quotes.
 */
#include "parse/mime.h"

#include "base/text.h"
#include "parse/charset.h"
#include "parse/encoded_word.h"
#include "parse/parameter.h"

#include <libetpan/libetpan.h>

enum {
	LEAVES_MOST = 1000,	/* memory; real mail has up to 20 */
	DEPTH_MOST = 128,	/* more than preflight lets through */
	PARAMETERS_MOST = 200,	/* each name is looked for in all of them */
	ADDRESSES_MOST = 100,	/* of From; real mail has 1 */
	ADDRESS_TEXT_MOST = 65536,	/* libetpan takes 0.3 s for 2 MB */
};

struct walk {
	struct arena *arena;
	struct message *message;
	const char *mail;	/* the first octet */
	struct mime_leaves *leaves;
};

static const char *
lower(struct arena *arena, const char *type, const char *subtype)
{
	char *text = arena_printf(arena, "%s/%s", type, subtype), *at;

	for (at = text; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 'a' - 'A');
	return text;
}

static const char *
main_type(const struct mailmime_type *type)
{
	static const char *const discrete[] = {
		[MAILMIME_DISCRETE_TYPE_TEXT] = "text",
		[MAILMIME_DISCRETE_TYPE_IMAGE] = "image",
		[MAILMIME_DISCRETE_TYPE_AUDIO] = "audio",
		[MAILMIME_DISCRETE_TYPE_VIDEO] = "video",
		[MAILMIME_DISCRETE_TYPE_APPLICATION] = "application",
	};
	int at;

	if (type->tp_type == MAILMIME_TYPE_COMPOSITE_TYPE)
		return type->tp_data.tp_composite_type->ct_type ==
			MAILMIME_COMPOSITE_TYPE_MULTIPART ? "multipart"
							  : "message";
	at = type->tp_data.tp_discrete_type->dt_type;
	if (at == MAILMIME_DISCRETE_TYPE_EXTENSION)
		return type->tp_data.tp_discrete_type->dt_extension;
	return at > 0 && at < MAILMIME_DISCRETE_TYPE_EXTENSION
		? discrete[at] : "application";
}

static void
add_parameter(struct arena *arena, struct parameters *parameters,
	      const char *name, const char *value)
{
	struct parameter copy;

	if (!name || !value || parameters->count == PARAMETERS_MOST)
		return;
	copy.name = arena_strdup(arena, name);
	copy.value = arena_strdup(arena, value);
	vec_push(arena, parameters, copy);
}

static void
add_content_parameters(struct arena *arena, struct parameters *parameters,
		       const struct mailmime_content *content)
{
	const clist *list = content->ct_parameters;
	clistiter *at;

	for (at = list ? clist_begin(list) : NULL; at; at = clist_next(at)) {
		const struct mailmime_parameter *one = clist_content(at);

		add_parameter(arena, parameters, one->pa_name, one->pa_value);
	}
}

static void
add_disposition_parameters(struct arena *arena, struct parameters *parameters,
			   const struct mailmime_disposition *disposition)
{
	const clist *list = disposition->dsp_parms;
	clistiter *at;

	for (at = list ? clist_begin(list) : NULL; at; at = clist_next(at)) {
		const struct mailmime_disposition_parm *one = clist_content(at);

		if (one->pa_type == MAILMIME_DISPOSITION_PARM_FILENAME)
			add_parameter(arena, parameters, "filename",
				      one->pa_data.pa_filename);
		else if (one->pa_type == MAILMIME_DISPOSITION_PARM_PARAMETER)
			add_parameter(arena, parameters,
				      one->pa_data.pa_parameter->pa_name,
				      one->pa_data.pa_parameter->pa_value);
	}
}

static const struct mailmime_disposition *
find_disposition(const struct mailmime_fields *fields)
{
	clistiter *at;

	if (!fields)
		return NULL;
	for (at = clist_begin(fields->fld_list); at; at = clist_next(at)) {
		const struct mailmime_field *field = clist_content(at);

		if (field->fld_type == MAILMIME_FIELD_DISPOSITION)
			return field->fld_data.fld_disposition;
	}
	return NULL;
}

static enum mime_encoding
encoding_of(int mechanism)
{
	if (mechanism == MAILMIME_MECHANISM_QUOTED_PRINTABLE)
		return MIME_QUOTED_PRINTABLE;
	return mechanism == MAILMIME_MECHANISM_BASE64 ? MIME_BASE64
						      : MIME_PLAIN;
}

static void
describe_content(struct arena *arena, const struct mailmime_content *content,
		 struct mime_leaf *leaf)
{
	struct parameters parameters = { 0 };

	leaf->type = "text/plain";
	leaf->charset = leaf->name = "";
	if (!content)
		return;
	leaf->type = lower(arena, main_type(content->ct_type),
			   content->ct_subtype);
	add_content_parameters(arena, &parameters, content);
	leaf->charset = parameter_value(arena, &parameters, "charset");
	leaf->flowed = text_same(parameter_value(arena, &parameters, "format"),
				 "flowed");
	leaf->delsp = text_same(parameter_value(arena, &parameters, "delsp"),
				"yes");
	leaf->name = parameter_value(arena, &parameters, "name");
}

static void
describe_disposition(struct arena *arena,
		     const struct mailmime_disposition *disposition,
		     struct mime_leaf *leaf)
{
	struct parameters parameters = { 0 };
	const char *name;

	if (!disposition)
		return;
	leaf->attachment = disposition->dsp_type->dsp_type !=
		MAILMIME_DISPOSITION_TYPE_INLINE;
	add_disposition_parameters(arena, &parameters, disposition);
	name = parameter_value(arena, &parameters, "filename");
	if (*name)
		leaf->name = name;
}

static void
add_leaf(struct walk *walk, struct mime_leaf leaf)
{
	if (walk->leaves->count == LEAVES_MOST)
		message_limit(walk->arena, walk->message,
			      "too many parts: the last ones were not read");
	else
		vec_push(walk->arena, walk->leaves, leaf);
}

/* An empty line before the part means that it has no fields: what libetpan
 * took for them is text. */
static bool
has_no_fields(const struct walk *walk, const struct mailmime *part)
{
	const char *start = part->mm_mime_start;

	if (start - walk->mail < 2 || start[-1] != '\n')
		return false;
	return start[-2] == '\n' ||
		(start[-2] == '\r' && start - walk->mail > 2 &&
		 start[-3] == '\n');
}

static void
take_body(const struct walk *walk, const struct mailmime *part,
	  struct mime_leaf *leaf)
{
	const struct mailmime_data *body = part->mm_body;

	leaf->body = "";
	if (!body || body->dt_type != MAILMIME_DATA_TEXT)
		return;
	leaf->body = body->dt_data.dt_text.dt_data;
	leaf->length = body->dt_data.dt_text.dt_length;
	leaf->encoding = encoding_of(body->dt_encoding);
	if (part->mm_parent && part->mm_parent->mm_type == MAILMIME_MULTIPLE &&
	    has_no_fields(walk, part)) {
		leaf->length += (size_t)(leaf->body - part->mm_mime_start);
		leaf->body = part->mm_mime_start;
	}
}

static void
take_leaf(struct walk *walk, const struct mailmime *part)
{
	struct mime_leaf leaf = { 0 };

	describe_content(walk->arena, part->mm_content_type, &leaf);
	describe_disposition(walk->arena,
			     find_disposition(part->mm_mime_fields), &leaf);
	take_body(walk, part, &leaf);
	add_leaf(walk, leaf);
}

/* A multipart that libetpan could not split is shown as text. */
static void
take_unsplit(struct walk *walk, const struct mailmime *part)
{
	struct mime_leaf leaf = {
		.type = "text/plain", .charset = "", .name = "",
	};

	message_limit(walk->arena, walk->message,
		      "a multipart could not be taken apart");
	take_body(walk, part, &leaf);
	add_leaf(walk, leaf);
}

/* Two dashes and the boundary, and no more than dashes or blanks behind it:
 * libetpan takes the beginning of another boundary for its own. */
static bool
is_boundary_line(const char *at, const char *end, const char *boundary,
		 size_t length)
{
	if (end - at < 2 + (ptrdiff_t)length || at[0] != '-' || at[1] != '-' ||
	    (length && memcmp(at + 2, boundary, length)))
		return false;
	at += 2 + length;
	return at == end || *at == '-' || *at == ' ' || *at == '\t' ||
		*at == '\r' || *at == '\n';
}

static bool
has_boundary(const struct mailmime *part)
{
	const char *boundary = mailmime_content_param_get(part->mm_content_type,
							  (char *)"boundary");
	const char *at = part->mm_body->dt_data.dt_text.dt_data;
	const char *end = at + part->mm_body->dt_data.dt_text.dt_length;
	size_t length = boundary ? strlen(boundary) : 0;

	while (at < end && !is_boundary_line(at, end, boundary, length)) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return false;
		at++;
	}
	return at < end;
}

static void
walk_part(struct walk *walk, const struct mailmime *part, int depth)
{
	clistiter *at;

	if (!part || depth > DEPTH_MOST)
		return;
	if (part->mm_type != MAILMIME_MULTIPLE) {
		take_leaf(walk, part);
		return;
	}
	at = clist_begin(part->mm_data.mm_multipart.mm_mp_list);
	if (!at || !has_boundary(part)) {
		take_unsplit(walk, part);
		return;
	}
	for (; at; at = clist_next(at))
		walk_part(walk, clist_content(at), depth + 1);
}

void
mime_parse(struct arena *arena, struct message *message, const char *mail,
	   size_t length, struct mime_leaves *leaves_out)
{
	struct walk walk = { arena, message, mail, leaves_out };
	struct mailmime *root = NULL;
	size_t index = 0;

	*leaves_out = (struct mime_leaves){ 0 };
	if (mailmime_parse(mail, length, &index, &root) == MAILIMF_NO_ERROR) {
		/* The root is always a message, whose body is the mail's. */
		walk_part(&walk, root->mm_data.mm_message.mm_msg_mime, 0);
		mailmime_free(root);
	}
	if (!leaves_out->count) {
		const char *body = strstr(mail, "\n\n");
		struct mime_leaf leaf = {
			.type = "text/plain", .charset = "", .name = "",
			.body = body ? body + 2 : mail,
		};

		leaf.length = length - (size_t)(leaf.body - mail);
		add_leaf(&walk, leaf);
	}
}

/* --- Addresses --- */

static void
add_address(struct arena *arena, struct message *message, const char *name,
	    size_t name_length, const char *address, size_t address_length)
{
	struct buf text = BUF_INIT;
	struct message_address one;

	if (message->from.count == ADDRESSES_MOST)
		return;
	message->bad_bytes += encoded_word_append(&text, name, name_length,
						  "");
	one.name = text_fold_space(arena, text.data, text.len);
	buf_reset(&text);
	message->bad_bytes += charset_append(&text, "", address,
					     address_length);
	one.address = arena_strndup(arena, text.data, text.len);
	buf_release(&text);
	vec_push(arena, &message->from, one);
}

static void
add_mailbox(struct arena *arena, struct message *message,
	    const struct mailimf_mailbox *mailbox)
{
	const char *name = mailbox->mb_display_name ? mailbox->mb_display_name
						    : "";
	size_t length = strlen(name);

	if (length >= 2 && name[0] == '"' && name[length - 1] == '"') {
		name++;
		length -= 2;
	}
	add_address(arena, message, name, length, mailbox->mb_addr_spec,
		    strlen(mailbox->mb_addr_spec));
}

static void
add_group(struct arena *arena, struct message *message,
	  const struct mailimf_group *group)
{
	clistiter *at;

	if (!group->grp_mb_list)
		return;
	for (at = clist_begin(group->grp_mb_list->mb_list); at;
	     at = clist_next(at))
		add_mailbox(arena, message, clist_content(at));
}

static void
add_list(struct arena *arena, struct message *message,
	 const struct mailimf_address_list *list)
{
	clistiter *at;

	for (at = clist_begin(list->ad_list); at; at = clist_next(at)) {
		const struct mailimf_address *one = clist_content(at);

		if (one->ad_type == MAILIMF_ADDRESS_MAILBOX)
			add_mailbox(arena, message, one->ad_data.ad_mailbox);
		else if (one->ad_type == MAILIMF_ADDRESS_GROUP)
			add_group(arena, message, one->ad_data.ad_group);
	}
}

static bool
ends_word(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '<' ||
		c == '>' || c == '"' || c == '(' || c == ')';
}

/* Every word with an @, the text before it as its name: more than one address
 * is never taken for the one that a format wants. */
static void
add_loose(struct arena *arena, struct message *message, const char *value,
	  size_t length)
{
	const char *end = value + length, *name = value;

	while (value < end) {
		const char *word = value;

		while (value < end && !ends_word(*value))
			value++;
		if (memchr(word, '@', (size_t)(value - word))) {
			add_address(arena, message, name, (size_t)(word - name -
				    (word > name && word[-1] == '<')),
				    word, (size_t)(value - word));
			name = value < end ? value + 1 : end;
		}
		if (value < end)
			value++;
	}
}

static bool
only_blanks(const char *from, const char *end)
{
	for (; from < end; from++)
		if (*from != ' ' && *from != '\t')
			return false;
	return true;
}

void
mime_addresses(struct arena *arena, struct message *message, const char *value,
	       size_t length)
{
	struct mailimf_address_list *list = NULL;
	size_t index = 0;
	bool whole;

	if (length > ADDRESS_TEXT_MOST)
		length = ADDRESS_TEXT_MOST;
	if (mailimf_address_list_parse(value, length, &index, &list) !=
	    MAILIMF_NO_ERROR) {
		add_loose(arena, message, value, length);
		return;
	}
	whole = only_blanks(value + index, value + length);
	if (whole)
		add_list(arena, message, list);
	else
		add_loose(arena, message, value, length);
	mailimf_address_list_free(list);
}
