#include "cmd/cmd.h"

#include <fcntl.h>

/* A standard descriptor that is closed would be that of the next file that is
 * opened, and what is printed would be written into it. It is taken, so that
 * using it is the error it should be. */
static void
take_closed(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return;		/* without /dev/null all is as it was */
}

int
main(int argc, char **argv)
{
	take_closed();
	return cmd_main(argc, argv);
}
