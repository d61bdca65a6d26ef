//! Files that are hard to split and that every server takes: what stands between their statements, and in them.
//!
//! Every name begins with the file's own, so that any number of files fit into one database.

use super::random::Random;
use crate::support::Backend;

/// What may stand between two statements, and before the first.
const BETWEEN: [&str; 16] = [
    "\n",
    "\n\n",
    " ",
    "",
    "\r\n",
    "\t",
    ";",
    " ; ;\n",
    "-- it's; not\n",
    "/* ; ' \" $$ */",
    "/* -- */ ",
    "\n--\n",
    "-- manager: ;\n",
    "/**/",
    "\n-- BEGIN; END;\r\n",
    "/* CREATE TRIGGER t BEGIN */",
];

/// What may stand within a statement where a blank may stand.
const WITHIN: [&str; 10] = [" ", " ", " ", "\n", "\r\n  ", "\t", " -- ; it's\n", " /* ; */ ", "/* ' */", " --;\n--\"\n"];

/// What may follow the last statement.
const LAST: [&str; 10] =
    ["", "\n", "-- no line end", "\n-- it's; \"no\" line end $$", " /* ; */", ";;", "\r\n", "\n\n\t ", "--", "\n;--;"];

/// Texts whose insides look like the end of something.
const INSIDES: [&str; 18] = [
    ";",
    "it's",
    "; END;",
    "--",
    "-- ;\n",
    "/*",
    "*/",
    "/* ; */",
    "$$",
    "\"",
    "\n;\n",
    "\r\n",
    "größe; é",
    "`",
    "[;]",
    "$1",
    "?;:a",
    "",
];

/// A generator of files for one database.
pub struct Files {
    random: Random,
    backend: Backend,
    /// What the names of the file begin with.
    prefix: String,
}

impl Files {
    /// Files by chance.
    pub fn new(backend: Backend) -> Self {
        Self { random: Random::new(), backend, prefix: String::new() }
    }

    /// A file whose names begin with `prefix`.
    pub fn file(&mut self, prefix: &str) -> String {
        self.prefix = prefix.to_owned();
        let mut text = if self.random.once_in(8) { "\u{feff}".to_owned() } else { String::new() };
        text += self.random.one_of(&BETWEEN);
        text += &self.base();
        for number in 0..self.random.below(8) {
            text += self.random.one_of(&["", " ", "\n", " /* ' */", "-- ;\n"]);
            text += ";";
            text += self.random.one_of(&BETWEEN);
            text += &match self.backend {
                Backend::Postgres => self.of_postgres(number),
                Backend::Sqlite => self.of_sqlite(number),
            };
        }
        text += self.random.one_of(&[";", " ;", "", "\n"]);
        text += self.random.one_of(&LAST);
        match self.backend {
            Backend::Postgres => text,
            // The shell drops the carriage return of a line, also within a string; the library keeps it, as manage does.
            Backend::Sqlite => text.replace('\r', ""),
        }
    }

    /// A table for the others to speak of.
    fn base(&mut self) -> String {
        self.written(match self.backend {
            Backend::Postgres => "CREATE TABLE #base (id int PRIMARY KEY, \"b;c\" text DEFAULT '?', v int[])",
            Backend::Sqlite => "CREATE TABLE #base (id INTEGER PRIMARY KEY, \"b;c\" TEXT DEFAULT '?', [v;w] BLOB)",
        })
    }

    /// `template` with blanks and comments at its spaces. `#` begins each name; `'?'` is any string.
    fn written(&mut self, template: &str) -> String {
        let words: Vec<_> = template.split(' ').collect();
        let mut text = words[0].to_owned();
        for word in &words[1..] {
            text += self.random.one_of(&WITHIN);
            text += word;
        }
        let parts: Vec<_> = text.replace('#', &self.prefix).split("'?'").map(str::to_owned).collect();
        let mut text = parts[0].clone();
        for part in &parts[1..] {
            text += &self.string();
            text += part;
        }
        text
    }

    /// A string in one of its forms.
    fn string(&mut self) -> String {
        let inside: String = (0..self.random.below(4)).map(|_| self.random.one_of(&INSIDES)).collect();
        let doubled = inside.replace('\'', "''");
        if self.backend == Backend::Sqlite {
            return format!("'{doubled}'");
        }
        match self.random.below(8) {
            0 => format!("'{doubled}'"),
            1 => self.dollar_quoted(&inside),
            2 => format!("'{doubled}'\n  'and; more'"),
            3 => format!("E'{doubled}\\'; \\\\'"),
            4 => format!("e'\\n{}'\n';'", inside.replace('\'', "\\'")),
            5 => format!("U&'d\\0061;{doubled}'"),
            6 => format!("(N'{doubled}'::text)"),
            _ => format!("'{doubled}\\'"),
        }
    }

    fn dollar_quoted(&mut self, inside: &str) -> String {
        let tag = self.random.one_of(&["$_$", "$a$", "$größe$", "$A1$", "$body$"]);
        format!("{tag}{inside} {tag}")
    }

    /// The code of a function, quoted in one of the ways.
    fn body(&mut self, code: &str) -> String {
        let code = self.written(code);
        match self.random.below(3) {
            0 if !code.contains("$$") => format!("$${code}$$"),
            1 => format!("E'{}'", code.replace('\\', "\\\\").replace('\'', "''")),
            _ => format!("$the_body${code}$the_body$"),
        }
    }

    fn of_postgres(&mut self, n: usize) -> String {
        let template = match self.random.below(20) {
            0 => format!("INSERT INTO #base (id, \"b;c\") VALUES ({n}, '?'), ({n} + 100, '?')"),
            1 => format!("CREATE TABLE \"#t;{n}\" (\"a\"\"b;\" text CHECK (\"a\"\"b;\" <> '?'), c int DEFAULT (1 + 2))"),
            2 => {
                let code =
                    "BEGIN INSERT INTO #base (id) VALUES (a); IF true THEN NULL; END IF; RETURN CASE WHEN a > 1 THEN 1 END; END";
                return self.written(&format!("CREATE FUNCTION #f{n}(a int) RETURNS int LANGUAGE plpgsql AS "))
                    + &self.body(code);
            }
            3 => {
                let code = "BEGIN EXECUTE $in$ CREATE TABLE IF NOT EXISTS #done (x int DEFAULT 1); $in$; PERFORM '?'; END";
                return format!("DO {}", self.body(code));
            }
            4 => format!(
                "CREATE OR REPLACE FUNCTION #a{n}() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN id > 1 THEN 2 \
                 ELSE CASE id WHEN 1 THEN 3 END END FROM #base; SELECT length('?'); END"
            ),
            5 => format!(
                "CREATE PROCEDURE #p{n}(begin_ int) BEGIN ATOMIC INSERT INTO #base (id) VALUES (begin_); \
                 DELETE FROM #base WHERE id = begin_; END"
            ),
            6 => format!("CREATE FUNCTION #r{n}(a int) RETURNS text RETURN CASE WHEN a > 1 THEN '?' ELSE '?' END"),
            7 => format!(
                "CREATE RULE #rule{n} AS ON DELETE TO #base WHERE old.id = 5{n} DO ALSO (UPDATE #base SET v = '{{1,2}}' ; \
                 INSERT INTO #base (id) VALUES (1000 + {n}); )"
            ),
            8 => {
                let code = "BEGIN new.\"b;c\" := new.\"b;c\" || '?'; RETURN new; END";
                let function = self.written(&format!("CREATE FUNCTION #tf{n}() RETURNS trigger LANGUAGE plpgsql AS "));
                let trigger = format!("CREATE TRIGGER \"#tr;{n}\" BEFORE UPDATE ON #base FOR EACH ROW EXECUTE FUNCTION #tf{n}()");
                return format!("{function}{};{}", self.body(code), self.written(&trigger));
            }
            9 => format!(
                "CREATE VIEW #v{n} AS SELECT id AS \"begin;\", CASE WHEN id > 1 THEN '?' END AS e, v[1:2] AS s FROM #base"
            ),
            10 => "UPDATE #base SET \"b;c\" = CASE WHEN id > 2 THEN '?' ELSE \"b;c\" || '?' END".to_owned(),
            11 => "COMMENT ON TABLE #base IS 'a;''b' ; COMMENT ON COLUMN #base.\"b;c\" IS E'\\';'".to_owned(),
            12 => format!("CREATE TYPE #e{n} AS ENUM ('a;', 'it''s', '--', U&'\\0061b')"),
            13 => format!("CREATE DOMAIN #d{n} AS text CHECK (value <> '?' AND value !~ '^;$')"),
            14 => "SELECT 1 <>-1, array[2]@>array[3], 1 -/* ; */- 2, 3 *--;\n4".to_owned(),
            15 => {
                // No string of this file may end with a backslash while the setting is off.
                return "SET LOCAL standard_conforming_strings = off; SELECT 'a;', 'it''s; -- '; \
                        SET LOCAL standard_conforming_strings = on"
                    .to_owned();
            }
            16 => format!("CREATE TABLE #u{n} (u&\"d\\0061;ta\" int, U&\"!0061\" UESCAPE '!' int, \"größe;\" int)"),
            17 => format!("CREATE TABLE #g{n} (function int, procedure int, \"end\" int, atomic int, copy int, stdin int)"),
            18 => format!("CREATE INDEX \"#i;{n}\" ON #base ((\"b;c\" || ';')) WHERE \"b;c\" <> '?'"),
            _ => "WITH x AS (SELECT 1 AS \"a;\") SELECT (SELECT CASE \"a;\" WHEN 1 THEN '?' END), $_1$;$_1$ FROM x".to_owned(),
        };
        let nested = if self.random.once_in(4) { "/* /* ; ' */ ; */" } else { "" };
        format!("{nested}{}", self.written(&template))
    }

    fn of_sqlite(&mut self, n: usize) -> String {
        let template = match self.random.below(16) {
            0 => format!("INSERT INTO #base (id, \"b;c\") VALUES ({n}000 + 50, '?'), ({n}000 + 500, '?')"),
            1 => format!(
                "CREATE TABLE \"#t;{n}\" ([a;b] TEXT CHECK ([a;b] <> '?'), `c;d` INT DEFAULT (1 + 2), \"e\"\"f;\" BLOB DEFAULT x'3b')"
            ),
            2 => format!(
                "CREATE TRIGGER #tr{n} AFTER INSERT ON #base WHEN new.id > CASE 1 WHEN 1 THEN 500 END BEGIN UPDATE #base \
                 SET \"b;c\" = CASE WHEN id > 1 THEN '?' ELSE CASE id WHEN 1 THEN ';END;' END END; SELECT '?'; END"
            ),
            3 => format!(
                "CREATE TRIGGER IF NOT EXISTS [#tr;{n}] UPDATE OF id ON #base BEGIN INSERT INTO #base (\"b;c\") VALUES ('?'); \
                 DELETE FROM #base WHERE \"b;c\" = ';END'; END"
            ),
            4 => format!("CREATE VIEW #v{n} AS SELECT id AS \"w;\", CASE WHEN id THEN '?' END AS [e;f] FROM #base"),
            5 => "UPDATE #base SET \"b;c\" = CASE WHEN id > 2 THEN '?' ELSE \"b;c\" || '?' END".to_owned(),
            6 => format!("CREATE INDEX \"#i;{n}\" ON #base (\"b;c\" || ';') WHERE \"b;c\" <> '?'"),
            7 => format!("CREATE TABLE #g{n} (a INT, b INT AS (a + 1) STORED, c TEXT AS (a || '?'))"),
            8 => "INSERT INTO #base (\"b;c\", [v;w]) VALUES ('?', x'3B27'), (x'', X'00')".to_owned(),
            9 => format!("CREATE TABLE #w{n} (a TEXT PRIMARY KEY, b) WITHOUT ROWID ; INSERT INTO #w{n} VALUES ('?', 1)"),
            10 => "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) \
                   INSERT INTO #base (\"b;c\") SELECT 'n;' || i FROM n"
                .to_owned(),
            11 => format!("ALTER TABLE #base ADD COLUMN \"x;{n}\" TEXT DEFAULT '?';SELECT 1"),
            12 => format!(
                "CREATE TEMP TRIGGER #tmp{n} AFTER DELETE ON #base BEGIN SELECT CASE 1 WHEN 2 THEN ';' END; END ; DROP TRIGGER #tmp{n}"
            ),
            13 => "EXPLAIN QUERY PLAN SELECT ';' ; SELECT ?1, :a, @b, $c::d(e;f)".to_owned(),
            14 => format!(
                "CREATE TABLE #n{n} (id INTEGER PRIMARY KEY, b TEXT) ; INSERT INTO #n{n} VALUES (1, '?') ; CREATE TABLE #o{n} (b TEXT) ; \
                 INSERT INTO #o{n} SELECT b FROM #n{n} ; DROP TABLE #n{n} ; ALTER TABLE #o{n} RENAME TO #n{n}"
            ),
            _ => "SELECT 1->>'$', 2 <> 3, 4 || ';', 5e-3".to_owned(),
        };
        self.written(&template)
    }
}
