-- Somebody has tried the new bot already.
INSERT INTO custom_command_creators (discord_id, username, created_at, total_commands, active_commands)
VALUES (42, 'tester', '2025-08-02 09:00:00', 1, 1);
INSERT INTO custom_commands (name, content, creator_id, created_at)
SELECT 'hello', 'Hello from the new bot', id, '2025-08-02 09:00:00' FROM custom_command_creators WHERE discord_id = 42;
