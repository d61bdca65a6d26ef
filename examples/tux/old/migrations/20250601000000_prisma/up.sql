-- As Prisma made it: quoted names of tables in CamelCase, columns in snake_case, TEXT without a length, times of
-- milliseconds without a zone, foreign keys to "Guild" everywhere, and not one CHECK.
CREATE TYPE "CaseType" AS ENUM (
  'BAN','UNBAN','HACKBAN','TEMPBAN','KICK','SNIPPETBAN','TIMEOUT','UNTIMEOUT',
  'WARN','JAIL','UNJAIL','SNIPPETUNBAN','UNTEMPBAN','POLLBAN','POLLUNBAN'
);

CREATE TABLE "_prisma_migrations" (
  id                  VARCHAR(36) PRIMARY KEY,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE "Guild" (
  guild_id        BIGINT NOT NULL,
  guild_joined_at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP,
  case_count      BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT "Guild_pkey" PRIMARY KEY (guild_id)
);

CREATE TABLE "GuildConfig" (
  prefix               TEXT,
  mod_log_id           BIGINT,
  audit_log_id         BIGINT,
  join_log_id          BIGINT,
  private_log_id       BIGINT,
  report_log_id        BIGINT,
  dev_log_id           BIGINT,
  jail_channel_id      BIGINT,
  general_channel_id   BIGINT,
  starboard_channel_id BIGINT,
  perm_level_0_role_id BIGINT,
  perm_level_1_role_id BIGINT,
  perm_level_2_role_id BIGINT,
  perm_level_3_role_id BIGINT,
  perm_level_4_role_id BIGINT,
  perm_level_5_role_id BIGINT,
  perm_level_6_role_id BIGINT,
  perm_level_7_role_id BIGINT,
  base_staff_role_id   BIGINT,
  base_member_role_id  BIGINT,
  jail_role_id         BIGINT,
  quarantine_role_id   BIGINT,
  guild_id             BIGINT NOT NULL,
  CONSTRAINT "GuildConfig_pkey" PRIMARY KEY (guild_id)
);

CREATE TABLE "Case" (
  case_id              BIGSERIAL NOT NULL,
  case_status          BOOLEAN DEFAULT true,
  case_type            "CaseType" NOT NULL,
  case_reason          TEXT NOT NULL,
  case_moderator_id    BIGINT NOT NULL,
  case_user_id         BIGINT NOT NULL,
  case_user_roles      BIGINT[] DEFAULT ARRAY[]::BIGINT[],
  case_number          BIGINT,
  case_created_at      TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP,
  case_expires_at      TIMESTAMP(3),
  case_tempban_expired BOOLEAN DEFAULT false,
  guild_id             BIGINT NOT NULL,
  CONSTRAINT "Case_pkey" PRIMARY KEY (case_id)
);

CREATE TABLE "Snippet" (
  snippet_id         BIGSERIAL NOT NULL,
  snippet_name       TEXT NOT NULL,
  snippet_content    TEXT,               -- became nullable when aliases came
  snippet_user_id    BIGINT NOT NULL,
  snippet_created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  guild_id           BIGINT NOT NULL,
  uses               BIGINT NOT NULL DEFAULT 0,
  locked             BOOLEAN NOT NULL DEFAULT false,
  alias              TEXT,               -- the name of another snippet
  CONSTRAINT "Snippet_pkey" PRIMARY KEY (snippet_id)
);

CREATE TABLE "Reminder" (
  reminder_id         BIGSERIAL NOT NULL,
  reminder_content    TEXT NOT NULL,
  reminder_created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  reminder_expires_at TIMESTAMP(3) NOT NULL,
  reminder_channel_id BIGINT NOT NULL,
  reminder_user_id    BIGINT NOT NULL,
  reminder_sent       BOOLEAN NOT NULL DEFAULT false,
  guild_id            BIGINT NOT NULL,
  CONSTRAINT "Reminder_pkey" PRIMARY KEY (reminder_id)
);

CREATE TABLE "AFKModel" (
  member_id BIGINT NOT NULL,
  nickname  TEXT NOT NULL,
  reason    TEXT NOT NULL,
  since     TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  until     TIMESTAMP(3),
  guild_id  BIGINT NOT NULL,
  enforced  BOOLEAN NOT NULL DEFAULT false,
  perm_afk  BOOLEAN NOT NULL DEFAULT false,
  CONSTRAINT "AFKModel_pkey" PRIMARY KEY (member_id)   -- alone: one row a person, whatever the guild
);

CREATE TABLE "Levels" (
  member_id    BIGINT NOT NULL,
  xp           DOUBLE PRECISION NOT NULL DEFAULT 0,
  level        BIGINT NOT NULL DEFAULT 0,
  blacklisted  BOOLEAN NOT NULL DEFAULT false,
  last_message TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  guild_id     BIGINT NOT NULL,
  CONSTRAINT "Levels_pkey" PRIMARY KEY (member_id, guild_id)
);

CREATE TABLE "Starboard" (
  guild_id             BIGINT NOT NULL,
  starboard_channel_id BIGINT NOT NULL,
  starboard_emoji      TEXT NOT NULL,
  starboard_threshold  INTEGER NOT NULL,
  CONSTRAINT "Starboard_pkey" PRIMARY KEY (guild_id)
);

CREATE TABLE "StarboardMessage" (
  message_id           BIGINT NOT NULL,
  message_content      TEXT NOT NULL,
  message_created_at   TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  message_expires_at   TIMESTAMP(3) NOT NULL,
  message_channel_id   BIGINT NOT NULL,
  message_user_id      BIGINT NOT NULL,
  message_guild_id     BIGINT NOT NULL,
  star_count           INTEGER NOT NULL DEFAULT 0,
  starboard_message_id BIGINT NOT NULL,
  CONSTRAINT "StarboardMessage_pkey" PRIMARY KEY (message_id)
);

CREATE TABLE "Note" (                     -- deliberately NOT migrated
  note_id           BIGSERIAL NOT NULL,
  note_content      TEXT NOT NULL,
  note_created_at   TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  note_moderator_id BIGINT NOT NULL,
  note_user_id      BIGINT NOT NULL,
  note_number       BIGINT,
  guild_id          BIGINT NOT NULL,
  CONSTRAINT "Note_pkey" PRIMARY KEY (note_id)
);

-- plain and unique indexes (Prisma's naming: Table_cols_idx / Table_cols_key)
CREATE INDEX        "Guild_guild_id_idx"        ON "Guild" (guild_id);
CREATE UNIQUE INDEX "GuildConfig_guild_id_key"  ON "GuildConfig" (guild_id);
CREATE INDEX        "GuildConfig_guild_id_idx"  ON "GuildConfig" (guild_id);
CREATE UNIQUE INDEX "Case_case_number_guild_id_key" ON "Case" (case_number, guild_id);
CREATE INDEX "Case_case_number_guild_id_idx"       ON "Case" (case_number, guild_id);
CREATE INDEX "Case_guild_id_case_user_id_idx"      ON "Case" (guild_id, case_user_id);
CREATE INDEX "Case_guild_id_case_moderator_id_idx" ON "Case" (guild_id, case_moderator_id);
CREATE INDEX "Case_guild_id_case_type_idx"         ON "Case" (guild_id, case_type);
CREATE INDEX "Case_case_type_case_expires_at_case_tempban_expired_idx"
                                                   ON "Case" (case_type, case_expires_at, case_tempban_expired);
CREATE INDEX "Case_case_created_at_idx"            ON "Case" (case_created_at DESC);
CREATE UNIQUE INDEX "Snippet_snippet_name_guild_id_key" ON "Snippet" (snippet_name, guild_id);
CREATE INDEX        "Snippet_snippet_name_guild_id_idx" ON "Snippet" (snippet_name, guild_id);
CREATE UNIQUE INDEX "Reminder_reminder_id_guild_id_key" ON "Reminder" (reminder_id, guild_id);
CREATE INDEX        "Reminder_reminder_id_guild_id_idx" ON "Reminder" (reminder_id, guild_id);
CREATE UNIQUE INDEX "AFKModel_member_id_guild_id_key" ON "AFKModel" (member_id, guild_id);
CREATE INDEX        "AFKModel_member_id_idx"          ON "AFKModel" (member_id);
CREATE UNIQUE INDEX "Levels_member_id_guild_id_key"   ON "Levels" (member_id, guild_id);
CREATE INDEX        "Levels_member_id_idx"            ON "Levels" (member_id);
CREATE UNIQUE INDEX "Starboard_guild_id_key" ON "Starboard" (guild_id);
CREATE INDEX        "Starboard_guild_id_idx" ON "Starboard" (guild_id);
CREATE UNIQUE INDEX "StarboardMessage_message_id_message_guild_id_key" ON "StarboardMessage" (message_id, message_guild_id);
CREATE INDEX        "StarboardMessage_message_id_message_guild_id_idx" ON "StarboardMessage" (message_id, message_guild_id);
CREATE UNIQUE INDEX "Note_note_number_guild_id_key" ON "Note" (note_number, guild_id);
CREATE INDEX        "Note_note_number_guild_id_idx" ON "Note" (note_number, guild_id);

-- nine foreign keys, all to "Guild"(guild_id)
ALTER TABLE "GuildConfig" ADD CONSTRAINT "GuildConfig_guild_id_fkey" FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Case"        ADD CONSTRAINT "Case_guild_id_fkey"        FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Snippet"     ADD CONSTRAINT "Snippet_guild_id_fkey"     FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Reminder"    ADD CONSTRAINT "Reminder_guild_id_fkey"    FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "AFKModel"    ADD CONSTRAINT "AFKModel_guild_id_fkey"    FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Levels"      ADD CONSTRAINT "Levels_guild_id_fkey"      FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Starboard"   ADD CONSTRAINT "Starboard_guild_id_fkey"   FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "StarboardMessage" ADD CONSTRAINT "StarboardMessage_message_guild_id_fkey" FOREIGN KEY (message_guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Note"        ADD CONSTRAINT "Note_guild_id_fkey"        FOREIGN KEY (guild_id) REFERENCES "Guild" (guild_id) ON UPDATE CASCADE ON DELETE RESTRICT;
