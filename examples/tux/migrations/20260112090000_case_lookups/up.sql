-- Bans that are over, and the cases of a guild by their number.
CREATE INDEX idx_case_expired_tempbans ON cases (guild_id, case_type, case_status, case_expires_at)
  WHERE case_type = 'TEMPBAN' AND case_status = TRUE AND case_processed = FALSE AND case_expires_at IS NOT NULL;
CREATE INDEX idx_case_guild_number ON cases (guild_id, case_number);
