//! The image of a part: the table that holds keys, values before, planned values and, where they cannot be known
//! before, values after. And the statements that fill it, write from it and hold the target against it.

use serde::{Deserialize, Serialize};

use super::target::{Target, TargetColumn, UniqueKey};
use crate::domain::engine::Engine;
use crate::domain::schema::{quoted, quoted_text};

/// The image of a part of a run. It is kept with the run, so that it can be read again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The table of the image, as it must stand in a statement.
    pub table: String,
    /// The table that is written.
    pub target: String,
    /// The same, as it must stand in a statement.
    pub target_sql: String,
    /// The columns that name a row.
    pub keys: Vec<TargetColumn>,
    /// SQLite: the collations under which they do.
    pub collations: Vec<Option<String>>,
    /// The columns of which values before are kept.
    pub before: Vec<TargetColumn>,
    /// The columns that are written.
    pub planned: Vec<TargetColumn>,
    /// The columns of which values after are kept: those that the database or a trigger may fill.
    pub after: Vec<TargetColumn>,
    /// Columns that the digest and undo leave out.
    pub volatile: Vec<String>,
    /// Under which rows are updated and deleted at all: `t` is the target's row, `i` the image's.
    #[serde(skip)]
    pub only: Option<String>,
    /// Whether triggers or cascades have written the rows, and not the patch itself.
    #[serde(default)]
    pub effect: bool,
}

/// A kind of value in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// Of the key.
    Key,
    /// Before.
    Before,
    /// Planned.
    Planned,
    /// After.
    After,
}

impl Slot {
    /// The column of the image.
    pub fn of(self, column: &TargetColumn) -> String {
        let letter = match self {
            Self::Key => 'k',
            Self::Before => 'b',
            Self::Planned => 'p',
            Self::After => 'a',
        };
        format!("{letter}{}", column.number)
    }
}

/// Whether two columns are one.
pub fn same_column(a: &TargetColumn, b: &TargetColumn) -> bool {
    a.number == b.number
}

impl TargetColumn {
    pub(super) fn sql(&self, alias: &str) -> String {
        format!("{alias}.{}", quoted(&self.name))
    }

    /// A value of the target as an image keeps it.
    pub(super) fn kept(&self, value: &str) -> String {
        if self.as_text { format!("CAST({value} AS text)") } else { value.to_owned() }
    }

    /// A value of an image as the target has it.
    pub fn restored(&self, value: &str) -> String {
        if self.as_text { format!("CAST({value} AS {})", self.type_text) } else { value.to_owned() }
    }

    /// A value of a script as an image keeps it. What a cast would cut is left to the image's own column.
    fn planned(&self, value: &str, engine: Engine) -> String {
        match (engine, self.assign) {
            (Engine::Sqlite, _) => value.to_owned(),
            (Engine::Postgres, true) => format!("CAST({value} AS {})", self.bare_type),
            (Engine::Postgres, false) => self.kept(&format!("CAST({value} AS {})", self.type_text)),
        }
    }

    /// Whether a value of a script differs from that of the target.
    fn script_differs(&self, target: &str, value: &str, engine: Engine) -> String {
        match engine {
            Engine::Sqlite => match self.image_type.as_str() {
                // The comparison gives the script's value the column's affinity, as writing does.
                "" => self.differs(target, value, engine),
                _ => format!("{target} IS NOT +{value} COLLATE BINARY"),
            },
            Engine::Postgres if self.padded => {
                let cut = format!("CAST(CAST({value} AS text) AS {})", self.type_text);
                let too_long = format!("pg_catalog.rtrim(CAST({cut} AS text)) <> pg_catalog.rtrim(CAST({value} AS text))");
                format!("({} OR COALESCE({too_long}, FALSE))", self.differs(target, &cut, engine))
            }
            Engine::Postgres if self.assign => self.differs(target, &format!("CAST({value} AS {})", self.bare_type), engine),
            Engine::Postgres => self.differs(target, &format!("CAST({value} AS {})", self.type_text), engine),
        }
    }

    /// Whether two values of the column's own type are stored differently. That `=` holds is not enough.
    pub fn differs(&self, a: &str, b: &str, engine: Engine) -> String {
        match engine {
            Engine::Sqlite => format!("(typeof({a}) <> typeof({b}) OR {a} IS NOT {b} COLLATE BINARY)"),
            Engine::Postgres => {
                format!("(ROW({a})::record OPERATOR(pg_catalog.*<>) ROW({b})::record)")
            }
        }
    }
}

/// The words for a list.
pub(super) fn list<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> String {
    items.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

pub(super) fn all(conditions: Vec<String>) -> String {
    if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") }
}

pub(super) fn any(conditions: Vec<String>) -> String {
    if conditions.is_empty() { "1 = 0".to_owned() } else { conditions.join(" OR ") }
}

impl Image {
    /// The image of a part. `written` are the columns that the patch gives; `whole` keeps whole rows before, `filled`
    /// whole rows after.
    pub fn new(
        table: String,
        target: &Target,
        key: &UniqueKey,
        written: Vec<TargetColumn>,
        whole: bool,
        filled: bool,
        volatile: Vec<String>,
    ) -> Self {
        let keys: Vec<TargetColumn> = key.columns.iter().filter_map(|name| target.column(name, false).cloned()).collect();
        let everything = || target.columns.clone();
        Self {
            table,
            target: target.name.clone(),
            target_sql: target.sql.clone(),
            keys,
            collations: key.collations.clone(),
            before: if whole { everything() } else { written.clone() },
            planned: written,
            after: if filled { everything() } else { Vec::new() },
            volatile,
            only: None,
            effect: false,
        }
    }

    /// Makes the table.
    pub fn create(&self, engine: Engine) -> String {
        // The place of the row in the order of the keys.
        let mut columns = vec![match engine {
            Engine::Sqlite => "n INTEGER PRIMARY KEY".to_owned(),
            Engine::Postgres => "n BIGINT".to_owned(),
        }];
        for (slot, of) in self.slots() {
            for column in of {
                // What the target holds has its affinity already; what a script gives is to get it.
                let kind = match (engine, slot) {
                    (Engine::Sqlite, Slot::Before | Slot::After) => "",
                    _ => column.image_type.as_str(),
                };
                columns.push(format!("{} {kind}", slot.of(column)));
            }
        }
        columns.push("found INTEGER".to_owned());
        format!("CREATE TABLE {} ({})", self.table, columns.join(", "))
    }

    fn slots(&self) -> [(Slot, &Vec<TargetColumn>); 4] {
        [(Slot::Key, &self.keys), (Slot::Before, &self.before), (Slot::Planned, &self.planned), (Slot::After, &self.after)]
    }

    /// The columns of the plan that count for its identity.
    pub fn lasting(&self) -> impl Iterator<Item = &TargetColumn> {
        self.planned.iter().filter(|column| !self.volatile.contains(&column.name))
    }

    /// The columns whose changes are told: those of the plan; where nothing was planned, all that may have changed.
    pub fn told(&self) -> impl Iterator<Item = &TargetColumn> {
        let columns = if self.planned.is_empty() { &self.after } else { &self.planned };
        columns.iter().filter(|column| !self.volatile.contains(&column.name))
    }

    /// Fills the image with the rows that `query` names, with values before from the target's rows that `owned` lets
    /// through. Rows that would not change are left out.
    pub fn plan_change(&self, query: &str, owned: Option<&str>, engine: Engine) -> String {
        let first = self.keys.first().map(|key| key.sql("t")).unwrap_or_default();
        let into = list(self.slots().into_iter().take(3), |(slot, of)| list(of, |column| slot.of(column)));
        let into = into.trim_end_matches([',', ' ']).to_owned();
        let (numbered, number) = match engine {
            Engine::Sqlite => ("", String::new()),
            Engine::Postgres => ("n, ", format!("{}, ", number(list(&self.keys, |key| key.sql("t"))))),
        };
        let mut values: Vec<String> = self.keys.iter().map(|key| key.kept(&key.sql("t"))).collect();
        values.extend(self.before.iter().map(|column| column.kept(&column.sql("t"))));
        values.extend(self.planned.iter().map(|column| column.planned(&column.sql("q"), engine)));
        values.push(format!("CASE WHEN {first} IS NULL THEN 0 ELSE 1 END"));
        let matches = self.keys.iter().zip(&self.collations).map(|(key, collation)| {
            let value = key.sql("q");
            match engine {
                Engine::Sqlite => format!("{} = +{value}{}", key.sql("t"), collate(collation.as_deref())),
                Engine::Postgres if key.assign => format!("{} = CAST({value} AS {})", key.sql("t"), key.bare_type),
                Engine::Postgres => format!("{} = CAST({value} AS {})", key.sql("t"), key.type_text),
            }
        });
        let matches = all(matches.collect());
        let condition = owned.map(|owned| format!(" WHERE {owned}")).unwrap_or_default();
        let lasting: Vec<String> =
            self.lasting().map(|column| column.script_differs(&column.sql("t"), &column.sql("q"), engine)).collect();
        let changes = if lasting.is_empty() { String::new() } else { format!(" WHERE {first} IS NULL OR {}", any(lasting)) };
        // SQLite numbers rows as they come.
        let order = match engine {
            Engine::Sqlite => format!(" ORDER BY {}", list(&self.keys, |key| key.sql("q"))),
            Engine::Postgres => String::new(),
        };
        format!(
            "INSERT INTO {} ({numbered}{into}, found) SELECT {number}{} FROM (\n{query}\n) AS q \
             LEFT JOIN (SELECT t.* FROM {} AS t{condition}) AS t ON {matches}{changes}{order}",
            self.table,
            values.join(", "),
            self.target_sql
        )
    }

    /// Fills the image with rows that are to be made.
    pub fn plan_insert(&self, query: &str, engine: Engine) -> String {
        let given: Vec<&TargetColumn> =
            self.keys.iter().filter(|key| self.planned.iter().any(|column| same_column(column, key))).collect();
        let mut into: Vec<String> = given.iter().map(|key| Slot::Key.of(key)).collect();
        into.extend(self.planned.iter().map(|column| Slot::Planned.of(column)));
        let mut values: Vec<String> = given.iter().map(|key| key.planned(&key.sql("q"), engine)).collect();
        values.extend(self.planned.iter().map(|column| column.planned(&column.sql("q"), engine)));
        let by = list(&given, |key| key.sql("q"));
        let order = match engine {
            Engine::Postgres => {
                into.push("n".to_owned());
                values.push(number(by));
                String::new()
            }
            Engine::Sqlite if by.is_empty() => String::new(),
            Engine::Sqlite => format!(" ORDER BY {by}"),
        };
        format!(
            "INSERT INTO {} ({}, found) SELECT {}, 1 FROM (\n{query}\n) AS q{order}",
            self.table,
            into.join(", "),
            values.join(", ")
        )
    }

    /// Draws the keys that the database makes, before rows are inserted (`sequence`: SQLite has a table of the numbers
    /// that AUTOINCREMENT gave); `None` where all are given, and an error's words
    /// where one of them cannot be drawn.
    pub fn draw_keys(&self, sequence: bool, engine: Engine) -> Result<Option<String>, String> {
        let missing: Vec<&TargetColumn> =
            self.keys.iter().filter(|key| !self.planned.iter().any(|column| same_column(column, key))).collect();
        if missing.is_empty() {
            return Ok(None);
        }
        let one = |key: &TargetColumn| -> Result<String, String> {
            let slot = Slot::Key.of(key);
            match engine {
                Engine::Postgres => match &key.default {
                    Some(default) => Ok(format!("{slot} = {}", key.kept(default))),
                    None => Err(key.name.clone()),
                },
                Engine::Sqlite if key.type_text.eq_ignore_ascii_case("INTEGER") && self.keys.len() == 1 => Ok(format!(
                    "{slot} = rowid + max(COALESCE((SELECT max({}) FROM {}), 0), {})",
                    quoted(&key.name),
                    self.target_sql,
                    // AUTOINCREMENT never gives a number twice.
                    if sequence {
                        format!(
                            "COALESCE((SELECT max(seq) FROM main.sqlite_sequence WHERE name = {}), 0)",
                            quoted_text(&self.target)
                        )
                    } else {
                        "0".to_owned()
                    }
                )),
                Engine::Sqlite => Err(key.name.clone()),
            }
        };
        let set: Vec<String> = missing.into_iter().map(one).collect::<Result<_, _>>()?;
        Ok(Some(format!("UPDATE {} SET {}", self.table, set.join(", "))))
    }

    /// The condition under which a row of the target is the one of the image.
    pub fn joined(&self, target: &str, image: &str) -> String {
        let each = self.keys.iter().zip(&self.collations).map(|(key, collation)| {
            let stored = key.restored(&format!("{image}.{}", Slot::Key.of(key)));
            format!("{} = {stored}{}", key.sql(target), collate(collation.as_deref()))
        });
        all(each.collect())
    }

    /// Whether a written column is not as planned.
    fn not_as_planned(&self, engine: Engine) -> String {
        any(self
            .planned
            .iter()
            .map(|column| {
                let planned = column.restored(&format!("i.{}", Slot::Planned.of(column)));
                column.differs(&column.sql("t"), &planned, engine)
            })
            .collect())
    }

    /// [`joined`](Self::joined), and what else must hold before a row is written.
    fn written(&self) -> String {
        let only = self.only.as_ref().map(|only| format!(" AND ({only})")).unwrap_or_default();
        format!("{}{only}", self.joined("t", "i"))
    }

    /// The same image, which writes only rows that are what they were when the plan was made, and that `owned` lets through.
    #[must_use]
    pub fn guarded(self, owned: Option<&str>, engine: Engine) -> Self {
        let columns = self.before.iter().filter(|column| !self.volatile.contains(&column.name));
        let moved = any(columns.map(|column| column.differs(&column.sql("t"), &self.was(column, "i"), engine)).collect());
        let owned = owned.map(|owned| format!(" AND ({owned})")).unwrap_or_default();
        Self { only: Some(format!("NOT ({moved}){owned}")), ..self }
    }

    /// Writes the planned values. On PostgreSQL it gives one row: how many were written, how many of them not as planned.
    pub fn update(&self, engine: Engine) -> String {
        let set = list(&self.planned, |column| {
            format!("{} = {}", quoted(&column.name), column.restored(&format!("i.{}", Slot::Planned.of(column))))
        });
        let joined = self.written();
        match engine {
            Engine::Sqlite => {
                format!("UPDATE OR ABORT {} AS t SET {set} FROM {} AS i WHERE {joined}", self.target_sql, self.table)
            }
            Engine::Postgres => format!(
                "WITH w AS (UPDATE {} AS t SET {set} FROM {} AS i WHERE {joined} RETURNING {} AS wrong) \
                 SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE wrong) FROM w",
                self.target_sql,
                self.table,
                self.not_as_planned(engine)
            ),
        }
    }

    /// Deletes the rows. On PostgreSQL it gives one row: how many.
    pub fn delete(&self, engine: Engine) -> String {
        match engine {
            // Not by EXISTS, for which SQLite would look through the whole image for every row of the table.
            Engine::Sqlite => {
                let mut own = self
                    .keys
                    .iter()
                    .zip(&self.collations)
                    .map(|(key, collation)| format!("{}{}", key.sql("t"), collate(collation.as_deref())));
                let one = self.keys.len() == 1;
                let own = if one { own.next().unwrap_or_default() } else { format!("({})", own.collect::<Vec<_>>().join(", ")) };
                let named = list(&self.keys, |key| format!("i.{}", Slot::Key.of(key)));
                let kept = match &self.only {
                    None => String::new(),
                    Some(_) => format!(" CROSS JOIN {} AS t WHERE {}", self.target_sql, self.written()),
                };
                format!("DELETE FROM {} AS t WHERE {own} IN (SELECT {named} FROM {} AS i{kept})", self.target_sql, self.table)
            }
            Engine::Postgres => format!(
                "WITH w AS (DELETE FROM {} AS t USING {} AS i WHERE {} RETURNING 1) SELECT pg_catalog.count(*), 0 FROM w",
                self.target_sql,
                self.table,
                self.written()
            ),
        }
    }

    /// Inserts the rows. On PostgreSQL it gives one row: how many.
    pub fn insert(&self, engine: Engine) -> String {
        let drawn: Vec<&TargetColumn> =
            self.keys.iter().filter(|key| !self.planned.iter().any(|column| same_column(column, key))).collect();
        let mut into: Vec<String> = drawn.iter().map(|key| quoted(&key.name)).collect();
        into.extend(self.planned.iter().map(|column| quoted(&column.name)));
        let mut values: Vec<String> = drawn.iter().map(|key| key.restored(&format!("i.{}", Slot::Key.of(key)))).collect();
        values.extend(self.planned.iter().map(|column| column.restored(&format!("i.{}", Slot::Planned.of(column)))));
        let (into, values) = (into.join(", "), values.join(", "));
        match engine {
            Engine::Sqlite => {
                format!("INSERT OR ABORT INTO {} ({into}) SELECT {values} FROM {} AS i", self.target_sql, self.table)
            }
            Engine::Postgres => format!(
                "WITH w AS (INSERT INTO {} ({into}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {} AS i RETURNING 1) \
                 SELECT pg_catalog.count(*), 0 FROM w",
                self.target_sql, self.table
            ),
        }
    }

    /// Reads the rows back: how many of the image are there, and how many of those are not as planned.
    pub fn read_back(&self, engine: Engine) -> String {
        format!(
            "SELECT count(*), COALESCE(sum(CASE WHEN {} THEN 1 ELSE 0 END), 0) FROM {} AS i CROSS JOIN {} AS t WHERE {}",
            self.not_as_planned(engine),
            self.table,
            self.target_sql,
            self.joined("t", "i")
        )
    }

    /// How many rows of the image are there and do not satisfy `owned`.
    pub fn count_foreign(&self, owned: &str) -> String {
        format!(
            "SELECT count(*) FROM {} AS i CROSS JOIN {} AS t WHERE {} AND (({owned}) IS NOT TRUE)",
            self.table,
            self.target_sql,
            self.joined("t", "i")
        )
    }

    /// How many rows stand in another image of the same table, too; `None` where they are named by other columns.
    pub fn shared(&self, other: &Self) -> Option<String> {
        if self.keys.len() != other.keys.len() || !self.keys.iter().zip(&other.keys).all(|(a, b)| same_column(a, b)) {
            return None;
        }
        let same = self.keys.iter().zip(&self.collations).map(|(key, collation)| {
            let (own, theirs) = (format!("i.{}", Slot::Key.of(key)), format!("o.{}", Slot::Key.of(key)));
            format!("{} = {}{}", key.restored(&own), key.restored(&theirs), collate(collation.as_deref()))
        });
        let same = all(same.collect());
        Some(format!("SELECT count(*) FROM {} AS i JOIN {} AS o ON {same}", self.table, other.table))
    }

    /// Keeps the values after, as the target has them now.
    pub fn keep_after(&self) -> Option<String> {
        if self.after.is_empty() {
            return None;
        }
        let set = list(&self.after, |column| format!("{} = {}", Slot::After.of(column), column.kept(&column.sql("t"))));
        Some(format!("UPDATE {} AS i SET {set} FROM {} AS t WHERE {}", self.table, self.target_sql, self.joined("t", "i")))
    }

    /// As [`keep_after`](Self::keep_after), for the rows behind `from` up to `to`.
    pub fn keep_after_within(&self, from: u64, to: u64) -> Option<String> {
        self.keep_after().map(|sql| format!("{sql} AND i.n > {from} AND i.n <= {to}"))
    }

    /// What finds rows by their place, where the table does not.
    pub fn index(&self, engine: Engine) -> Option<String> {
        match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(format!("CREATE UNIQUE INDEX ON {} (n); ANALYZE {}", self.table, self.table)),
        }
    }

    /// The same image with only the rows behind `from` up to `to`, for everything that reads it.
    #[must_use]
    pub fn slice(&self, from: u64, to: u64) -> Self {
        Self { table: format!("(SELECT * FROM {} WHERE n > {from} AND n <= {to})", self.table), ..self.clone() }
    }

    /// From which rows, and under which condition, a row of the target is not what it was when the plan was made: `t` is
    /// of the target where `owned` lets it through, `i` of the image.
    fn drifted(&self, op: &str, owned: Option<&str>, engine: Engine) -> (String, String, String) {
        let first = self.keys.first().map(|key| key.sql("t")).unwrap_or_default();
        let joined = self.joined("t", "i");
        if op == "insert" {
            let from = format!("{} AS i JOIN {} AS t ON {joined}", self.table, self.target_sql);
            return ("'there'".to_owned(), from, "1 = 1".to_owned());
        }
        let condition = owned.map(|owned| format!(" WHERE {owned}")).unwrap_or_default();
        let from =
            format!("{} AS i LEFT JOIN (SELECT t.* FROM {} AS t{condition}) AS t ON {joined}", self.table, self.target_sql);
        let columns = self.before.iter().filter(|column| !self.volatile.contains(&column.name));
        let moved = any(columns.map(|column| column.differs(&column.sql("t"), &self.was(column, "i"), engine)).collect());
        let what = format!("CASE WHEN {first} IS NULL THEN 'gone' ELSE 'moved' END");
        (what, from, format!("{first} IS NULL OR {moved}"))
    }

    /// The keys of rows that are not what they were when the plan was made, each with what became of it: `gone` (or another
    /// account's), `moved` or `there`.
    pub fn drift(&self, op: &str, owned: Option<&str>, engine: Engine) -> String {
        let keys = list(&self.keys, |key| format!("i.{}", Slot::Key.of(key)));
        let (what, from, condition) = self.drifted(op, owned, engine);
        format!("SELECT {keys}, {what} FROM {from} WHERE {condition} ORDER BY i.n")
    }

    /// Takes the rows that [`drift`](Self::drift) of this slice names out of the image called `whole`.
    pub fn leave_out(&self, whole: &str, op: &str, owned: Option<&str>, engine: Engine) -> String {
        let (_, from, condition) = self.drifted(op, owned, engine);
        format!("DELETE FROM {whole} WHERE n IN (SELECT i.n FROM {from} WHERE {condition})")
    }

    /// How many written rows do not point to a row that `owned` lets through. `columns` of the target point to
    /// `parent_columns` of `parent`. What the image does not hold is read in the rows as they are now.
    pub fn count_dangling(
        &self,
        columns: &[TargetColumn],
        parent: &str,
        parent_columns: &[String],
        owned: Option<&str>,
    ) -> String {
        let value = |column: &TargetColumn| {
            let slot = [Slot::Planned, Slot::After, Slot::Before, Slot::Key].into_iter().find(|slot| {
                self.slots().iter().any(|(known, of)| known == slot && of.iter().any(|own| same_column(own, column)))
            });
            slot.map(|slot| column.restored(&format!("i.{}", slot.of(column))))
        };
        let rows = match columns.iter().all(|column| value(column).is_some()) {
            true => format!("{} AS i WHERE ", self.table),
            false => format!("{} AS i CROSS JOIN {} AS t WHERE {} AND ", self.table, self.target_sql, self.joined("t", "i")),
        };
        let value = |column: &TargetColumn| value(column).unwrap_or_else(|| column.sql("t"));
        let given = all(columns.iter().map(|column| format!("{} IS NOT NULL", value(column))).collect());
        let points = columns.iter().zip(parent_columns).map(|(column, key)| format!("r.{} = {}", quoted(key), value(column)));
        let points = all(points.collect());
        let owned = owned.map(|owned| format!(" AND {owned}")).unwrap_or_default();
        format!("SELECT count(*) FROM {rows}{given} AND NOT EXISTS (SELECT 1 FROM {parent} AS r WHERE {points}{owned})")
    }

    /// The table with the rows, too, that were deleted: what can stand in a FROM.
    pub fn with_deleted(&self) -> String {
        let names = list(&self.before, |column| quoted(&column.name));
        let kept = list(&self.before, |column| self.was(column, "i"));
        format!("(SELECT {names} FROM {} UNION ALL SELECT {kept} FROM {} AS i)", self.target_sql, self.table)
    }

    /// The rows of the image, as they were or as they became, under the names of the table's columns.
    pub fn side(&self, slot: Slot) -> String {
        let of = if slot == Slot::Before { &self.before } else { &self.after };
        let columns =
            list(of, |column| format!("{} AS {}", column.restored(&format!("i.{}", slot.of(column))), quoted(&column.name)));
        format!("(SELECT {columns} FROM {} AS i)", self.table)
    }

    /// The same image with only the rows that have got other values in one of these columns.
    #[must_use]
    pub fn changed_in(&self, columns: &[TargetColumn], engine: Engine) -> Self {
        let has_before = |column: &TargetColumn| self.before.iter().any(|own| same_column(own, column));
        if !columns.iter().all(has_before) {
            return self.clone();
        }
        let differs = columns.iter().map(|column| column.differs(&Slot::Before.of(column), &Slot::After.of(column), engine));
        Self { table: format!("(SELECT * FROM {} WHERE {})", self.table, any(differs.collect())), ..self.clone() }
    }

    /// The rows of the plan in the order of their keys, for its identity. Drawn keys are not part of it.
    pub fn identity(&self, drawn: bool, engine: Engine) -> String {
        let text = |value: String| match engine {
            Engine::Sqlite => value,
            Engine::Postgres => format!("CAST({value} AS text)"),
        };
        let mut values = Vec::new();
        let mut order = Vec::new();
        if !drawn {
            values.extend(self.keys.iter().map(|key| text(format!("i.{}", Slot::Key.of(key)))));
            order.push("i.n".to_owned());
        }
        // What a statement has written is its plan; what triggers and cascades did follows from it.
        let nothing = Vec::new();
        let after = if self.planned.is_empty() && !self.effect { &self.after } else { &nothing };
        for (slot, of) in [(Slot::Before, &self.before), (Slot::Planned, &self.planned), (Slot::After, after)] {
            for column in of.iter().filter(|column| !self.volatile.contains(&column.name)) {
                values.push(text(format!("i.{}", slot.of(column))));
                if drawn {
                    order.push(values.last().cloned().unwrap_or_default());
                }
            }
        }
        if values.is_empty() {
            values.push("1".to_owned());
        }
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
        format!("SELECT {} FROM {} AS i{order}", values.join(", "), self.table)
    }

    /// The first rows with key, before, planned and after, as they are kept.
    pub fn rows(&self, limit: Option<u64>) -> String {
        let columns = self.slots().into_iter().flat_map(|(slot, of)| of.iter().map(move |column| slot.of(column)));
        let order = list(&self.keys, |key| Slot::Key.of(key));
        let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        format!("SELECT {} FROM {} AS i ORDER BY {order}{limit}", columns.collect::<Vec<_>>().join(", "), self.table)
    }

    /// The different changes of one column, each with how many rows make it and the smallest key among them.
    pub fn changes_of(&self, column: &TargetColumn, engine: Engine) -> String {
        // Of a side effect nothing was planned: what became of it is told.
        let is_planned = self.planned.iter().any(|own| same_column(own, column));
        let slot = if is_planned { Slot::Planned } else { Slot::After };
        let (before, planned) = (Slot::Before.of(column), slot.of(column));
        let text = |value: &str| match engine {
            Engine::Sqlite => value.to_owned(),
            Engine::Postgres => format!("CAST({value} AS text)"),
        };
        let key = self.keys.first().map(|key| Slot::Key.of(key)).unwrap_or_default();
        let has_before = self.before.iter().any(|own| same_column(own, column));
        let (before, condition) = if has_before {
            let differs = format!("{} <> {} OR ({before} IS NULL) <> ({planned} IS NULL)", text(&before), text(&planned));
            (text(&before), format!(" WHERE {differs}"))
        } else {
            ("NULL".to_owned(), String::new())
        };
        format!(
            "SELECT v, w, count(*), min(k) FROM (SELECT {before} AS v, {} AS w, {} AS k FROM {} AS i{condition}) AS c \
             GROUP BY v, w ORDER BY count(*) DESC, 1, 2 LIMIT 6",
            text(&planned),
            text(&key),
            self.table
        )
    }

    /// The value that this run left in a column, as the target has it.
    fn left(&self, column: &TargetColumn, alias: &str) -> String {
        let slot = if self.after.iter().any(|own| same_column(own, column)) { Slot::After } else { Slot::Planned };
        column.restored(&format!("{alias}.{}", slot.of(column)))
    }

    fn was(&self, column: &TargetColumn, alias: &str) -> String {
        column.restored(&format!("{alias}.{}", Slot::Before.of(column)))
    }

    /// The columns that an update may have changed.
    pub fn touched(&self) -> &[TargetColumn] {
        if self.after.is_empty() { &self.planned } else { &self.after }
    }

    /// Under which a row that this run updated is not as it left it, in a column that it changed.
    fn moved(&self, engine: Engine) -> String {
        let columns = self.touched().iter().filter(|column| !self.volatile.contains(&column.name) && !column.generated);
        any(columns
            .map(|column| {
                let (now, left, was) = (column.sql("t"), self.left(column, "i"), self.was(column, "i"));
                format!(
                    "({} AND {} AND {})",
                    column.differs(&was, &left, engine),
                    column.differs(&now, &left, engine),
                    column.differs(&now, &was, engine)
                )
            })
            .collect())
    }

    /// The keys of rows that cannot be taken back, each with what stands in the way: `gone`, `moved` or `there`.
    pub fn conflicts(&self, op: &str, engine: Engine) -> String {
        let keys = list(&self.keys, |key| format!("i.{}", Slot::Key.of(key)));
        let first = self.keys.first().map(|key| key.sql("t")).unwrap_or_default();
        let joined = self.joined("t", "i");
        let from = format!("FROM {} AS i LEFT JOIN {} AS t ON {joined}", self.table, self.target_sql);
        let (what, condition) = match op {
            "delete" => ("'there'".to_owned(), format!("{first} IS NOT NULL")),
            "insert" => {
                let columns = self.after.iter().filter(|column| !self.volatile.contains(&column.name));
                let moved =
                    any(columns.map(|column| column.differs(&column.sql("t"), &self.left(column, "i"), engine)).collect());
                ("'moved'".to_owned(), format!("{first} IS NOT NULL AND ({moved})"))
            }
            _ => (
                format!("CASE WHEN {first} IS NULL THEN 'gone' ELSE 'moved' END"),
                format!("{first} IS NULL OR ({})", self.moved(engine)),
            ),
        };
        format!("SELECT {keys}, {what} {from} WHERE {condition} ORDER BY {keys}")
    }

    /// The query that gives the keys and values to which the rows of this run go back: what a script would give. With
    /// `skip` rows that are in conflict are left out.
    pub fn way_back(&self, op: &str, skip: bool, engine: Engine) -> String {
        let keys = |alias: &str| {
            list(&self.keys, |key| {
                format!("{} AS {}", key.restored(&format!("{alias}.{}", Slot::Key.of(key))), quoted(&key.name))
            })
        };
        let joined = self.joined("t", "i");
        match op {
            "insert" => {
                let columns = self.after.iter().filter(|column| !self.volatile.contains(&column.name));
                let moved =
                    any(columns.map(|column| column.differs(&column.sql("t"), &self.left(column, "i"), engine)).collect());
                let kept = if skip { format!(" AND NOT ({moved})") } else { String::new() };
                format!("SELECT {} FROM {} AS i JOIN {} AS t ON {joined}{kept}", keys("i"), self.table, self.target_sql)
            }
            "delete" => {
                let values = list(self.before.iter().filter(|column| !column.generated), |column| {
                    format!("{} AS {}", self.was(column, "i"), quoted(&column.name))
                });
                let kept = if skip {
                    format!(" WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE {joined})", self.target_sql)
                } else {
                    String::new()
                };
                format!("SELECT {values} FROM {} AS i{kept}", self.table)
            }
            _ => {
                let is_key = |column: &TargetColumn| self.keys.iter().any(|key| same_column(key, column));
                let columns = self.touched().iter().filter(|column| !column.generated && !column.always && !is_key(column));
                let values = list(columns, |column| {
                    let (now, left, was) = (column.sql("t"), self.left(column, "i"), self.was(column, "i"));
                    let same = column.differs(&now, &left, engine);
                    format!("CASE WHEN {same} THEN {now} ELSE {was} END AS {}", quoted(&column.name))
                });
                let kept = if skip { format!(" WHERE NOT ({})", self.moved(engine)) } else { String::new() };
                format!("SELECT {}, {values} FROM {} AS i JOIN {} AS t ON {joined}{kept}", keys("i"), self.table, self.target_sql)
            }
        }
    }
}

/// The place of a row in this order.
pub(super) fn number(by: String) -> String {
    let order = if by.is_empty() { String::new() } else { format!("ORDER BY {by}") };
    format!("pg_catalog.row_number() OVER ({order})")
}

pub(super) fn collate(collation: Option<&str>) -> String {
    collation.map(|collation| format!(" COLLATE {}", quoted(collation))).unwrap_or_default()
}
