#include "base/spawn.h"

#include "base/bug.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

static int
give_output(posix_spawn_file_actions_t *actions, int output)
{
	return output < 0 ?
	       posix_spawn_file_actions_addopen(actions, STDOUT_FILENO,
						"/dev/null", O_WRONLY, 0) :
	       posix_spawn_file_actions_adddup2(actions, output,
						STDOUT_FILENO);
}

int
spawn_clean(const char *program, char *const arguments[],
	    char *const environment[], int input, int output, pid_t *pid_out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	pid_t pid;
	int error;

	(void)sigfillset(&all);		/* cannot fail, as the next one */
	(void)sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) ||
	    posix_spawnattr_init(&attributes) ||
	    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) ||
	    give_output(&actions, output) ||
	    posix_spawnattr_setsigdefault(&attributes, &all) ||
	    posix_spawnattr_setsigmask(&attributes, &none) ||
	    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF |
				     POSIX_SPAWN_SETSIGMASK))
		BUG("no memory for posix_spawn()");
	error = posix_spawn(&pid, program, &actions, &attributes, arguments,
			    environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	if (!error)
		*pid_out = pid;
	return error;
}
