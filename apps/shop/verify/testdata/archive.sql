-- One event behind.
INSERT INTO event (topic, part, epoch, seq, id, type, version, key, time, correlation_id, causation_id, source, data) VALUES
	('orders', 0, 1, 1, 'e1', 'order.placed', 2, 'done', 1, 'done', '', 'orders', '{}'),
	('orders', 0, 1, 2, 'e2', 'order.placed', 2, 'undone', 1, 'undone', '', 'orders', '{}');
INSERT INTO headrace_lease (group_name, topic, partition, epoch, seq) VALUES ('archive', 'orders', 0, 1, 2);
