//! Floor 3: whether migrations are safe, reversible and not mixed. Pure: texts in, [`Finding`]s out.
//!
//! [`lint`] reads every file that it is given in order, so that it knows what this file and earlier ones made:
//! an index on a table that nobody uses yet blocks nobody. [`RULES`] is the table of all rules with the safe way
//! for each; `docs/guide/lint.md` is made from it.
//!
//! | file | idea |
//! |---|---|
//! | `rule`, `own_rules`, `squawk_rules` | the table: name, severity, what is wrong, the safe way |
//! | `check` | from files to findings |
//! | `reading` | one file, split, with what is new at each statement |
//! | `new_things` | tables, indexes and types that the files have made so far |
//! | `statements`, `files`, `rebuild` | our own rules |
//! | `squawk` | PostgreSQL: squawk's rules (feature `cli`) |
//! | `consent` | `-- manage: allow RULE reason` |
//! | `settings` | `[lint]` of manage.toml |
//! | `round_trip`, `difference` | what up, down and up again leave behind |
//!
//! Of squawk's rules, those whose work the runner or a rule of our own does are off: the runner opens the
//! transaction and records each statement outside of one (`prefer-robust-stmts`, `transaction-nesting`), and both
//! databases have `destructive`, `not-alone`, `rename-in-use`. Rules of style are hints or off. squawk looks at
//! the way forward only: what a way back locks, it locks in an emergency.

mod check;
mod consent;
mod difference;
mod files;
mod finding;
mod new_things;
mod own_rules;
mod reading;
mod rebuild;
mod round_trip;
mod rule;
mod settings;
#[cfg(feature = "cli")]
mod squawk;
mod squawk_rules;
mod statements;

pub use check::{Input, lint, shared_files};
pub use difference::{Difference, difference};
pub use finding::{Finding, Severity};
pub use round_trip::{Catalogues, broken_trip, judge_trip};
pub use rule::{RULES, Rule, Source, guide_table, rule};
pub use settings::{Settings, UnknownRule};
