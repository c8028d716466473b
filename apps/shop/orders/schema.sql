-- An order, and how far its saga is. correlation_id is that of all events about it.
CREATE TABLE IF NOT EXISTS shop_order (
	id             TEXT PRIMARY KEY,
	user_id        TEXT   NOT NULL,
	correlation_id TEXT   NOT NULL,
	state          TEXT   NOT NULL,
	status         TEXT   NOT NULL,
	reason         TEXT   NOT NULL,
	total          BIGINT NOT NULL CHECK (total >= 0),
	currency       TEXT   NOT NULL,
	lines          TEXT   NOT NULL,
	payment_token  TEXT   NOT NULL, -- until the payment was asked for
	tracking       TEXT   NOT NULL,
	delivered      BIGINT NOT NULL, -- 1 when the parcel has arrived
	undone         TEXT   NOT NULL, -- what was given back, comma-separated
	placed_at      BIGINT NOT NULL,
	updated_at     BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS shop_order_user ON shop_order (user_id, id);

-- Which order a user's idempotency key made, and for which request.
CREATE TABLE IF NOT EXISTS placement (
	user_id  TEXT   NOT NULL,
	key      TEXT   NOT NULL,
	request  TEXT   NOT NULL, -- its hash
	order_id TEXT   NOT NULL,
	at       BIGINT NOT NULL,
	PRIMARY KEY (user_id, key)
);

CREATE TABLE IF NOT EXISTS cart (
	user_id    TEXT PRIMARY KEY,
	lines      TEXT   NOT NULL,
	updated_at BIGINT NOT NULL
);

-- The price list, as inventory tells it.
CREATE TABLE IF NOT EXISTS price (
	sku      TEXT PRIMARY KEY,
	name     TEXT   NOT NULL,
	amount   BIGINT NOT NULL,
	currency TEXT   NOT NULL
);
