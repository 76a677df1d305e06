#include "base/outcome.h"

#include <errno.h>

enum outcome
outcome_of_errno(int reason)
{
	switch (reason) {
	case EINTR: case EAGAIN: case ENOSPC: case EDQUOT: case EIO:
	case EMFILE: case ENFILE: case ENOMEM: case ESTALE: case EBUSY:
		return OUTCOME_TEMPORARY;
	default:
		return OUTCOME_PERMANENT;
	}
}
