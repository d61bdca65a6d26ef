-- manage: unedited; this; is; a comment
/* so is this; it's /* not nested in SQLite */
PRAGMA user_version = 7; PRAGMA main.application_id(42) ;;
;

CREATE TABLE "semi;colon" ([a;b] TEXT DEFAULT ';', `c"d` BLOB, "e""f" INTEGER CHECK ("e""f" <> ';')) /* kept? */ ; -- no;
CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT NOT NULL /* ; -- ' */, at TEXT);
INSERT INTO "semi;colon" VALUES ('it''s; -- fine', x'3b', 1), ('/* ; */', X'', 2),
  ('line
break;', NULL, -3);

CREATE TRIGGER "on;insert" AFTER INSERT ON "semi;colon" WHEN new.[a;b] IS NOT NULL
BEGIN
  INSERT INTO log (what) VALUES (CASE new.`c"d` WHEN x'3b' THEN 'END;' ELSE CASE WHEN 1 THEN ';' END END);
  -- END;
  UPDATE log SET at = (SELECT CASE WHEN count(*) > 1 THEN 'many' ELSE 'one' END FROM log); /* ; END; */
  SELECT 1;
END;
create temporary trigger t_log before delete on log begin select raise(ignore) where old.what = ';'; end -- tail
;
INSERT INTO "semi;colon" VALUES ('x', x'3b', 1); INSERT INTO "semi;colon" VALUES ('y', NULL, 2);INSERT INTO log(what)VALUES('end');
DELETE FROM log;
EXPLAIN CREATE TRIGGER never AFTER INSERT ON log BEGIN SELECT 1; SELECT 2; END;
EXPLAIN QUERY PLAN SELECT 1;

BEGIN IMMEDIATE; SAVEPOINT a; INSERT INTO log (what) VALUES ('gone'); ROLLBACK TO a; RELEASE a; END TRANSACTION;
CREATE VIEW v AS SELECT what || ';' AS "w;" FROM log WHERE what->>'$' IS NULL OR 1 <> 2;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3)
INSERT INTO log (what, at) SELECT 'n' || i, $account FROM n WHERE i <> ?2 OR :now IS NULL;

PRAGMA foreign_keys = OFF;
CREATE TABLE log_new (id INTEGER PRIMARY KEY, what TEXT NOT NULL, at TEXT, "größe" REAL DEFAULT 1.5e-3);
INSERT INTO log_new (id, what, at) SELECT id, what, at FROM log;
DROP VIEW v;
DROP TRIGGER "on;insert";
DROP TABLE log;
ALTER TABLE log_new RENAME TO log;
CREATE TABLE "last" (a) /* the end is open; it's legal
