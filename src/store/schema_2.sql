-- Version 2: incidents, and how alerts came, day by day.

-- Incidents of tenants as their API last had them.
CREATE TABLE incident (
	tenant TEXT NOT NULL,
	id TEXT NOT NULL,
	name TEXT,
	merged TEXT,				-- into which one, if any
	seen INTEGER NOT NULL,			-- when it last changed
	PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX incident_merged ON incident (tenant, merged)
	WHERE merged IS NOT NULL;
CREATE INDEX incident_seen ON incident (seen);

-- Alerts that were first seen on a day of UTC, by the roads they came.
CREATE TABLE day (
	day INTEGER NOT NULL,			-- since 1970-01-01
	customer TEXT NOT NULL,
	mail_only INTEGER NOT NULL,
	api_only INTEGER NOT NULL,
	both INTEGER NOT NULL,
	PRIMARY KEY (day, customer)
) STRICT, WITHOUT ROWID;
