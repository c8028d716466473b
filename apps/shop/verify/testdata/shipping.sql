INSERT INTO shipment (order_id, id, state, carrier, tracking, updated_at) VALUES
	('done',  's1', 'delivered', 'carrier', 'T', 1),
	('stuck', 's5', 'delivered', 'carrier', 'T', 1);
