INSERT INTO payment (order_id, id, state, amount, currency, auth_code, code, updated_at) VALUES
	('done',     'p1', 'captured',       300, 'EUR', 'a1', '', 1),
	('undone',   'p2', 'voided',         200, 'EUR', 'a2', '', 1),
	('declined', 'p4', 'declined',       100, 'EUR', '',   'card_declined', 1),
	('stuck',    'p5', 'capture_failed', 100, 'EUR', 'a5', 'capture_refused', 1),
	('running',  'p6', 'authorizing',    100, 'EUR', '',   '', 1);
INSERT INTO intent (key, owner, order_id, action, token, attempts, refusals, due_at, event_id, correlation_id, trace_parent, trace_state) VALUES
	('k6', '', 'running', 'authorize', '4242', 0, 0, 1, 'e', 'c', '', '');
INSERT INTO ledger (posting, account, order_id, amount, currency, at) VALUES
	('done/a',   'holds', 'done',    300, 'EUR', 1), ('done/a',   'cards', 'done',   -300, 'EUR', 1),
	('done/c',   'holds', 'done',   -300, 'EUR', 2), ('done/c',   'cards', 'done',    300, 'EUR', 2),
	('done/c',   'bank',  'done',    300, 'EUR', 2), ('done/c',   'sales', 'done',   -300, 'EUR', 2),
	('undone/a', 'holds', 'undone',  200, 'EUR', 1), ('undone/a', 'cards', 'undone', -200, 'EUR', 1),
	('undone/v', 'holds', 'undone', -200, 'EUR', 2), ('undone/v', 'cards', 'undone',  200, 'EUR', 2),
	('stuck/a',  'holds', 'stuck',   100, 'EUR', 1), ('stuck/a',  'cards', 'stuck',  -100, 'EUR', 1);
