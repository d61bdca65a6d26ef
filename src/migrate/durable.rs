//! Commits that need not wait for the disk, and the one at the end that does.
//!
//! A commit waits until the disk has it. Of several migrations only the last has to: it takes all before it along.

use super::apply::Run;
use super::event::Event;
use super::prepare::Prepared;
use crate::backend::{Full, Notice, SqlError};

/// Where a run stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Durability {
    /// Whether commits may be relaxed at all.
    allowed: bool,
    /// Whether that of the step that runs is.
    relaxed: bool,
    /// Whether one was that no other has taken along.
    owed: bool,
}

impl<S: Full> Run<'_, S> {
    /// Finds out whether commits may be relaxed: where the caller allows it, and no other server waits for them.
    pub(super) fn begin_durability(&mut self, steps: usize) -> Result<(), SqlError> {
        let wanted = self.options.relaxed_commits && !self.options.rehearse && !self.is_single() && steps > 1;
        self.durability = Durability { allowed: wanted && self.session.may_relax_commits()?, ..Durability::default() };
        Ok(())
    }

    /// Decides for the step that comes.
    pub(super) fn choose_durability(&mut self, step: &Prepared<'_>, last: bool) {
        self.durability.relaxed = self.durability.allowed && !last && step.in_transaction();
    }

    /// Relaxes the commit of the transaction that is open, where that was decided. It is owed from here on, since
    /// nobody knows what a commit whose answer is lost has done.
    pub(super) fn relax_commit(&mut self) -> Result<(), SqlError> {
        if !self.durability.relaxed {
            return Ok(());
        }
        self.durability.owed = true;
        self.session.relax_commit()
    }

    /// After a commit that waited, which takes those before it along.
    pub(super) fn committed_for_good(&mut self) {
        self.durability.owed = false;
    }

    /// After the commit of the step that runs.
    pub(super) fn committed_now(&mut self) {
        if !self.durability.relaxed {
            self.committed_for_good();
        }
    }

    /// The commit that takes all along, at every way out. After a run that went well it is made already, by the last
    /// step; so where this one fails, there is another error, and this one is told beside it.
    pub(super) fn settle(&mut self) {
        if !std::mem::take(&mut self.durability.owed) {
            return;
        }
        if let Err(error) = self.session.flush_commits() {
            let message = format!("should the server break down now, the last commits before it may be lost: {error}");
            let notice = Notice { severity: "WARNING".to_owned(), sqlstate: String::new(), message };
            self.observer.on(&Event::Notice(&notice));
        }
    }
}
