DROP INDEX idx_case_guild_number;
DROP INDEX idx_case_expired_tempbans;
