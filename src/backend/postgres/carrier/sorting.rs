//! Staged rows sorted into new ones, those that are there already, and those that stay behind.

use super::PostgresCarrier;
use super::judging::Sink;
use super::sifting::is_objection;
use super::staging::matches;
use super::straight::is_unique;
use super::streaming::{select, stream};
use super::target::Target;
use super::wire::Wire;
use crate::backend::basic::Basic;
use crate::backend::carrier::{Fate, Left, Moved};
use crate::backend::error::SqlError;
use crate::domain::schema::{escaped_text, quoted};
use crate::domain::transfer::{Cell, Conflict, Duplicates, Orphans, Parent, TablePlan, orphaned, unpack};

/// How people call a row, by what tells it from others.
fn key_of(plan: &TablePlan, packed: &str) -> String {
    let cells = unpack(packed).unwrap_or_default();
    let parts: Vec<_> = plan.key.iter().zip(&cells).map(|((name, _), cell)| format!("{name} {}", cell.shown())).collect();
    parts.join(", ")
}

/// What the sorting of one table goes by.
pub(super) struct Sorting<'c, 'a, 'l> {
    pub(super) carrier: &'c mut PostgresCarrier<'a>,
    pub(super) at: usize,
    pub(super) plan: &'c TablePlan,
    pub(super) target: &'c Target,
    pub(super) left: Sink<'l>,
}

impl Sorting<'_, '_, '_> {
    /// Tries whether all staged rows are new, and none is objected to: then they are in, and nothing has to be sorted.
    pub(super) fn all_new(&mut self, moved: &mut Moved) -> Result<bool, SqlError> {
        // Only a unique key objects to a row that is there; and numbers that a try has drawn are not given back.
        let draws = self.plan.left_out.iter().any(|(_, default)| default.as_deref().is_some_and(|text| text.contains("nextval")));
        if self.plan.new_key.is_some() || !is_unique(self.plan) || self.plan.duplicates != Duplicates::Reject || draws {
            return Ok(false);
        }
        let staged = moved.read - moved.rejected - moved.skipped;
        self.carrier.batch("SAVEPOINT manage_new")?;
        let unlisted = Moved { read: moved.read, before: moved.before, ..Moved::default() };
        // An orphan is told by the sorting, should there be one.
        let lonely = self.lonely()?;
        let inserted = if lonely { Ok(0) } else { super::writing::insert(self.carrier, self.at, &unlisted) };
        match inserted {
            Ok(rows) if rows == staged && !lonely => {
                moved.inserted = rows;
                self.carrier.batch("RELEASE manage_new").map(|()| true)
            }
            Err(error) if !is_objection(&error) => Err(error),
            _ => {
                self.carrier.batch("ROLLBACK TO manage_new; RELEASE manage_new")?;
                Ok(false)
            }
        }
    }

    /// Whether a staged row has no parent.
    fn lonely(&mut self) -> Result<bool, SqlError> {
        for parent in &self.plan.parents {
            let lonely = self.orphan(parent)?;
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {} AS st WHERE {lonely})::integer", self.stage());
            if self.carrier.number(&sql)? != 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sorts all rows of the stage.
    pub(super) fn sort(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        self.carrier.look_at_stage(self.at)?;
        self.checks(moved)?;
        self.unique(moved)?;
        self.duplicates(moved)?;
        self.present(moved)?;
        self.orphans(moved)?;
        self.draw_keys()
    }

    fn stage(&self) -> String {
        format!("manage_stage_{}", self.at)
    }

    /// Leaves the rows that a condition finds, each with what `says` makes of it.
    pub(super) fn leave(
        &mut self,
        fate: Fate,
        (column, rule): (&str, &str),
        says: &str,
        from: &str,
        condition: &str,
    ) -> Result<u64, SqlError> {
        let stage = self.stage();
        let found = self.carrier.execute(&format!(
            "UPDATE {stage} AS st SET act = 'x', says = {says} {from} WHERE st.act IN ('i', 'u') AND ({condition})"
        ))?;
        if found == 0 {
            return Ok(0);
        }
        let wanted = ["st.k", "st.key", "st.says"].map(|sql| (sql.to_owned(), false));
        let session = self.carrier.postgres()?;
        let scan = select(session, &wanted, &format!("{stage} AS st WHERE st.act = 'x' ORDER BY st.o"))?;
        let left = &mut *self.left;
        let plan = self.plan;
        let text = |cell: &Cell<'_>| cell.as_str().unwrap_or_default().to_owned();
        stream(session, &scan, &mut |cells| {
            left(Left {
                fate,
                row: text(&cells[0]),
                key: if text(&cells[1]).is_empty() { key_of(plan, &text(&cells[0])) } else { text(&cells[1]) },
                column: column.to_owned(),
                rule: rule.to_owned(),
                message: text(&cells[2]),
            })
        })?;
        self.carrier.execute(&format!("UPDATE {stage} SET act = 's' WHERE act = 'x'"))?;
        Ok(found)
    }

    /// The names of some columns, and their names and values in a staged row as SQL: `name 'yeli'`.
    fn named(&self, columns: &[usize]) -> (String, String) {
        let names: Vec<_> = columns.iter().map(|at| self.plan.columns[*at].to.as_str()).collect();
        let values: Vec<_> = columns
            .iter()
            .map(|at| {
                let shown = match self.target.columns[*at].wire {
                    Wire::Bool => format!("st.c{at}::integer::text"),
                    Wire::Int2 | Wire::Int4 | Wire::Int8 | Wire::Float4 | Wire::Float8 | Wire::Numeric => {
                        format!("st.c{at}::text")
                    }
                    _ => format!("'''' || pg_catalog.left(st.c{at}::text, 60) || ''''"),
                };
                format!("{} || coalesce({shown}, 'NULL')", escaped_text(&format!("{} ", self.plan.columns[*at].to)))
            })
            .collect();
        (names.join(", "), values.join(" || ', ' || "))
    }

    /// Rows that the target's CHECK constraints refuse.
    fn checks(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        for check in &self.plan.checks {
            let values = self
                .target
                .columns
                .iter()
                .enumerate()
                .map(|(at, column)| format!("{} AS {}", column.as_staged(&format!("c{at}")), column.name));
            let others = self.plan.left_out.iter().map(|(name, default)| {
                // A number that is drawn for a look would be missing later.
                let default = default.as_deref().filter(|default| !default.contains("nextval")).unwrap_or("NULL");
                format!("({default}) AS {}", quoted(name))
            });
            let columns: Vec<_> = values.chain(others).collect();
            let broken = format!(
                "st.o IN (SELECT manage_o FROM (SELECT o AS manage_o, {} FROM {} WHERE act = 'i') AS q WHERE NOT ({check}))",
                columns.join(", "),
                self.stage()
            );
            let says = escaped_text(&format!("breaks CHECK {check}"));
            // One that looks at a column which the database works out cannot be asked before the row is there.
            self.carrier.batch("SAVEPOINT manage_check")?;
            match self.leave(Fate::Rejected, ("", "check"), &says, "", &broken) {
                Ok(count) => {
                    moved.rejected += count;
                    self.carrier.batch("RELEASE manage_check")?;
                }
                Err(_) => self.carrier.batch("ROLLBACK TO manage_check; RELEASE manage_check")?,
            }
        }
        Ok(())
    }

    /// Rows that share a unique key which is not the one that rows are found by.
    fn unique(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        for key in self.plan.unique.iter().filter(|key| **key != self.plan.matched) {
            let (names, values) = self.named(key);
            let columns: Vec<_> = key.iter().map(|at| self.target.columns[*at].as_staged(&format!("c{at}"))).collect();
            let columns = columns.join(", ");
            let there: Vec<_> = key.iter().map(|at| format!("c{at} IS NOT NULL")).collect();
            if self.several(key)? {
                let from = format!(
                    "FROM (SELECT o, count(*) OVER (PARTITION BY {columns}) AS n FROM {} WHERE act = 'i' AND {}) AS g",
                    self.stage(),
                    there.join(" AND ")
                );
                let says = format!("g.n || ' rows have ' || {values} || ', and only one may'");
                moved.rejected += self.leave(Fate::Rejected, (&names, "duplicate"), &says, &from, "g.o = st.o AND g.n > 1")?;
            }
            if moved.before > 0 {
                let equal: Vec<_> = key
                    .iter()
                    .map(|at| {
                        let column = &self.target.columns[*at];
                        format!("r.{} = {}", column.name, column.as_staged(&format!("st.c{at}")))
                    })
                    .collect();
                let clash = format!(
                    "EXISTS (SELECT 1 FROM {} AS r WHERE {} AND ({}) IS NOT TRUE)",
                    self.target.name,
                    equal.join(" AND "),
                    matches(self.plan, self.target, "r", "st")
                );
                let says =
                    format!("{values} || {}", escaped_text(&format!(" belongs to another row of {} already", self.plan.to)));
                moved.rejected += self.leave(Fate::Rejected, (&names, "unique"), &says, "", &clash)?;
            }
        }
        Ok(())
    }

    /// Whether several staged rows share the values of some columns.
    fn several(&mut self, columns: &[usize]) -> Result<bool, SqlError> {
        let names: Vec<_> = columns.iter().map(|at| self.target.columns[*at].as_staged(&format!("c{at}"))).collect();
        let there: Vec<_> = columns.iter().map(|at| format!("c{at} IS NOT NULL")).collect();
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM {} WHERE act = 'i' AND {} GROUP BY {} HAVING count(*) > 1)::integer",
            self.stage(),
            there.join(" AND "),
            names.join(", ")
        );
        Ok(self.carrier.number(&sql)? != 0)
    }

    /// Rows of the source that share the key by which rows are found.
    fn duplicates(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        let matched = &self.plan.matched;
        if matched.is_empty() || !self.several(matched)? {
            return Ok(());
        }
        let stage = self.stage();
        let columns: Vec<_> = matched.iter().map(|at| self.target.columns[*at].as_staged(&format!("c{at}"))).collect();
        let columns = columns.join(", ");
        let there: Vec<_> = matched.iter().map(|at| format!("c{at} IS NOT NULL")).collect();
        let chosen = if self.plan.duplicates == Duplicates::Last { "max" } else { "min" };
        self.carrier.execute(&format!(
            "UPDATE {stage} AS st SET first = g.first FROM (SELECT o, count(*) OVER w AS n, {chosen}(o) OVER w AS first FROM {stage} \
             WHERE act = 'i' AND {} WINDOW w AS (PARTITION BY {columns})) AS g WHERE g.o = st.o AND g.n > 1",
            there.join(" AND ")
        ))?;
        let (names, values) = self.named(matched);
        let is_that = |word: &str| format!("{values} || ' is that of ' || f.key || ', which comes {word}'");
        let (fate, says, other) = match self.plan.duplicates {
            Duplicates::Reject => {
                let says = format!("'several rows have ' || {values} || ', and which one is right cannot be told'");
                (Fate::Rejected, says, "")
            }
            Duplicates::First => (Fate::Skipped, is_that("first"), " AND st.o <> st.first"),
            Duplicates::Last => (Fate::Skipped, is_that("last"), " AND st.o <> st.first"),
        };
        let from = format!("FROM {stage} AS f");
        let count = self.leave(fate, (&names, "duplicate"), &says, &from, &format!("f.o = st.first{other}"))?;
        if fate == Fate::Rejected {
            moved.rejected += count;
        } else {
            moved.skipped += count;
        }
        Ok(())
    }

    /// Rows that the target has already.
    fn present(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        if moved.before == 0 || self.plan.matched.is_empty() {
            return Ok(());
        }
        let found = self.plan.new_key.as_ref().map_or_else(|| "'1'".to_owned(), |new| format!("r.{}::text", quoted(&new.column)));
        let matches = matches(self.plan, self.target, "r", "st");
        let stage = self.stage();
        let name = &self.target.name;
        let becomes = match self.plan.conflict {
            Conflict::Update | Conflict::Replace => "'u'",
            Conflict::Skip | Conflict::Error => "act",
        };
        self.carrier.execute(&format!(
            "UPDATE {stage} AS st SET t = {found}, act = {becomes} FROM {name} AS r WHERE st.act = 'i' AND {matches}"
        ))?;
        let (names, values) = self.named(&self.plan.matched);
        let says = format!("{} || {values} || ' already'", escaped_text(&format!("{} has ", self.plan.to)));
        match self.plan.conflict {
            Conflict::Update | Conflict::Replace => {}
            Conflict::Skip => {
                moved.skipped += self.leave(Fate::Skipped, (&names, "exists"), &says, "", "st.t IS NOT NULL")?;
            }
            Conflict::Error => {
                moved.rejected += self.leave(Fate::Rejected, (&names, "exists"), &says, "", "st.t IS NOT NULL")?;
            }
        }
        Ok(())
    }

    /// Rows whose parents are not there, again and again: the children of one that stays behind are orphans, too.
    fn orphans(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        let (fate, rule) = match self.plan.orphans {
            Orphans::Reject => (Fate::Rejected, "orphan"),
            Orphans::Skip => (Fate::Skipped, "skip"),
        };
        loop {
            let mut count = 0;
            for parent in &self.plan.parents {
                let lonely = self.orphan(parent)?;
                let names = self.plan.names(parent);
                let message = match fate {
                    Fate::Skipped => format!("{names} {}", orphaned(parent)),
                    _ => orphaned(parent),
                };
                let column = if fate == Fate::Skipped { "" } else { names.as_str() };
                count += self.leave(fate, (column, rule), &escaped_text(&message), "", &lonely)?;
            }
            if fate == Fate::Rejected {
                moved.rejected += count;
            } else {
                moved.skipped += count;
            }
            if count == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Which staged rows have no parent, as a condition.
    fn orphan(&mut self, parent: &Parent) -> Result<String, SqlError> {
        let name = self.carrier.named(&parent.table)?;
        let equal = |row: &str, own: bool| -> String {
            let pairs = parent.columns.iter().zip(&parent.key).map(|(at, key)| {
                let column = &self.target.columns[*at];
                let theirs = if own {
                    let place = self.plan.columns.iter().position(|column| column.to == *key);
                    place.map_or_else(
                        || "NULL".to_owned(),
                        |place| self.target.columns[place].as_staged(&format!("{row}.c{place}")),
                    )
                } else {
                    format!("{row}.{}", quoted(key))
                };
                format!("{theirs} = {}", column.as_staged(&format!("st.c{at}")))
            });
            pairs.collect::<Vec<_>>().join(" AND ")
        };
        let filled: Vec<_> = parent.columns.iter().map(|at| format!("st.c{at} IS NOT NULL")).collect();
        let mut lonely =
            format!("{} AND NOT EXISTS (SELECT 1 FROM {name} AS p WHERE {})", filled.join(" AND "), equal("p", false));
        if parent.table == self.plan.to {
            let own = format!("SELECT 1 FROM {} AS p WHERE p.act IN ('i', 'u') AND {}", self.stage(), equal("p", true));
            lonely.push_str(&format!(" AND NOT EXISTS ({own})"));
        }
        Ok(lonely)
    }

    /// Draws new keys, and notes which old key became which new one.
    fn draw_keys(&mut self) -> Result<(), SqlError> {
        let Some(new) = &self.plan.new_key else { return Ok(()) };
        let (at, stage, name) = (self.at, self.stage(), self.target.name.clone());
        let sequence = "SELECT pg_catalog.pg_get_serial_sequence($1, $2)";
        let rows = self.carrier.postgres()?.query(sequence, &[name.as_str().into(), new.column.as_str().into()])?;
        let column = quoted(&new.column);
        let ordered = format!("SELECT o FROM {stage} WHERE act = 'i' ORDER BY o");
        let drawn = match rows.first().and_then(|row| row.text(0)) {
            Some(sequence) => {
                let sequence = escaped_text(sequence);
                // It may lie behind the rows that are there.
                self.carrier.execute(&format!(
                    "SELECT pg_catalog.setval({sequence}::regclass, highest) FROM (SELECT max({column})::bigint AS highest FROM {name}) AS h \
                     WHERE highest > pg_catalog.nextval({sequence}::regclass)"
                ))?;
                format!("SELECT q.o, pg_catalog.nextval({sequence}::regclass) AS n FROM ({ordered}) AS q")
            }
            None => format!(
                "SELECT q.o, (SELECT coalesce(max({column}), 0) FROM {name}) + row_number() OVER (ORDER BY q.o) AS n FROM ({ordered}) AS q"
            ),
        };
        self.carrier.execute(&format!("UPDATE {stage} AS st SET new = d.n FROM ({drawn}) AS d WHERE d.o = st.o"))?;
        self.carrier.batch(&format!(
            "CREATE TEMP TABLE manage_map_{at} ON COMMIT DROP AS SELECT DISTINCT ON (old) old, new FROM ( \
             SELECT st.o, st.old, coalesce(st.t::bigint, st.new, f.t::bigint, f.new) AS new FROM {stage} AS st LEFT JOIN {stage} AS f ON f.o = st.first \
             ) AS m WHERE new IS NOT NULL ORDER BY old, o; ANALYZE manage_map_{at}"
        ))
    }
}
