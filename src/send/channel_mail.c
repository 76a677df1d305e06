#include "send/channel_mail.h"

#include "base/bug.h"
#include "base/text.h"
#include "conf/value.h"
#include "render/render.h"
#include "send/send.h"

const char *
channel_mail_parse(struct conf_word word, struct arena *arena,
		   struct diag *diag)
{
	(void)arena;	/* the configuration has the text */
	return conf_address(word, diag) ? word.text : NULL;
}

bool
channel_mail_same(const char *a, const char *b)
{
	return text_same(a, b);
}

struct rendered
channel_mail_compose(const struct render_input *input, struct arena *arena)
{
	return render_notification(arena, input);
}

/* A bare LF or CR would end a line for one server and not for the next, and
 * so hide a second mail in the first. Whoever made the message must not. */
static void
check_lines(const struct send_job *job)
{
	const char *at = job->body, *end = at + job->length, *lf;

	for (; at < end; at = lf + 1) {
		lf = memchr(at, '\n', (size_t)(end - at));
		if (!lf || lf == at || lf[-1] != '\r' ||
		    memchr(at, '\r', (size_t)(lf - at)) != lf - 1)
			BUG("message %s: a line does not end in CR LF",
			    job->message_id);
	}
}

static bool
check_address(const char *address, const char *what, struct send_result *result)
{
	if (text_is_address(address))
		return true;
	result->outcome = OUTCOME_PERMANENT;
	buf_printf(&result->text, "the %s is not an address that can be sent "
		   "to: %s", what, address);
	return false;
}

bool
channel_mail_check(const struct send_job *job, struct send_result *result)
{
	check_lines(job);
	/* Here once more, whatever was checked when they were loaded: an
	 * address with a line end in it would become an SMTP command. */
	return (!*job->sender ||
		check_address(job->sender, "sender", result)) &&
	       check_address(job->address, "recipient", result);
}
