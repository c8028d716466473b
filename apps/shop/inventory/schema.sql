CREATE TABLE IF NOT EXISTS product (
	sku         TEXT PRIMARY KEY,
	name        TEXT   NOT NULL,
	description TEXT   NOT NULL,
	price       BIGINT NOT NULL CHECK (price > 0),
	currency    TEXT   NOT NULL
);

-- How many pieces are where, now. A piece is in exactly one of the three places, from the day it was received.
CREATE TABLE IF NOT EXISTS stock (
	sku      TEXT PRIMARY KEY,
	on_hand  BIGINT NOT NULL CHECK (on_hand >= 0),
	reserved BIGINT NOT NULL CHECK (reserved >= 0),
	shipped  BIGINT NOT NULL CHECK (shipped >= 0)
);

-- One row per order. A row in state 'released' without lines is a tombstone: the release came first.
CREATE TABLE IF NOT EXISTS reservation (
	order_id   TEXT PRIMARY KEY,
	id         TEXT   NOT NULL,
	state      TEXT   NOT NULL CHECK (state IN ('reserved', 'released', 'committed')),
	lines      TEXT   NOT NULL,
	updated_at BIGINT NOT NULL
);

-- Why stock is what it is: every change, once. ref is the order id, or the key of an adjustment.
CREATE TABLE IF NOT EXISTS movement (
	ref      TEXT   NOT NULL,
	kind     TEXT   NOT NULL CHECK (kind IN ('adjust', 'reserve', 'release', 'commit')),
	sku      TEXT   NOT NULL,
	on_hand  BIGINT NOT NULL,
	reserved BIGINT NOT NULL,
	shipped  BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (ref, kind, sku)
);

-- Whoever moves stock locks the only row first. Orders share products, so those who move stock would wait for each other anyway; one after
-- the other they never wait in a circle, and what they have read stays as it is.
CREATE TABLE IF NOT EXISTS stockroom (
	door BIGINT PRIMARY KEY
);
INSERT INTO stockroom (door) VALUES (1) ON CONFLICT DO NOTHING;
