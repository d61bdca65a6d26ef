DROP TABLE content;
DROP TABLE tasks;
DROP TABLE content_ideas;
