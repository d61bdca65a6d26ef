//! A job carried out: the checks around it, its end on the screen, and the note of one that was refused.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde_json::{Value as Fact, json};

use super::around::Surroundings;
use super::{ending, masks, show};
use crate::backend::Session;
use crate::cli::context::{Chosen, Context, Reached};
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::progress::Rows;
use crate::cli::signals::Interrupts;
use crate::domain::explain::{Class, Explain};
use crate::domain::value::Value;
use crate::ledger::{Ledger, Note, StoredPlan};
use crate::patch::{Done, Job, Mode, PatchError, go_on, run};
use crate::project::scripts::Scripts;
use crate::tenancy::{Account, Map, Site};
use crate::verify::Scoping;

/// What is carried out, for whom, and what is said of it.
pub struct Errand<'a> {
    /// The project and the database.
    pub chosen: &'a Chosen,
    /// The ledger.
    pub ledger: Ledger,
    /// Whose a row is, where the project has accounts.
    pub map: Option<&'a Map>,
    /// The account.
    pub account: Option<&'a Account>,
    /// The site.
    pub site: Option<&'a Site>,
    /// The checks around it.
    pub scripts: &'a Scripts,
    /// Those of them that the patch names.
    pub named: &'a [String],
    /// The parameters of the run.
    pub given: &'a BTreeMap<String, String>,
    /// The instant of the run.
    pub instant: NaiveDateTime,
    /// What its note says.
    pub said: Said,
}

impl Errand<'_> {
    /// Runs a job. What was refused after rows had been written gets a run and a note, too. `unseen`: whether the plan has
    /// not been on the screen yet.
    ///
    /// # Errors
    /// As [`run`] says.
    pub fn start(
        self,
        context: &mut Context,
        reached: &mut Reached,
        job: &mut Job<'_>,
        mode: Mode,
        unseen: bool,
    ) -> Result<Done, Failure> {
        let applies = mode == Mode::Apply;
        let work = |session: &mut Session, around: &mut Surroundings<'_>| run(session, job, mode, around);
        let (result, note) = self.within(context, reached, applies, 0, work);
        match result {
            Ok(done) => {
                if applies && done.run.is_some() {
                    context.screen.clear_live();
                    if unseen {
                        show::plan(context, &done);
                    }
                    self.ended(context, &done, job, note.as_ref())?;
                }
                Ok(done)
            }
            Err(error) => {
                if !ending::stopped(context, &error) && error.after_start && applies {
                    self.refused(context, reached, job, &error)?;
                }
                Err(error.into())
            }
        }
    }

    /// Goes on with a run that stands after `done` rows; `skip` leaves out what somebody has changed since.
    ///
    /// # Errors
    /// As [`go_on`] says.
    pub fn resume(
        self,
        context: &mut Context,
        reached: &mut Reached,
        job: &Job<'_>,
        (id, done): (i64, u64),
        skip: bool,
    ) -> Result<(), Failure> {
        let work = |session: &mut Session, around: &mut Surroundings<'_>| go_on(session, job, id, skip, around);
        match self.within(context, reached, true, done, work) {
            (Ok(done), note) => self.ended(context, &done, job, note.as_ref()),
            (Err(error), _) => {
                ending::stopped(context, &error);
                Err(error.into())
            }
        }
    }

    fn within(
        &self,
        context: &mut Context,
        reached: &mut Reached,
        stoppable: bool,
        done: u64,
        work: impl FnOnce(&mut Session, &mut Surroundings<'_>) -> Result<Done, PatchError>,
    ) -> (Result<Done, PatchError>, Option<Note>) {
        let interrupts = stoppable.then(|| {
            let canceller = reached.session.canceller();
            Interrupts::listen(move || canceller.cancel())
        });
        let mut around = Surroundings {
            context: &mut *context,
            identity: &reached.identity,
            environment: reached.marker.as_deref(),
            ledger: self.ledger,
            scripts: self.scripts,
            scoping: self.map.map_or(Scoping::Whole, |map| Scoping::Tenants { map, site: self.site.is_some() }),
            named: self.named,
            given: self.given,
            account: self.account.map_or(Value::Null, |account| account.key.clone()),
            site: self.site.map_or(Value::Null, |site| site.key.clone()),
            instant: self.instant,
            said: self.said.clone(),
            note: None,
            interrupts: interrupts.clone(),
            meter: Rows::from(done),
        };
        let mut result = work(&mut reached.session, &mut around);
        let note = around.note;
        if let Ok(done) = &mut result {
            masks::mask(done, &self.chosen.project.config.patches.masked);
        }
        context.interrupted |= interrupts.is_some_and(|interrupts| interrupts.twice());
        (result, note)
    }

    fn ended(&self, context: &mut Context, done: &Done, job: &Job<'_>, note: Option<&Note>) -> Result<(), Failure> {
        let account = self.account.map(|account| account.name.as_str());
        ending::applied(context, self.chosen, done, account, self.named, job.run.undo_of.is_some(), note)
    }

    /// Notes a run that was refused after it had begun to write; nothing of it is kept.
    fn refused(self, context: &mut Context, reached: &mut Reached, job: &Job<'_>, error: &PatchError) -> Result<(), Failure> {
        let state = if error.class == Class::Refused { "refused" } else { "failed" };
        let id = job.ledger.start_run(&mut reached.session, &job.run, state)?;
        let counts = json!({ "rows": 0, "error": error.to_string() }).to_string();
        job.ledger.finish_run(&mut reached.session, id, state, None, &counts).map_err(PatchError::from)?;
        let lines: Vec<String> =
            std::iter::once(error.to_string()).chain(error.details()).map(|line| format!("- {line}")).collect();
        let said = Said {
            title: format!("{}: {state}, nothing was changed", self.said.title),
            body: Some(lines.join("\n")),
            ..self.said
        };
        noting::write(context, self.chosen, reached, &said).map(drop)
    }
}

/// Keeps a plan that was rehearsed, so that its digest can be named.
///
/// # Errors
/// When the ledger cannot be written.
pub fn keep_plan(context: &Context, reached: &mut Reached, job: &Job<'_>, done: &Done) -> Result<(), Failure> {
    if done.rows() == 0 {
        return Ok(());
    }
    let parts = done.parts.iter().map(|part| json!({ "table": part.table, "op": part.op, "rows": part.rows }));
    let plan = StoredPlan {
        digest: done.digest.clone(),
        kind: job.run.kind.clone(),
        name: job.run.name.clone(),
        account_key: job.run.account_key.clone(),
        account_name: job.run.account_name.clone(),
        site_key: job.run.site_key.clone(),
        script_hash: job.run.script_hash.clone().unwrap_or_default(),
        parameters: job.run.parameters.clone().unwrap_or_else(|| "{}".to_owned()),
        clock: job.run.clock.clone().unwrap_or_default(),
        rows: i64::try_from(done.rows()).unwrap_or(i64::MAX),
        summary: parts.collect::<Fact>().to_string(),
        undo_of: job.run.undo_of,
        made_at: String::new(),
    };
    let person = context.person();
    Ok(job.ledger.keep_plan(&mut reached.session, &plan, person.as_deref(), &context.actor())?)
}
