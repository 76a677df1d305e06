/* The inbox: what tocsin-deliver stores is what the daemon finds. */
#include "intake/inbox.h"

#include "base/buf.h"
#include "intake/drop.h"
#include "tap.h"
#include "temporary.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW INT64_C(1795304368123)	/* 2026-11-21T23:39:28.123Z */
#define BORDER "Received: (tocsin-deliver whole) by h id i; date\n"

static char spool[TEMPORARY_LENGTH];
static struct arena *arena;
static struct buf error = BUF_INIT;

static char *
path_of(const char *directory, const char *name)
{
	return arena_printf(arena, "%s/%s/%s", spool, directory, name);
}

static void
write_file(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(bytes, 1, length, file) != length ||
	    fclose(file) != 0)
		printf("Bail out! cannot write %s\n", path);
}

static const char *
read_file(int fd, size_t offset)
{
	static char bytes[64 * 1024];
	ssize_t length = pread(fd, bytes, sizeof(bytes) - 1, (off_t)offset);

	bytes[length > 0 ? length : 0] = '\0';
	return bytes;
}

/* The only message, opened; its name. */
static const char *
only_message(struct inbox *inbox, int *fd_out)
{
	struct inbox_names names = { 0 };

	*fd_out = -1;
	inbox_list(inbox, arena, NULL, 8, &names, &error);
	is_int((long long)names.list.count, 1, "one message is listed");
	if (names.list.count != 1)
		return "";
	inbox_open_message(inbox, names.list.items[0], fd_out, &error);
	return names.list.items[0];
}

static const struct block_case {
	const char *name;
	const char *bytes;
	bool found;
	const char *sender;
	size_t recipients;
	const char *last;		/* recipient */
	bool truncated;
} block_cases[] = {
	{ "one recipient",
	  "Return-Path: <a@b>\nDelivered-To: c@d\n" BORDER "Subject: x\n",
	  true, "a@b", 1, "c@d", false },
	{ "a null sender and two recipients",
	  "Return-Path: <>\nDelivered-To: c@d\nDelivered-To: e@f\n" BORDER,
	  true, "", 2, "e@f", false },
	{ "no recipient",
	  "Return-Path: <a@b>\n" BORDER, true, "a@b", 0, NULL, false },
	{ "a message that was cut",
	  "Return-Path: <>\nDelivered-To: c\n"
	  "Received: (tocsin-deliver short) by h id i; date\nx",
	  true, "", 1, "c", true },
	{ "addresses with blanks, quotes and brackets",
	  "Return-Path: <\"a b>\"@x>\nDelivered-To:  c d@e \n" BORDER,
	  true, "\"a b>\"@x", 1, " c d@e ", false },
	{ "octets that are no UTF-8",
	  "Return-Path: <\xC3\xA9@x>\nDelivered-To: \xFF@x\n" BORDER,
	  true, "\xC3\xA9@x", 1, "\xEF\xBF\xBD@x", false },
	{ "a forged block below the border",
	  "Return-Path: <a@b>\nDelivered-To: c@d\n" BORDER
	  "Return-Path: <evil@x>\nDelivered-To: evil@x\n" BORDER,
	  true, "a@b", 1, "c@d", false },

	{ "an empty file", "", false, "", 0, NULL, false },
	{ "a plain message", "Subject: x\n\nx\n", false, "", 0, NULL, false },
	{ "lines without the border",
	  "Return-Path: <a@b>\nDelivered-To: c@d\nSubject: x\n",
	  false, "", 0, NULL, false },
	{ "the border of another program",
	  "Return-Path: <a@b>\nDelivered-To: c@d\n"
	  "Received: by mx (Postfix) id 4; date\n",
	  false, "", 0, NULL, false },
	{ "a third word in the border",
	  "Return-Path: <a@b>\nReceived: (tocsin-deliver maybe) by h\n",
	  false, "", 0, NULL, false },
	{ "a border that ends too early",
	  "Return-Path: <a@b>\nReceived: (tocsin-deliver who\n",
	  false, "", 0, NULL, false },
	{ "a border without a line end",
	  "Return-Path: <a@b>\nReceived: (tocsin-deliver whole) by h id",
	  false, "", 0, NULL, false },
	{ "a line between",
	  "Return-Path: <a@b>\nX: y\nDelivered-To: c@d\n" BORDER,
	  false, "", 0, NULL, false },
	{ "a line above",
	  "X: y\nReturn-Path: <a@b>\nDelivered-To: c@d\n" BORDER,
	  false, "", 0, NULL, false },
	{ "line ends of CR LF",
	  "Return-Path: <a@b>\r\nDelivered-To: c@d\r\n" BORDER,
	  false, "", 0, NULL, false },
	{ "a sender without its bracket",
	  "Return-Path: <a@b\nDelivered-To: c@d\n" BORDER,
	  false, "", 0, NULL, false },
	{ "a control character in an address",
	  "Return-Path: <a@b>\nDelivered-To: c\x1B[2J@d\n" BORDER,
	  false, "", 0, NULL, false },
};

static void
test_block(struct inbox *inbox, const struct block_case *c)
{
	struct inbox_envelope envelope;
	const char *border = strstr(c->bytes, "Received: (tocsin"), *name;
	int fd;

	write_file(path_of("new", "1"), c->bytes, strlen(c->bytes));
	name = only_message(inbox, &fd);
	is_int(inbox_read_envelope(fd, arena, &envelope, &error), OUTCOME_OK,
	       "%s: the file is read", c->name);
	is(envelope.sender, c->sender, "%s: the sender", c->name);
	is_int((long long)envelope.recipients.count, (long long)c->recipients,
	       "%s: the number of recipients", c->name);
	if (c->last)
		is(envelope.recipients.items[c->recipients - 1], c->last,
		   "%s: the last recipient", c->name);
	is_int((long long)envelope.body_offset,
	       c->found ? strchr(border, '\n') + 1 - c->bytes : 0,
	       "%s: the message begins behind the border", c->name);
	is_int((long long)(envelope.body_offset + envelope.size),
	       (long long)strlen(c->bytes), "%s: and is the rest", c->name);
	ok(envelope.truncated == c->truncated, "%s: was it cut", c->name);
	close(fd);
	inbox_remove(inbox, name, &error);
}

/* Whatever is changed or cut off, the block is found whole or not at all. */
static void
test_broken_blocks(void)
{
	static const char good[] =
		"Return-Path: <a@b>\nDelivered-To: c@d\n" BORDER "body";
	size_t length = sizeof(good) - 1, i, wrong = 0;
	size_t block = length - strlen("body");
	struct envelope found;
	char *bytes;
	int byte;

	for (i = 0; i <= length; i++) {
		bytes = malloc(i + 1);		/* its end is watched by ASan */
		memcpy(bytes, good, i);
		if (envelope_find(bytes, i, &found) != (i >= block))
			wrong++;
		free(bytes);
	}
	is_int((long long)wrong, 0, "a block that is cut off is not found");

	for (i = 0, wrong = 0; i < length; i++)
		for (byte = 0; byte < 256; byte++) {
			char copy[sizeof(good)];

			memcpy(copy, good, sizeof(good));
			copy[i] = (char)byte;
			if (envelope_find(copy, length, &found) &&
			    found.length > length)
				wrong++;
		}
	is_int((long long)wrong, 0,
	       "a block with a wrong octet never reaches beyond the file");
}

/* As tocsin-deliver does; of the envelope only sender, recipients and truncated
 * are read. */
static enum outcome
store(const struct inbox_envelope *envelope, const void *bytes, size_t length)
{
	static struct drop drop;

	drop_open(&drop, spool, NOW);
	if (envelope->truncated)
		drop_cut(&drop);
	drop_envelope(&drop, envelope->sender, envelope->recipients.items,
		      envelope->recipients.count);
	drop_write(&drop, bytes, length);
	if (drop_commit(&drop))
		return OUTCOME_OK;
	buf_puts(&error, drop.error);
	return OUTCOME_TEMPORARY;
}

static void
put(const char *sender, const char **recipients, size_t count,
    const char *message, bool truncated)
{
	struct inbox_envelope envelope = {
		.sender = sender,
		.recipients = { .items = recipients, .count = count },
		.truncated = truncated,
	};

	is_int(store(&envelope, message, strlen(message)), OUTCOME_OK,
	       "a message is put in");
}

static void
test_put(struct inbox *inbox)
{
	const char *recipients[] = { "c@d", "<e@f>", "g\nBcc: h@i\r\t@j" };
	struct inbox_envelope envelope;
	const char *name, *text;
	int fd;

	put("<a@b>", recipients, 3, "Subject: x\n\nhello", false);
	name = only_message(inbox, &fd);
	inbox_read_envelope(fd, arena, &envelope, &error);
	is(envelope.sender, "a@b", "the sender comes back, without brackets");
	is_int((long long)envelope.recipients.count, 3, "so do all recipients");
	is(envelope.recipients.items[1], "e@f", "without brackets");
	is(envelope.recipients.items[2], "g?Bcc: h@i??@j",
	   "an address cannot add a line");
	is(read_file(fd, envelope.body_offset), "Subject: x\n\nhello",
	   "the message is the same octets");
	text = read_file(fd, 0);
	ok(strstr(text, "; Sat, 21 Nov 2026 23:39:28 +0000\n") != NULL,
	   "the border carries the date");
	ok(strstr(text, arena_printf(arena, " id %s;", name)) != NULL,
	   "and the name of the file");
	ok(!strncmp(name, "1795304368.M123P", 16),
	   "the name begins with the time");
	close(fd);
	inbox_remove(inbox, name, &error);
	is_int(inbox_sync(inbox, &error), OUTCOME_OK, "removals are synced");

	put("mailer-daemon", recipients, 1, "", true);
	name = only_message(inbox, &fd);
	inbox_read_envelope(fd, arena, &envelope, &error);
	is(envelope.sender, "", "MAILER-DAEMON is the null sender");
	ok(envelope.truncated, "a message that was cut stays marked");
	is_int((long long)envelope.size, 0, "an empty message is stored");
	close(fd);
	inbox_remove(inbox, name, &error);
}

static void
test_many_recipients(struct inbox *inbox)
{
	const char *recipients[ENVELOPE_RECIPIENTS_MAX + 1];
	struct inbox_envelope envelope;
	char address[1201];
	const char *name;
	size_t i;
	int fd;

	memset(address, 'x', sizeof(address) - 1);
	address[sizeof(address) - 1] = '\0';
	for (i = 0; i < ENVELOPE_RECIPIENTS_MAX + 1; i++)
		recipients[i] = address;
	put(address, recipients, ENVELOPE_RECIPIENTS_MAX, "x", true);
	name = only_message(inbox, &fd);
	inbox_read_envelope(fd, arena, &envelope, &error);
	is_int((long long)envelope.recipients.count, ENVELOPE_RECIPIENTS_MAX,
	       "the largest block with the longest addresses is read");
	is_int((long long)strlen(envelope.recipients.items[999]),
	       ENVELOPE_ADDRESS_MAX, "an endless address is cut");
	ok(envelope.truncated, "the word is found behind a long block");
	close(fd);
	inbox_remove(inbox, name, &error);

	envelope = (struct inbox_envelope){
		.sender = "", .recipients = { .items = recipients,
		.count = ENVELOPE_RECIPIENTS_MAX + 1 },
	};
	is_int(store(&envelope, "x", 1),
	       OUTCOME_TEMPORARY, "one recipient more is refused");
	ok(strstr(error.data, "recipients") != NULL, "and the error says so");
}

static void
test_too_long(struct inbox *inbox)
{
	size_t length = (size_t)DROP_MESSAGE_MAX + 1;
	struct inbox_envelope envelope = { .sender = "a@b" };
	char *bytes = calloc(1, length);
	const char *name;
	int fd;

	is_int(store(&envelope, bytes, length - 1),
	       OUTCOME_OK, "a message of the largest size is stored");
	name = only_message(inbox, &fd);
	inbox_read_envelope(fd, arena, &envelope, &error);
	is_int((long long)envelope.size, DROP_MESSAGE_MAX, "whole");
	ok(!envelope.truncated, "and not marked");
	close(fd);
	inbox_remove(inbox, name, &error);

	envelope = (struct inbox_envelope){ .sender = "a@b" };
	is_int(store(&envelope, bytes, length),
	       OUTCOME_OK, "a message of one octet more is stored as well");
	name = only_message(inbox, &fd);
	inbox_read_envelope(fd, arena, &envelope, &error);
	is_int((long long)envelope.size, DROP_MESSAGE_MAX, "cut");
	ok(envelope.truncated, "and marked");
	close(fd);
	inbox_remove(inbox, name, &error);
	free(bytes);
}

static void
test_list(struct inbox *inbox)
{
	static const char *const names[] = {
		"1700000003.c", "1700000001.a", ".hidden", "1700000002.b",
		"1700000005.e", "1700000004.d",
	};
	struct inbox_names found = { 0 };
	size_t i;

	for (i = 0; i < 6; i++)
		write_file(path_of("new", names[i]), "x", 1);

	inbox_list(inbox, arena, NULL, 3, &found, &error);
	is_int((long long)found.list.count, 3,
	       "a batch is not more than asked");
	is(found.list.items[0], "1700000001.a", "the oldest is first");
	is(found.list.items[2], "1700000003.c", "the third is last");
	inbox_list(inbox, arena, "1700000003.c", 3, &found, &error);
	is_int((long long)found.list.count, 2, "the next batch is the rest");
	is(found.list.items[1], "1700000005.e", "hidden names are no messages");
	inbox_list(inbox, arena, "1700000005.e", 3, &found, &error);
	is_int((long long)found.list.count, 0, "then there is nothing");

	for (i = 0; i < 6; i++)
		inbox_remove(inbox, names[i], &error);
	is_int(inbox_remove(inbox, "1700000001.a", &error), OUTCOME_OK,
	       "what is gone counts as removed");
}

static void
test_odd_files(struct inbox *inbox)
{
	int fd, opened = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char events[4096];

	if (symlink("/etc/passwd", path_of("new", "1.link")) != 0 ||
	    mkfifo(path_of("new", "2.fifo"), 0600) != 0 ||
	    mkdir(path_of("new", "3.directory"), 0700) != 0 ||
	    inotify_add_watch(opened, path_of("new", "2.fifo"), IN_OPEN) < 0)
		printf("Bail out! cannot make odd files\n");
	is_int(inbox_open_message(inbox, "1.link", &fd, &error),
	       OUTCOME_PERMANENT, "a link is not followed");
	is_int(inbox_open_message(inbox, "2.fifo", &fd, &error),
	       OUTCOME_PERMANENT, "a fifo is not read");
	ok(read(opened, events, sizeof(events)) < 0, "nor opened");
	close(opened);
	is_int(inbox_open_message(inbox, "3.directory", &fd, &error),
	       OUTCOME_PERMANENT, "nor a directory");
	buf_reset(&error);
	is_int(inbox_open_message(inbox, "4\x1B.none", &fd, &error),
	       OUTCOME_PERMANENT, "a name that is not there is an error");
	ok(strchr(error.data, 0x1B) == NULL, "which shows the name escaped");
	inbox_remove(inbox, "1.link", &error);
	inbox_remove(inbox, "2.fifo", &error);
	rmdir(path_of("new", "3.directory"));
}

/* The envelope of a file that was not written by tocsin-deliver. */
static struct inbox_envelope
envelope_of(struct inbox *inbox, const char *name)
{
	struct inbox_envelope envelope = { 0 };
	int fd = -1;

	inbox_open_message(inbox, name, &fd, &error);
	is_int(inbox_read_envelope(fd, arena, &envelope, &error), OUTCOME_OK,
	       "%s: its envelope is read", name);
	close(fd);
	inbox_remove(inbox, name, &error);
	return envelope;
}

static void
test_foreign_files(struct inbox *inbox)
{
	struct inbox_envelope envelope;

	write_file(path_of("new", "own"), "x", 1);
	ok(!envelope_of(inbox, "own").is_foreign, "our own file is ours");

	write_file(path_of("new", "linked"), "x", 1);
	if (link(path_of("new", "linked"), path_of("tmp", "linked")) != 0)
		printf("Bail out! cannot link\n");
	ok(envelope_of(inbox, "linked").is_foreign,
	   "a file with two names is not: anybody may have linked it there");
	unlink(path_of("tmp", "linked"));

	write_file(path_of("new", "huge"), "x", 1);
	if (truncate(path_of("new", "huge"), INT64_C(1) << 40) != 0)
		printf("Bail out! cannot make a sparse file\n");
	envelope = envelope_of(inbox, "huge");
	is_int((long long)envelope.size, DROP_MESSAGE_MAX,
	       "a file of a terabyte is a message that can be taken");
	ok(envelope.truncated, "which says that it was cut");

	if (geteuid() != 0)
		return;
	write_file(path_of("new", "theirs"), "x", 1);
	if (chown(path_of("new", "theirs"), 12345, 12345) != 0)
		printf("Bail out! cannot give a file away\n");
	envelope = envelope_of(inbox, "theirs");
	ok(envelope.is_foreign, "another user's file is not ours");
	is_int(envelope.owner, 12345, "and it is known whose it is");
}

static void
make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	ok(fd >= 0 && !close(fd), "a file is put there");
}

static void
test_set_aside(struct inbox *inbox)
{
	instant_ms now = (instant_ms)time(NULL) * 1000;
	char *there = arena_printf(arena, "%s/aside/odd", spool), *other;
	struct stat st;

	make_file(path_of("new", "odd"));
	is_int(inbox_set_aside(inbox, "odd", now), OUTCOME_TEMPORARY,
	       "a file that came just now stays");
	is_int(inbox_set_aside(inbox, "odd", now + 7000), OUTCOME_OK,
	       "one that cannot be read is set aside after that");
	ok(!stat(there, &st) && stat(path_of("new", "odd"), &st),
	   "in a folder of the spool");
	make_file(path_of("new", "odd"));
	is_int(inbox_set_aside(inbox, "odd", now + 7000), OUTCOME_OK,
	       "another one of its name as well");
	other = arena_printf(arena, "%s.2", there);
	ok(!stat(there, &st) && !stat(other, &st), "and both are there");
	unlink(there);
	unlink(other);
	if (mkdir(path_of("new", "odd"), 0700))
		printf("Bail out! cannot make a directory\n");
	is_int(inbox_set_aside(inbox, "odd", now + 7000), OUTCOME_PERMANENT,
	       "what is no file is not moved");
	rmdir(path_of("new", "odd"));
	is(inbox_aside(inbox), arena_printf(arena, "%s/aside", spool),
	   "which is told");
	rmdir(inbox_aside(inbox));
}

static void
test_clean(struct inbox *inbox)
{
	instant_ms now = (instant_ms)time(NULL) * 1000;

	write_file(path_of("tmp", "left"), "x", 1);
	is_int((long long)inbox_clean(inbox, now), 0,
	       "a delivery that is under way is left alone");
	is_int((long long)inbox_clean(inbox, now + INT64_C(1000) *
				      (INBOX_STALE_S + 60)), 1,
	       "after 36 hours it is a remain, and removed");
	ok(access(path_of("tmp", "left"), F_OK) != 0, "it is gone");
}

static void
test_spool(void)
{
	struct inbox *inbox = NULL;

	buf_reset(&error);
	is_int(inbox_open("/nonexistent/spool", &inbox, &error),
	       OUTCOME_PERMANENT, "a spool that is missing is not made");
	ok(strstr(error.data, "/nonexistent/spool") != NULL,
	   "the error names it: %s", error.data);
	inbox_close(&inbox);
}

/* Somebody removes the spool of a running daemon and makes it anew. */
static void
test_new_spool(struct inbox *inbox)
{
	struct inbox_names names = { 0 };
	const struct inbox_envelope envelope = { .sender = "" };

	buf_reset(&error);
	rmdir(path_of("tmp", ""));
	rmdir(path_of("new", ""));
	rmdir(spool);
	is_int(inbox_list(inbox, arena, NULL, 8, &names, &error),
	       OUTCOME_PERMANENT, "a spool that was removed is an error");
	is(error.data, arena_printf(arena, "cannot list '%s/new': No such file "
				    "or directory", spool), "which names it");
	buf_reset(&error);

	mkdir(spool, 0700);
	store(&envelope, "x", 1);
	is_int(inbox_list(inbox, arena, NULL, 8, &names, &error), OUTCOME_OK,
	       "one that is made anew is followed");
	is_int((long long)names.list.count, 1, "and what came in is found");
	if (names.list.count == 1)
		inbox_remove(inbox, names.list.items[0], &error);
}

int
main(void)
{
	struct inbox *inbox = NULL;
	size_t i;

	arena = arena_create();
	if (!mkdtemp(temporary(spool)) ||
	    inbox_open(spool, &inbox, &error) != OUTCOME_OK) {
		printf("Bail out! no spool: %s\n", error.data);
		return 1;
	}
	is(inbox_directory(inbox), arena_printf(arena, "%s/new", spool),
	   "the directory to watch is new");
	for (i = 0; i < sizeof(block_cases) / sizeof(block_cases[0]); i++)
		test_block(inbox, &block_cases[i]);
	test_broken_blocks();
	test_put(inbox);
	test_many_recipients(inbox);
	test_too_long(inbox);
	test_list(inbox);
	test_odd_files(inbox);
	test_foreign_files(inbox);
	test_set_aside(inbox);
	test_clean(inbox);
	test_spool();
	test_new_spool(inbox);

	inbox_close(&inbox);
	rmdir(path_of("tmp", ""));
	rmdir(path_of("new", ""));
	is_int(rmdir(spool), 0, "nothing is left behind");
	arena_destroy(&arena);
	buf_release(&error);
	return tap_done();
}
