CREATE TABLE IF NOT EXISTS account (
	user_id       TEXT PRIMARY KEY,
	email         TEXT   NOT NULL UNIQUE, -- as normalised
	password_hash TEXT   NOT NULL,
	display_name  TEXT   NOT NULL,
	role          TEXT   NOT NULL,
	created_at    BIGINT NOT NULL
);

-- Sessions are found by the hash of their token: who reads this table can log in as nobody.
CREATE TABLE IF NOT EXISTS session (
	token_hash TEXT PRIMARY KEY,
	user_id    TEXT   NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS session_expiry ON session (expires_at);
