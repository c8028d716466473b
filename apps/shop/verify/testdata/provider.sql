-- The charge of the order under way has happened, and nobody has heard of it yet.
INSERT INTO hold (auth_code, reference, card, currency, held, captured, refunded) VALUES
	('a1', 'done',    '4242', 'EUR', 0,   300, 0),
	('a2', 'undone',  '4242', 'EUR', 0,   0,   0),
	('a5', 'stuck',   '0341', 'EUR', 100, 0,   0),
	('a6', 'running', '4242', 'EUR', 100, 0,   0);
