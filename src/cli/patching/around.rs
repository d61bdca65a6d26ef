//! The checks around a run, and its note.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::json;

use crate::backend::{Basic, Identity, Session};
use crate::cli::context::Context;
use crate::cli::noting::{self, Said};
use crate::cli::progress::Rows;
use crate::cli::signals::Interrupts;
use crate::domain::value::Value;
use crate::ledger::{Ledger, Note};
use crate::patch::{Around, Checked, Checkpoint, Done, PartDone, PatchError};
use crate::project::scripts::{Scripts, parameter};
use crate::verify::{Every, Outcome, Scoping};

/// The checks around a run, and its note.
pub struct Surroundings<'a> {
    /// Whose settings and screen.
    pub context: &'a mut Context,
    /// The database.
    pub identity: &'a Identity,
    /// Its marker.
    pub environment: Option<&'a str>,
    /// The ledger.
    pub ledger: Ledger,
    /// The checks of the project.
    pub scripts: &'a Scripts,
    /// Those of them that the patch names: the rows that these find are remembered.
    pub named: &'a [String],
    /// The parameters of the run: a check that declares one of the same name gets its value.
    pub given: &'a BTreeMap<String, String>,
    /// How far they look.
    pub scoping: Scoping<'a>,
    /// The account's key, or NULL.
    pub account: Value,
    /// The site's key, or NULL.
    pub site: Value,
    /// The instant of the run.
    pub instant: NaiveDateTime,
    /// What the note says.
    pub said: Said,
    /// The note, once it is written.
    pub note: Option<Note>,
    /// Who asks to stop; nobody can while a plan is only rehearsed.
    pub interrupts: Option<Interrupts>,
    /// How far it has come.
    pub meter: Rows,
}

impl Around for Surroundings<'_> {
    fn checks(&mut self, session: &mut Session) -> Result<Vec<Checked>, PatchError> {
        let every = Every {
            scripts: self.scripts,
            scoping: self.scoping,
            account: self.account.clone(),
            site: self.site.clone(),
            now: parameter::instant(self.instant, session.engine()),
            given: self.given,
            named: self.named,
        };
        let checked = |outcome: Outcome| Checked {
            could_tell: outcome.could_tell(),
            passes: outcome.passes(),
            findings: outcome.findings,
            rows: outcome.rows(),
            name: outcome.name,
        };
        Ok(every.made(session).into_iter().map(checked).collect())
    }

    fn note(&mut self, session: &mut Session, done: &Done) -> Result<(), PatchError> {
        let run = done.run.unwrap_or_default();
        let mut said = self.said.clone();
        said.title = format!("{}: {}", said.title, rows_of(done));
        let mut body: Vec<String> =
            done.parts.iter().map(|part| format!("- {} {}: {} rows{}", part.op, part.table, part.rows, by(part))).collect();
        for after in &done.after {
            let before = done.before.iter().find(|check| check.name == after.name).map_or(0, |check| check.findings);
            if before != after.findings {
                body.push(format!("- verify {}: {before} findings before, {} after", after.name, after.findings));
            }
        }
        if let Some(batched) = done.batched {
            body.push(format!("- in {} transactions", batched.batches));
            if batched.skipped > 0 {
                body.push(format!(
                    "- {} rows were left alone: somebody had changed them since the plan was made",
                    batched.skipped
                ));
            }
        }
        body.extend(done.unverified.iter().map(|what| format!("- the checks do not agree: {what}")));
        body.push(format!("- to take it back: manage undo {run}"));
        said.body = Some(body.join("\n"));
        let parts = done.parts.iter().map(|part| json!({ "table": part.table, "op": part.op, "rows": part.rows }));
        let mut facts = json!({
            "run": run,
            "digest": done.digest,
            "rows": done.rows(),
            "parts": parts.collect::<Vec<_>>(),
        });
        if let (Some(facts), Some(more)) = (facts.as_object_mut(), said.facts.as_object()) {
            facts.extend(more.clone());
        }
        said.facts = facts;
        let note = noting::insert(self.context, self.ledger, session, self.identity, self.environment, &said)?;
        self.note = Some(note);
        Ok(())
    }

    fn batch(&mut self, at: &Checkpoint) {
        tracing::info!(done = at.done, planned = at.planned, batch = at.batches, "batch committed");
        self.meter.show(&mut self.context.screen, at.done, at.planned, at.size);
    }

    fn stop(&self) -> bool {
        self.interrupts.as_ref().is_some_and(Interrupts::asked)
    }

    fn break_off(&self) -> bool {
        self.interrupts.as_ref().is_some_and(Interrupts::twice)
    }
}

/// Who has written a part that the patch has not written itself.
fn by(part: &PartDone) -> &'static str {
    if part.effect { " by triggers or cascades" } else { "" }
}

/// `3 rows in clusters`
pub fn rows_of(done: &Done) -> String {
    let parts: Vec<String> = done
        .parts
        .iter()
        .filter(|part| part.rows > 0)
        .map(|part| {
            let rows = if part.rows == 1 { "1 row".to_owned() } else { format!("{} rows", part.rows) };
            let what = match part.op {
                "delete" => format!("{rows} deleted from {}", part.table),
                "insert" => format!("{rows} new in {}", part.table),
                _ => format!("{rows} in {}", part.table),
            };
            what + by(part)
        })
        .collect();
    if parts.is_empty() { "0 rows".to_owned() } else { parts.join(", ") }
}
