//! `--rehearse`: everything is run, and taken back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::context::{Context, Reached};
use super::exit::Exit;
use super::failure::Failure;
use super::output::paint::Style;
use super::output::{Screen, words};
use super::running;
use super::signals::Interrupts;
use super::watch::Watch;
use crate::migrate::{Backward, Direction, Engine, Event, Finished, Forward, Observer, Options, Rehearsal};
use crate::project::Migration;

/// What is rehearsed.
pub enum Way<'a> {
    /// `migrate`
    Forward(&'a Forward),
    /// `rollback`
    Back(&'a Backward),
}

/// Rehearses, and tells times and locks.
///
/// # Errors
/// As the real run.
pub fn run(
    context: &mut Context,
    reached: &mut Reached,
    files: &[Migration],
    options: &Options,
    way: &Way<'_>,
    command: &str,
) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let actor = context.actor();
    let canceller = reached.session.canceller();
    let interrupts = Interrupts::listen(move || canceller.cancel());
    let stop = || interrupts.asked();
    let mut stage = Stage::on(&mut context.screen, running::title_width(files.iter()));
    let observer: &mut dyn Observer = &mut stage;
    let mut engine = Engine { session: &mut reached.session, files, actor: &actor, options, observer, stop: &stop };
    let result = match way {
        Way::Forward(target) => engine.rehearse_forward(target),
        Way::Back(target) => engine.rehearse_back(target),
    };
    let rehearsed = std::mem::take(&mut stage.rehearsed);
    if interrupts.twice() {
        context.interrupted = true;
    }
    let facts = &mut context.screen.facts;
    facts.insert("rehearsed".to_owned(), rehearsed.iter().map(Part::fact).collect());
    let list = if matches!(way, Way::Forward(_)) { Direction::Up } else { Direction::Down };
    facts.insert(running::list(list).to_owned(), json!([]));
    let rehearsal = result?;
    summary(context, &rehearsal, rehearsed.len(), begun.elapsed(), command);
    Ok(Exit::Ok)
}

fn summary(context: &mut Context, rehearsal: &Rehearsal, count: usize, took: Duration, command: &str) {
    let facts = &mut context.screen.facts;
    facts.insert("left_out".to_owned(), rehearsal.left_out.iter().map(|title| json!(title)).collect());
    facts.insert("sequences".to_owned(), rehearsal.sequences.iter().map(|name| json!(name)).collect());
    let title = words::count(count, "migration");
    match (count, rehearsal.left_out.len()) {
        (0, 0) => context.screen.line("nothing to rehearse"),
        _ => context.screen.line(&format!("{title} rehearsed in {} and taken back · do it: {command}", words::duration(took))),
    }
    let mark = context.screen.paint.on(Style::Warn, "!");
    if !rehearsal.left_out.is_empty() {
        context.screen.line(&format!("  {mark} left out, since they cannot be taken back: {}", rehearsal.left_out.join(", ")));
    }
    if !rehearsal.sequences.is_empty() {
        context.screen.line(&format!("  {mark} numbers drawn are not given back: {}", rehearsal.sequences.join(", ")));
    }
}

/// A migration that was rehearsed.
#[derive(Default)]
struct Part {
    version: String,
    name: String,
    took: Duration,
    statements: Vec<Value>,
    lines: Vec<String>,
}

impl Part {
    fn fact(&self) -> Value {
        json!({ "version": self.version, "name": self.name, "duration_ms": words::milliseconds(self.took), "statements": self.statements })
    }
}

/// Shows what is rehearsed while it is.
struct Stage<'a> {
    watch: Watch<'a>,
    title: usize,
    /// What has begun. Several may be through at one moment, where they share a transaction.
    begun: Vec<Part>,
    rehearsed: Vec<Part>,
}

impl<'a> Stage<'a> {
    fn on(screen: &'a mut Screen, title: usize) -> Self {
        Self { watch: Watch::on(screen, title, false), title, begun: Vec::new(), rehearsed: Vec::new() }
    }

    fn statement(&mut self, number: usize, of: usize, took: Duration, locks: Option<(&str, &[String])>) {
        let Some(part) = self.begun.last_mut() else { return };
        let (lock, relations) = locks.unzip();
        part.statements.push(json!({
            "number": number, "duration_ms": words::milliseconds(took), "lock": lock, "relations": relations.unwrap_or_default(),
        }));
        let locks = locks.map(|(mode, relations)| format!("   {mode} on {}", relations.join(", "))).unwrap_or_default();
        part.lines.push(format!("      statement {number} of {of} {:>9}{locks}", words::duration(took)));
    }

    fn finished(&mut self, done: &Finished) {
        let Some(at) = self.begun.iter().position(|part| part.version == done.version.as_str()) else { return };
        let part = Part { took: done.took, ..self.begun.remove(at) };
        let title = format!("{} {}", part.version, part.name);
        let width = self.title;
        let what = words::count(done.statements, "statement");
        self.watch.screen().row(&format!("  ~ {title:<width$}  {what:>14} {:>9}", words::duration(done.took)));
        for line in &part.lines {
            self.watch.screen().row(line);
        }
        self.rehearsed.push(part);
    }
}

impl Observer for Stage<'_> {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Rehearsed { number, of, took, lock } => {
                self.statement(*number, *of, *took, lock.as_ref().map(|lock| (lock.mode, &lock.relations[..])));
            }
            Event::Statement { number, of, took, .. } => self.statement(*number, *of, *took, None),
            Event::Started { version, name, .. } => {
                self.begun.push(Part { version: version.to_string(), name: (*name).to_owned(), ..Part::default() });
            }
            Event::Finished(done) => self.finished(done),
            other => self.watch.on(other),
        }
    }
}
