-- Version 4: what came is kept as it came, in one place; and each relay has a
-- queue of its own.

-- The mail or record that an item was made of.
CREATE TABLE raw (
	item INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE,
	since INTEGER NOT NULL,			-- when it came
	form TEXT NOT NULL CHECK (form IN ('plain', 'zstd')),
	length INTEGER NOT NULL,		-- of what came
	bytes BLOB NOT NULL			-- in that form
) STRICT;
CREATE INDEX raw_since ON raw (since);

-- What was held had it in its row.
INSERT INTO raw (item, since, form, length, bytes)
	SELECT item, since, 'plain', length(message), message FROM held
	WHERE message IS NOT NULL;
ALTER TABLE held DROP COLUMN message;

-- Urgent ones first, then in turn. With the state in front, so that it is
-- preferred to delivery_state.
DROP INDEX delivery_turn;
CREATE INDEX delivery_turn ON delivery (state, relay, urgent DESC, turn, due)
	WHERE state = 'pending';
