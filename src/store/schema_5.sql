-- Version 5: who takes over whose duty, by a command.

-- In force from `since` (included) to `until` (not).
CREATE TABLE replacement (
	id INTEGER PRIMARY KEY,
	oncall TEXT NOT NULL,
	name TEXT NOT NULL,			-- who is replaced,
	substitute TEXT NOT NULL,		-- and by whom
	since INTEGER NOT NULL,
	until INTEGER NOT NULL,
	who TEXT NOT NULL,			-- gave the order,
	made INTEGER NOT NULL,			-- and when
	ended INTEGER				-- when it was ended early
) STRICT;
