#include "hold/cover.h"

#include "base/bug.h"

#include <stddef.h>

/* Both roads of one alert end within this time of each other; an incident goes
 * on, and what comes to it later is news. */
#define ROADS_MS (INT64_C(30) * 60000)

const struct cover cover_table[] = {
	{
		"same-mail", COVER_MAIL, COVER_MAIL, COVER_SAME_MAIL,
		COVER_PROVEN, 0, true,
		"it is the same mail again",
		"A mail to the same addresses with the same Message-ID, Date, "
		"From, Subject and body is the same mail and only counted, "
		"unless it is authentic and the one before was not.",
	}, {
		"api-api-alert", COVER_API, COVER_API, COVER_SAME_ALERT,
		COVER_NO_NEWS, 0, false,
		"all were told of this alert before",
		"An alert that an API gives again, by its id, tells nobody "
		"twice, unless there is news in it.",
	}, {
		"mail-api-alert", COVER_MAIL, COVER_API, COVER_SAME_ALERT,
		COVER_PROVEN | COVER_NO_NEWS, 0, false,
		"all were told of this alert before",
		"An alert of an API whose id a proven mail named tells nobody "
		"whom that mail told, unless there is news in it.",
	}, {
		"api-mail-alert", COVER_API, COVER_MAIL, COVER_SAME_ALERT,
		COVER_API_OR_NO_NEWS | COVER_WORDLESS, 0, true,
		"the API gave this alert before",
		"A mail that names the id of an alert that an API gave tells "
		"nobody, unless there is news in it that the API, which is "
		"read first, does not have, or a person wrote something above "
		"it.",
	}, {
		"mail-mail-alert", COVER_MAIL, COVER_MAIL, COVER_SAME_ALERT,
		COVER_PROVEN | COVER_AS_SEVERE | COVER_NO_NEWS |
		COVER_WORDLESS, 0, false,
		"all were told of this alert before",
		"A mail that names the id of an alert that a proven mail named "
		"tells nobody whom that one told, when that one was as severe, "
		"there is no news in it and no person wrote anything above it.",
	}, {
		"mail-api-incident", COVER_MAIL, COVER_API,
		COVER_SAME_INCIDENT,
		COVER_PROVEN | COVER_AS_SEVERE | COVER_NO_NEWS | COVER_ONCE,
		ROADS_MS, false,
		"all were told of this alert before, by a mail of its "
		"incident",
		"An alert of an API tells nobody whom a proven mail of its "
		"incident told within half an hour after the alert was made, "
		"when the mail was as severe and has the same title or names "
		"all devices of the alert. A mail stands for one alert only.",
	}, {
		"api-mail-incident", COVER_API, COVER_MAIL,
		COVER_SAME_INCIDENT,
		COVER_AS_SEVERE | COVER_NO_NEWS | COVER_API_READ |
		COVER_WORDLESS, ROADS_MS, true,
		"the API gave this alert of its incident before",
		"A mail that names an incident and no alert tells nobody, when "
		"an API gave an alert of the incident that was told in the "
		"last half hour and is as severe, the title is the alert's or "
		"the incident's or all devices of the mail are among the "
		"alert's, the API was read since the mail came, and no person "
		"wrote anything above it.",
	},
	{ .name = NULL },
};

const struct cover *
cover_same_mail(void)
{
	const struct cover *line = cover_table;

	while (line->name && line->identity != COVER_SAME_MAIL)
		line++;
	if (!line->name)
		BUG("no line about the same mail");
	return line;
}
