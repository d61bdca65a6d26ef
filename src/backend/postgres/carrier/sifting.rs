//! Rows to which the target objects for a reason that only it knows: the check of a domain, an index on an expression, an
//! exclusion constraint, a partition that is not there, a trigger that raises. They are found by halves.

use super::sorting::Sorting;
use super::writing::{self, Which};
use crate::backend::carrier::{Fate, Moved};
use crate::backend::error::{SqlError, SqlErrorKind};
use crate::domain::schema::escaped_text;

/// So many rows are found at most: where more are objected to, it is no matter of single rows.
const MOST: u64 = 1000;

/// Whether the target refuses rows for what they hold.
pub(super) fn is_objection(error: &SqlError) -> bool {
    let state = error.sqlstate.as_deref().unwrap_or_default();
    // Data that is not valid, constraints, the option of a view, and what a trigger raises.
    error.kind == SqlErrorKind::Constraint || ["22", "23", "44", "P0001"].iter().any(|class| state.starts_with(class))
}

impl Sorting<'_, '_, '_> {
    /// Writes what was sorted. Rows to which the target objects stay behind, each with the target's words.
    pub(super) fn write(&mut self, moved: &mut Moved) -> Result<(), SqlError> {
        self.carrier.batch("SAVEPOINT manage_write")?;
        let mut written = *moved;
        match writing::write(self.carrier, self.at, &mut written) {
            Ok(()) => {
                *moved = written;
                self.carrier.batch("RELEASE manage_write")
            }
            Err(error) if is_objection(&error) => {
                self.carrier.batch("ROLLBACK TO manage_write; RELEASE manage_write")?;
                self.sift(moved, &error)
            }
            Err(error) => Err(error),
        }
    }

    fn sift(&mut self, moved: &mut Moved, whole: &SqlError) -> Result<(), SqlError> {
        self.carrier.index_stage(self.at)?;
        let mut found = 0;
        for which in [Which::New, Which::There] {
            let stage = format!("manage_stage_{} WHERE act = '{}'", self.at, which.act());
            let rows = self.carrier.count_of(&format!("SELECT count(*) FROM {stage}"))?;
            if rows == 0 {
                continue;
            }
            let bounds = ["min", "max"].map(|end| self.carrier.number(&format!("SELECT {end}(o) FROM {stage}")));
            let [first, last] = bounds;
            let before = found;
            let written = self.halves(which, (first?, last?), &mut found, whole)?;
            match which {
                Which::New => moved.inserted = written,
                Which::There => {
                    moved.updated = written;
                    moved.unchanged = rows.saturating_sub(found - before + written);
                }
            }
        }
        moved.rejected += found;
        Ok(())
    }

    /// Writes the rows between two places; of those that are objected to each half by itself.
    fn halves(&mut self, which: Which, (from, to): (i64, i64), found: &mut u64, whole: &SqlError) -> Result<u64, SqlError> {
        self.carrier.batch("SAVEPOINT manage_half")?;
        let error = match writing::some(self.carrier, self.at, which, &format!("AND st.o BETWEEN {from} AND {to}")) {
            Ok(rows) => {
                self.carrier.batch("RELEASE manage_half")?;
                return Ok(rows);
            }
            Err(error) if is_objection(&error) => error,
            Err(error) => return Err(error),
        };
        self.carrier.batch("ROLLBACK TO manage_half; RELEASE manage_half")?;
        if from < to {
            let middle = from + (to - from) / 2;
            return Ok(self.halves(which, (from, middle), found, whole)? + self.halves(which, (middle + 1, to), found, whole)?);
        }
        if *found == MOST {
            return Err(whole.clone());
        }
        // A check tells the whole row, which is called by its key here.
        let detail = error.detail.as_deref().filter(|detail| !detail.starts_with("Failing row"));
        let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
        let says = escaped_text(&format!("{}{detail}", error.message));
        *found += self.leave(Fate::Rejected, ("", rule(&error)), &says, "", &format!("st.o = {from}"))?;
        Ok(0)
    }
}

/// One word for what is objected to.
fn rule(error: &SqlError) -> &'static str {
    match error.sqlstate.as_deref().unwrap_or_default() {
        "23514" => "check",
        "23505" => "unique",
        "23503" => "orphan",
        "22001" => "length",
        "22003" => "range",
        _ => "target",
    }
}
