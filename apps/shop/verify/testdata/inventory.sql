INSERT INTO product (sku, name, description, price, currency) VALUES ('cup', 'Cup', '', 100, 'EUR');
INSERT INTO stock (sku, on_hand, reserved, shipped) VALUES ('cup', 5, 2, 3);
INSERT INTO movement (ref, kind, sku, on_hand, reserved, shipped, at) VALUES
	('seed',     'adjust',  'cup', 10, 0,  0, 1),
	('done',     'reserve', 'cup', -3, 3,  0, 1), ('done',     'commit',  'cup', 0, -3, 3, 2),
	('undone',   'reserve', 'cup', -2, 2,  0, 1), ('undone',   'release', 'cup', 2, -2, 0, 2),
	('declined', 'reserve', 'cup', -1, 1,  0, 1), ('declined', 'release', 'cup', 1, -1, 0, 2),
	('stuck',    'reserve', 'cup', -1, 1,  0, 1),
	('running',  'reserve', 'cup', -1, 1,  0, 1);
INSERT INTO reservation (order_id, id, state, lines, updated_at) VALUES
	('done',     'r1', 'committed', '[]', 1),
	('undone',   'r2', 'released',  '[]', 1),
	('declined', 'r4', 'released',  '[]', 1),
	('stuck',    'r5', 'reserved',  '[]', 1),
	('running',  'r6', 'reserved',  '[]', 1);
