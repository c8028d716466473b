-- One row per order: one payment, whatever is asked how often.
CREATE TABLE IF NOT EXISTS payment (
	order_id   TEXT PRIMARY KEY,
	id         TEXT   NOT NULL,
	state      TEXT   NOT NULL,
	amount     BIGINT NOT NULL CHECK (amount >= 0),
	currency   TEXT   NOT NULL,
	auth_code  TEXT   NOT NULL,
	code       TEXT   NOT NULL, -- why it was declined, or not captured
	updated_at BIGINT NOT NULL
);

-- Calls to the provider whose outcome is not recorded yet. The row is written before the call and removed with its effect, so that
-- whoever comes after a crash finds the call and repeats it with the same key.
CREATE TABLE IF NOT EXISTS intent (
	key            TEXT PRIMARY KEY,
	owner          TEXT   NOT NULL, -- the process that is to call
	order_id       TEXT   NOT NULL,
	action         TEXT   NOT NULL,
	token          TEXT   NOT NULL,
	attempts       BIGINT NOT NULL, -- answered or not
	refusals       BIGINT NOT NULL,
	due_at         BIGINT NOT NULL,
	event_id       TEXT   NOT NULL,
	correlation_id TEXT   NOT NULL,
	trace_parent   TEXT   NOT NULL,
	trace_state    TEXT   NOT NULL
);

-- Double entry: the amounts of one posting sum to zero, and so does the whole table.
CREATE TABLE IF NOT EXISTS ledger (
	posting  TEXT   NOT NULL,
	account  TEXT   NOT NULL,
	order_id TEXT   NOT NULL,
	amount   BIGINT NOT NULL,
	currency TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (posting, account)
);
