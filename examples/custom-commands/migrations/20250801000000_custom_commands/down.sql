DROP TABLE custom_commands;
DROP TABLE custom_command_creators;
