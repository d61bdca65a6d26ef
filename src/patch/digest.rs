//! The identity of a plan: SHA-256 over everything that decides what is written.

use sha2::{Digest, Sha256};

use super::error::PatchError;
use super::job::{Job, PartJob, word};
use crate::backend::patching::{Image, Target};
use crate::backend::{Basic, Session};
use crate::domain::value::Value;
use crate::project::scripts::Op;

/// The number of this form of it.
const FORMAT: &str = "manage patch digest 1";

/// An identity in the making.
pub(super) struct Identity(Sha256);

impl Identity {
    /// What a job is, before its rows.
    pub(super) fn of(job: &Job<'_>) -> Self {
        let mut identity = Self(Sha256::new());
        identity.text(FORMAT);
        identity.text(&job.run.kind);
        identity.text(&job.run.fingerprint);
        identity.text(job.run.script_hash.as_deref().unwrap_or_default());
        for (name, value) in &job.values {
            identity.text(name);
            identity.value(value);
        }
        identity.text(job.run.account_key.as_deref().unwrap_or_default());
        identity.text(job.run.site_key.as_deref().unwrap_or_default());
        identity
    }

    /// What a part writes: its table as it is, and the rows with their values before and after.
    ///
    /// # Errors
    /// When the query gives a row twice, or what the database refuses.
    pub(super) fn part(
        &mut self,
        part: &PartJob,
        target: &Target,
        image: &Image,
        drawn: bool,
        session: &mut Session,
    ) -> Result<(), PatchError> {
        self.text(&shape(target));
        self.text(word(part.op));
        let sql = image.identity(drawn, session.engine());
        let hash = &mut self.0;
        // Rows come in the order of their keys, so that one that is given twice comes twice in a row.
        let keys = if drawn { 0 } else { image.keys.len() };
        let mut last: Vec<Value> = Vec::new();
        let mut twice = None;
        session.stream_each(&sql, &[], &mut |mut row| {
            for value in &row.values {
                add(hash, value);
            }
            if keys > 0 {
                row.values.truncate(keys);
                if row.values == last && twice.is_none() {
                    twice = Some(last.iter().map(crate::tenancy::find::shown).collect::<Vec<_>>().join(", "));
                }
                last = row.values;
            }
            Ok(())
        })?;
        match twice {
            Some(key) => Err(PatchError::refused(
                format!("the query gives row {key} of `{}` twice", target.name),
                "each row gets its new values once: group what the query joins, or take one of them",
            )),
            None => Ok(()),
        }
    }

    /// What was captured: of a statement's own rows all that it decides, of side effects which rows they change, from
    /// which values, and how many they make. What triggers fill in may be another thing each time.
    ///
    /// # Errors
    /// What the database refuses.
    pub(super) fn captured(
        &mut self,
        target: &Target,
        image: &Image,
        op: Op,
        rows: u64,
        session: &mut Session,
    ) -> Result<(), PatchError> {
        self.text(if image.effect { "captured beside" } else { "captured" });
        self.text(&target.sql);
        self.text(word(op));
        self.text(&rows.to_string());
        for column in &target.columns {
            self.text(&column.name);
            self.text(&column.type_text);
        }
        let mut covered = image.clone();
        if op == Op::Insert {
            covered.volatile.extend(target.columns.iter().filter(|column| column.drawn()).map(|column| column.name.clone()));
        }
        let drawn = op == Op::Insert && (image.effect || image.keys.iter().any(|key| key.drawn()));
        let sql = covered.identity(drawn, session.engine());
        let hash = &mut self.0;
        session.stream_each(&sql, &[], &mut |row| {
            for value in &row.values {
                add(hash, value);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// 64 hexadecimal digits.
    pub(super) fn finish(self) -> String {
        use std::fmt::Write;
        self.0.finalize().iter().fold(String::with_capacity(64), |mut out, byte| {
            // Writing to a string cannot fail.
            let _ = write!(out, "{byte:02x}");
            out
        })
    }

    fn text(&mut self, text: &str) {
        add(&mut self.0, &Value::Text(text.to_owned()));
    }

    fn value(&mut self, value: &Value) {
        add(&mut self.0, value);
    }
}

/// A table with its columns and their types, as one text.
pub(super) fn shape(target: &Target) -> String {
    let columns = target.columns.iter().map(|column| format!("{:?} {:?}", column.name, column.type_text));
    format!("{} ({})", target.sql, columns.collect::<Vec<_>>().join(", "))
}

/// A value with its kind and its length, so that no two rows read alike.
fn add(hash: &mut Sha256, value: &Value) {
    let mut put = |kind: u8, bytes: &[u8]| {
        hash.update([kind]);
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    match value {
        Value::Null => put(0, &[]),
        Value::Bool(truth) => put(1, &[u8::from(*truth)]),
        Value::Integer(number) => put(2, &number.to_le_bytes()),
        Value::Real(number) => put(3, &number.to_bits().to_le_bytes()),
        Value::Text(text) => put(4, text.as_bytes()),
        Value::Bytes(bytes) => put(5, bytes),
    }
}
