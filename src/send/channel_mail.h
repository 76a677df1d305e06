/*
 * What the channels share whose addresses are those of mail: the clause `mail`,
 * the message as RFC 5322 has it, and what a job of theirs must be.
 */
#ifndef SEND_CHANNEL_MAIL_H
#define SEND_CHANNEL_MAIL_H

#include "oncall/endpoint.h"

#define CHANNEL_MAIL_CLAUSE "mail"

const char *channel_mail_parse(struct conf_word word, struct arena *arena,
			       struct diag *diag);
bool channel_mail_same(const char *a, const char *b);
struct rendered channel_mail_compose(const struct render_input *input,
				     struct arena *arena);

/* Before a job is sent: false, with the refusal in `result`, when an address
 * cannot be sent to. */
bool channel_mail_check(const struct send_job *job, struct send_result *result);

#endif
