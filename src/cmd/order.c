#include "cmd/order.h"

int
order_end(struct order *order, enum outcome outcome)
{
	if (outcome != OUTCOME_OK)
		return cmd_fail("%s", order->error.data);
	return cmd_print(&order->out) ? CMD_OK : CMD_NO;
}

int
order_run(const struct cmd_line *line, int (*obey)(struct order *order))
{
	struct generation *generation = cmd_load_anyway(line);
	struct order order = {
		.line = line, .generation = generation,
		.out = BUF_INIT, .error = BUF_INIT,
	};
	int status = CMD_NO;

	if (!generation)
		return CMD_NO;
	order.store = cmd_open_store(generation);
	if (order.store) {
		order.arena = arena_create();
		status = obey(&order);
		arena_destroy(&order.arena);
		store_close(&order.store);
	}
	buf_release(&order.out);
	buf_release(&order.error);
	generation_destroy(&generation);
	return status;
}
