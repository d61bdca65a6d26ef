//! Results as people see them, and as CI does.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::NaiveDateTime;
use serde_json::{Value, json};

use super::groups::{Group, Item};
use super::record::Record;
use super::{exit_of, facts};
use crate::cli::context::{Context, Opener};
use crate::cli::exit::Exit;
use crate::cli::output::junit::{self, Case, Suite};
use crate::cli::output::paint::Style;
use crate::cli::output::value::{plain, short};
use crate::cli::output::words;
use crate::domain::database_url::DatabaseUrl;
use crate::domain::explain::{Explain, Place};
use crate::project::Project;
use crate::tenancy::Account;
use crate::verify::{Finding, Outcome, Status};

/// Takes the results as they come.
pub struct Show<'a> {
    context: &'a mut Context,
    folder: PathBuf,
    junit: bool,
    many: bool,
    width: usize,
    count: usize,
    checks: Vec<Value>,
    suites: Vec<Suite>,
    left_out: Vec<(String, String)>,
    accounts: usize,
    failed_accounts: usize,
    failed: usize,
    made: usize,
    worst: Exit,
    record: Record,
    /// The scripts that are run by `manage sync`.
    pub syncs: BTreeSet<String>,
}

impl<'a> Show<'a> {
    /// Shows the results of these checks in this form.
    pub fn new(context: &'a mut Context, format: &str, items: &[Item<'_>], record: Record) -> Self {
        Self {
            folder: context.folder.clone(),
            junit: format == "junit",
            many: false,
            width: items.iter().map(|item| item.name().chars().count()).max().unwrap_or(0).clamp(12, 40),
            count: items.len(),
            checks: Vec::new(),
            suites: Vec::new(),
            left_out: Vec::new(),
            accounts: 0,
            failed_accounts: 0,
            failed: 0,
            made: 0,
            worst: Exit::Ok,
            record,
            syncs: BTreeSet::new(),
            context,
        }
    }

    /// Says what is looked at; `many` when the results of several accounts come.
    pub fn begin(&mut self, what: &str, instant: NaiveDateTime, many: bool) {
        self.many = many;
        if !self.junit {
            let count = words::count(self.count, "check");
            let heading = format!("{what} · {count} in one snapshot of {}", instant.format("%H:%M:%S UTC"));
            self.context.screen.heading(&heading);
        }
    }

    /// Opens further sessions on the same database.
    pub fn opener(&self, url: &DatabaseUrl) -> Opener {
        self.context.opener(url, "verify")
    }

    /// An account that is not looked at.
    pub fn left_out(&mut self, account: &Account, reason: String) {
        self.left_out.push((account.name.clone(), reason));
    }

    /// The results about one account, or about the database as a whole.
    pub fn group(&mut self, group: Group) {
        self.record.take(&group);
        for outcome in &group.outcomes {
            self.worst = self.worst.worse(exit_of(outcome));
        }
        let failed = group.outcomes.iter().filter(|outcome| matches!(outcome.status, Status::Fail | Status::Error)).count();
        self.failed += failed;
        self.made += group.outcomes.iter().filter(|outcome| outcome.status != Status::Skip).count();
        if group.account.is_some() {
            self.accounts += 1;
            self.failed_accounts += usize::from(failed > 0);
        }
        if self.context.screen.json {
            self.checks.extend(facts::checks(&group, &self.folder, &self.record));
        } else if self.junit {
            self.suites.push(suite(&group, &self.folder));
        } else {
            self.text(&group);
        }
    }

    fn text(&mut self, group: &Group) {
        let quiet = |outcome: &Outcome| matches!(outcome.status, Status::Pass | Status::Skip) && outcome.findings == 0;
        if self.many && group.account.is_some() {
            if group.outcomes.iter().all(quiet) && !self.context.screen.verbose {
                return;
            }
            self.context.screen.line(&subject(group));
        }
        for outcome in &group.outcomes {
            self.outcome(group, outcome);
        }
    }

    fn outcome(&mut self, group: &Group, outcome: &Outcome) {
        let screen = &mut self.context.screen;
        let (style, mark) = match outcome.status {
            Status::Pass => (Style::Good, "✓"),
            Status::Warn => (Style::Warn, "!"),
            Status::Fail | Status::Error => (Style::Bad, "✗"),
            Status::Skip => (Style::Faint, "-"),
        };
        let mark = screen.paint.on(style, mark);
        let took = if outcome.status == Status::Skip { String::new() } else { words::duration(outcome.took) };
        let before = self.record.before(group, outcome).map(|before| before.in_words()).unwrap_or_default();
        let line =
            format!("  {mark} {:<width$}  {:<44} {took:>8}   {before}", outcome.name, summary(outcome), width = self.width);
        screen.row(line.trim_end());
        for finding in &outcome.sample {
            let line = format!("      {}", in_words(finding, group.account.is_none()));
            screen.row(&line);
        }
        let left = outcome.findings - outcome.sample.len() as u64;
        if left > 0 {
            screen.line(&format!("      … and {left} more: --limit {}", outcome.findings));
        }
        if let Some(error) = &outcome.error {
            for line in error_lines(error, &self.folder) {
                screen.line(&format!("      {line}"));
            }
        }
        if !outcome.effects.is_empty() {
            let effects: Vec<String> = outcome.effects.iter().map(|(name, count)| format!("{name} {count}")).collect();
            screen.line(&format!("      touches: {}", effects.join(", ")));
        }
        for fix in &outcome.fix {
            let verb = if self.syncs.contains(fix) { "sync" } else { "fix" };
            screen.heading(&format!("      fix: manage {verb} {fix}{}", flags(group)));
        }
    }

    /// Shows the end, and gives the exit code and the results.
    pub fn finish(self) -> (Exit, Record) {
        let screen = &mut self.context.screen;
        if self.junit && !screen.json {
            screen.write(&junit::document(&self.suites));
            return (self.worst, self.record);
        }
        screen.facts.insert("checks".to_owned(), self.checks.into());
        let left_out = self.left_out.iter().map(|(account, reason)| json!({ "account": account, "reason": reason }));
        screen.facts.insert("skipped".to_owned(), left_out.collect());
        if self.many {
            for (account, reason) in &self.left_out {
                screen.line(&format!("  - {account:<width$}  left out: {reason}", width = self.width));
            }
            let failed = match self.failed_accounts {
                0 => "all well".to_owned(),
                failed => format!("{failed} with failed checks"),
            };
            screen.line(&format!("{} · {failed}", words::count(self.accounts, "account")));
        }
        let skipped = if self.made == 0 { String::from("no check was made") } else { String::new() };
        match self.failed {
            _ if !skipped.is_empty() => screen.line(&skipped),
            0 => screen.line(&format!("{} passed", words::count(self.made, "check"))),
            failed => screen.line(&format!("{failed} of {} failed", words::count(self.made, "check"))),
        }
        (self.worst, self.record)
    }
}

/// `acme (account 42), site blog`
fn subject(group: &Group) -> String {
    match (&group.account, &group.site) {
        (Some(account), Some(site)) => format!("{account}, site {}", site.name),
        (Some(account), None) => account.to_string(),
        (None, _) => String::new(),
    }
}

fn flags(group: &Group) -> String {
    match (&group.account, &group.site) {
        (Some(account), Some(site)) => format!(" --account {} --site {}", account.name, site.name),
        (Some(account), None) => format!(" --account {}", account.name),
        (None, _) => String::new(),
    }
}

fn summary(outcome: &Outcome) -> String {
    match (&outcome.reason, outcome.status) {
        (Some(reason), _) => reason.clone(),
        (None, Status::Error) => "could not tell".to_owned(),
        (None, _) if outcome.findings == 0 => "ok".to_owned(),
        (None, _) => {
            let count = words::count(usize::try_from(outcome.findings).unwrap_or(usize::MAX), "finding");
            let tables: Vec<&str> = outcome.sample.iter().filter_map(|finding| finding.table.as_deref()).collect();
            let one = tables.first().filter(|first| tables.iter().all(|table| table == *first));
            let of = outcome.total.map(|total| format!(" of {total} rows")).unwrap_or_default();
            one.map_or_else(|| format!("{count}{of}"), |table| format!("{count} in {table}{of}"))
        }
    }
}

/// `clusters 17  status is 'new', expected 'mapped'  (keywords: 5)`
fn in_words(finding: &Finding, with_account: bool) -> String {
    let mut row: Vec<String> = finding.table.iter().cloned().collect();
    row.extend(finding.key.iter().map(|(_, value)| short(value)));
    let mut text = match row.is_empty() {
        true => String::new(),
        false => format!("{}  ", row.join(" ")),
    };
    text.push_str(&plain(&finding.what, 200));
    if let Some(expected) = &finding.expected {
        text.push_str(&format!(", expected {}", plain(expected, 100)));
    }
    let mut facts: Vec<String> = finding.facts.iter().map(|(name, value)| format!("{name}: {}", short(value))).collect();
    facts.extend(finding.site.iter().map(|site| format!("site: {}", short(site))));
    if with_account {
        facts.extend(finding.account.iter().map(|account| format!("account: {}", short(account))));
    }
    if !facts.is_empty() {
        text.push_str(&format!("  ({})", facts.join(", ")));
    }
    text
}

/// Why it could not tell, with its place and what to do.
pub fn error_lines(error: &crate::verify::CheckError, folder: &std::path::Path) -> Vec<String> {
    let mut lines = Vec::new();
    let place = error.place().map(|place| Place { file: Project::shown(&place.file, folder), ..place });
    let cause = Explain::cause(error).map(|cause| format!(": {}", crate::domain::secret::redact(&cause))).unwrap_or_default();
    lines.push(match place {
        Some(place) => format!("{place}: {error}{cause}"),
        None => format!("{error}{cause}"),
    });
    lines.extend(error.hint().map(|hint| format!("hint: {hint}")));
    lines
}

fn suite(group: &Group, folder: &std::path::Path) -> Suite {
    let account = subject(group);
    let name = if account.is_empty() { "database".to_owned() } else { account };
    let case = |outcome: &Outcome| {
        let findings: Vec<String> = outcome.sample.iter().map(|finding| in_words(finding, group.account.is_none())).collect();
        let text = findings.join("\n");
        let passed = !matches!(outcome.status, Status::Fail | Status::Error | Status::Skip);
        Case {
            name: outcome.name.clone(),
            class: format!("verify.{}", group.account.as_ref().map_or("database", |account| &account.name)),
            seconds: outcome.took.as_secs_f64(),
            output: if passed { text.clone() } else { String::new() },
            result: match (outcome.status, &outcome.error) {
                (Status::Error, Some(error)) => junit::Result::Error(error.to_string(), error_lines(error, folder).join("\n")),
                (Status::Fail, _) => junit::Result::Failed(summary(outcome), text),
                (Status::Skip, _) => junit::Result::Skipped(outcome.reason.clone().unwrap_or_default()),
                _ => junit::Result::Passed,
            },
        }
    };
    Suite { name, cases: group.outcomes.iter().map(case).collect() }
}
