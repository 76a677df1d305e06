#include "send/channel.h"

const struct channel *const channels[] = {
	&channel_smtp,
	&channel_maildir,
	NULL,
};
