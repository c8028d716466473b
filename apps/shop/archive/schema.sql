-- Every event of every service, at the place where it stands in its owner's journal.
CREATE TABLE IF NOT EXISTS event (
	topic          TEXT   NOT NULL,
	part           BIGINT NOT NULL,
	epoch          BIGINT NOT NULL,
	seq            BIGINT NOT NULL,
	id             TEXT   NOT NULL,
	type           TEXT   NOT NULL,
	version        BIGINT NOT NULL,
	key            TEXT   NOT NULL,
	time           BIGINT NOT NULL,
	correlation_id TEXT   NOT NULL,
	causation_id   TEXT   NOT NULL,
	source         TEXT   NOT NULL,
	data           TEXT   NOT NULL,
	PRIMARY KEY (topic, part, epoch, seq)
);
CREATE INDEX IF NOT EXISTS event_correlation ON event (correlation_id);
CREATE INDEX IF NOT EXISTS event_key ON event (key);
