-- What was answered to a key, for ever: the same key gets the same answer.
CREATE TABLE IF NOT EXISTS operation (
	key       TEXT PRIMARY KEY,
	action    TEXT   NOT NULL,
	reference TEXT   NOT NULL,
	auth_code TEXT   NOT NULL,
	amount    BIGINT NOT NULL,
	currency  TEXT   NOT NULL,
	declined  TEXT   NOT NULL, -- why not; empty if it was done
	at        BIGINT NOT NULL
);

-- What the provider holds of buyers' money, and what it handed over.
CREATE TABLE IF NOT EXISTS hold (
	auth_code TEXT PRIMARY KEY,
	reference TEXT   NOT NULL,
	card      TEXT   NOT NULL, -- last four digits
	currency  TEXT   NOT NULL,
	held      BIGINT NOT NULL CHECK (held >= 0),
	captured  BIGINT NOT NULL CHECK (captured >= 0),
	refunded  BIGINT NOT NULL CHECK (refunded >= 0 AND refunded <= captured)
);
CREATE INDEX IF NOT EXISTS hold_reference ON hold (reference);
