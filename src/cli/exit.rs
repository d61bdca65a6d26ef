//! The exit codes, with their names.

use crate::domain::explain::Class;

/// How a command ended, for who called it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Ok,
    /// A check failed, or work is pending under `--check`.
    Check,
    /// Usage, configuration or an invalid file.
    Usage,
    /// It could not run: connection, permission, SQL error.
    CouldNotRun,
    /// Refused by a guard.
    Refused,
    /// Conflict: drift, an edited or out-of-order migration, a concurrent change.
    Conflict,
    /// Locked by another run.
    Locked,
    /// Stopped, resumable.
    Stopped,
    /// Interrupted twice.
    Interrupted,
}

impl Exit {
    /// All of them with what they mean, for the reference.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::Ok, "all is well"),
        (Self::Check, "a check failed, or work is pending under `--check`"),
        (Self::Usage, "usage, configuration or an invalid file"),
        (Self::CouldNotRun, "could not run: connection, permission, SQL error"),
        (Self::Refused, "refused by a guard"),
        (Self::Conflict, "conflict: drift, edited, missing or out-of-order migrations, a statement that nobody can tell"),
        (Self::Locked, "locked by another run"),
        (Self::Stopped, "stopped, resumable"),
        (Self::Interrupted, "interrupted twice"),
    ];

    /// Which of the two counts, where several things are done: 4 > 3 > 5 > 6 > 2 > 7 > 1.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        const ORDER: [Exit; 9] = [
            Exit::Ok,
            Exit::Check,
            Exit::Stopped,
            Exit::Usage,
            Exit::Locked,
            Exit::Conflict,
            Exit::CouldNotRun,
            Exit::Refused,
            Exit::Interrupted,
        ];
        let rank = |exit| ORDER.iter().position(|known| *known == exit);
        if rank(other) > rank(self) { other } else { self }
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Check => 1,
            Self::Usage => 2,
            Self::CouldNotRun => 3,
            Self::Refused => 4,
            Self::Conflict => 5,
            Self::Locked => 6,
            Self::Stopped => 7,
            Self::Interrupted => 130,
        }
    }
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Check => Self::Check,
            Class::Usage => Self::Usage,
            Class::CouldNotRun => Self::CouldNotRun,
            Class::Refused => Self::Refused,
            Class::Conflict => Self::Conflict,
            Class::Locked => Self::Locked,
            Class::Stopped => Self::Stopped,
        }
    }
}
