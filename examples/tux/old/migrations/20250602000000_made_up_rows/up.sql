-- Made-up rows: the same ones every time, and with all that a database in use has without being wrong. What is wrong as
-- well is in old/trouble.sql. Ids begin with 91…: as Discord counts, those are drawn in the year 2083, so they are nobody's.
INSERT INTO "_prisma_migrations" (id, checksum, finished_at, migration_name, started_at, applied_steps_count) VALUES
    ('00000000-0000-0000-0000-000000000001', repeat('0', 64), '2024-01-01 10:00:00+00', '20240101000000_init', '2024-01-01 10:00:00+00', 1),
    ('00000000-0000-0000-0000-000000000002', repeat('1', 64), '2025-05-01 10:00:00+00', '20250501000000_levels', '2025-05-01 10:00:00+00', 1);

-- 60 guilds: 58 ordinary ones; 0 and -1, which some version wrote for direct messages, and which the new schema refuses.
INSERT INTO "Guild" (guild_id, guild_joined_at, case_count)
SELECT 9100000000000000000 + i * 7919,
       CASE WHEN i % 11 <> 0 THEN TIMESTAMP '2023-01-01 08:30:00.125' + i * INTERVAL '1 day 3 hours 7.013 seconds' END,
       CASE i WHEN 58 THEN 2147483647 ELSE i * 3 % 40 END
FROM generate_series(1, 58) AS i;
INSERT INTO "Guild" VALUES (0, '2022-02-02 02:02:02.002', 7), (-1, NULL, 0);

-- 51 configurations, one of them of guild 0. Prefixes: none, one to three characters, characters of four bytes, a tab, a
-- backslash. Roles of levels: none; all eight; the first three; one that is 0, and one role at two levels; one role at all.
INSERT INTO "GuildConfig" (
    guild_id, prefix, mod_log_id, audit_log_id, join_log_id, private_log_id, report_log_id, dev_log_id,
    jail_channel_id, jail_role_id, general_channel_id, starboard_channel_id, base_staff_role_id, base_member_role_id,
    quarantine_role_id, perm_level_0_role_id, perm_level_1_role_id, perm_level_2_role_id, perm_level_3_role_id,
    perm_level_4_role_id, perm_level_5_role_id, perm_level_6_role_id, perm_level_7_role_id
)
SELECT 9100000000000000000 + i * 7919,
       (ARRAY[NULL, '$', '!', 'tx!', '🐧🐧🐧', E'\\', E'\t>'])[1 + i % 7],
       CASE WHEN i % 2 = 0 THEN channel + 1 END,
       CASE WHEN i % 3 = 0 THEN channel + 2 END,
       CASE WHEN i % 4 = 0 THEN channel + 3 END,
       CASE WHEN i % 5 = 0 THEN channel + 4 END,
       CASE WHEN i % 6 = 0 THEN channel + 5 END,
       CASE WHEN i % 7 = 0 THEN channel + 6 END,
       CASE WHEN i % 8 = 0 THEN 9223372036854775807 - i END,
       CASE WHEN i % 8 = 0 THEN role + 20 END,
       channel + 7,
       channel + 8,
       role + 21,
       role + 22,
       CASE WHEN i % 2 = 0 THEN role + 23 END,
       CASE i % 5 WHEN 1 THEN role + 0 WHEN 2 THEN role + 0 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 1 WHEN 2 THEN role + 1 WHEN 3 THEN 0 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 2 WHEN 2 THEN role + 2 WHEN 3 THEN role + 9 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 3 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 4 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 5 WHEN 3 THEN role + 9 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 6 WHEN 4 THEN role END,
       CASE i % 5 WHEN 1 THEN role + 7 WHEN 4 THEN role END
FROM generate_series(1, 50) AS i,
     LATERAL (SELECT 9110000000000000000 + i * 100 AS channel, 9120000000000000000 + i * 100 AS role) AS ids;
INSERT INTO "GuildConfig" (guild_id, prefix, perm_level_3_role_id) VALUES (0, '$', 9120000000000000099);

-- 402 cases: ten in each of forty guilds, two of guild 0. All fifteen types. Numbers with gaps and missing ones, moments
-- that run against the ids or are not known, the text forms by which COPY writes NULL and the end of the data.
INSERT INTO "Case" (
    case_id, case_status, case_type, case_reason, case_moderator_id, case_user_id, case_user_roles, case_number,
    case_created_at, case_expires_at, case_tempban_expired, guild_id
)
SELECT i * 2 + 1,
       CASE i % 9 WHEN 0 THEN NULL WHEN 1 THEN false ELSE true END,
       (enum_range(NULL::"CaseType"))[1 + i % 15],
       (ARRAY[
           'spam', '', 'It''s "quoted", isn''t it?', E'a\ttab, a \\ backslash', E'two\nlines\r\nand a third', '\N', '\.', 'NULL',
           '日本 😀 e' || U&'\0301', repeat('😀', 2000), repeat('x', 2000), '{"not": "json here"}', '  blanks  '
       ])[1 + i % 13],
       9130000000000000000 + i % 5,
       9140000000000000000 + i % 37,
       (ARRAY[
           NULL, '{}', '{9007199254740993}', '{9223372036854775807,1,9120000000000000101}',
           '{9120000000000000101,NULL,9120000000000000102}', '{-1}'
       ]::text[])[1 + i % 6]::bigint[],
       CASE WHEN i % 17 <> 0 THEN k + k / 4 END,
       CASE WHEN i % 19 <> 0 THEN TIMESTAMP '2024-03-01 12:00:00.999' - k * INTERVAL '1 day 1.001 seconds' + g * INTERVAL '1 hour' END,
       CASE i % 4
           WHEN 0 THEN TIMESTAMP '9999-12-31 23:59:59.999'
           WHEN 1 THEN TIMESTAMP '2025-06-01 00:00:00' + i * INTERVAL '1 minute'
       END,
       CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END,
       9100000000000000000 + g * 7919
FROM generate_series(0, 399) AS i, LATERAL (SELECT 1 + i / 10 AS g, 1 + i % 10 AS k) AS place;
INSERT INTO "Case" VALUES
    (1001, true, 'WARN', 'in a direct message', 9130000000000000001, 9140000000000000001, '{}', 1, '2024-01-01', NULL, false, 0),
    (1003, true, 'UNTEMPBAN', 'in a direct message', 9130000000000000001, 9140000000000000001, '{}', 2, '2024-01-02', NULL, false, 0);

-- 150 snippets: names that differ in case only, aliases without content, texts that fill the new columns to the last character.
INSERT INTO "Snippet" (
    snippet_id, snippet_name, snippet_content, snippet_user_id, snippet_created_at, guild_id, uses, locked, alias
)
SELECT i + 1,
       CASE i % 10
           WHEN 0 THEN 'faq' WHEN 1 THEN 'FAQ' WHEN 2 THEN 'Faq' WHEN 3 THEN repeat('ü', 100) WHEN 4 THEN 'a b'
           ELSE 'snippet ' || i
       END,
       CASE WHEN i % 10 = 1 THEN NULL
           ELSE (ARRAY['', 'ask away', repeat('é', 4000), E'```\nlet x = ''\\'';\n```', U&'\0001\0008\001F'])[1 + i % 5] END,
       9140000000000000000 + i % 37,
       TIMESTAMP '2024-02-29 23:59:59.999' + i * INTERVAL '6 hours 0.001 seconds',
       9100000000000000000 + (1 + i / 10) * 7919,
       CASE i WHEN 149 THEN 2147483647 ELSE i * 13 END,
       i % 4 = 0,
       CASE i % 10 WHEN 1 THEN 'faq' WHEN 2 THEN '' END
FROM generate_series(0, 149) AS i;

-- 120 reminders: moments from the year 1 to 9999, before and after those from which computers count.
INSERT INTO "Reminder" (
    reminder_id, reminder_content, reminder_created_at, reminder_expires_at, reminder_channel_id, reminder_user_id,
    reminder_sent, guild_id
)
SELECT i * 3,
       CASE i % 3 WHEN 0 THEN 'tea' WHEN 1 THEN repeat('ß', 2000) ELSE E'line one\nline two' END,
       (ARRAY[
           '2025-05-05 05:05:05.005', '1970-01-01 00:00:00', '1969-12-31 23:59:59.999', '2000-01-01 00:00:00',
           '1999-12-31 23:59:59.999', '0001-01-01 00:00:00', '2025-03-30 02:30:00'
       ]::timestamp[])[1 + i % 7],
       CASE WHEN i % 10 = 0 THEN TIMESTAMP '9999-12-31 23:59:59.999' ELSE TIMESTAMP '2025-07-01' + i * INTERVAL '1.5 days' END,
       9110000000000000000 + i,
       9140000000000000000 + i % 37,
       i % 2 = 0,
       9100000000000000000 + (1 + i % 58) * 7919
FROM generate_series(1, 120) AS i;

-- 40 members who are away. Here nobody is in two guilds: the old key does not let them.
INSERT INTO "AFKModel" (member_id, nickname, reason, since, until, guild_id, enforced, perm_afk)
SELECT 9140000000000000000 + i,
       CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN repeat('🙂', 100) ELSE 'member ' || i END,
       CASE i % 5 WHEN 0 THEN repeat('z', 500) ELSE 'back soon' END,
       TIMESTAMP '2025-06-30 22:00:00.001' + i * INTERVAL '1 minute',
       CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN TIMESTAMP '2025-06-30 22:00:00.002' + i * INTERVAL '1 minute'
           ELSE TIMESTAMP '9999-12-31 23:59:59.999' END,
       9100000000000000000 + (1 + i % 12) * 7919,
       i % 2 = 0,
       i % 6 = 0
FROM generate_series(1, 40) AS i;

-- 301 levels: fifty members in each of six guilds, one of guild -1. Numbers that need all 17 digits, the smallest and the
-- largest there are, nought with a minus.
INSERT INTO "Levels" (member_id, xp, level, blacklisted, last_message, guild_id)
SELECT 9140000000000000000 + i % 50,
       (ARRAY[
           0.1::float8 + 0.2::float8, 123456.78901234567, 5e-324, 1.7976931348623157e308, '-0', 1e15 + 0.3, 9007199254740993, 0, 100.5
       ]::float8[])[1 + i % 9],
       CASE i WHEN 299 THEN 2147483647 ELSE i % 60 END,
       i % 25 = 0,
       TIMESTAMP '2025-06-01 00:00:00' + i * INTERVAL '1 hour 0.007 seconds',
       9100000000000000000 + (1 + i / 50) * 7919
FROM generate_series(0, 299) AS i;
INSERT INTO "Levels" VALUES (9140000000000000001, 5, 1, false, '2025-01-01', -1);

-- 20 starboards, 80 messages on them.
INSERT INTO "Starboard" (guild_id, starboard_channel_id, starboard_emoji, starboard_threshold)
SELECT 9100000000000000000 + i * 7919,
       9110000000000000000 + i * 100 + 50,
       CASE i % 3 WHEN 0 THEN '⭐' WHEN 1 THEN '<:tux:' || 9150000000000000000 + i || '>' ELSE repeat('🌟', 64) END,
       1 + i % 9
FROM generate_series(1, 20) AS i;

INSERT INTO "StarboardMessage" (
    message_id, message_content, message_created_at, message_expires_at, message_channel_id, message_user_id,
    message_guild_id, star_count, starboard_message_id
)
SELECT 9160000000000000000 + i,
       CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN repeat('…', 4000) ELSE 'funny ' || i END,
       TIMESTAMP '2025-04-01 09:00:00.5' + i * INTERVAL '1 hour',
       TIMESTAMP '2025-05-01 09:00:00.5' + i * INTERVAL '1 hour',
       9110000000000000000 + i,
       9140000000000000000 + i % 37,
       9100000000000000000 + (1 + i % 20) * 7919,
       i % 30,
       9170000000000000000 + i
FROM generate_series(1, 80) AS i;

-- 25 notes, which have no place in the new schema.
INSERT INTO "Note" (note_id, note_content, note_created_at, note_moderator_id, note_user_id, note_number, guild_id)
SELECT i, 'keep an eye on this, says note ' || i, TIMESTAMP '2024-10-10 10:10:10.010' + i * INTERVAL '1 day',
       9130000000000000001, 9140000000000000000 + i, i, 9100000000000000000 + (1 + i % 5) * 7919
FROM generate_series(1, 25) AS i;
