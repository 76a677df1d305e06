-- What survives a crash: version 1 of the tables, for SQLite.
--
-- Instants are whole milliseconds since 1970-01-01 00:00 UTC. NULL is none, or
-- not known. A later version is a further file, schema_2.sql, that changes
-- what this one made; this one stays as it is once it was released.

-- The journal: one message that was taken, or one notice of our own, and what
-- was decided about it.
CREATE TABLE item (
	id INTEGER PRIMARY KEY,
	code TEXT NOT NULL UNIQUE,		-- what people read out
	identity TEXT NOT NULL UNIQUE,		-- the same message: accepted once
	kind TEXT NOT NULL,			-- mail, api, notice
	received INTEGER NOT NULL,
	spool TEXT,				-- its file name in the inbox
	digest TEXT,				-- SHA-256 of the message
	message_id TEXT,
	sender TEXT,				-- of the envelope
	recipients TEXT NOT NULL,		-- of the envelope, a JSON array
	parse TEXT NOT NULL,			-- whole, or what went wrong
	customer TEXT,
	format TEXT,
	authentic TEXT,				-- pass, fail, none
	alert TEXT,				-- the record, a JSON object
	action TEXT NOT NULL,			-- notify, drop, hold
	rule TEXT,
	file TEXT,
	line INTEGER,
	rules_version TEXT,
	template TEXT,
	reason TEXT,
	trace TEXT,				-- each rule's answer and why
	decided INTEGER NOT NULL,
	duplicates INTEGER NOT NULL DEFAULT 0,	-- times it came again
	last_duplicate INTEGER
) STRICT;
CREATE INDEX item_received ON item (received);
CREATE INDEX item_customer ON item (customer, kind, received);

-- One address that is to be told once about one item.
CREATE TABLE delivery (
	id INTEGER PRIMARY KEY,
	item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
	kind TEXT NOT NULL CHECK (kind IN ('alert', 'notice')),
	recipient TEXT NOT NULL,
	about TEXT NOT NULL,			-- '', or what a notice is about
	contact TEXT NOT NULL,
	relay TEXT NOT NULL,
	rule TEXT,
	template TEXT,
	sender TEXT NOT NULL,			-- of the envelope; '' is null
	message_id TEXT NOT NULL,
	smtputf8 INTEGER NOT NULL,
	urgent INTEGER NOT NULL,		-- goes first in its lane
	lane TEXT NOT NULL,			-- customer and recipient
	created INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN
		('pending', 'claimed', 'sent', 'retry', 'failed', 'cancelled')),
	attempts INTEGER NOT NULL,		-- how often it was claimed
	updated INTEGER NOT NULL,		-- when it came into this state
	due INTEGER,				-- when it leaves it by itself:
						-- retry: the next try; sent and
						-- cancelled: the end of message
	expires INTEGER NOT NULL,		-- no try after this one
	reply TEXT,				-- the last word about it
	UNIQUE (item, kind, recipient, about)
) STRICT;
CREATE INDEX delivery_state ON delivery (state, due);
-- With the state in front, so that it is preferred to delivery_state.
CREATE INDEX delivery_lane ON delivery (state, lane, urgent DESC, due)
	WHERE state = 'pending';

-- The mail of a delivery, apart from it: a change of state rewrites a row, and
-- should not rewrite the mail.
CREATE TABLE message (
	delivery INTEGER PRIMARY KEY REFERENCES delivery ON DELETE CASCADE,
	bytes BLOB NOT NULL
) STRICT;

-- What every try of a delivery was answered.
CREATE TABLE attempt (
	delivery INTEGER NOT NULL REFERENCES delivery ON DELETE CASCADE,
	number INTEGER NOT NULL,
	at INTEGER NOT NULL,
	outcome TEXT NOT NULL CHECK (outcome IN
		('sent', 'temporary', 'permanent', 'unknown')),
	host TEXT,
	reply TEXT,
	PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- What else happened to an item, with the reason: no silent no.
CREATE TABLE event (
	id INTEGER PRIMARY KEY,
	item INTEGER NOT NULL REFERENCES item ON DELETE CASCADE,
	delivery INTEGER,			-- of that item
	at INTEGER NOT NULL,
	what TEXT NOT NULL,
	who TEXT,				-- the person; NULL: the relay
	reason TEXT
) STRICT;
CREATE INDEX event_item ON event (item);

-- Items that wait for a person.
CREATE TABLE held (
	item INTEGER PRIMARY KEY REFERENCES item ON DELETE CASCADE,
	since INTEGER NOT NULL,
	reason TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('held', 'released', 'done')),
	updated INTEGER NOT NULL,
	who TEXT,				-- who released it,
	customer TEXT,				-- as whose,
	note TEXT,				-- and why
	message BLOB				-- as in the inbox; NULL when done
) STRICT;
CREATE INDEX held_state ON held (state, since);

-- Files of the inbox that ended the reader.
CREATE TABLE crash (
	spool TEXT PRIMARY KEY,
	count INTEGER NOT NULL,
	last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whatever is one value for the whole relay.
CREATE TABLE meta (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Alerts as they were last seen, whichever road they came: an API repeats
-- itself, a mail and an API say the same.
CREATE TABLE known (
	customer TEXT NOT NULL,
	alert TEXT NOT NULL,			-- its id
	item INTEGER REFERENCES item ON DELETE SET NULL, -- the first one
	digest TEXT,				-- of the API's record, if any
	severity TEXT,
	status TEXT,
	devices TEXT NOT NULL,			-- all so far, a JSON array
	updated INTEGER,			-- by the API's clock
	mail INTEGER,				-- when it first came by mail,
	api INTEGER,				-- and by API
	seen INTEGER NOT NULL,			-- when it last came
	PRIMARY KEY (customer, alert)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_seen ON known (seen);
CREATE INDEX known_item ON known (item);

-- Who was told of an alert, or by a mail that names only its incident.
CREATE TABLE told (
	customer TEXT NOT NULL,
	alert TEXT NOT NULL,			-- '' for such a mail
	incident TEXT NOT NULL,			-- '' when it has none
	recipient TEXT NOT NULL,		-- lower case
	road TEXT NOT NULL,			-- mail, api
	rank INTEGER NOT NULL,			-- of the severity
	at INTEGER NOT NULL,
	PRIMARY KEY (customer, alert, incident, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_incident ON told (customer, incident);
CREATE INDEX told_at ON told (at);

-- How far an API of a tenant was read, and how it is with it.
CREATE TABLE poll (
	tenant TEXT NOT NULL,
	source TEXT NOT NULL,			-- graph, endpoint
	customer TEXT NOT NULL,
	started INTEGER NOT NULL,		-- older alerts are not news; by
						-- the API's clock, also below
	cursor INTEGER NOT NULL,		-- the latest change seen
	swept INTEGER,				-- last look at all of a day
	good INTEGER,				-- last answer that was whole
	alerts INTEGER,				-- last new alert
	failed INTEGER,				-- since when it fails
	class TEXT,				-- of the failure: ours, theirs,
						-- consent, later
	failure TEXT,				-- one sentence
	PRIMARY KEY (tenant, source)
) STRICT, WITHOUT ROWID;
