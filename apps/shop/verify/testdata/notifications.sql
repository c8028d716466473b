INSERT INTO mail (dedupe_key, id, user_id, recipient, template, ref_id, subject, body, sent_at) VALUES
	('m1', 'm1', 'u', 'u@shop.test', 'order_confirmed', 'done',     '', '', 1),
	('m2', 'm2', 'u', 'u@shop.test', 'order_fulfilled', 'done',     '', '', 1),
	('m3', 'm3', 'u', 'u@shop.test', 'order_cancelled', 'undone',   '', '', 1),
	('m4', 'm4', 'u', 'u@shop.test', 'order_cancelled', 'short',    '', '', 1),
	('m5', 'm5', 'u', 'u@shop.test', 'order_cancelled', 'declined', '', '', 1),
	('m6', 'm6', 'u', 'u@shop.test', 'order_confirmed', 'stuck',    '', '', 1);
INSERT INTO headrace_lease (group_name, topic, partition, epoch, seq) VALUES ('notifications', 'orders', 0, 1, 3);
