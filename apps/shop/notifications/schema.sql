-- What the service has heard of users: where their mail goes.
CREATE TABLE IF NOT EXISTS contact (
	user_id      TEXT PRIMARY KEY,
	email        TEXT NOT NULL,
	display_name TEXT NOT NULL
);

-- The mails that went out. One reason, one row, one mail.
CREATE TABLE IF NOT EXISTS mail (
	dedupe_key TEXT PRIMARY KEY,
	id         TEXT   NOT NULL,
	user_id    TEXT   NOT NULL,
	recipient  TEXT   NOT NULL,
	template   TEXT   NOT NULL,
	ref_id     TEXT   NOT NULL,
	subject    TEXT   NOT NULL,
	body       TEXT   NOT NULL,
	sent_at    BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_sent ON mail (sent_at);
