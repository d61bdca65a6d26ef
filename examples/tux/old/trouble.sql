-- What old databases have as well: run it on the made-up old database to see what a transfer makes of it.
--     psql "$OLD_DATABASE_URL" -f old/trouble.sql
-- First the rules are taken away that somebody may have taken away by hand; then come rows which they kept out.
BEGIN;

-- The key of the AFK table as the new schema has it: somebody may be away in two guilds.
ALTER TABLE "AFKModel" DROP CONSTRAINT "AFKModel_pkey";
ALTER TABLE "AFKModel" ADD CONSTRAINT "AFKModel_pkey" PRIMARY KEY (member_id, guild_id);
-- A number of a case may be there twice in a guild.
DROP INDEX "Case_case_number_guild_id_key";
-- Types of cases are any text.
DROP INDEX "Case_guild_id_case_type_idx";
DROP INDEX "Case_case_type_case_expires_at_case_tempban_expired_idx";
ALTER TABLE "Case" ALTER COLUMN case_type TYPE TEXT USING case_type::TEXT;
CREATE INDEX "Case_guild_id_case_type_idx" ON "Case" (guild_id, case_type);
-- Rows need no guild.
ALTER TABLE "GuildConfig" DROP CONSTRAINT "GuildConfig_guild_id_fkey";
ALTER TABLE "Case" DROP CONSTRAINT "Case_guild_id_fkey";
ALTER TABLE "Snippet" DROP CONSTRAINT "Snippet_guild_id_fkey";
ALTER TABLE "Reminder" DROP CONSTRAINT "Reminder_guild_id_fkey";
ALTER TABLE "AFKModel" DROP CONSTRAINT "AFKModel_guild_id_fkey";
ALTER TABLE "Levels" DROP CONSTRAINT "Levels_guild_id_fkey";
ALTER TABLE "Starboard" DROP CONSTRAINT "Starboard_guild_id_fkey";
ALTER TABLE "StarboardMessage" DROP CONSTRAINT "StarboardMessage_message_guild_id_fkey";
ALTER TABLE "Note" DROP CONSTRAINT "Note_guild_id_fkey";

-- Guilds. The first fits: it is the home of all rows below that are not about guilds.
INSERT INTO "Guild" VALUES
    (9100000000009000000, '2024-01-01', 0),
    (9100000000009000001, '2024-01-01', 2147483648),               -- does not fit 32 bits
    (9100000000009000002, '2024-01-01', -1),                       -- a CHECK refuses it
    (9100000000009000003, 'infinity', 0),                          -- these six fit: PostgreSQL has a moment after all others
    (9100000000009000004, '2024-01-01', 0),
    (9100000000009000005, '2024-01-01', 0),
    (9100000000009000006, '2024-01-01', 0),
    (9100000000009000007, '2024-01-01', 0),
    (9100000000009000008, '2024-01-01', 0),
    (-9223372036854775808, '2024-01-01', 0);                       -- stays behind

INSERT INTO "GuildConfig" (guild_id, prefix, mod_log_id, perm_level_0_role_id, perm_level_1_role_id) VALUES
    (9100000000009000000, 'tux!', NULL, NULL, NULL),               -- four characters
    (9100000000009000004, '', NULL, 9120000000000900001, NULL),    -- none; its rank goes over
    (9100000000009000005, '!', 0, NULL, NULL),                     -- 0 is no channel
    (9100000000009000006, '!', NULL, -5, 9120000000000900002),     -- -5 is no role: as if it were not set
    (9100000000009999999, '!', NULL, 9120000000000900003, NULL);   -- of a guild that is nowhere, and so is its rank

-- Cases. The first nine fit: old spellings of types, and an array that begins with 5.
INSERT INTO "Case" (case_id, case_type, case_reason, case_moderator_id, case_user_id, case_user_roles, case_number, case_created_at, guild_id) VALUES
    (2001, 'Ban',          'x', 1, 1, '{}', 1, '2025-01-01', 9100000000009000000),
    (2002, 'ban',          'x', 1, 1, '{}', 2, '2025-01-01', 9100000000009000000),
    (2003, 'hack-ban',     'x', 1, 1, '{}', 3, '2025-01-01', 9100000000009000000),
    (2004, 'HACK_BAN',     'x', 1, 1, '{}', 4, '2025-01-01', 9100000000009000000),
    (2005, 'Temp-Ban',     'x', 1, 1, '{}', 5, '2025-01-01', 9100000000009000000),
    (2006, 'untempban',    'x', 1, 1, '{}', 6, '2025-01-01', 9100000000009000000),
    (2007, 'Un-TempBan',   'x', 1, 1, '{}', 7, '2025-01-01', 9100000000009000000),
    (2008, 'snippetunban', 'x', 1, 1, '{}', 8, '2025-01-01', 9100000000009000000),
    (2009, 'POLLUNBAN',    'x', 1, 1, '[5:6]={1,2}', 9, '2025-01-01', 9100000000009000000),
    (2010, 'banned',       'x', 1, 1, '{}', 10, '2025-01-01', 9100000000009000000),    -- no type
    (2011, ' BAN',         'x', 1, 1, '{}', 11, '2025-01-01', 9100000000009000000),    -- nor this
    (2012, '',             'x', 1, 1, '{}', 12, '2025-01-01', 9100000000009000000),    -- nor this
    (2013, 'WARN', repeat('x', 2001), 1, 1, '{}', 13, '2025-01-01', 9100000000009000000),   -- a character too long
    (2014, 'WARN', 'x', 1, 1, '{}', 14, '2025-01-01', 9100000000009999999),            -- of a guild that is nowhere
    (2015, 'WARN', 'x', 1, 1, '{}', 15, '2025-01-01', 9100000000009000001),            -- of one that stays behind
    (2016, 'WARN', 'x', 1, 1, '{}', 16, '2025-01-01', 9100000000009000000),            -- one number twice
    (2017, 'WARN', 'x', 1, 1, '{}', 16, '2025-01-02', 9100000000009000000),
    (2018, 'WARN', 'x', 1, 1, '{}', 2147483648, '2025-01-01', 9100000000009000000),    -- does not fit 32 bits
    (2019, 'WARN', 'x', 1, 1, '{}', 0, '2025-01-01', 9100000000009000000),             -- numbers begin with 1
    (2020, 'WARN', 'x', 0, 1, '{}', 20, '2025-01-01', 9100000000009000000),            -- nobody
    (2021, 'WARN', 'x', 1, 1, '{{1,2},{3,4}}', 21, '2025-01-01', 9100000000009000000), -- fits: an array of arrays
    (2022, 'WARN', 'x', 1, 1, '{}', 22, '-infinity', 9100000000009000000),             -- fits: before all others
    (2023, 'WARN', 'x', 1, 1, '{}', 23, '0044-03-15 12:00:00 BC', 9100000000009000000);     -- before the year 1

INSERT INTO "Snippet" (snippet_id, snippet_name, snippet_content, snippet_user_id, guild_id, uses) VALUES
    (2001, repeat('n', 101), 'x', 1, 9100000000009000000, 0),      -- a character too long
    (2002, 'long', repeat('x', 4001), 1, 9100000000009000000, 0),  -- a character too long
    (2003, '', 'x', 1, 9100000000009000000, 0),                    -- no name
    (2004, 'worn', 'x', 1, 9100000000009000000, 2147483648),       -- does not fit 32 bits
    (2005, 'less', 'x', 1, 9100000000009000000, -1),               -- fewer than none
    (2006, 'lost', 'x', 1, 9100000000009999999, 0);                -- of a guild that is nowhere

INSERT INTO "Reminder" (reminder_id, reminder_content, reminder_expires_at, reminder_channel_id, reminder_user_id, guild_id) VALUES
    (2001, repeat('x', 2001), '2025-09-01', 1, 1, 9100000000009000000),    -- a character too long
    (2002, 'never', 'infinity', 1, 1, 9100000000009000000),                -- fits
    (2003, 'late', '10000-01-01 00:00:00', 1, 1, 9100000000009000000),     -- after the year 9999
    (2004, 'lost', '2025-09-01', 1, 1, 9100000000009999999);               -- of a guild that is nowhere

-- Away. The first two fit: one person in two guilds.
INSERT INTO "AFKModel" (member_id, nickname, reason, since, until, guild_id) VALUES
    (9140000000000000900, 'x', 'x', '2025-01-01', NULL, 9100000000009000000),
    (9140000000000000900, 'x', 'x', '2025-01-01', NULL, 9100000000009000004),
    (9140000000000000901, repeat('n', 101), 'x', '2025-01-01', NULL, 9100000000009000000),           -- a character too long
    (9140000000000000902, 'x', repeat('r', 501), '2025-01-01', NULL, 9100000000009000000),           -- a character too long
    (9140000000000000903, 'x', 'x', '2025-01-02', '2025-01-02', 9100000000009000000),                -- over before it began
    (9140000000000000904, 'x', 'x', '2025-01-01', NULL, 9100000000009999999);                        -- of a guild that is nowhere

INSERT INTO "Levels" (member_id, xp, level, guild_id) VALUES
    (9140000000000000900, 'NaN', 1, 9100000000009000000),
    (9140000000000000901, 'Infinity', 1, 9100000000009000000),
    (9140000000000000902, -1, 1, 9100000000009000000),
    (9140000000000000903, 1, 2147483648, 9100000000009000000),     -- does not fit 32 bits
    (9140000000000000904, 1, -1, 9100000000009000000),
    (9140000000000000905, 1, 1, 9100000000009999999);              -- of a guild that is nowhere

INSERT INTO "Starboard" VALUES
    (9100000000009000004, 1, repeat('e', 65), 1),                  -- a character too long
    (9100000000009000005, 1, '⭐', 0),                             -- no star at all
    (9100000000009999999, 1, '⭐', 1);                             -- of a guild that is nowhere

INSERT INTO "StarboardMessage" VALUES
    (9160000000000000900, repeat('x', 4001), '2025-01-01', '2025-02-01', 1, 1, 9100000000009000000, 1, 1),   -- a character too long
    (9160000000000000901, 'x', '2025-01-01', '2025-02-01', 1, 1, 9100000000009000000, -1, 1),                -- fewer than none
    (9160000000000000902, 'x', '2025-01-01', '2025-02-01', 1, 1, 9100000000009999999, 1, 1);                 -- of a guild that is nowhere

COMMIT;
