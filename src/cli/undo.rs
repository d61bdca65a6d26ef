//! `manage undo`

use std::collections::BTreeMap;

use serde_json::{Value as Fact, json};

use super::context::{Chosen, Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::noting::{self, Said};
use super::patching::agree::{self, Agreement, Typed};
use super::patching::errand::{Errand, keep_plan};
use super::patching::subject::key_text;
use super::patching::{clock_of, clock_text, show, this_instant};
use super::transfer::rollback::Back;
use crate::backend::{Access, Basic, Session};
use crate::domain::checksum::sha256_hex;
use crate::domain::explain::Class;
use crate::domain::value::Value;
use crate::guards::Deed;
use crate::ledger::{Ledger, Look, NewRun, Run, StoredImage};
use crate::patch::{Clash, Confinement, Done, Job, Mode, PatchError, clashes, effects_back, parts_back};
use crate::project::config::Patches;
use crate::project::scripts::{self, parameter};
use crate::tenancy::{Account, Map, Site, find};
use crate::transfer::history;

/// Take a run back
///
/// Every row that the run changed gets its values of before, the last part first. It compares the columns that the run
/// changed: where somebody has changed one since, nothing is undone and the rows are listed. An undo is a run itself,
/// proved and remembered like it, and can be undone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  manage undo 118
  manage undo --last --dry-run
  manage undo 118 --skip-conflicts       leave alone what somebody has changed since")]
pub struct Args {
    /// The run; manage runs list shows them
    #[arg(value_name = "RUN", required_unless_present = "last")]
    run: Option<i64>,

    /// The latest run that was applied and not undone
    #[arg(long, conflicts_with = "run")]
    last: bool,

    /// Do all of it and roll it back: shows the plan and its digest. What goes in batches has only the first ones
    /// rehearsed; --dry-run=full does all
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "first")]
    dry_run: Option<super::fix::DryRun>,

    /// Apply exactly this plan: at least 16 digits
    #[arg(long, value_name = "DIGEST", conflicts_with = "dry_run", value_parser = super::fix::digest)]
    digest: Option<String>,

    /// Why, for the note
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Refuse to write more rows than this
    #[arg(long, value_name = "N")]
    max_rows: Option<u64>,

    /// Leave rows alone that somebody has changed since, and take back the others
    #[arg(long)]
    skip_conflicts: bool,
}

/// Runs the command.
///
/// # Errors
/// As the documentation of the command says.
pub fn run(context: &mut Context, args: &Args) -> Result<Exit, Failure> {
    context.screen.facts.extend(show::facts(&Done::default(), "refused", &[]));
    context.screen.facts.insert("note".to_owned(), Fact::Null);
    let chosen = context.choose()?;
    let mut reached = context.reach(&chosen, Access::Write, "undo")?;
    if let Some(run) = transfer(args, &mut reached)? {
        return take_transfer_back(context, args, run, &chosen, &mut reached);
    }
    let typed = Typed { digest: args.digest.as_deref(), reason: args.reason.as_deref(), max_rows: args.max_rows };
    let agreement = if args.dry_run.is_some() { None } else { Some(agree::agreement(context, &reached, Deed::Undo, typed)?) };
    let ledger = noting::prepare(context, &mut reached)?;
    let of = wanted(args, ledger, &mut reached)?;
    let images = ledger.images(&mut reached.session, of.id).map_err(PatchError::from)?;
    Undo { args, chosen: &chosen, ledger, of: &of, images: &images, agreement }.run(context, &mut reached)
}

/// The transfer that is meant, where it is one: what its way back needs is kept in tables of its own.
fn transfer(args: &Args, reached: &mut Reached) -> Result<Option<i64>, Failure> {
    let session = &mut reached.session;
    let Look::Present(ledger) = Ledger::look(session)? else { return Ok(None) };
    let runs = ledger.runs(session).map_err(PatchError::from)?;
    let kind = |id: i64| runs.iter().find(|run| run.id == id).map_or("", |run| run.begun.kind.as_str());
    let meant = match args.run {
        Some(id) => runs.iter().find(|run| run.id == id),
        None => runs.iter().find(|run| can_be_last(run)),
    };
    let Some(run) = meant else { return Ok(None) };
    if let Some(of) = run.begun.undo_of.filter(|of| kind(*of) == history::KIND) {
        return Err(Failure::new(
            Class::Refused,
            format!("run {} took a transfer back (run {of}), which is not undone", run.id),
            "to move the rows again: manage transfer all",
        ));
    }
    Ok((run.begun.kind == history::KIND).then_some(run.id))
}

/// Whether `--last` may mean this run: one that wrote rows, is there, and took nothing back.
fn can_be_last(run: &Run) -> bool {
    match run.begun.kind.as_str() {
        "fix" | "sync" => can_go_back(run),
        history::KIND => run.state == history::APPLIED && super::runs::rows(run) > 0,
        _ => false,
    }
}

fn take_transfer_back(
    context: &mut Context,
    args: &Args,
    run: i64,
    chosen: &Chosen,
    reached: &mut Reached,
) -> Result<Exit, Failure> {
    if args.digest.is_some() {
        return Err(Failure::new(
            Class::Usage,
            format!("run {run} is a transfer, which has no digest"),
            "leave --digest out; --dry-run shows what would be taken back",
        ));
    }
    let heading = reached.title();
    context.screen.heading(&heading);
    let back = Back {
        run: Some(run),
        map: None,
        dry_run: args.dry_run.is_some(),
        skip_conflicts: args.skip_conflicts,
        max_rows: args.max_rows,
        reason: args.reason.clone(),
        lock_timeout: std::time::Duration::from_secs(30),
    };
    back.run(context, chosen, reached)
}

/// The run that is to be taken back.
fn wanted(args: &Args, ledger: Ledger, reached: &mut Reached) -> Result<Run, Failure> {
    let session = &mut reached.session;
    let usage = |message: String| Failure::new(Class::Usage, message, "manage runs list shows them");
    let run = match args.run {
        Some(id) => ledger
            .run(session, id)
            .map_err(PatchError::from)?
            .ok_or_else(|| usage(format!("there is no run {id} in this database")))?,
        None => {
            let all = ledger.runs(session).map_err(PatchError::from)?;
            all.into_iter().find(can_be_last).ok_or_else(|| usage("there is no run that could be taken back".to_owned()))?
        }
    };
    if let Some(by) = run.undone_by {
        return Err(Failure::new(
            Class::Conflict,
            format!("run {} was taken back already, by run {by}", run.id),
            format!("to do it again: manage undo {by}"),
        ));
    }
    if !matches!(run.begun.kind.as_str(), "fix" | "sync" | "undo") {
        return Err(Failure::new(
            Class::Refused,
            format!("run {} is a {}, which undo does not take back", run.id, run.begun.kind),
            "",
        ));
    }
    if run.is_unfinished() {
        return Err(Failure::new(
            Class::Refused,
            format!("run {} is not finished ({})", run.id, run.state),
            format!("give it up first: manage runs cancel {}; or bring it to its end: manage runs resume {}", run.id, run.id),
        ));
    }
    if !can_go_back(&run) {
        return Err(Failure::new(
            Class::Refused,
            format!("run {} is {}: there is nothing to take back", run.id, run.state),
            format!("look at it: manage runs show {}", run.id),
        ));
    }
    let here = ledger.fingerprint(session).map_err(PatchError::from)?;
    if run.begun.fingerprint != here {
        return Err(Failure::new(
            Class::Conflict,
            format!("run {} was made in another database", run.id),
            "name that one: --database",
        ));
    }
    Ok(run)
}

/// Whether a run has left anything that can be taken back.
fn can_go_back(run: &Run) -> bool {
    run.undone_by.is_none() && (run.state.starts_with("applied") || (run.state == "cancelled" && super::runs::rows(run) > 0))
}

struct Undo<'a> {
    args: &'a Args,
    chosen: &'a Chosen,
    ledger: Ledger,
    of: &'a Run,
    images: &'a [StoredImage],
    agreement: Option<Agreement>,
}

impl Undo<'_> {
    fn run(&self, context: &mut Context, reached: &mut Reached) -> Result<Exit, Failure> {
        let map = match &self.chosen.project.config.tenancy {
            Some(tenancy) => Some(Map::new(reached.session.engine(), tenancy, reached.session.relations()?)?),
            None => None,
        };
        let (account, site) = whose(self.of, map.as_ref(), &mut reached.session)?;
        let name = format!("{} {}", self.of.begun.kind, self.of.begun.name);
        context.screen.heading(&format!("Take back run {}: {name}, {}", self.of.id, self.of.started_at));
        let title = reached.title();
        context.screen.heading(&match &account {
            Some(account) => format!("{account} in {title}"),
            None => title,
        });
        self.refuse_clashes(context, reached)?;
        let mut instant = this_instant();
        let mut expect = None;
        if let Some(digest) = &self.args.digest {
            let plans = self.ledger.plans(&mut reached.session, digest).map_err(PatchError::from)?;
            let plan = plans.iter().find(|plan| plan.undo_of == Some(self.of.id)).ok_or_else(|| {
                Failure::new(
                    Class::Conflict,
                    format!("there is no plan {} to take back run {} in this database", show::shown(digest), self.of.id),
                    "make one with --dry-run",
                )
            })?;
            instant = clock_of(&plan.clock).unwrap_or(instant);
            expect = Some(plan.digest.clone());
        }
        let confined = account.as_ref().zip(map.as_ref()).map(|(account, map)| Confinement { map, account, site: site.as_ref() });
        let mut values = BTreeMap::new();
        values.insert("now".to_owned(), parameter::instant(instant, reached.session.engine()));
        values.insert("skip".to_owned(), Value::Bool(self.args.skip_conflicts));
        let mut job = Job {
            run: NewRun {
                kind: "undo".to_owned(),
                name: self.of.begun.name.clone(),
                account_key: account.as_ref().map(|account| key_text(&account.key)),
                account_name: account.as_ref().map(|account| account.name.clone()),
                site_key: site.as_ref().map(|site| key_text(&site.key)),
                fingerprint: self.of.begun.fingerprint.clone(),
                script_hash: Some(sha256_hex(&format!("undo of run {}", self.of.id))),
                script_text: None,
                parameters: None,
                clock: Some(clock_text(instant)),
                digest: None,
                reason: self.args.reason.clone(),
                person: context.person(),
                actor: context.actor(),
                undo_of: Some(self.of.id),
            },
            map: map.as_ref(),
            confined,
            parts: parts_back(self.images, self.args.skip_conflicts)?,
            values,
            volatile: Vec::new(),
            side_effects: effects_back(self.images, &mut reached.session)?,
            verify: Vec::new(),
            leaves: Vec::new(),
            max_rows: self.args.max_rows,
            expect,
            lock: self.chosen.project.config.patches.lock_timeout.unwrap_or(Patches::LOCK_TIMEOUT),
            statement: self.chosen.project.config.patches.statement_timeout,
            batching: super::fix::batching(self.chosen, None, self.args.max_rows, self.args.dry_run),
            ledger: self.ledger,
        };
        if self.agreement != Some(Agreement::Given) {
            let done = self.go(context, reached, map.as_ref(), account.as_ref(), site.as_ref(), &mut job, Mode::Rehearse)?;
            context.screen.facts.extend(show::facts(&done, "planned", &[]));
            if done.rows() == 0 {
                context.screen.line("  nothing to do");
                context.screen.facts.extend(show::facts(&done, "nothing to do", &[]));
                return Ok(Exit::Ok);
            }
            keep_plan(context, reached, &job, &done)?;
            show::plan(context, &done);
            show::rehearsed(context, &done, &[]);
            if self.agreement.is_none() {
                context.screen.line(&format!(
                    "  nothing was changed · apply it: manage undo {} --digest {}",
                    self.of.id,
                    show::shown(&done.digest)
                ));
                return Ok(Exit::Ok);
            }
            let (name, of) = match &account {
                Some(account) => (account.name.clone(), "the account"),
                None => (reached.identity.name.clone(), "the database"),
            };
            job.run.reason = agree::confirm(context, reached, Deed::Undo, self.args.reason.as_deref(), &name, of)?;
            job.expect = Some(done.digest.clone());
        }
        let done = self.go(context, reached, map.as_ref(), account.as_ref(), site.as_ref(), &mut job, Mode::Apply)?;
        if done.rows() == 0 {
            context.screen.line("  nothing to do");
            context.screen.facts.extend(show::facts(&done, "nothing to do", &[]));
        }
        Ok(Exit::Ok)
    }

    fn refuse_clashes(&self, context: &mut Context, reached: &mut Reached) -> Result<(), Failure> {
        let clashes = clashes(self.images, &mut reached.session)?;
        let listed = clashes.iter().map(|clash| json!({ "table": clash.table, "key": clash.key, "what": words(clash) }));
        context.screen.facts.insert("conflicts".to_owned(), listed.collect());
        if clashes.is_empty() || self.args.skip_conflicts {
            for clash in clashes.iter().take(SHOWN) {
                context.screen.line(&format!("  left alone: {} {}  {}", clash.table, clash.key, words(clash)));
            }
            return Ok(());
        }
        let total: i64 = self.images.iter().map(|image| image.rows).sum();
        let mut error = PatchError::conflict(
            format!("{} of {total} rows changed since run {}; nothing was undone", clashes.len(), self.of.id),
            match total - i64::try_from(clashes.len()).unwrap_or(i64::MAX) {
                0 => "look at them, and change them by hand if they must go back".to_owned(),
                left => format!("undo the other {left} with --skip-conflicts"),
            },
        );
        let newer = self.newer(reached)?;
        for clash in clashes.iter().take(SHOWN) {
            let by = newer.iter().find(|(tables, _)| tables.contains(&clash.table)).map(|(_, by)| format!("   perhaps by {by}"));
            error.details.push(format!("  {} {}  {}{}", clash.table, clash.key, words(clash), by.unwrap_or_default()));
        }
        if clashes.len() > SHOWN {
            error.details.push(format!("  and {} more", clashes.len() - SHOWN));
        }
        Err(error.into())
    }

    /// Later runs with the tables that they wrote.
    fn newer(&self, reached: &mut Reached) -> Result<Vec<(Vec<String>, String)>, Failure> {
        let mut out = Vec::new();
        let later = self.ledger.runs(&mut reached.session).map_err(PatchError::from)?;
        for run in later.iter().filter(|run| run.id > self.of.id && can_go_back(run)) {
            let images = self.ledger.images(&mut reached.session, run.id).map_err(PatchError::from)?;
            let tables = images.into_iter().map(|image| image.table).collect();
            let when = run.started_at.get(11..16).unwrap_or_default();
            out.push((tables, format!("run {} ({} {}, {when})", run.id, run.begun.kind, run.begun.name)));
        }
        Ok(out)
    }

    #[allow(clippy::too_many_arguments)]
    fn go(
        &self,
        context: &mut Context,
        reached: &mut Reached,
        map: Option<&Map>,
        account: Option<&Account>,
        site: Option<&Site>,
        job: &mut Job<'_>,
        mode: Mode,
    ) -> Result<Done, Failure> {
        let of = account.map(|account| format!(" for {}", account.name)).unwrap_or_default();
        let errand = Errand {
            chosen: self.chosen,
            ledger: self.ledger,
            map,
            account,
            site,
            // The checks may well find again what was mended: that is what taking it back means.
            scripts: &scripts::Scripts::default(),
            named: &[],
            given: &BTreeMap::new(),
            instant: this_instant(),
            said: Said {
                kind: "undo".to_owned(),
                title: format!("undo of run {}, {} {}{of}", self.of.id, self.of.begun.kind, self.of.begun.name),
                reason: job.run.reason.clone(),
                account: account.map(|account| account.name.clone()),
                facts: json!({ "undo_of": self.of.id, "skip_conflicts": self.args.skip_conflicts }),
                ..Said::default()
            },
        };
        errand.start(context, reached, job, mode, self.agreement == Some(Agreement::Given))
    }
}

/// The account and site of a run, as they are now.
///
/// # Errors
/// When they are gone.
pub fn whose(run: &Run, map: Option<&Map>, session: &mut Session) -> Result<(Option<Account>, Option<Site>), Failure> {
    let Some(key) = &run.begun.account_key else { return Ok((None, None)) };
    let Some(map) = map else {
        return Err(Failure::new(
            Class::Conflict,
            format!("run {} is about an account, and the project has no accounts", run.id),
            "describe them in manage.toml: [tenancy]",
        ));
    };
    let account = find::account(map, session, &format!("{}:{key}", map.config.account.key))?;
    let site = match &run.begun.site_key {
        Some(key) => {
            let column = map.config.site.as_ref().map_or("id", |site| site.key.as_str());
            Some(find::site(map, session, &account, &format!("{column}:{key}"))?)
        }
        None => None,
    };
    Ok((Some(account), site))
}

/// How many conflicts are shown.
const SHOWN: usize = 20;

fn words(clash: &Clash) -> &'static str {
    match clash.what.as_str() {
        "gone" => "is gone",
        "there" => "is there again",
        _ => "somebody has changed it",
    }
}
