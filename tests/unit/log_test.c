/* The log: one line per event, whatever its values are. */
#include "base/log.h"

#include "tap.h"

#include <stdlib.h>

static void
test_line(void)
{
	struct buf line = BUF_INIT;

	log_line(&line, LOG_LEVEL_INFO, "sent", "to", "ana@x.example",
		 "relay", NULL, "reply", "250 ok \"x\"\n", "note", "", NULL);
	is(line.data, "event=sent to=ana@x.example reply=\"250 ok \\\"x\\\""
	   "\\n\" note=\"\"\n", "what has blanks is quoted, what there is "
	   "not is left out");
	buf_reset(&line);
	setenv("JOURNAL_STREAM", "8:1", 1);
	log_line(&line, LOG_LEVEL_WARNING, "trouble", NULL);
	is(line.data, "<4>event=trouble\n", "systemd gets the level");
	unsetenv("JOURNAL_STREAM");
	buf_release(&line);
}

static void
test_long_value(void)
{
	struct buf line = BUF_INIT;
	char text[402] = { 0 };

	memset(text, 'x', 401);
	log_line(&line, LOG_LEVEL_INFO, "e", "v", text + 1, NULL);
	is_int((long long)line.len, (long long)strlen("event=e v=\n") + 400,
	       "a value has up to 400 octets");
	buf_reset(&line);
	log_line(&line, LOG_LEVEL_INFO, "e", "v", text, NULL);
	ok(strstr(line.data, "x...\n") &&
	   line.len == strlen("event=e v=...\n") + 400,
	   "of a longer one that many are shown");
	buf_release(&line);
}

int
main(void)
{
	unsetenv("JOURNAL_STREAM");
	test_line();
	test_long_value();
	return tap_done();
}
