DROP TABLE command;
DROP TABLE creator;
