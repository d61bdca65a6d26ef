//! Who agrees that a plan is done: a person at the terminal, a digest, or `--yes` with `--max-rows`.

use crate::cli::consent::{ask, can_ask};
use crate::cli::context::{Context, Reached};
use crate::cli::failure::Failure;
use crate::domain::explain::Class;
use crate::guards::{Consent, Deed, consent};

/// How it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// It is done at once: a digest was given, or `--yes` with `--max-rows`.
    Given,
    /// The plan is shown first, and somebody at the terminal says yes.
    Asked,
}

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    /// `--digest`
    pub digest: Option<&'a str>,
    /// `--reason`
    pub reason: Option<&'a str>,
    /// `--max-rows`
    pub max_rows: Option<u64>,
}

/// How it goes on, as the guards' table says.
///
/// # Errors
/// When nobody agrees, and nobody can be asked.
pub fn agreement(context: &Context, reached: &Reached, deed: Deed, typed: Typed<'_>) -> Result<Agreement, Failure> {
    let (command, name) = (deed.command(), &reached.identity.name);
    let protected = consent(deed, reached.standing) == Consent::DigestAndReason;
    let reasonless = typed.reason.is_none_or(|reason| reason.trim().is_empty());
    if typed.digest.is_some() {
        if protected && reasonless && !can_ask(context) {
            return Err(Failure::new(
                Class::Refused,
                format!("`{command}` on {name} needs a reason ({}: {})", reached.standing.word(), reached.why),
                "add --reason 'why'",
            ));
        }
        return Ok(Agreement::Given);
    }
    if context.yes() && typed.max_rows.is_some() && !protected {
        return Ok(Agreement::Given);
    }
    if can_ask(context) {
        return Ok(Agreement::Asked);
    }
    let hint = if protected {
        "look at the plan with --dry-run; then --digest and --reason"
    } else {
        "look at the plan with --dry-run, then --digest; or --yes together with --max-rows"
    };
    let what = if context.yes() && !protected {
        "`--yes` alone does not say how many rows may change"
    } else {
        "nobody has agreed to the plan"
    };
    Err(Failure::new(Class::Refused, format!("{what} on {name}; nothing was changed"), hint))
}

/// Asks for the reason where none was given, and for the yes: on a protected database the name has to be typed.
///
/// # Errors
/// When the person does not agree.
pub fn confirm(
    context: &mut Context,
    reached: &Reached,
    deed: Deed,
    reason: Option<&str>,
    name: &str,
    of: &str,
) -> Result<Option<String>, Failure> {
    let protected = consent(deed, reached.standing) == Consent::DigestAndReason;
    let reason = match reason {
        Some(reason) => Some(reason.to_owned()),
        None => Some(ask(context, "reason: ")).filter(|reason| !reason.is_empty()),
    };
    if protected && reason.is_none() {
        return Err(Failure::new(Class::Refused, "no reason was given; nothing was changed", "say why: --reason 'why'"));
    }
    let agreed = if protected {
        ask(context, &format!("Type {of}'s name to go on: ")) == name
    } else {
        matches!(ask(context, "Go on? [y/N] ").to_lowercase().as_str(), "y" | "yes")
    };
    if agreed { Ok(reason) } else { Err(Failure::new(Class::Refused, "not confirmed; nothing was changed", "")) }
}
