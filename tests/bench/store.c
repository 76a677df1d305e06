/*
 * What storing a mail costs at least: read all of standard input, write it,
 * sync the file, rename it, sync the directory. No envelope, no checks, no care
 * for what goes wrong but not to say 0: it is here to be compared with.
 *
 *	store FOLDER		(with tmp/ and new/ in it)
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static char mail[1 << 20], from[4096], to[4096];
	unsigned long long salt = 0;
	struct timespec now;
	size_t length = 0;
	ssize_t got;
	int file, folder;

	if (argc < 2)
		return 75;
	while ((got = read(0, mail + length, sizeof(mail) - length)) > 0)
		length += (size_t)got;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (getrandom(&salt, sizeof(salt), 0) < 0)
		return 75;
	(void)snprintf(from, sizeof(from), "%s/tmp/%lld.%ld.%llx", argv[1],
		       (long long)now.tv_sec, (long)getpid(), salt);
	(void)snprintf(to, sizeof(to), "%s/new/%lld.%ld.%llx", argv[1],
		       (long long)now.tv_sec, (long)getpid(), salt);

	file = open(from, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0 || write(file, mail, length) != (ssize_t)length ||
	    fsync(file) || close(file) || rename(from, to))
		return 75;
	(void)snprintf(to, sizeof(to), "%s/new", argv[1]);
	folder = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder < 0 || fsync(folder) ? 75 : 0;
}
