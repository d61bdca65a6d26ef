DELETE FROM custom_commands WHERE name = 'hello';
DELETE FROM custom_command_creators WHERE discord_id = 42;
