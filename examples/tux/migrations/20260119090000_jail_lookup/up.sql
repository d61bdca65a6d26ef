-- Who is in jail, and who was let out.
CREATE INDEX idx_case_jail_unjail ON cases (guild_id, case_user_id, case_type, id)
  WHERE case_type IN ('JAIL', 'UNJAIL');
