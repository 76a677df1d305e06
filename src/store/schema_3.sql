-- Version 3: a place to be told need not be a mail address, and a row that
-- somebody works on says who.
--
-- A claim: `owner` has it until the instant `lease`; `generation` grows with
-- each claim, and when one is taken away, so that a late answer to an earlier
-- one is known as such.

-- One place that is to be told once about one item. Made anew, because what is
-- unique about it changes; what refers to it is left as it is.
CREATE TABLE delivery_3 (
	id INTEGER PRIMARY KEY,
	item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
	kind TEXT NOT NULL CHECK (kind IN ('alert', 'notice')),
	channel TEXT NOT NULL,			-- how: smtp, maildir, ...
	address TEXT NOT NULL,			-- as the channel writes them
	about TEXT NOT NULL,			-- '', or what a notice is about
	contact TEXT NOT NULL,
	relay TEXT NOT NULL,
	rule TEXT,
	template TEXT,
	sender TEXT NOT NULL,			-- of the envelope; '' is null
	message_id TEXT NOT NULL,
	smtputf8 INTEGER NOT NULL,
	headers TEXT,				-- beside the body, a JSON
						-- object of texts
	urgent INTEGER NOT NULL,		-- goes first in its turn
	turn TEXT NOT NULL,			-- customer and address
	created INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN
		('pending', 'claimed', 'sent', 'retry', 'failed', 'cancelled')),
	owner TEXT,				-- claimed: by whom,
	lease INTEGER,				-- and until when
	generation INTEGER NOT NULL,
	attempts INTEGER NOT NULL,		-- how often it was claimed
	updated INTEGER NOT NULL,		-- when it came into this state
	due INTEGER,				-- when it leaves it by itself:
						-- retry: the next try; sent and
						-- cancelled: the end of message
	expires INTEGER NOT NULL,		-- no try after this one
	reply TEXT,				-- the last word about it
	UNIQUE (item, kind, channel, address, about)
) STRICT;
INSERT INTO delivery_3 (id, item, kind, channel, address, about, contact,
		relay, rule, template, sender, message_id, smtputf8, urgent,
		turn, created, state, owner, lease, generation, attempts,
		updated, due, expires, reply)
	SELECT id, item, kind, 'smtp', recipient, about, contact,
		relay, rule, template, sender, message_id, smtputf8, urgent,
		lane, created, state,
		CASE state WHEN 'claimed' THEN 'local' END,
		CASE state WHEN 'claimed' THEN updated END, attempts, attempts,
		updated, due, expires, reply FROM delivery;
DROP TABLE delivery;
ALTER TABLE delivery_3 RENAME TO delivery;
CREATE INDEX delivery_state ON delivery (state, due);
-- With the state in front, so that it is preferred to delivery_state.
CREATE INDEX delivery_turn ON delivery (state, turn, urgent DESC, due)
	WHERE state = 'pending';

-- What is sent, in the channel's form.
ALTER TABLE message RENAME COLUMN bytes TO body;

ALTER TABLE poll ADD COLUMN owner TEXT;
ALTER TABLE poll ADD COLUMN lease INTEGER;
ALTER TABLE poll ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
