-- What may be done to a migration is said by the code that writes it: a closed list would need a step like this
-- one for every new word. New since: repaired, adopted.
ALTER TABLE manage.manage_migration_log DROP CONSTRAINT manage_migration_log_action_check;
