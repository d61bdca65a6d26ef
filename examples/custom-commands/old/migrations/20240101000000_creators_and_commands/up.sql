-- As the old bot made it: no unique names, no unique Discord ids, no foreign key.
CREATE TABLE creator (
    id        INTEGER PRIMARY KEY,
    name      VARCHAR(255) NOT NULL,
    discordid INTEGER NOT NULL
);

CREATE TABLE command (
    id         INTEGER PRIMARY KEY,
    name       VARCHAR(255) NOT NULL,
    message    VARCHAR(255) NOT NULL,
    creator_id INTEGER NOT NULL,
    createtime DATETIME NOT NULL,
    last_used  DATETIME NULL,
    sent_warns DATETIME NULL
);
