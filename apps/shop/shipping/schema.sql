-- One row per order. A row that was cancelled without a carrier is a tombstone: the undo came first.
CREATE TABLE IF NOT EXISTS shipment (
	order_id   TEXT PRIMARY KEY,
	id         TEXT   NOT NULL,
	state      TEXT   NOT NULL CHECK (state IN ('created', 'dispatched', 'delivered', 'cancelled')),
	carrier    TEXT   NOT NULL,
	tracking   TEXT   NOT NULL,
	updated_at BIGINT NOT NULL
);
