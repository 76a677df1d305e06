/*
 * tocsin-deliver: started by the MTA once for each mail, it stores what comes
 * on standard input in the inbox and says 0, or 75.
 *
 * Every other end (another status, a signal, a crash) makes some MTA return
 * the mail to a sender who does not read. So nothing here allocates, reads a
 * configuration, or leaves early: whatever fails, standard input is read to
 * its end first, because an MTA whose pipe breaks may take that for an answer.
 */
#include "intake/drop.h"

#include "base/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define SPOOL_DEFAULT "/var/spool/tocsin"

enum {
	/* Holds most messages whole and, at the start, every legal block of
	 * envelope.h. */
	INPUT_MAX = 1024 * 1024,
	/* Of what the environment says; the block keeps less. */
	ADDRESS_MAX = 2048,
	/* Octets on stderr: Postfix stops reading at 4 kB. */
	COMPLAINT_MAX = 200,
	/* For the first octet of a mail when --help was asked for. */
	PATIENCE_MS = 1000,
};

_Static_assert((int)INPUT_MAX >= (int)ENVELOPE_MAX,
	       "a block to replay is found in the first read");

static const char help_text[] =
"usage: tocsin-deliver [-f SENDER] [-s SPOOL] [--] RECIPIENT...\n"
"       tocsin-deliver [-s SPOOL] < FILE\n"
"\n"
"Store the mail on standard input in tocsin's inbox; to be run by an MTA.\n"
"\n"
"  -f SENDER   envelope sender; empty, <> or MAILER-DAEMON is the null sender\n"
"  -s SPOOL    spool directory (default " SPOOL_DEFAULT ")\n"
"  --help      print this and exit\n"
"  --version   print the version and exit\n"
"\n"
"What arguments leave out comes from SENDER, RECIPIENT, ORIGINAL_RECIPIENT,\n"
"LOCAL_PART, EXTENSION and DOMAIN in the environment. A FILE of the inbox is\n"
"stored again with the envelope it has.\n"
"\n"
"Exit status: 0 stored, 75 not stored, try again; 64 wrong usage, but only\n"
"when standard input is a terminal.\n";

static const char version_text[] = "tocsin-deliver " TOCSIN_VERSION "\n";

/* What we are asked for, borrowed from the arguments. */
struct request {
	const char *print;		/* a text to print, and no more */
	const char *mistake;		/* wrong usage: what is wrong */
	const char *sender;		/* NULL when nobody said */
	const char *spool;
	const char **recipients;
	size_t count;
};

/* The arguments behind the options that are not empty. */
static void
request_recipients(struct request *request, char **words)
{
	char **word;

	request->recipients = (const char **)words;
	for (word = words; *word; word++)
		if (**word)
			request->recipients[request->count++] = *word;
}

/* Options end before the first other word, as an address may begin with a
 * dash. */
static void
request_parse(struct request *request, int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	bool more = true;

	opterr = 0;
	while (more && !request->mistake) {
		switch (getopt_long(argc, argv, "+:f:s:", long_options, NULL)) {
		case 'f':
			/* `-f %{sender} -- ...` without quotes, in
			 * OpenSMTPD: the null sender leaves no word behind. */
			more = strcmp(optarg, "--") != 0;
			request->sender = more ? optarg : "";
			break;
		case 's':
			request->spool = optarg;
			if (!*optarg)
				request->mistake = "empty name of a spool";
			break;
		case 'h':
			request->print = help_text;
			break;
		case 'v':
			request->print = version_text;
			break;
		case ':':
			request->mistake = "option without its argument";
			break;
		case '?':
			request->mistake = "unknown option";
			break;
		default:
			more = false;
		}
	}
	request_recipients(request, argv + optind);
}

/* NULL when it is not there or empty. */
static const char *
environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* The recipient that the MTA left in the environment, put together in
 * `address` of ADDRESS_MAX octets; NULL when there is none. */
static const char *
environment_recipient(char *address)
{
	const char *local = environment("RECIPIENT");
	const char *extension = NULL, *domain = environment("DOMAIN");

	if (!local)
		local = environment("ORIGINAL_RECIPIENT");
	if (!local) {
		local = environment("LOCAL_PART");
		extension = environment("EXTENSION");
	}
	if (!local)
		return NULL;
	if (strchr(local, '@'))
		domain = NULL;
	(void)snprintf(address, ADDRESS_MAX, "%s%s%s%s%s", local,
		       extension ? "+" : "", extension ? extension : "",
		       domain ? "@" : "", domain ? domain : "");
	return address;
}

static void
request_complete(struct request *request)
{
	static char address[ADDRESS_MAX];
	static const char *recipient;

	if (!request->sender)
		request->sender = environment("SENDER");
	if (!request->sender)
		request->sender = "";
	if (request->count)
		return;
	recipient = environment_recipient(address);
	if (recipient) {
		request->recipients = &recipient;
		request->count = 1;
	}
}

/* Whatever state the MTA handed down: be one that finishes. */
static void
stand_firm(bool at_terminal)
{
	sigset_t all;
	int fd;

	/* One call answers for every signal, ignored, blocked or neither: none
	 * arrives any more, SIGPIPE and SIGXFSZ become errors of write(2), and
	 * SIGTERM waits for the milliseconds that are left. A person may still
	 * interrupt what she types. */
	if (!at_terminal) {
		(void)sigfillset(&all);
		(void)sigprocmask(SIG_SETMASK, &all, NULL);
	}
	/* A file of ours as standard error would get our complaint as mail. No
	 * standard input is no mail, not an empty one: reading must fail. */
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_WRONLY);
	(void)umask(027);
}

/* One line that begins with a letter and holds nothing foreign: Postfix obeys
 * a text that begins like "5.7.1 ", and sends it to strangers in a bounce. */
static void
complain(const char *reason)
{
	char line[COMPLAINT_MAX];
	char *s;

	(void)snprintf(line, sizeof(line) - 1, "tocsin-deliver: %s", reason);
	for (s = line; *s; s++)
		if (*s < 0x20 || *s > 0x7E)
			*s = '?';
	*s++ = '\n';
	/* Nobody is left to tell that nobody listens. */
	if (write(STDERR_FILENO, line, (size_t)(s - line)) < 0)
		return;
}

static int
wait_for_input(int patience_ms)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, patience_ms);
}

/* Fill `input` of INPUT_MAX octets. Less is the end, of the mail or, with an
 * errno in `error_out`, of what can be read of it. */
static size_t
read_input(char *input, int *error_out)
{
	size_t length = 0;
	ssize_t count;

	while (length < INPUT_MAX) {
		count = read(STDIN_FILENO, input + length, INPUT_MAX - length);
		if (count == 0)
			break;
		if (count > 0) {
			length += (size_t)count;
		} else if (errno == EAGAIN) {
			(void)wait_for_input(-1);
		} else if (errno != EINTR) {
			*error_out = errno;
			break;
		}
	}
	return length;
}

/* Octets up to the end of the line; whether it goes on behind them. */
static size_t
line_length(const char *input, size_t length, bool *goes_on_out)
{
	const char *end = memchr(input, '\n', length);

	*goes_on_out = !end;
	return end ? (size_t)(end + 1 - input) : length;
}

/* Write the block; the octets of `input` that it takes the place of. */
static size_t
store_envelope(struct drop *drop, const struct request *request,
	       const char *input, size_t length)
{
	struct envelope envelope;

	if (request->count) {
		drop_envelope(drop, request->sender, request->recipients,
			      request->count);
		return 0;
	}
	/* Not even an MTA that is set up to say no recipient can be made to
	 * replay a forged block: it puts its own Received line on top. */
	if (envelope_find(input, length, &envelope)) {
		drop_replay(drop, input, &envelope);
		return envelope.length;
	}
	drop_fail(drop, "no recipient, neither as an argument nor in the "
		  "environment");
	return 0;
}

/* From standard input into the inbox; to the end of it, come what may. */
static bool
store(struct drop *drop, const struct request *request)
{
	static char input[INPUT_MAX];
	size_t length, start;
	bool in_from_line;
	int error = 0;

	length = read_input(input, &error);
	start = store_envelope(drop, request, input, length);
	/* An mbox line is no part of a mail, and its date is that of this run:
	 * with it the second run of one mail would be another mail. */
	in_from_line = !start && length >= 5 && !memcmp(input, "From ", 5);
	for (;;) {
		if (in_from_line)
			start = line_length(input, length, &in_from_line);
		drop_write(drop, input + start, length - start);
		if (length < INPUT_MAX)
			break;
		length = read_input(input, &error);
		start = 0;
	}
	if (error)
		drop_fail(drop, "cannot read the message: %s",
			  strerror(error));
	return drop_commit(drop);
}

static int
deliver(const struct request *request)
{
	static struct drop drop;
	bool is_owner = owner_become(request->spool);
	struct timespec now = { 0 };

	/* Without the time a file has an odd name, and is still a mail. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	drop_open(&drop, request->spool,
		  (instant_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	if (!is_owner)
		drop_fail(&drop, "cannot act as the owner of the spool");
	if (store(&drop, request))
		return 0;
	complain(drop.error);
	return EX_TEMPFAIL;
}

/* Wrong usage is told to a person at once. From an MTA it must look like a
 * failure that passes, for the mail to wait until somebody mends it. */
static int
refuse(const char *mistake, bool at_terminal)
{
	static char input[INPUT_MAX];
	char sentence[COMPLAINT_MAX];
	int error = 0;

	if (!at_terminal)
		while (read_input(input, &error) == INPUT_MAX)
			;
	(void)snprintf(sentence, sizeof(sentence), "%s; see --help", mistake);
	complain(sentence);
	return at_terminal ? EX_USAGE : EX_TEMPFAIL;
}

/* Whoever wants to read a text sends no mail; one who leaves a pipe open and
 * silent gets it as well. An MTA that was set up to say --help must not lose
 * mail by it. */
static int
print(const char *text, bool at_terminal)
{
	size_t length = strlen(text);
	char octet;

	if (!at_terminal && wait_for_input(PATIENCE_MS) > 0 &&
	    read(STDIN_FILENO, &octet, 1) > 0)
		return refuse("asked for a text while there is mail", false);
	return write(STDOUT_FILENO, text, length) == (ssize_t)length
		? 0 : EX_TEMPFAIL;
}

int
main(int argc, char **argv)
{
	struct request request = { .spool = SPOOL_DEFAULT };
	bool at_terminal = isatty(STDIN_FILENO);

	stand_firm(at_terminal);
	request_parse(&request, argc, argv);
	request_complete(&request);

	/* A person who says nothing wants to know; without a terminal the
	 * recipient may be in the mail, which is then a file to replay. */
	if (request.mistake)
		return refuse(request.mistake, at_terminal);
	if (request.print)
		return print(request.print, at_terminal);
	if (at_terminal && !request.count)
		return refuse("no recipient", true);
	return deliver(&request);
}
