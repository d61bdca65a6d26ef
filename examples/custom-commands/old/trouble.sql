-- What old databases have as well: run it on old.db to see what a transfer makes of it.
INSERT INTO creator VALUES (31, 'creator 1 again', 258104532423147520 + 7919);
INSERT INTO command VALUES (141, 'by the second row of creator 1', 'x', 31, '2025-08-01 10:00:00', NULL, NULL);
INSERT INTO command VALUES (142, 'yeli', 'a second yeli', 2, '2025-08-01 10:00:00', NULL, NULL);
INSERT INTO command VALUES (143, 'nobody''s', 'x', 99, '2025-08-01 10:00:00', NULL, NULL);
INSERT INTO command VALUES (144, 'some day', 'x', 2, 'last summer', NULL, NULL);
