#include "hold/item_alert.h"

struct alert *
hold_item_alert(const struct store_item *item, struct arena *arena)
{
	struct buf error = BUF_INIT;	/* it is done without, then */
	struct alert *alert = NULL;
	struct json *object = NULL;

	if (item && item->verdict.alert)
		object = json_parse(item->verdict.alert,
				    strlen(item->verdict.alert), &error);
	if (object)
		alert = alert_from_json(arena, object, &error);
	json_destroy(&object);
	buf_release(&error);
	return alert;
}
