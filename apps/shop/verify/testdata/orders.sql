-- Six orders: fulfilled, cancelled after a payment, cancelled for want of stock, declined, needing attention, under way.
INSERT INTO shop_order (id, user_id, correlation_id, state, status, reason, total, currency, lines, payment_token, tracking, delivered, undone, placed_at, updated_at) VALUES
	('done',     'u', 'done',     'fulfilled',   'fulfilled',       '',                 300, 'EUR', '[{"sku":"cup","qty":3}]', '', 'T', 1, '',              1, 2),
	('undone',   'u', 'undone',   'cancelled',   'cancelled',       'buyer_request',    200, 'EUR', '[{"sku":"cup","qty":2}]', '', '',  0, 'payment,stock', 1, 2),
	('short',    'u', 'short',    'cancelled',   'cancelled',       'out_of_stock',     900, 'EUR', '[{"sku":"cup","qty":9}]', '', '',  0, '',              1, 2),
	('declined', 'u', 'declined', 'cancelled',   'cancelled',       'payment_declined', 100, 'EUR', '[{"sku":"cup","qty":1}]', '', '',  0, 'stock',         1, 2),
	('stuck',    'u', 'stuck',    'attention',   'needs_attention', 'capture_failed',   100, 'EUR', '[{"sku":"cup","qty":1}]', '', 'T', 1, '',              1, 2),
	('running',  'u', 'running',  'authorizing', 'placed',          '',                 100, 'EUR', '[{"sku":"cup","qty":1}]', '', '',  0, '',              1, 2);
INSERT INTO headrace_head (topic, partition, epoch, seq, floor_epoch, floor_seq) VALUES ('orders', 0, 1, 3, 1, 1);
INSERT INTO headrace_journal (topic, partition, epoch, seq) VALUES ('orders', 0, 1, 2), ('orders', 0, 1, 3);
