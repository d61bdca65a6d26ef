//! A run taken back: the parts of a job made from its images, the last one first.

use std::collections::BTreeMap;

use super::error::PatchError;
use super::job::{PartJob, Source};
use crate::backend::patching::Image;
use crate::backend::{Basic, Session};
use crate::domain::explain::Class;
use crate::ledger::StoredImage;
use crate::project::scripts::Op;

/// A row that cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The table.
    pub table: String,
    /// Its key.
    pub key: String,
    /// What stands in the way: `gone`, `moved` or `there`.
    pub what: String,
}

/// The parts that take a run back.
///
/// # Errors
/// When its images are gone or cannot be read.
pub fn parts_back(images: &[StoredImage], skip: bool) -> Result<Vec<PartJob>, PatchError> {
    images.iter().rev().map(|stored| part_back(stored, skip)).collect()
}

/// The part of a run whose plan is kept: what it writes stands in its image.
///
/// # Errors
/// When its image is gone or cannot be read.
pub fn part_kept(stored: &StoredImage) -> Result<PartJob, PatchError> {
    let image = read(stored)?;
    Ok(PartJob {
        table: image.target_sql.clone(),
        key: image.keys.iter().map(|key| key.name.clone()).collect(),
        op: match stored.op.as_str() {
            "delete" => Op::Delete,
            "insert" => Op::Insert,
            _ => Op::Update,
        },
        source: Source::Back { image: Box::new(image), op: stored.op.clone(), skip: false },
    })
}

fn part_back(stored: &StoredImage, skip: bool) -> Result<PartJob, PatchError> {
    let image = read(stored)?;
    Ok(PartJob {
        table: image.target_sql.clone(),
        key: image.keys.iter().map(|key| key.name.clone()).collect(),
        op: match stored.op.as_str() {
            "delete" => Op::Insert,
            "insert" => Op::Delete,
            _ => Op::Update,
        },
        source: Source::Back { image: Box::new(image), op: stored.op.clone(), skip },
    })
}

/// What taking a run back may write beside its parts: where a foreign key has followed a key, it follows it back; where a
/// table points to itself, rows go with those to which they point.
///
/// # Errors
/// When its images are gone or cannot be read, or what the database refuses.
pub fn effects_back(images: &[StoredImage], session: &mut Session) -> Result<BTreeMap<String, Vec<Op>>, PatchError> {
    let mut found: BTreeMap<String, Vec<Op>> = BTreeMap::new();
    for stored in images {
        let image = read(stored)?;
        let op = match stored.op.as_str() {
            "update" if image.effect => Op::Update,
            "insert" if follows_itself(&image, session)? => Op::Delete,
            _ => continue,
        };
        let ops = found.entry(image.target_sql).or_default();
        if !ops.contains(&op) {
            ops.push(op);
        }
    }
    Ok(found)
}

/// Whether rows of a table are deleted with other rows of it.
fn follows_itself(image: &Image, session: &mut Session) -> Result<bool, PatchError> {
    let target = session.patch_target(&image.target_sql)?;
    Ok(target.is_some_and(|target| target.children.iter().any(|child| child.on_delete && child.name == target.name)))
}

pub(super) fn read(stored: &StoredImage) -> Result<Image, PatchError> {
    if let Some(when) = &stored.pruned_at {
        return Err(PatchError::refused(
            format!("the rows of run {} were dropped on {when}", stored.run),
            "what is older than retention_days cannot be taken back",
        ));
    }
    serde_json::from_str(&stored.definition).map_err(|error| {
        PatchError::new(Class::CouldNotRun, format!("the image of run {} cannot be read: {error}", stored.run), "")
    })
}

/// The rows of a run that somebody has changed since.
///
/// # Errors
/// When its images are gone, or what the database refuses.
pub fn clashes(images: &[StoredImage], session: &mut Session) -> Result<Vec<Clash>, PatchError> {
    let mut out = Vec::new();
    for stored in images.iter().rev() {
        let image = read(stored)?;
        let keys = image.keys.len();
        session.stream_each(&image.conflicts(&stored.op, session.engine()), &[], &mut |row| {
            let key: Vec<String> = row.values.iter().take(keys).map(crate::tenancy::find::shown).collect();
            out.push(Clash {
                table: stored.table.clone(),
                key: key.join(", "),
                what: row.text(keys).unwrap_or_default().to_owned(),
            });
            Ok(())
        })?;
    }
    Ok(out)
}
