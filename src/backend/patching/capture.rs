//! Capture: triggers that keep each row of a table, before and after, in the order in which it is changed; and the
//! statements that hold what was kept against itself and against the table, and make images of it.
//!
//! They are made when a run begins and gone before it is committed. On SQLite they are temporary triggers, which come
//! before the project's own; on PostgreSQL their name begins with a blank, so that they do, too.

use super::image::{Image, Slot, all, any, collate, list, number};
use super::target::{Target, TargetColumn, UniqueKey};
use crate::domain::engine::Engine;
use crate::domain::schema::quoted;

/// What begins the name of a trigger that captures, and of no trigger of a project.
pub(in crate::backend) const TRIGGER: &str = " manage capture";

/// A table of which every changed row is kept.
#[derive(Debug, Clone)]
pub struct Capture {
    /// The table that keeps them, as it must stand in a statement.
    pub log: String,
    /// Its name as the counters have it.
    pub log_counted: String,
    /// The table that is watched.
    pub target: Target,
    /// What names one of its rows.
    pub key: UniqueKey,
    keys: Vec<TargetColumn>,
}

/// One side of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The row as it was.
    Before,
    /// The row as it is.
    After,
}

impl Side {
    fn slot(self) -> Slot {
        match self {
            Self::Before => Slot::Before,
            Self::After => Slot::After,
        }
    }

    /// The change that has no such side.
    fn missing_in(self) -> &'static str {
        match self {
            Self::Before => "insert",
            Self::After => "delete",
        }
    }
}

impl Capture {
    /// Watches `target`, whose rows `key` names, and keeps them in the table `log` of the ledger.
    pub fn new(log: String, target: Target, key: UniqueKey) -> Self {
        let keys = key.columns.iter().filter_map(|name| target.column(name, false).cloned()).collect();
        let log_counted = log.strip_prefix("main.").unwrap_or(&log).to_owned();
        Self { log, log_counted, target, key, keys }
    }

    /// The statements that begin it.
    pub fn begin(&self, engine: Engine) -> Vec<String> {
        let mut columns = vec![
            match engine {
                Engine::Sqlite => "seq INTEGER PRIMARY KEY",
                Engine::Postgres => "seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
            }
            .to_owned(),
            "op TEXT NOT NULL".to_owned(),
        ];
        for slot in [Slot::Before, Slot::After] {
            columns.extend(self.target.columns.iter().map(|column| format!("{} {}", slot.of(column), column.image_type)));
        }
        let mut out = vec![format!("CREATE TABLE {} ({})", self.log, columns.join(", "))];
        out.extend(match engine {
            Engine::Sqlite => self.triggers_of_sqlite(),
            Engine::Postgres => self.triggers_of_postgres(),
        });
        out
    }

    /// What keeps a change: the statement within a trigger.
    fn keep(&self, op: &str, log: &str) -> String {
        let mut into = vec!["op".to_owned()];
        let mut values = vec![format!("'{op}'")];
        for (side, row) in [(Side::Before, "OLD"), (Side::After, "NEW")] {
            if side.missing_in() != op {
                into.extend(self.target.columns.iter().map(|column| side.slot().of(column)));
                values.extend(self.target.columns.iter().map(|column| column.kept(&column.sql(row))));
            }
        }
        format!("INSERT INTO {log} ({}) VALUES ({})", into.join(", "), values.join(", "))
    }

    fn triggers_of_sqlite(&self) -> Vec<String> {
        // A body names no schema; there is no temporary table of this name.
        let one = |op: &&str| {
            format!(
                "CREATE TEMP TRIGGER {} AFTER {} ON {} BEGIN {}; END",
                quoted(&self.trigger_of_sqlite(op)),
                op.to_uppercase(),
                self.target.sql,
                self.keep(op, &self.log_counted)
            )
        };
        OPS.iter().map(one).collect()
    }

    fn trigger_of_sqlite(&self, op: &str) -> String {
        format!("{}_{op}", self.log_counted)
    }

    /// The function writes with the rights of this role: a trigger of the project may have changed to another one.
    fn triggers_of_postgres(&self) -> Vec<String> {
        let keep = |op: &str| self.keep(op, &self.log).replace('\'', "''");
        vec![
            format!(
                "CREATE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS ' BEGIN \
                 IF TG_OP OPERATOR(pg_catalog.=) ''INSERT'' THEN {}; \
                 ELSIF TG_OP OPERATOR(pg_catalog.=) ''UPDATE'' THEN {}; \
                 ELSE {}; END IF; RETURN NULL; END '",
                self.log,
                keep("insert"),
                keep("update"),
                keep("delete")
            ),
            format!(
                "CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()",
                quoted(TRIGGER),
                self.target.sql,
                self.log
            ),
        ]
    }

    /// The statements that end it, once nothing more can be written.
    pub fn end(&self, engine: Engine) -> Vec<String> {
        let mut out = match engine {
            Engine::Sqlite => OPS.iter().map(|op| format!("DROP TRIGGER temp.{}", quoted(&self.trigger_of_sqlite(op)))).collect(),
            // Whoever may make a trigger may not drop it, where the table is somebody else's; but the function is ours.
            Engine::Postgres => vec![format!("DROP FUNCTION {}() CASCADE", self.log)],
        };
        out.push(format!("DROP TABLE {}", self.log));
        out
    }

    /// The number of the change that was kept last.
    pub fn last(&self) -> String {
        format!("SELECT COALESCE(max(seq), 0) FROM {}", self.log)
    }

    /// How many changes of each kind were kept behind `from`.
    pub fn counts(&self, from: i64) -> String {
        format!("SELECT op, count(*) FROM {} WHERE seq > {from} GROUP BY op", self.log)
    }

    /// How many changes gave a row another key.
    pub fn renamed(&self, from: i64) -> String {
        let same = all(self
            .keys
            .iter()
            .zip(&self.key.collations)
            .map(|(key, collation)| {
                format!("{} = {}{}", Slot::Before.of(key), Slot::After.of(key), collate(collation.as_deref()))
            })
            .collect());
        format!("SELECT count(*) FROM {} WHERE seq > {from} AND op = 'update' AND ({same}) IS NOT TRUE", self.log)
    }

    /// The key of a change: that of the row before, or of the one that was made.
    fn key_of(&self, alias: &str) -> Vec<String> {
        let one = |(key, collation): (&TargetColumn, &Option<String>)| {
            let (before, after) = (Slot::Before.of(key), Slot::After.of(key));
            let value = format!("(CASE WHEN {alias}.op = 'insert' THEN {alias}.{after} ELSE {alias}.{before} END)");
            format!("{value}{}", collate(collation.as_deref()))
        };
        self.keys.iter().zip(&self.key.collations).map(one).collect()
    }

    /// How many changes do not begin where the change of the same row before them has ended.
    pub fn broken(&self, from: i64, engine: Engine) -> String {
        let columns = &self.target.columns;
        let lags = columns.iter().map(|column| {
            let after = Slot::After.of(column);
            format!("lag(c.{after}) OVER w AS l{}", column.number)
        });
        let differs = any(columns
            .iter()
            .map(|column| column.differs(&Slot::Before.of(column), &format!("l{}", column.number), engine))
            .collect());
        let befores = list(columns, |column| format!("c.{}", Slot::Before.of(column)));
        format!(
            "SELECT count(*) FROM (SELECT c.op, {befores}, lag(c.op) OVER w AS lop, {} FROM {} AS c WHERE c.seq > {from} \
             WINDOW w AS (PARTITION BY {} ORDER BY c.seq)) AS k \
             WHERE lop IS NOT NULL AND ((lop = 'delete') <> (op = 'insert') OR (op <> 'insert' AND ({differs})))",
            list(lags, |lag| lag),
            self.log,
            self.key_of("c").join(", ")
        )
    }

    /// How many rows are not in the table as the last change of each says.
    pub fn stale(&self, from: i64, engine: Engine) -> String {
        let first = self.keys.first().map(|key| key.sql("t")).unwrap_or_default();
        let joined = all(self
            .keys
            .iter()
            .zip(&self.key.collations)
            .map(|(key, collation)| {
                let value =
                    format!("CASE WHEN c.op = 'insert' THEN c.{} ELSE c.{} END", Slot::After.of(key), Slot::Before.of(key));
                format!("{} = {}{}", key.sql("t"), key.restored(&format!("({value})")), collate(collation.as_deref()))
            })
            .collect());
        let differs = any(self
            .target
            .columns
            .iter()
            .map(|column| {
                let kept = column.restored(&format!("c.{}", Slot::After.of(column)));
                column.differs(&column.sql("t"), &kept, engine)
            })
            .collect());
        format!(
            "SELECT count(*) FROM {} AS c JOIN ({}) AS m ON m.hi = c.seq LEFT JOIN {} AS t ON {joined} \
             WHERE CASE WHEN c.op = 'delete' THEN {first} IS NOT NULL ELSE ({first} IS NULL OR {differs}) END",
            self.log,
            self.ends(from),
            self.target.sql
        )
    }

    /// The first and the last change of each row.
    fn ends(&self, from: i64) -> String {
        format!(
            "SELECT min(c.seq) AS lo, max(c.seq) AS hi FROM {} AS c WHERE c.seq > {from} GROUP BY {}",
            self.log,
            self.key_of("c").join(", ")
        )
    }

    /// An image of what became of rows in the end: those that were made, deleted or changed.
    pub fn image(&self, table: String, op: &str, volatile: Vec<String>) -> Image {
        let mut image = Image::new(table, &self.target, &self.key, Vec::new(), op != "insert", op != "delete", volatile);
        if op == "insert" {
            image.before = Vec::new();
        }
        image.effect = true;
        image
    }

    /// Fills such an image.
    pub fn fold(&self, image: &Image, op: &str, from: i64, engine: Engine) -> String {
        let (row, was, is) = match op {
            "insert" => (Slot::After, "=", "<>"),
            "delete" => (Slot::Before, "<>", "="),
            _ => (Slot::Before, "<>", "<>"),
        };
        let key_row = if op == "insert" { "h" } else { "f" };
        let mut into: Vec<String> = self.keys.iter().map(|key| Slot::Key.of(key)).collect();
        let mut values: Vec<String> = self.keys.iter().map(|key| format!("{key_row}.{}", row.of(key))).collect();
        let order = values.join(", ");
        let order = match engine {
            Engine::Postgres => {
                into.push("n".to_owned());
                values.push(number(order));
                String::new()
            }
            Engine::Sqlite => format!(" ORDER BY {order}"),
        };
        into.extend(image.before.iter().map(|column| Slot::Before.of(column)));
        values.extend(image.before.iter().map(|column| format!("f.{}", Slot::Before.of(column))));
        into.extend(image.after.iter().map(|column| Slot::After.of(column)));
        values.extend(image.after.iter().map(|column| format!("h.{}", Slot::After.of(column))));
        let changed = match op {
            "update" => {
                let differs = self.target.columns.iter().map(|column| {
                    let (before, after) = (Slot::Before.of(column), Slot::After.of(column));
                    column.differs(&format!("f.{before}"), &format!("h.{after}"), engine)
                });
                format!(" AND ({})", any(differs.collect()))
            }
            _ => String::new(),
        };
        format!(
            "INSERT INTO {} ({}, found) SELECT {}, 1 FROM ({}) AS m JOIN {log} AS f ON f.seq = m.lo JOIN {log} AS h ON h.seq = m.hi \
             WHERE f.op {was} 'insert' AND h.op {is} 'delete'{changed}{order}",
            image.table,
            into.join(", "),
            values.join(", "),
            self.ends(from),
            log = self.log
        )
    }

    /// The rows that were changed behind `from`, as they were or as they became, under the names of the table's columns:
    /// what can stand in a FROM.
    pub fn rows(&self, side: Side, from: i64) -> String {
        let columns = list(&self.target.columns, |column| {
            format!("{} AS {}", column.restored(&side.slot().of(column)), quoted(&column.name))
        });
        format!("(SELECT {columns} FROM {} WHERE seq > {from} AND op <> '{}')", self.log, side.missing_in())
    }

    /// The table with the rows, too, that were deleted from the beginning on: what can stand in a FROM.
    pub fn with_deleted(&self) -> String {
        let names = list(&self.target.columns, |column| quoted(&column.name));
        let kept = list(&self.target.columns, |column| column.restored(&Slot::Before.of(column)));
        format!("(SELECT {names} FROM {} UNION ALL SELECT {kept} FROM {} WHERE op = 'delete')", self.target.sql, self.log)
    }
}

const OPS: [&str; 3] = ["insert", "update", "delete"];
