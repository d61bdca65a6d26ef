//! The sequences that moved tables draw from: none may give a key again.

use super::PostgresCarrier;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::domain::schema::{escaped_text, quoted};

/// Keys beyond this were not drawn from a sequence: they are the numbers of another system, which hold a time.
const DRAWN: i64 = 1 << 50;

/// The sequences of a table's columns, be they its own or ones of which a default draws: column, sequence, whether its
/// state may be read.
const OF_TABLE: &str = "
    SELECT a.attname::text, s.oid::regclass::text, CASE WHEN s.relkind = 'S' THEN pg_catalog.has_sequence_privilege(s.oid, 'SELECT') ELSE false END::integer
      FROM (SELECT d.refobjsubid AS number, d.objid AS sequence FROM pg_catalog.pg_depend d
             WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
               AND d.deptype IN ('a', 'i') AND d.refobjid = $1::text::regclass AND d.refobjsubid > 0
            UNION
            SELECT d.adnum, p.refobjid FROM pg_catalog.pg_attrdef d
              JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::regclass AND p.objid = d.oid
               AND p.refclassid = 'pg_catalog.pg_class'::regclass
             WHERE d.adrelid = $1::text::regclass) AS f
      JOIN pg_catalog.pg_class s ON s.oid = f.sequence AND s.relkind = 'S'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::text::regclass AND a.attnum = f.number
     ORDER BY 1, 2";

/// A sequence as it is: its name, its last number, whether that was drawn.
pub(super) type Drawn = (String, i64, bool);

/// A column of whose sequence the moved rows have outrun the numbers.
pub(super) struct Outrun {
    pub(super) column: String,
    pub(super) sequence: String,
    /// The highest number in the column.
    pub(super) highest: i64,
}

impl PostgresCarrier<'_> {
    fn sequences_of(&mut self, at: usize) -> Result<Vec<(String, String, bool)>, SqlError> {
        let name = self.targets[at].name.clone();
        let rows = self.postgres()?.query(OF_TABLE, &[name.as_str().into()])?;
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        Ok(rows.iter().map(|row| (text(row.text(0)), text(row.text(1)), row.integer(2) == Some(1))).collect())
    }

    /// All sequences of the moved tables that may be read, as they are.
    pub(super) fn drawn(&mut self) -> Result<Vec<Drawn>, SqlError> {
        let mut found: Vec<Drawn> = Vec::new();
        for at in 0..self.targets.len() {
            for (_, name, readable) in self.sequences_of(at)? {
                if !readable || found.iter().any(|(known, ..)| *known == name) {
                    continue;
                }
                let rows = self.postgres()?.query(&format!("SELECT last_value, is_called::integer FROM {name}"), &[])?;
                let state = rows.first().and_then(|row| Some((row.integer(0)?, row.integer(1)? == 1)));
                found.extend(state.map(|(last, called)| (name, last, called)));
            }
        }
        Ok(found)
    }

    /// The columns of a table whose sequences the moved rows have outrun.
    pub(super) fn outrun(&mut self, at: usize) -> Result<Vec<Outrun>, SqlError> {
        let (plans, table) = (self.plans.clone(), self.targets[at].name.clone());
        let mut found = Vec::new();
        for (column, sequence, _) in self.sequences_of(at)? {
            let place = plans[at].columns.iter().position(|filled| filled.to == column);
            if !place.is_some_and(|place| self.targets[at].columns[place].wire.is_whole()) {
                continue;
            }
            let name = quoted(&column);
            let highest =
                self.number(&format!("SELECT coalesce(max({name}) FILTER (WHERE {name} < {DRAWN}), 0)::bigint FROM {table}"))?;
            let next =
                self.number(&format!("SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM {sequence}"))?;
            if highest >= next {
                found.push(Outrun { column, sequence, highest });
            }
        }
        Ok(found)
    }

    /// Lets the sequences of a table go on behind its rows. Unlike `setval` this is undone with the transaction.
    pub(super) fn go_on(&mut self, at: usize) -> Result<(), SqlError> {
        for Outrun { column, sequence, highest } in self.outrun(at)? {
            let table = &self.plans[at].to;
            let hint = format!("only the owner of {sequence}, from which {table}.{column} is drawn, may set it");
            self.batch(&format!("ALTER SEQUENCE {sequence} RESTART WITH {}", highest + 1))
                .map_err(|error| error.with_hint(hint))?;
        }
        Ok(())
    }

    /// Puts sequences back after a rollback, which does not give back the numbers that were drawn.
    pub(super) fn put_back(&mut self) -> Result<(), SqlError> {
        let others = "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() \
                      AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'";
        let mut sequences = std::mem::take(&mut self.before);
        if sequences.is_empty() {
            return Ok(());
        }
        if self.number(others)? > 0 {
            // Somebody else may draw from them: only what is as the rehearsal left it is put back.
            let now = self.drawn()?;
            sequences.retain(|(name, ..)| {
                let of = |list: &[Drawn]| list.iter().find(|(known, ..)| known == name).cloned();
                of(&self.after).is_some() && of(&self.after) == of(&now)
            });
        }
        self.session.begin()?;
        self.batch("SET TRANSACTION READ WRITE")?;
        for (name, last, called) in sequences {
            let text = escaped_text(&name);
            self.execute(&format!(
                "SELECT pg_catalog.setval({text}::regclass, {last}, {called}) FROM {name} WHERE last_value <> {last} OR is_called <> {called}"
            ))?;
        }
        self.session.commit()
    }
}
