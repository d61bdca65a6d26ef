-- The schema of version 0.1 as its first revision made it.
-- Only created_at and updated_at have a default here; every other one (prefix '$', false, 0, []) is the application's, so
-- that whoever writes without it has to give the value. updated_at is kept up by the application too: there is no trigger.
-- Times are without a zone, and UTC by convention.
CREATE TYPE case_type_enum AS ENUM (
  'BAN','UNBAN','HACKBAN','TEMPBAN','KICK','TIMEOUT','UNTIMEOUT','WARN','JAIL',
  'UNJAIL','SNIPPETBAN','SNIPPETUNBAN','POLLBAN','POLLUNBAN'
);
CREATE TYPE onboarding_stage_enum AS ENUM (
  'NOT_STARTED','DISCOVERED','INITIALIZED','CONFIGURED','COMPLETED'
);

CREATE TABLE guild (
  created_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id              BIGSERIAL NOT NULL PRIMARY KEY,
  guild_joined_at TIMESTAMP,
  case_count      INTEGER NOT NULL,
  CONSTRAINT check_case_count_positive CHECK (case_count >= 0),
  CONSTRAINT check_guild_id_valid      CHECK (id > 0)
);
CREATE INDEX idx_guild_id ON guild (id);

CREATE TABLE guild_config (
  created_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                   BIGINT NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
  prefix               VARCHAR(3) NOT NULL,                       -- ORM default '$'
  mod_log_id           BIGINT,
  audit_log_id         BIGINT,
  join_log_id          BIGINT,
  private_log_id       BIGINT,
  report_log_id        BIGINT,
  dev_log_id           BIGINT,
  jail_channel_id      BIGINT,
  jail_role_id         BIGINT,
  onboarding_completed BOOLEAN NOT NULL,                          -- ORM default false
  onboarding_stage     onboarding_stage_enum,
  CONSTRAINT check_guild_config_guild_id_valid CHECK (id > 0),
  CONSTRAINT check_prefix_not_empty      CHECK (length(prefix) > 0),
  CONSTRAINT check_mod_log_id_valid      CHECK (mod_log_id IS NULL OR mod_log_id > 0),
  CONSTRAINT check_audit_log_id_valid    CHECK (audit_log_id IS NULL OR audit_log_id > 0),
  CONSTRAINT check_join_log_id_valid     CHECK (join_log_id IS NULL OR join_log_id > 0),
  CONSTRAINT check_private_log_id_valid  CHECK (private_log_id IS NULL OR private_log_id > 0),
  CONSTRAINT check_report_log_id_valid   CHECK (report_log_id IS NULL OR report_log_id > 0),
  CONSTRAINT check_dev_log_id_valid      CHECK (dev_log_id IS NULL OR dev_log_id > 0),
  CONSTRAINT check_jail_channel_id_valid CHECK (jail_channel_id IS NULL OR jail_channel_id > 0),
  CONSTRAINT check_jail_role_id_valid    CHECK (jail_role_id IS NULL OR jail_role_id > 0)
);

CREATE TABLE permission_ranks (
  created_at  TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at  TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id          BIGSERIAL NOT NULL PRIMARY KEY,
  guild_id    BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  rank        INTEGER NOT NULL,
  name        VARCHAR(100) NOT NULL,
  description VARCHAR(500),
  CONSTRAINT check_permission_rank_guild_id_valid CHECK (guild_id > 0),
  CONSTRAINT check_rank_name_not_empty CHECK (length(name) > 0),
  CONSTRAINT check_rank_range          CHECK (rank >= 0 AND rank <= 10),
  CONSTRAINT unique_permission_rank_name UNIQUE (guild_id, name),
  CONSTRAINT unique_permission_rank      UNIQUE (guild_id, rank)
);
CREATE INDEX idx_permission_ranks_guild ON permission_ranks (guild_id);
CREATE INDEX idx_permission_ranks_rank  ON permission_ranks (rank);

CREATE TABLE permission_assignments (
  created_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                 BIGSERIAL NOT NULL PRIMARY KEY,
  guild_id           BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  permission_rank_id BIGINT NOT NULL REFERENCES permission_ranks (id) ON DELETE CASCADE,
  role_id            BIGINT NOT NULL,
  CONSTRAINT check_assignment_guild_id_valid CHECK (guild_id > 0),
  CONSTRAINT check_assignment_role_id_valid  CHECK (role_id > 0),
  CONSTRAINT unique_permission_assignment UNIQUE (guild_id, role_id)
);
CREATE INDEX idx_permission_assignments_guild ON permission_assignments (guild_id);
CREATE INDEX idx_permission_assignments_rank  ON permission_assignments (permission_rank_id);
CREATE INDEX idx_permission_assignments_role  ON permission_assignments (role_id);

CREATE TABLE permission_commands (
  created_at    TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at    TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id            BIGSERIAL NOT NULL PRIMARY KEY,
  guild_id      BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  command_name  VARCHAR(200) NOT NULL,
  required_rank INTEGER NOT NULL,
  description   VARCHAR(500),
  CONSTRAINT check_permission_command_guild_id_valid CHECK (guild_id > 0),
  CONSTRAINT check_command_name_not_empty CHECK (length(command_name) > 0),
  CONSTRAINT check_required_rank_range CHECK (required_rank >= 0 AND required_rank <= 10),
  CONSTRAINT unique_permission_command UNIQUE (guild_id, command_name)
);
CREATE INDEX idx_permission_commands_guild ON permission_commands (guild_id);
CREATE INDEX idx_permission_commands_rank  ON permission_commands (required_rank);

CREATE TABLE cases (
  created_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at         TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                 BIGSERIAL NOT NULL PRIMARY KEY,
  case_status        BOOLEAN NOT NULL,                            -- ORM default true
  case_processed     BOOLEAN NOT NULL,                            -- ORM default false
  case_type          case_type_enum,
  case_reason        VARCHAR(2000) NOT NULL,
  case_moderator_id  BIGINT NOT NULL,
  case_user_id       BIGINT NOT NULL,
  case_user_roles    JSON NOT NULL,                               -- ORM default []
  case_number        INTEGER,
  case_expires_at    TIMESTAMP,
  case_metadata      JSON,
  mod_log_message_id BIGINT,
  guild_id           BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  CONSTRAINT check_case_moderator_id_valid CHECK (case_moderator_id > 0),
  CONSTRAINT check_case_number_positive    CHECK (case_number IS NULL OR case_number >= 1),
  CONSTRAINT check_case_user_id_valid      CHECK (case_user_id > 0),
  CONSTRAINT check_case_guild_id_valid     CHECK (guild_id > 0),
  CONSTRAINT check_mod_msg_id_valid        CHECK (mod_log_message_id IS NULL OR mod_log_message_id > 0),
  CONSTRAINT uq_case_guild_case_number UNIQUE (guild_id, case_number)
);
CREATE INDEX idx_case_active_guild    ON cases (guild_id) WHERE case_status = TRUE;
CREATE INDEX idx_case_expires_at      ON cases (case_expires_at);
CREATE INDEX idx_case_guild           ON cases (guild_id);
CREATE INDEX idx_case_guild_moderator ON cases (guild_id, case_moderator_id);
CREATE INDEX idx_case_guild_user      ON cases (guild_id, case_user_id);
CREATE INDEX idx_case_number          ON cases (case_number);
CREATE INDEX idx_case_processed       ON cases (case_processed);
CREATE INDEX idx_case_status          ON cases (case_status);
CREATE INDEX idx_case_type            ON cases (case_type);
CREATE INDEX idx_case_unprocessed_expiring ON cases (case_expires_at)
  WHERE case_processed = FALSE AND case_expires_at IS NOT NULL;

CREATE TABLE snippet (
  created_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at      TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id              BIGSERIAL NOT NULL PRIMARY KEY,
  snippet_name    VARCHAR(100) NOT NULL,
  snippet_content VARCHAR(4000),
  snippet_user_id BIGINT NOT NULL,
  guild_id        BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  uses            INTEGER NOT NULL,                               -- ORM default 0
  locked          BOOLEAN NOT NULL,                               -- ORM default false
  alias           VARCHAR(100),
  CONSTRAINT check_snippet_guild_id_valid CHECK (guild_id > 0),
  CONSTRAINT check_snippet_name_not_empty CHECK (length(snippet_name) > 0),
  CONSTRAINT check_snippet_user_id_valid  CHECK (snippet_user_id > 0),
  CONSTRAINT check_snippet_uses_positive  CHECK (uses >= 0)
);
CREATE INDEX idx_snippet_guild  ON snippet (guild_id);
CREATE INDEX idx_snippet_locked ON snippet (locked);
CREATE UNIQUE INDEX idx_snippet_name_guild ON snippet (snippet_name, guild_id);
CREATE INDEX idx_snippet_user   ON snippet (snippet_user_id);
CREATE INDEX idx_snippet_uses   ON snippet (uses);

CREATE TABLE reminder (
  created_at          TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at          TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                  BIGSERIAL NOT NULL PRIMARY KEY,
  reminder_content    VARCHAR(2000) NOT NULL,
  reminder_expires_at TIMESTAMP NOT NULL,
  reminder_channel_id BIGINT NOT NULL,
  reminder_user_id    BIGINT NOT NULL,
  reminder_sent       BOOLEAN NOT NULL,                           -- ORM default false
  guild_id            BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  CONSTRAINT check_reminder_guild_id_valid   CHECK (guild_id > 0),
  CONSTRAINT check_reminder_channel_id_valid CHECK (reminder_channel_id > 0),
  CONSTRAINT check_reminder_user_id_valid    CHECK (reminder_user_id > 0)
);
CREATE INDEX idx_reminder_expires_at    ON reminder (reminder_expires_at);
CREATE INDEX idx_reminder_guild         ON reminder (guild_id);
CREATE INDEX idx_reminder_guild_expires ON reminder (guild_id, reminder_expires_at);
CREATE INDEX idx_reminder_guild_sent    ON reminder (guild_id, reminder_sent);
CREATE INDEX idx_reminder_pending       ON reminder (reminder_expires_at) WHERE reminder_sent = FALSE;
CREATE INDEX idx_reminder_sent          ON reminder (reminder_sent);
CREATE INDEX idx_reminder_user          ON reminder (reminder_user_id);

CREATE TABLE afk (
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  member_id  BIGINT NOT NULL,
  guild_id   BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  nickname   VARCHAR(100) NOT NULL,
  reason     VARCHAR(500) NOT NULL,
  since      TIMESTAMP NOT NULL,
  until      TIMESTAMP,
  enforced   BOOLEAN NOT NULL,                                    -- ORM default false
  perm_afk   BOOLEAN NOT NULL,                                    -- ORM default false
  CONSTRAINT check_afk_guild_id_valid    CHECK (guild_id > 0),
  CONSTRAINT check_afk_member_id_valid   CHECK (member_id > 0),
  CONSTRAINT check_afk_until_after_since CHECK (until IS NULL OR until > since),
  PRIMARY KEY (member_id, guild_id)
);
CREATE INDEX idx_afk_enforced ON afk (enforced);
CREATE INDEX idx_afk_expiring ON afk (until) WHERE until IS NOT NULL AND perm_afk = FALSE;
CREATE INDEX idx_afk_guild    ON afk (guild_id);
CREATE INDEX idx_afk_member   ON afk (member_id);
CREATE INDEX idx_afk_perm     ON afk (perm_afk);
CREATE INDEX idx_afk_until    ON afk (until);

CREATE TABLE levels (
  created_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at   TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  member_id    BIGINT NOT NULL,
  guild_id     BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  xp           DOUBLE PRECISION NOT NULL,                         -- ORM default 0.0
  level        INTEGER NOT NULL,                                  -- ORM default 0
  blacklisted  BOOLEAN NOT NULL,                                  -- ORM default false
  last_message TIMESTAMP NOT NULL,
  CONSTRAINT check_levels_guild_id_valid  CHECK (guild_id > 0),
  CONSTRAINT check_levels_member_id_valid CHECK (member_id > 0),
  CONSTRAINT check_level_positive         CHECK (level >= 0),
  CONSTRAINT check_xp_positive            CHECK (xp >= 0),
  PRIMARY KEY (member_id, guild_id)
);
CREATE INDEX idx_levels_active_leaderboard ON levels (guild_id, xp) WHERE blacklisted = FALSE;
CREATE INDEX idx_levels_blacklisted  ON levels (blacklisted);
CREATE INDEX idx_levels_guild_xp     ON levels (guild_id, xp);
CREATE INDEX idx_levels_last_message ON levels (last_message);
CREATE INDEX idx_levels_level        ON levels (level);
CREATE INDEX idx_levels_member       ON levels (member_id);

CREATE TABLE starboard (
  created_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                   BIGINT NOT NULL PRIMARY KEY REFERENCES guild (id) ON DELETE CASCADE,
  starboard_channel_id BIGINT NOT NULL,
  starboard_emoji      VARCHAR(64) NOT NULL,
  starboard_threshold  INTEGER NOT NULL,                          -- ORM default 1
  CONSTRAINT check_starboard_guild_id_valid     CHECK (id > 0),
  CONSTRAINT check_starboard_channel_id_valid   CHECK (starboard_channel_id > 0),
  CONSTRAINT check_starboard_threshold_positive CHECK (starboard_threshold >= 1)
);
CREATE INDEX idx_starboard_channel   ON starboard (starboard_channel_id);
CREATE INDEX idx_starboard_threshold ON starboard (starboard_threshold);

CREATE TABLE starboard_message (
  created_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at           TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  id                   BIGSERIAL NOT NULL PRIMARY KEY,
  message_content      VARCHAR(4000) NOT NULL,
  message_expires_at   TIMESTAMP NOT NULL,
  message_channel_id   BIGINT NOT NULL,
  message_user_id      BIGINT NOT NULL,
  message_guild_id     BIGINT NOT NULL REFERENCES guild (id) ON DELETE CASCADE,
  star_count           INTEGER NOT NULL,                          -- ORM default 0
  starboard_message_id BIGINT NOT NULL,
  CONSTRAINT check_starboard_msg_id_valid         CHECK (id > 0),
  CONSTRAINT check_starboard_msg_channel_id_valid CHECK (message_channel_id > 0),
  CONSTRAINT check_starboard_msg_guild_id_valid   CHECK (message_guild_id > 0),
  CONSTRAINT check_starboard_msg_user_id_valid    CHECK (message_user_id > 0),
  CONSTRAINT check_star_count_positive            CHECK (star_count >= 0),
  CONSTRAINT check_starboard_post_id_valid        CHECK (starboard_message_id > 0)
);
CREATE INDEX idx_starboard_msg_channel    ON starboard_message (message_channel_id);
CREATE INDEX idx_starboard_msg_expires    ON starboard_message (message_expires_at);
CREATE INDEX idx_starboard_msg_guild      ON starboard_message (message_guild_id);
CREATE INDEX idx_starboard_msg_star_count ON starboard_message (star_count);
CREATE INDEX idx_starboard_msg_user       ON starboard_message (message_user_id);
CREATE UNIQUE INDEX ux_starboard_message  ON starboard_message (id, message_guild_id);
