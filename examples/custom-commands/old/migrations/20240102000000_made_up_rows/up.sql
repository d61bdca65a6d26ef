-- 30 creators, 140 commands. The moment of the transfer is taken to be 2025-08-17 12:00:00.
INSERT INTO creator (id, name, discordid)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
SELECT i, 'creator ' || i, 258104532423147520 + i * 7919 FROM n;

-- Ordinary ones: some used lately, some long ago, some never; some of their owners were warned.
INSERT INTO command (id, name, message, creator_id, createtime, last_used, sent_warns)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 126)
SELECT i,
       'command ' || i,
       'What command ' || i || ' says: "hello", it''s me; 日本 😀',
       1 + i % 30,
       strftime('%Y-%m-%d %H:%M:%S', '2023-01-01 08:30:00', '+' || (i * 5) || ' days'),
       CASE i % 4
           WHEN 0 THEN NULL
           WHEN 1 THEN strftime('%Y-%m-%d %H:%M:%S', '2025-08-17 12:00:00', '-' || (i % 59) || ' days', '-7 hours')
           ELSE strftime('%Y-%m-%d %H:%M:%S', '2025-08-17 12:00:00', '-' || (61 + i) || ' days')
       END,
       CASE WHEN i % 9 = 0 THEN '2025-06-01 00:00:00' END
FROM n;

-- Those that everybody knows.
INSERT INTO command VALUES (127, 'yeli', 'https://example.org/yeli.gif', 1, '2023-05-01 10:00:00', '2025-08-01 20:15:00', NULL);
INSERT INTO command VALUES (128, 'thedata', 'show me the data', 2, '2023-05-02 10:00:00', '2025-07-04 20:15:00', NULL);
INSERT INTO command VALUES (129, 'momma', 'your momma', 3, '2023-05-03 10:00:00', '2024-12-24 20:15:00', '2025-02-22 00:00:00');
INSERT INTO command VALUES (130, 'charlieblackmon', 'chuck nazty', 4, '2023-05-04 10:00:00', '2025-08-16 20:15:00', NULL);

-- Limits of the grace period: 60 days to the second, a second less, a second more, the future, never used.
INSERT INTO command VALUES (131, 'sixty days', 'x', 5, '2023-01-01 00:00:00', '2025-06-18 12:00:00', NULL);
INSERT INTO command VALUES (132, 'a second less', 'x', 5, '2023-01-01 00:00:00', '2025-06-18 12:00:01', NULL);
INSERT INTO command VALUES (133, 'a second more', 'x', 5, '2023-01-01 00:00:00', '2025-06-18 11:59:59', NULL);
INSERT INTO command VALUES (134, 'tomorrow', 'x', 5, '2023-01-01 00:00:00', '2025-08-18 12:00:00', NULL);
INSERT INTO command VALUES (135, 'never, and old', 'x', 5, '2025-06-18 12:00:00', NULL, NULL);
INSERT INTO command VALUES (136, 'never, and fresh', 'x', 5, '2025-06-18 12:00:01', NULL, NULL);

-- Spellings of times, a long name, names that differ in case only.
INSERT INTO command VALUES (137, 'with a T', 'x', 6, '2025-08-01T10:00:00.250000', '2025-08-02T11:00:00', NULL);
INSERT INTO command VALUES (138, 'only a day', 'x', 6, '2025-08-01', '2025-08-02 11:00:00.5', NULL);
INSERT INTO command VALUES (139, 'a name that is longer than the thirty-two characters of the new column', 'x', 6, '2025-08-01 10:00:00', NULL, NULL);
INSERT INTO command VALUES (140, 'Momma', 'another one', 6, '2025-08-01 10:00:00', '2025-08-16 10:00:00', NULL);
