//! `manage runs resume`

use std::collections::BTreeMap;

use serde_json::{Value as Fact, json};

use super::unfinished;
use crate::backend::{Access, Basic, Session};
use crate::cli::consent;
use crate::cli::context::{Chosen, Context, Reached};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::noting::{self, Said};
use crate::cli::patching::errand::Errand;
use crate::cli::patching::{clock_of, show, this_instant};
use crate::cli::undo::whose;
use crate::domain::explain::Class;
use crate::guards::Deed;
use crate::ledger::{Ledger, Run};
use crate::patch::{Batching, Checkpoint, Confinement, Done, Job, PatchError, part_kept};
use crate::project::config::Patches;
use crate::project::scripts::{self, Kind, Scripts};
use crate::tenancy::Map;

/// Arguments of `runs resume`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The run
    #[arg(value_name = "RUN")]
    run: i64,

    /// Leave rows alone that somebody has changed since the plan was made, and write the others
    #[arg(long)]
    skip_conflicts: bool,
}

/// Runs the command.
///
/// # Errors
/// When the run is finished, or stops again.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    context.screen.facts.extend(show::facts(&Done::default(), "refused", &[]));
    context.screen.facts.insert("note".to_owned(), Fact::Null);
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "runs resume")?;
    let ledger = noting::prepare(context, &mut reached)?;
    let run = unfinished(ledger, &mut reached.session, args.run)?;
    consent::obtain(context, &reached, Deed::RunsResume, "The run goes on with the plan that was agreed with.")?;
    let Some(at) = Checkpoint::of(&run) else {
        return Err(Failure::new(
            Class::CouldNotRun,
            format!("how far run {} has come cannot be read", run.id),
            format!("give it up: manage runs cancel {}", run.id),
        ));
    };
    let scripts = unedited(&chosen, &run, &reached.session)?;
    let title = reached.title();
    context.screen.heading(&format!(
        "Go on with run {}: {} {}, at {} of {} rows",
        run.id, run.begun.kind, run.begun.name, at.done, at.planned
    ));
    context.screen.heading(&match &run.begun.account_name {
        Some(account) => format!("{account} in {title}"),
        None => title,
    });
    Resumed { chosen: &chosen, ledger, run: &run, at: &at, scripts: &scripts, skip: args.skip_conflicts }
        .go(context, &mut reached)?;
    Ok(Exit::Ok)
}

/// The scripts of the project, where the one of the run is what it was when it began. To take a run back needs none.
fn unedited(chosen: &Chosen, run: &Run, session: &Session) -> Result<Scripts, Failure> {
    let begun = &run.begun;
    let kind = match begun.kind.as_str() {
        "fix" => Kind::Fix,
        "sync" => Kind::Sync,
        _ => return Ok(Scripts::default()),
    };
    let scripts = scripts::load(&chosen.project.scripts_folder(), session.engine())?;
    let script = scripts.named(&[kind], &begun.name);
    let what = match &script {
        Ok(script) if begun.script_hash.as_ref() == Some(&script.hash()) => None,
        Ok(_) => Some("was edited"),
        Err(_) => Some("is gone, or cannot be read"),
    };
    match what {
        None => Ok(scripts),
        Some(what) => Err(Failure::new(
            Class::Conflict,
            format!("`{}` {what} since run {} began", begun.name, run.id),
            format!(
                "put the file back as it was; or give the run up: manage runs cancel {}, then manage undo {} takes back what it has written",
                run.id, run.id
            ),
        )),
    }
}

struct Resumed<'a> {
    chosen: &'a Chosen,
    ledger: Ledger,
    run: &'a Run,
    at: &'a Checkpoint,
    scripts: &'a Scripts,
    skip: bool,
}

impl Resumed<'_> {
    fn go(&self, context: &mut Context, reached: &mut Reached) -> Result<(), Failure> {
        let begun = &self.run.begun;
        let config = &self.chosen.project.config;
        let map = match &config.tenancy {
            Some(tenancy) => Some(Map::new(reached.session.engine(), tenancy, reached.session.relations()?)?),
            None => None,
        };
        let (account, site) = whose(self.run, map.as_ref(), &mut reached.session)?;
        let images = self.ledger.images(&mut reached.session, self.run.id).map_err(PatchError::from)?;
        let parts = images.iter().map(part_kept).collect::<Result<Vec<_>, _>>()?;
        if parts.len() != 1 {
            return Err(Failure::new(
                Class::CouldNotRun,
                format!("the plan of run {} is gone", self.run.id),
                format!("give it up: manage runs cancel {}", self.run.id),
            ));
        }
        let script = match begun.kind.as_str() {
            "fix" => self.scripts.named(&[Kind::Fix], &begun.name).ok(),
            "sync" => self.scripts.named(&[Kind::Sync], &begun.name).ok(),
            _ => None,
        };
        let (verify, leaves) = script.map(|script| (script.head.verify.clone(), script.head.leaves.clone())).unwrap_or_default();
        let given = begun.parameters.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let confined = account.as_ref().zip(map.as_ref()).map(|(account, map)| Confinement { map, account, site: site.as_ref() });
        let job = Job {
            run: begun.clone(),
            map: map.as_ref(),
            confined,
            parts,
            values: BTreeMap::new(),
            volatile: Vec::new(),
            side_effects: BTreeMap::new(),
            verify: verify.clone(),
            leaves,
            max_rows: None,
            expect: None,
            lock: config.patches.lock_timeout.unwrap_or(Patches::LOCK_TIMEOUT),
            statement: config.patches.statement_timeout,
            batching: Batching { pause: config.patches.pause.unwrap_or_default(), ..Batching::default() },
            ledger: self.ledger,
        };
        let of = account.as_ref().map(|account| format!(" for {}", account.name)).unwrap_or_default();
        let title = match begun.undo_of {
            Some(of_run) => format!("undo of run {of_run}, {}{of}", begun.name),
            None => format!("{} {}{of}", begun.kind, begun.name),
        };
        let errand = Errand {
            chosen: self.chosen,
            ledger: self.ledger,
            map: map.as_ref(),
            account: account.as_ref(),
            site: site.as_ref(),
            scripts: self.scripts,
            named: &verify,
            given: &given,
            instant: begun.clock.as_deref().and_then(clock_of).unwrap_or_else(this_instant),
            said: Said {
                kind: begun.kind.clone(),
                title,
                reason: begun.reason.clone(),
                account: account.as_ref().map(|account| account.name.clone()),
                facts: json!({
                    "script_hash": begun.script_hash,
                    "site": site.as_ref().map(|site| site.name.clone()),
                    "undo_of": begun.undo_of,
                }),
                ..Said::default()
            },
        };
        errand.resume(context, reached, &job, (self.run.id, self.at.done), self.skip)
    }
}
