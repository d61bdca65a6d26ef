//! The checks around a run, and its note.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::json;

use super::subject::key_text;
use crate::backend::{Basic, Identity, Session};
use crate::cli::context::Context;
use crate::cli::noting::{self, Said};
use crate::cli::progress::Rows;
use crate::cli::signals::Interrupts;
use crate::domain::value::Value;
use crate::ledger::{Ledger, Note};
use crate::patch::{Around, Checked, Checkpoint, Done, PatchError};
use crate::project::scripts::{Kind, Scope, Script, Scripts, parameter};
use crate::verify::{Check, Finding, Given, Scoping, Status, outcome_of};

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

/// How many findings of a check are remembered. Of more than that only the number is compared.
const REMEMBERED: u64 = 10_000;

/// The row that a finding is about.
fn row_of(finding: &Finding) -> String {
    let key: Vec<String> = finding.key.iter().map(|(_, value)| key_text(value)).collect();
    format!("{} {}", finding.table.as_deref().unwrap_or_default(), key.join(", ")).trim().to_owned()
}

impl Surroundings<'_> {
    /// Whether a check is about what the run is about.
    fn concerns(&self, script: &Script, session: &Session) -> bool {
        let one = self.account != Value::Null;
        script.head.runs_on(session.engine())
            && (script.head.scope == Scope::Tenant) == (one || matches!(self.scoping, Scoping::Whole))
            || (matches!(self.scoping, Scoping::Whole) && script.head.runs_on(session.engine()))
    }
}

impl Around for Surroundings<'_> {
    fn checks(&mut self, session: &mut Session) -> Result<Vec<Checked>, PatchError> {
        let now = parameter::instant(self.instant, session.engine());
        let given =
            |limit| Given { account: self.account.clone(), site: self.site.clone(), now: now.clone(), limit: Some(limit) };
        let mut out = Vec::new();
        let all: Vec<_> = self.scripts.all().filter(|(kind, ..)| *kind == Kind::Verify).collect();
        for (_, name, script) in all {
            let unable = Checked { name: name.to_owned(), could_tell: false, passes: false, findings: 0, rows: None };
            let Ok(script) = script else {
                out.push(unable);
                continue;
            };
            // One that needs parameters of its own is not made by itself.
            let own = |name: &str| self.given.get(name).map(|value| (name.to_owned(), value.clone()));
            let own: BTreeMap<String, String> = script.head.params.keys().filter_map(|name| own(name)).collect();
            let needs = script.head.params.iter().any(|(name, parameter)| {
                let parameter = parameter.get_ref();
                parameter.required && parameter.default.is_none() && !own.contains_key(name)
            });
            if !self.concerns(script, session) || needs {
                continue;
            }
            match Check::prepare(script, self.scoping, &own, session) {
                Err(_) => out.push(unable),
                Ok(check) => {
                    let kept = if self.named.iter().any(|known| known == name) { REMEMBERED } else { 0 };
                    let outcome = outcome_of(&check, &given(kept), session);
                    let whole = outcome.error.is_none() && outcome.sample.len() as u64 == outcome.findings;
                    out.push(Checked {
                        rows: whole.then(|| outcome.sample.iter().map(row_of).collect()),
                        name: outcome.name,
                        could_tell: outcome.status != Status::Error,
                        passes: matches!(outcome.status, Status::Pass | Status::Warn),
                        findings: outcome.findings,
                    });
                }
            }
        }
        Ok(out)
    }

    fn note(&mut self, session: &mut Session, done: &Done) -> Result<(), PatchError> {
        let run = done.run.unwrap_or_default();
        let mut said = self.said.clone();
        said.title = format!("{}: {}", said.title, rows_of(done));
        let mut body: Vec<String> =
            done.parts.iter().map(|part| format!("- {} {}: {} rows", part.op, part.table, part.rows)).collect();
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
}

/// `3 rows in clusters`
pub fn rows_of(done: &Done) -> String {
    let parts: Vec<String> = done
        .parts
        .iter()
        .filter(|part| part.rows > 0)
        .map(|part| {
            let rows = if part.rows == 1 { "1 row".to_owned() } else { format!("{} rows", part.rows) };
            match part.op {
                "delete" => format!("{rows} deleted from {}", part.table),
                "insert" => format!("{rows} new in {}", part.table),
                _ => format!("{rows} in {}", part.table),
            }
        })
        .collect();
    if parts.is_empty() { "0 rows".to_owned() } else { parts.join(", ") }
}
