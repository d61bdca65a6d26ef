//! What triggers and cascades do, and what a statement does: kept row by row while it happens, held against the
//! database's counters, and made into images with which it can be taken back.
//!
//! Only tables that are declared are watched. What is written elsewhere moves a counter that nobody expects to move.

use std::collections::BTreeMap;

use super::digest::Identity;
use super::done::PartDone;
use super::error::PatchError;
use super::job::{Confinement, Job, Source, word};
use super::owned::{Places, lock_parents, lock_parents_of_gone, number, point_inside};
use super::part::{self, Written};
use crate::backend::patching::{Capture, Counted, Image, Side, Slot, Target, TargetColumn};
use crate::backend::{Basic, Session};
use crate::domain::engine::Engine;
use crate::domain::explain::Class;
use crate::project::scripts::Op;
use crate::tenancy::{Map, Table};

/// The tables that are watched while a run writes.
#[derive(Default)]
pub(super) struct Captures<'j> {
    tables: Vec<Watched<'j>>,
    /// What has been seen up to the last look.
    seen: BTreeMap<String, Counted>,
}

struct Watched<'j> {
    capture: Capture,
    /// The table as the tenancy map has it.
    table: Option<&'j Table>,
    /// What triggers and cascades may do there.
    may: Vec<Op>,
    /// The change up to which it has been made into images.
    from: i64,
}

/// What was captured since the last images were made, in the words of the counters.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// By table: those that are watched, and those that keep what is seen.
    pub tables: BTreeMap<String, Counted>,
    /// Rows of tables that the database counts only together.
    pub uncounted: i64,
    /// Tables that are watched, by their names in the counters; and whether those do not count them.
    watched: BTreeMap<String, bool>,
}

impl Seen {
    /// Whether a table is watched.
    pub fn watches(&self, counted: &str) -> bool {
        self.watched.contains_key(counted)
    }

    /// Whether the counters do not tell of a table that is watched.
    pub fn is_uncounted(&self, counted: &str) -> bool {
        self.watched.get(counted) == Some(&true)
    }
}

/// What the patch itself does in a watched table: the rest is a side effect.
#[derive(Clone, Copy)]
pub(super) struct Own<'a> {
    pub target: &'a Target,
    pub op: Op,
    pub rows: u64,
    /// Rows that the patch itself has deleted, where the table is not watched.
    pub deleted: Option<&'a Image>,
}

/// The images of what was captured around a part.
#[derive(Default)]
pub(super) struct Images {
    /// Side effects that would have to be done before it.
    pub before: Vec<Written>,
    /// What it did itself, where its table is watched.
    pub itself: Option<Written>,
    /// The other side effects.
    pub behind: Vec<Written>,
}

impl Images {
    /// All of it, with what the part says that it did.
    pub fn around(self, own: Written) -> Vec<Written> {
        self.before.into_iter().chain([own]).chain(self.behind).collect()
    }
}

impl<'j> Captures<'j> {
    /// Begins to watch the tables that the job declares, and those that its statements write. `log` names the tables that
    /// keep what is seen.
    ///
    /// # Errors
    /// When a table cannot be watched: it has no key, is nobody's to write, or this role may not.
    pub fn begin(job: &'j Job<'_>, log: &str, session: &mut Session) -> Result<Self, PatchError> {
        let mut wanted: BTreeMap<&str, (Vec<Op>, &[String])> = BTreeMap::new();
        for (name, ops) in &job.side_effects {
            wanted.insert(name, (ops.clone(), &[]));
        }
        for part in job.parts.iter().filter(|part| matches!(part.source, Source::Statement(_))) {
            wanted.entry(&part.table).or_default().1 = &part.key;
        }
        let mut tables: Vec<Watched<'j>> = Vec::new();
        for (at, (name, (may, key))) in wanted.into_iter().enumerate() {
            let (target, table) = part::find_named(job, name, session)?;
            let key = match key {
                [] => target.keys.first().cloned().ok_or_else(|| part::keyless(&target))?,
                key => part::key_named(key, &target, session.engine())?,
            };
            if tables.iter().any(|other| other.capture.target.sql == target.sql) {
                return Err(PatchError::new(Class::Usage, format!("`{name}` is declared twice"), "name each table once"));
            }
            let capture = Capture::new(format!("{log}_log{}", at + 1), target, key);
            tables.push(Watched { capture, table, may, from: 0 });
        }
        // Always in one order, so that two runs do not wait for each other.
        tables.sort_by(|a, b| a.capture.target.sql.cmp(&b.capture.target.sql));
        let engine = session.engine();
        for watched in &tables {
            for sql in watched.capture.begin(engine) {
                session.execute(&sql).map_err(|error| not_watched(&watched.capture.target, &error))?;
            }
        }
        Ok(Self { tables, seen: BTreeMap::new() })
    }

    /// PostgreSQL: the tables whose writers wait until the run is over.
    pub fn waiting(&self, engine: Engine) -> Vec<String> {
        match engine {
            Engine::Sqlite => Vec::new(),
            Engine::Postgres => self.tables.iter().map(|watched| watched.capture.target.name.clone()).collect(),
        }
    }

    /// Ends it, once nothing more can be written.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn end(&self, session: &mut Session) -> Result<(), PatchError> {
        let engine = session.engine();
        for sql in self.tables.iter().flat_map(|watched| watched.capture.end(engine)) {
            session.execute(&sql)?;
        }
        Ok(())
    }

    /// What was captured since the last images were made.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn seen(&self, session: &mut Session) -> Result<Seen, PatchError> {
        let mut seen = Seen::default();
        for watched in &self.tables {
            let capture = &watched.capture;
            let mut counted = Counted::default();
            for row in session.query(&capture.counts(watched.from), &[])? {
                let Some(rows) = row.integer(1) else { return Err(unreadable()) };
                match row.text(0) {
                    Some("insert") => counted.inserted = rows,
                    Some("update") => counted.updated = rows,
                    Some("delete") => counted.deleted = rows,
                    _ => return Err(unreadable()),
                }
            }
            seen.watched.insert(capture.target.counted.clone(), capture.target.uncounted);
            if counted == Counted::default() {
                continue;
            }
            if capture.target.uncounted {
                seen.uncounted += counted.total();
            }
            seen.tables.insert(capture.target.counted.clone(), counted);
            seen.tables.insert(capture.log_counted.clone(), Counted { inserted: counted.total(), ..Counted::default() });
        }
        Ok(seen)
    }

    /// What was captured in all, in the words of the counters.
    pub fn in_all(&self) -> &BTreeMap<String, Counted> {
        &self.seen
    }

    /// Whether a table is watched.
    pub fn watches(&self, counted: &str) -> bool {
        self.tables.iter().any(|watched| watched.capture.target.counted == counted)
    }

    /// Makes images of what was captured since the last ones, once it is sure that all of it belongs to the account.
    /// `name` is that of the part's own image.
    ///
    /// # Errors
    /// When what was captured does not fit together, was not declared, or is another account's.
    pub fn images(
        &mut self,
        job: &Job<'_>,
        own: Option<Own<'_>>,
        name: &str,
        identity: &mut Identity,
        session: &mut Session,
    ) -> Result<Images, PatchError> {
        if self.tables.is_empty() {
            return Ok(Images::default());
        }
        let seen = self.seen(session)?;
        self.declared(own, &seen)?;
        for (table, counted) in seen.tables.iter().filter(|(table, _)| !seen.is_uncounted(table)) {
            let all = self.seen.entry(table.clone()).or_default();
            all.inserted += counted.inserted;
            all.updated += counted.updated;
            all.deleted += counted.deleted;
        }
        let known = job.confined.as_ref().map(|confinement| self.with_deleted(confinement.map, own));
        let (mut deleted, mut updated, mut made, mut itself) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (at, watched) in self.tables.iter_mut().enumerate() {
            let is_own = own.filter(|own| own.target.sql == watched.capture.target.sql);
            let touched = seen.tables.contains_key(&watched.capture.target.counted);
            if !touched && is_own.is_none() {
                continue;
            }
            if touched {
                watched.fits_together(session)?;
                if let (Some(confinement), Some(map)) = (&job.confined, &known) {
                    watched.belongs(confinement, map, session)?;
                }
            }
            for op in [Op::Delete, Op::Update, Op::Insert] {
                let is_own = is_own.is_some_and(|own| own.op == op);
                let table = format!("{name}_{}{}", at + 1, word(op));
                let Some(written) = watched.image(job, op, is_own, table, identity, session)? else { continue };
                match (is_own, op) {
                    (true, _) => itself.push(written),
                    (false, Op::Delete) => deleted.push((at, written)),
                    (false, Op::Update) => updated.push(written),
                    (false, Op::Insert) => made.push((at, written)),
                }
            }
            watched.from = i64::try_from(number(session, &watched.capture.last(), &[])?).unwrap_or(i64::MAX);
        }
        // All of it goes back in reverse order, and a row must not point to one that is not there: rows that were made go
        // before those to which they point, rows that were deleted come back behind them.
        deleted.sort_by_key(|(at, _)| std::cmp::Reverse(self.depth(*at)));
        made.sort_by_key(|(at, _)| self.depth(*at));
        let (before, behind) = match own {
            // What points to a row that the patch has made lets go of it first.
            Some(Own { op: Op::Insert, .. }) => (Vec::new(), updated),
            _ => (updated, Vec::new()),
        };
        let deleted = deleted.into_iter().map(|(_, written)| written);
        let made = made.into_iter().map(|(_, written)| written);
        Ok(Images {
            before: before.into_iter().chain(deleted).collect(),
            itself: itself.pop(),
            behind: behind.into_iter().chain(made).collect(),
        })
    }

    /// How many tables stand above this one.
    fn depth(&self, at: usize) -> usize {
        let mut depth = 0;
        let mut open = vec![at];
        let mut reached = vec![at];
        while let Some(at) = open.pop() {
            for foreign in &self.tables[at].capture.target.foreign {
                let parent = self.tables.iter().position(|other| other.capture.target.sql == foreign.parent);
                if let Some(parent) = parent.filter(|parent| !reached.contains(parent)) {
                    reached.push(parent);
                    open.push(parent);
                    depth += 1;
                }
            }
        }
        depth
    }

    /// What is captured beside the patch's own rows must be declared, word for word.
    fn declared(&self, own: Option<Own<'_>>, seen: &Seen) -> Result<(), PatchError> {
        for watched in &self.tables {
            let target = &watched.capture.target;
            let Some(counted) = seen.tables.get(&target.counted) else { continue };
            for (op, rows) in [(Op::Insert, counted.inserted), (Op::Update, counted.updated), (Op::Delete, counted.deleted)] {
                let direct = own.filter(|own| own.target.sql == target.sql && own.op == op).map_or(0, |own| own.rows);
                let beside = rows - i64::try_from(direct).unwrap_or(i64::MAX);
                if beside == 0 || watched.may.contains(&op) {
                    continue;
                }
                let rows = if beside == 1 { "1 row".to_owned() } else { format!("{beside} rows") };
                let (done, words) = match op {
                    Op::Insert => ("made", "insert"),
                    Op::Update => ("changed", "update"),
                    Op::Delete => ("deleted", "delete"),
                };
                return Err(PatchError::refused(
                    format!(
                        "{rows} of {} were {done} by triggers or cascades, and the script does not say so; all of it was rolled back",
                        target.name
                    ),
                    format!("if that is right, say so in its head: {}", declaration(&target.name, &watched.may, words)),
                )
                .started());
            }
        }
        Ok(())
    }

    /// The map in which tables have the rows, too, that were deleted: what a row that is gone pointed to may be gone with it.
    fn with_deleted(&self, map: &Map, own: Option<Own<'_>>) -> Map {
        let mut map = map.clone();
        for table in &mut map.tables {
            let watched = self.tables.iter().find(|watched| watched.capture.target.sql == table.sql);
            let gone = own.filter(|own| own.target.sql == table.sql).and_then(|own| own.deleted);
            if let Some(watched) = watched {
                table.sql = watched.capture.with_deleted();
            } else if let Some(image) = gone {
                table.sql = image.with_deleted();
            }
        }
        map
    }
}

impl Watched<'_> {
    /// Every change begins where the one before it ended, the last ones are what the table holds, and no key was changed.
    fn fits_together(&self, session: &mut Session) -> Result<(), PatchError> {
        let engine = session.engine();
        let capture = &self.capture;
        let name = &capture.target.name;
        let renamed = number(session, &capture.renamed(self.from), &[])?;
        if renamed > 0 {
            let rows = if renamed == 1 { "1 row".to_owned() } else { format!("{renamed} rows") };
            return Err(PatchError::refused(
                format!("{rows} of {name} would get another key; all of it was rolled back"),
                "a key is how a row is found again: make a new row and delete the old one",
            )
            .started());
        }
        let broken = number(session, &capture.broken(self.from, engine), &[])?;
        let stale = number(session, &capture.stale(self.from, engine), &[])?;
        if broken + stale > 0 {
            return Err(PatchError::refused(
                format!("what was captured of {name} does not fit together; all of it was rolled back"),
                "a trigger changes rows in a way that cannot be followed: look at it",
            )
            .with(format!(
                "{} changes do not follow from the ones before them or do not lead to what the table holds",
                broken + stale
            ))
            .started());
        }
        Ok(())
    }

    /// Every row that was captured, before and after, is the account's; `known` is the map with the rows that are gone.
    fn belongs(&self, confinement: &Confinement<'_>, known: &Map, session: &mut Session) -> Result<(), PatchError> {
        let name = &self.capture.target.name;
        let Some(table) = self.table else {
            return Err(PatchError::refused(format!("nothing says whose the rows of {name} are"), "").started());
        };
        let places = Places::behind(0, confinement);
        for (side, when) in [(Side::Before, "do not belong"), (Side::After, "would not belong")] {
            let rows = self.capture.rows(side, self.from);
            let owned = places.owned(known, table, "t");
            let sql = format!("SELECT count(*) FROM {rows} AS t WHERE ({owned}) IS NOT TRUE");
            let outside = number(session, &sql, &places.values(&sql))?;
            if outside > 0 {
                let rows = if outside == 1 { "1 row".to_owned() } else { format!("{outside} rows") };
                return Err(PatchError::refused(
                    format!("{rows} of {name} {when} to {}; all of it was rolled back", confinement.account),
                    "neither the script nor a trigger or cascade behind it may write another account's rows",
                )
                .started());
            }
        }
        Ok(())
    }

    /// The image of what became of rows by one kind of change; none where there is nothing to keep.
    fn image(
        &self,
        job: &Job<'_>,
        op: Op,
        is_own: bool,
        table: String,
        identity: &mut Identity,
        session: &mut Session,
    ) -> Result<Option<Written>, PatchError> {
        let engine = session.engine();
        let capture = &self.capture;
        let target = &capture.target;
        let image = Image { effect: !is_own, ..capture.image(table, word(op), job.volatile.clone()) };
        session.execute(&image.create(engine))?;
        let rows = session.execute_with(&capture.fold(&image, word(op), self.from, engine), &[])?;
        if rows == 0 && !is_own {
            session.execute(&format!("DROP TABLE {}", image.table))?;
            return Ok(None);
        }
        if let (Some(confinement), Some(table)) = (&job.confined, self.table) {
            keep_owned(confinement, table, target, &image, op, session)?;
        }
        identity.captured(target, &image, op, rows, session)?;
        let done = PartDone {
            table: target.name.clone(),
            op: word(op),
            effect: !is_own,
            rows,
            changes: part::changes_of(op, &image, session)?,
            keys: part::keys(&image, session)?,
            left: Vec::new(),
        };
        Ok(Some(Written { done, image, counted: target.counted.clone(), uncounted: target.uncounted }))
    }
}

/// Rows that are there still belong to the account and point into it; what says whose rows are stays as it is until the
/// transaction ends.
fn keep_owned(
    confinement: &Confinement<'_>,
    table: &Table,
    target: &Target,
    image: &Image,
    op: Op,
    session: &mut Session,
) -> Result<(), PatchError> {
    if op == Op::Delete {
        return lock_parents_of_gone(confinement, table, &image.side(Slot::Before), session);
    }
    lock_parents(confinement, table, image, session)?;
    let places = Places::behind(0, confinement);
    let sql = image.count_foreign(&places.owned(confinement.map, table, "t"));
    let outside = number(session, &sql, &places.values(&sql))?;
    if outside > 0 {
        let rows = if outside == 1 { "1 row".to_owned() } else { format!("{outside} rows") };
        return Err(PatchError::refused(
            format!(
                "{rows} of {} would not belong to {} afterwards; all of it was rolled back",
                target.name, confinement.account
            ),
            "every column that leads to an account must lead to this one",
        )
        .started());
    }
    let engine = session.engine();
    let changed = |columns: &[TargetColumn]| Some(image.changed_in(columns, engine));
    point_inside(confinement, table, target, &changed, session)
}

/// Rows that go back have had what triggers did to them: triggers of the tables that a run is taken back in do not fire.
/// Gives what wakes them.
///
/// # Errors
/// When the tables belong to another role.
pub(super) fn rest_triggers(job: &Job<'_>, session: &mut Session) -> Result<Vec<String>, PatchError> {
    if job.run.undo_of.is_none() {
        return Ok(Vec::new());
    }
    let mut tables: Vec<Target> = Vec::new();
    for part in &job.parts {
        let (target, _) = part::find(job, part, session)?;
        if !target.triggers.is_empty() && tables.iter().all(|other| other.sql != target.sql) {
            tables.push(target);
        }
    }
    tables.sort_by(|a, b| a.sql.cmp(&b.sql));
    match tables.is_empty() {
        true => Ok(Vec::new()),
        false => Ok(session.rest_triggers(&tables)?),
    }
}

/// What to write into a head so that triggers and cascades may do this, too.
pub(super) fn declaration(table: &str, may: &[Op], also: &str) -> String {
    let mut words: Vec<String> = may.iter().map(|op| format!("\"{}\"", word(*op))).collect();
    words.push(format!("\"{also}\""));
    let name =
        if table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') { table.to_owned() } else { format!("\"{table}\"") };
    match words.as_slice() {
        [one] => format!("side_effects = {{ {name} = {one} }}"),
        several => format!("side_effects = {{ {name} = [{}] }}", several.join(", ")),
    }
}

fn not_watched(target: &Target, error: &crate::backend::SqlError) -> PatchError {
    let mut told = PatchError::sql(error, &format!("what happens to `{}` cannot be captured", target.name), false);
    if error.kind == crate::backend::SqlErrorKind::Permission {
        told.hint = Some(format!("GRANT TRIGGER, SELECT ON {} TO the role that connects", target.sql));
    }
    told
}

fn unreadable() -> PatchError {
    PatchError::new(Class::CouldNotRun, "what was captured cannot be counted", "run it again with -v")
}
