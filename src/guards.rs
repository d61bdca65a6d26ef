//! Floor 2: what may be done where. One table for every command that writes.
//!
//! Protection belongs to the database that was reached, not to a name on the command line.

use crate::domain::marker::{Hold, Marker};

/// What kind of database was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Its marker says `development`: `manage` made it in an unprotected environment, or somebody said so.
    Development,
    /// Its marker has another name that is not protected.
    Staging,
    /// Its marker says so, a protected environment names it, or it is not local and has no marker.
    Protected,
    /// Local, without a marker that holds.
    Unknown,
}

impl Standing {
    /// All of them, in the order of the table's columns.
    pub const ALL: [Self; 4] = [Self::Development, Self::Staging, Self::Unknown, Self::Protected];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Protected => "protected",
            Self::Unknown => "unknown",
        }
    }
}

/// What is known about the database that was reached.
#[derive(Debug, Clone, Copy)]
pub struct Reached<'a> {
    /// Whether it is a file, a socket or a loopback address.
    pub local: bool,
    /// Its marker.
    pub marker: Option<&'a Marker>,
    /// The identity that the marker has to be bound to.
    pub binding: &'a [(&'static str, String)],
    /// The protected environment that names the same database.
    pub protected_environment: Option<&'a str>,
}

/// The standing of a database, and why.
pub fn standing(reached: &Reached<'_>) -> (Standing, String) {
    if let Some(name) = reached.protected_environment {
        return (Standing::Protected, format!("it is the database of the environment {name}"));
    }
    let without = |why: &str| {
        if reached.local {
            (Standing::Unknown, why.to_owned())
        } else {
            (Standing::Protected, format!("{why}, and it is not on this machine"))
        }
    };
    let Some(marker) = reached.marker else { return without("it has no marker") };
    match marker.hold(reached.binding) {
        Hold::Here => {}
        Hold::Elsewhere { part, then, now } => {
            return without(&format!("its marker {} was made for another database: {part} was {then}, is {now}", marker.name));
        }
        // A role that may read less must not be let do more.
        Hold::Untold { part } if marker.protected => {
            return (Standing::Protected, format!("its marker says {}, and this role cannot read its {part}", marker.name));
        }
        Hold::Untold { part } => {
            return without(&format!(
                "whether its marker {} is its own cannot be told: this role cannot read its {part}",
                marker.name
            ));
        }
    }
    let why = format!("its marker says {}", marker.name);
    match (marker.protected, marker.name == Marker::DEVELOPMENT) {
        (true, _) => (Standing::Protected, why),
        (false, true) => (Standing::Development, why),
        (false, false) => (Standing::Staging, why),
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Deed {
    /// `migrate`
    Migrate,
    /// `rollback`, some steps
    Rollback,
    /// `rollback --all`
    RollbackAll,
    /// `redo`
    Redo,
    /// `repair`
    Repair,
    /// `database drop`
    DatabaseDrop,
    /// `lint --roundtrip`, which makes a scratch database on the server
    RoundTrip,
    /// `adopt` of a database without a history
    Adopt,
    /// `restore`
    Restore,
    /// `reset`
    Reset,
    /// `notes add`
    NotesAdd,
    /// `verify --record`
    VerifyRecord,
    /// `marker set`
    MarkerSet,
    /// `fix`
    Fix,
    /// `sync`
    Sync,
    /// `undo`
    Undo,
    /// `runs resume`
    RunsResume,
    /// `runs cancel`
    RunsCancel,
    /// `runs prune`
    RunsPrune,
    /// `approve`
    Approve,
    /// `test-data inject` and `test-data remove`
    TestData,
    /// `transfer all` and `transfer table`
    Transfer,
    /// `transfer rollback`
    TransferRollback,
}

impl Deed {
    /// All of them, in the order of the table's rows.
    pub const ALL: &[Self] = &[
        Self::Migrate,
        Self::Rollback,
        Self::RollbackAll,
        Self::Redo,
        Self::Repair,
        Self::DatabaseDrop,
        Self::RoundTrip,
        Self::Adopt,
        Self::Restore,
        Self::Reset,
        Self::NotesAdd,
        Self::VerifyRecord,
        Self::MarkerSet,
        Self::Fix,
        Self::Sync,
        Self::Undo,
        Self::RunsResume,
        Self::RunsCancel,
        Self::RunsPrune,
        Self::Approve,
        Self::TestData,
        Self::Transfer,
        Self::TransferRollback,
    ];

    /// The command, as it is typed.
    pub fn command(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::Rollback => "rollback",
            Self::RollbackAll => "rollback --all",
            Self::Redo => "redo",
            Self::Repair => "repair",
            Self::DatabaseDrop => "database drop",
            Self::RoundTrip => "lint --roundtrip",
            Self::Adopt => "adopt",
            Self::Restore => "restore",
            Self::Reset => "reset",
            Self::NotesAdd => "notes add",
            Self::VerifyRecord => "verify --record",
            Self::MarkerSet => "marker set",
            Self::Fix => "fix",
            Self::Sync => "sync",
            Self::Undo => "undo",
            Self::RunsResume => "runs resume",
            Self::RunsCancel => "runs cancel",
            Self::RunsPrune => "runs prune",
            Self::Approve => "approve",
            Self::TestData => "test-data",
            Self::Transfer => "transfer",
            Self::TransferRollback => "transfer rollback",
        }
    }
}

/// What it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Consent {
    /// Nothing.
    Free,
    /// A yes, or `--yes`.
    Ask,
    /// The database's name, typed on a terminal. `--yes` does not replace it.
    AskByName,
    /// The plan that was shown, by its digest, and a reason. `--yes` replaces neither.
    DigestAndReason,
    /// The token of a plan that was shown, or the database's name typed on a terminal. Nothing else: no setting, no
    /// variable, no `--yes`.
    TokenOrName,
    /// It is not done there.
    Never,
}

impl Consent {
    /// The word in the reference.
    pub fn word(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Ask => "ask",
            Self::AskByName => "ask by name",
            Self::DigestAndReason => "digest and reason",
            Self::TokenOrName => "token or name",
            Self::Never => "never",
        }
    }
}

/// The table.
pub fn consent(deed: Deed, standing: Standing) -> Consent {
    use Consent::{Ask, AskByName, DigestAndReason, Free, Never, TokenOrName};
    use Standing::{Development, Protected, Staging, Unknown};
    match (deed, standing) {
        // Deploys run it; it is planned, transactional and recorded.
        (Deed::Migrate, _) => Free,
        (Deed::Rollback, Development | Staging | Unknown) => Free,
        (Deed::Rollback, Protected) => Ask,
        (Deed::RollbackAll | Deed::Redo, Development) => Free,
        (Deed::RollbackAll | Deed::Redo, Staging | Unknown) => Ask,
        (Deed::RollbackAll | Deed::Redo, Protected) => Never,
        (Deed::Repair, Development) => Free,
        (Deed::Repair, Staging | Unknown | Protected) => Ask,
        (Deed::DatabaseDrop, Development) => Ask,
        (Deed::DatabaseDrop, Staging | Unknown) => AskByName,
        (Deed::DatabaseDrop, Protected) => Never,
        // The database itself is not touched, but its server is.
        (Deed::RoundTrip, Development | Staging | Unknown) => Free,
        (Deed::RoundTrip, Protected) => Never,
        // Nothing is run, but the history says from then on what was never proved by running it.
        (Deed::Adopt, Development) => Free,
        (Deed::Adopt, Staging | Unknown | Protected) => Ask,
        // Everything since the backup goes; on a protected database somebody may need just that, by name.
        (Deed::Restore, Development) => Ask,
        (Deed::Restore, Staging | Unknown | Protected) => AskByName,
        // Everything goes. Unknown is not allowed.
        (Deed::Reset, Development | Staging) => TokenOrName,
        (Deed::Reset, Unknown | Protected) => Never,
        // It adds a line to the memory and takes nothing away.
        (Deed::NotesAdd | Deed::VerifyRecord, _) => Free,
        // It decides what everything else may do.
        (Deed::MarkerSet, Development) => Ask,
        (Deed::MarkerSet, Staging | Unknown | Protected) => AskByName,
        // The plan is looked at before it is done, everywhere; `--yes` says so only together with `--max-rows`.
        (Deed::Fix | Deed::Sync | Deed::Undo, Development | Staging | Unknown) => Ask,
        (Deed::Fix | Deed::Sync | Deed::Undo, Protected) => DigestAndReason,
        // Its plan was agreed with when it began, and no other one is written.
        (Deed::RunsResume, _) => Free,
        // It writes no row, but the run cannot go on any more.
        (Deed::RunsCancel, Development) => Free,
        (Deed::RunsCancel, Staging | Unknown | Protected) => Ask,
        // After it those runs cannot be taken back.
        (Deed::RunsPrune, Development) => Free,
        (Deed::RunsPrune, Staging | Unknown) => Ask,
        (Deed::RunsPrune, Protected) => AskByName,
        // It adds a line that a guard asks for, and changes no row.
        (Deed::Approve, _) => Free,
        (Deed::TestData, Development) => Free,
        (Deed::TestData, Staging | Unknown) => Ask,
        // Where customers are, nobody plays.
        (Deed::TestData, Protected) => Never,
        // Both write many rows at once; both can be taken back by what the ledger keeps.
        (Deed::Transfer | Deed::TransferRollback, Development) => Free,
        (Deed::Transfer | Deed::TransferRollback, Staging | Unknown) => Ask,
        (Deed::Transfer | Deed::TransferRollback, Protected) => AskByName,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(name: &str, protected: bool) -> Marker {
        Marker { name: name.to_owned(), protected, binding: vec![("oid".to_owned(), "5".to_owned())] }
    }

    fn reached<'a>(local: bool, marker: Option<&'a Marker>, binding: &'a [(&'static str, String)]) -> Standing {
        standing(&Reached { local, marker, binding, protected_environment: None }).0
    }

    #[test]
    fn a_marker_that_holds_decides() {
        let here = [("oid", "5".to_owned())];

        assert_eq!(reached(false, Some(&marker("development", false)), &here), Standing::Development);
        assert_eq!(reached(true, Some(&marker("staging", false)), &here), Standing::Staging);
        assert_eq!(reached(true, Some(&marker("production", true)), &here), Standing::Protected);
    }

    #[test]
    fn without_a_marker_that_holds_only_a_local_database_is_unknown() {
        let elsewhere = [("oid", "6".to_owned())];

        assert_eq!(reached(true, None, &[]), Standing::Unknown);
        assert_eq!(reached(false, None, &[]), Standing::Protected);
        assert_eq!(reached(true, Some(&marker("development", false)), &elsewhere), Standing::Unknown);
        assert_eq!(reached(false, Some(&marker("development", false)), &elsewhere), Standing::Protected);
    }

    #[test]
    fn a_role_that_cannot_read_who_the_server_is_is_let_do_no_more() {
        let unread = [("oid", String::new())];

        assert_eq!(reached(true, Some(&marker("production", true)), &unread), Standing::Protected);
        assert_eq!(reached(true, Some(&marker("development", false)), &unread), Standing::Unknown);
        assert_eq!(reached(false, Some(&marker("development", false)), &unread), Standing::Protected);
    }

    #[test]
    fn a_protected_environment_protects_its_database_whatever_the_marker_says() {
        let here = [("oid", "5".to_owned())];
        let development = marker("development", false);
        let reached =
            Reached { local: true, marker: Some(&development), binding: &here, protected_environment: Some("production") };

        assert_eq!(standing(&reached).0, Standing::Protected);
    }

    #[test]
    fn what_cannot_be_taken_back_is_never_done_on_a_protected_database() {
        for deed in [Deed::RollbackAll, Deed::Redo, Deed::DatabaseDrop, Deed::RoundTrip, Deed::TestData, Deed::Reset] {
            assert_eq!(consent(deed, Standing::Protected), Consent::Never, "{}", deed.command());
        }
    }
}
