DELETE FROM command;
DELETE FROM creator;
