/*
 * Severity, in the order of Microsoft Graph's alertSeverity, plus `critical`,
 * which vulnerability and attack-path mails use and alerts do not.
 */
#ifndef ALERT_SEVERITY_H
#define ALERT_SEVERITY_H

#include <stdbool.h>

enum severity {
	SEVERITY_UNKNOWN,	/* missing, or a word of tomorrow */
	SEVERITY_INFORMATIONAL,
	SEVERITY_LOW,
	SEVERITY_MEDIUM,
	SEVERITY_HIGH,
	SEVERITY_CRITICAL,
};

/* Known words, lower case, ended by NULL; index + 1 is the severity. */
extern const char *const severity_names[];

/* "high" without case; anything else is SEVERITY_UNKNOWN. */
enum severity severity_parse(const char *text);

/* Unknown is at least anything: missing data never suppresses an alert. */
bool severity_at_least(enum severity severity, enum severity floor);

#endif
