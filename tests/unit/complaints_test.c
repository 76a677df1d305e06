/* What is said in the log, by what is said to it. */
#include "take/complaints.h"

#include <tap.h>
#include <temporary.h>

#include <stdlib.h>
#include <unistd.h>

static FILE *log_file;

/* Lines of the log since the last time, up to `most` octets. */
static const char *
said(void)
{
	static char text[16384];
	size_t length;

	fflush(stderr);
	length = fread(text, 1, sizeof(text) - 1, log_file);
	text[length] = '\0';
	return text;
}

static size_t
lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void
check_each_by_itself(void)
{
	struct complaints *complaints = complaints_create("inbox");

	ok(!complaints_any(complaints), "all is well at first");
	ok(complaints_say(complaints, "a", "bad"), "a complaint is new");
	is(said(), "event=trouble in=inbox mail=a what=bad\n", "and said");
	ok(!complaints_say(complaints, "a", "bad"), "again, it is not");
	is(said(), "", "nor said");
	ok(complaints_say(complaints, "a", "worse") &&
	   complaints_say(complaints, "b", "bad") &&
	   complaints_say(complaints, NULL, "bad"),
	   "another one, of another mail, and of none, are new");
	is_int((long long)lines(said()), 3, "and said");
	complaints_end(complaints);
	is(said(), "", "none of them is over");

	complaints_begin(complaints);
	ok(!complaints_any(complaints), "a new look begins with none");
	complaints_say(complaints, "a", "bad");
	complaints_say(complaints, NULL, "bad");
	complaints_end(complaints);
	is(said(), "event=recovered in=inbox mail=a what=worse\n"
	   "event=recovered in=inbox mail=b what=bad\n",
	   "what was not met again is over");
	ok(complaints_say(complaints, "b", "bad"), "and new when it comes back");
	complaints_destroy(&complaints);
	ok(!complaints, "destroy nulls");
	(void)said();
}

static void
check_many(void)
{
	struct complaints *complaints = complaints_create("inbox");
	char name[16];
	int i;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		complaints_say(complaints, name, "bad");
	}
	i = (int)lines(said());
	ok(i > 10 && i < 30, "of a thousand %d are said", i);
	complaints_begin(complaints);
	complaints_end(complaints);
	(void)said();
	ok(complaints_say(complaints, "999", "bad"),
	   "there is room when they are over");
	complaints_destroy(&complaints);
}

int
main(void)
{
	char name[TEMPORARY_LENGTH];
	int fd = mkstemp(temporary(name));

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		return 1;
	log_file = fopen(name, "r");
	(void)unlink(name);
	(void)unsetenv("JOURNAL_STREAM");
	check_each_by_itself();
	check_many();
	fclose(log_file);
	return tap_done();
}
