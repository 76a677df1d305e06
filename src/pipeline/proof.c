#include "pipeline/proof.h"

const char *
pipeline_unproven(const struct generation *generation,
		  const struct pipeline_reading *reading)
{
	const struct alert *alert = reading->alert;
	const char *authentic = alert_text(alert, ALERT_AUTHENTIC);

	if (!authentic || strcmp(authentic, "pass"))
		return "it is not authentic";
	/* Whose a record is, is known from the tenant that was asked; whose a
	 * mail is that a person released for somebody, from that person. */
	if (reading->input->record || reading->input->released_for)
		return NULL;
	return customer_unproven(generation->customers,
				 alert_text(alert, ALERT_CUSTOMER),
				 alert_text(alert, ALERT_TENANT),
				 reading->normalized->is_strange);
}
