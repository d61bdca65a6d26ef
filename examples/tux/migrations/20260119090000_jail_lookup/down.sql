DROP INDEX idx_case_jail_unjail;
