#include "alert/severity.h"

const char *const severity_names[] = {
	"informational", "low", "medium", "high", "critical", NULL
};

enum severity
severity_parse(const char *text)
{
	int i;

	for (i = 0; severity_names[i]; i++)
		if (!strcasecmp(text, severity_names[i]))
			return (enum severity)(i + 1);
	return SEVERITY_UNKNOWN;
}

bool
severity_at_least(enum severity severity, enum severity floor)
{
	return severity == SEVERITY_UNKNOWN || severity >= floor;
}
