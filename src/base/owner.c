#include "base/owner.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

bool
owner_become(const char *path)
{
	struct stat st;

	if (geteuid() != 0 || stat(path, &st) != 0 || st.st_uid == 0)
		return true;
	return setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 &&
	       setuid(st.st_uid) == 0;
}

bool
owner_borrow(const char *path)
{
	struct stat st;

	if (geteuid() != 0 || stat(path, &st) != 0 || st.st_uid == 0)
		return true;
	return setegid(st.st_gid) == 0 && seteuid(st.st_uid) == 0;
}

bool
owner_return(void)
{
	return seteuid(getuid()) == 0 && setegid(getgid()) == 0;
}
