#include "pipeline/identity.h"

#include "base/text.h"

static void
digest_all(const struct pipeline_input *input, unsigned char out[DIGEST_SIZE])
{
	struct digest *digest = digest_create();

	digest_add(digest, input->raw, input->length);
	digest_finish(&digest, out);
}

/* Behind the first empty line; NULL when there is none. */
static const char *
find_body(const char *raw, const char *end)
{
	const char *at = raw;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
		at++;
		if (at < end && *at == '\n')
			return at + 1;
		if (end - at > 1 && at[0] == '\r' && at[1] == '\n')
			return at + 2;
	}
	return NULL;
}

/* Without CR before LF, and without the line ends at its end: MTAs add some. */
static void
digest_body(struct digest *digest, const char *at, const char *end)
{
	const char *from = at, *cr;

	while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	while ((cr = memchr(at, '\r', (size_t)(end - at)))) {
		at = cr + 1;
		if (at == end || *at != '\n')
			continue;
		digest_add(digest, from, (size_t)(cr - from));
		from = at;
	}
	digest_add(digest, from, (size_t)(end - from));
}

/* All of a name count: which of two a reader takes is his affair. */
static void
digest_fields(struct digest *digest, const struct message *message,
	      const char *name)
{
	size_t i;

	for (i = 0; i < message->headers.count; i++)
		if (text_same(message->headers.items[i].name, name))
			digest_add_text(digest,
					message->headers.items[i].value);
	digest_add_text(digest, name);	/* ends them */
}

/* What its author wrote, in `out`; false when that does not tell it from
 * others. */
static bool
digest_written(const struct pipeline_input *input,
	       unsigned char out[DIGEST_SIZE])
{
	static const char *const fields[] = {
		"Message-ID", "Date", "From", "Subject"
	};
	enum { NEEDED = 3 };
	const struct message *message = input->message;
	const char *end = input->raw + input->length;
	const char *body = find_body(input->raw, end);
	struct digest *digest;
	size_t i;

	for (i = 0; message && body && i < NEEDED; i++)
		if (!message_header(message, fields[i]))
			return false;
	if (!message || !body)
		return false;
	digest = digest_create();
	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		digest_fields(digest, message, fields[i]);
	digest_body(digest, body, end);
	digest_finish(&digest, out);
	return true;
}

/* A record has no recipients; the tenant that was asked stands for them, so
 * that two customers cannot have one item. */
static void
identify_record(const struct pipeline_input *input,
		struct duplicate_key *key_out)
{
	const char *const about[] = { "api", input->tenant };
	struct duplicate_message record = {
		.recipients = about, .count = input->tenant ? 2 : 1,
	};

	digest_all(input, record.octets);
	memcpy(record.written, record.octets, DIGEST_SIZE);
	duplicate_key(&record, key_out);
}

void
pipeline_identify(const struct pipeline_input *input,
		  const struct alert *alert, struct duplicate_key *key_out)
{
	const char *authentic = alert_text(alert, ALERT_AUTHENTIC);
	struct duplicate_message mail = {
		.recipients = input->recipients,
		.count = input->recipient_count,
		.is_proven = authentic && !strcmp(authentic, "pass"),
	};

	if (input->record) {
		identify_record(input, key_out);
		return;
	}
	digest_all(input, mail.octets);
	if (!digest_written(input, mail.written))
		memcpy(mail.written, mail.octets, DIGEST_SIZE);
	duplicate_key(&mail, key_out);
}
