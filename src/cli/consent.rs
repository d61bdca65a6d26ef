//! Asking, as the guards' table says.

use std::io::{BufRead, IsTerminal, Write};

use super::context::{Context, Reached};
use super::failure::Failure;
use crate::domain::explain::Class;
use crate::guards::{Consent, Deed, consent};

/// Gets the consent that `deed` needs on the database that was reached. `effect` says what would happen.
///
/// # Errors
/// When it is refused: by the table, for want of a terminal, or by the person.
pub fn obtain(context: &mut Context, reached: &Reached, deed: Deed, effect: &str) -> Result<(), Failure> {
    obtain_as(context, reached, deed, consent(deed, reached.standing), effect)
}

/// Gets another consent than the table's, where more is needed.
///
/// # Errors
/// As [`obtain`].
pub fn obtain_as(context: &mut Context, reached: &Reached, deed: Deed, needed: Consent, effect: &str) -> Result<(), Failure> {
    let (name, command) = (&reached.identity.name, deed.command());
    let refuse = |message: String, hint: String| Err(Failure::new(Class::Refused, message, hint));
    match needed {
        Consent::Free => Ok(()),
        Consent::Never => {
            let word = reached.standing.word();
            refuse(format!("`{command}` is never done on {name}, which is {word}: {}", reached.why), instead(deed).to_owned())
        }
        Consent::DigestAndReason => refuse(
            format!(
                "`{command}` on {name} needs the digest of a plan and a reason ({}: {})",
                reached.standing.word(),
                reached.why
            ),
            "look at the plan with --dry-run; then --digest and --reason".to_owned(),
        ),
        Consent::Ask if context.yes() => Ok(()),
        Consent::Ask if !can_ask(context) => refuse(
            format!("`{command}` on {name} needs a yes ({}: {})", reached.standing.word(), reached.why),
            "run it on a terminal, or add --yes to the same command".to_owned(),
        ),
        Consent::AskByName if !can_ask(context) => refuse(
            format!(
                "`{command}` on {name} needs the database's name, typed on a terminal ({}: {})",
                reached.standing.word(),
                reached.why
            ),
            "run it on a terminal; --yes does not replace the name".to_owned(),
        ),
        Consent::TokenOrName if !can_ask(context) => refuse(
            format!(
                "`{command}` on {name} needs the token of a plan, or the database's name typed on a terminal ({}: {})",
                reached.standing.word(),
                reached.why
            ),
            format!("manage {command} --plan shows what would go, and gives a token; --yes does not replace it"),
        ),
        Consent::Ask => {
            let answer = ask(context, &format!("{effect}\nGo on? [y/N] "));
            if matches!(answer.to_lowercase().as_str(), "y" | "yes") {
                Ok(())
            } else {
                refuse("not confirmed; nothing was changed".to_owned(), String::new())
            }
        }
        Consent::AskByName | Consent::TokenOrName => {
            let answer = ask(context, &format!("{effect}\nType the database's name to go on: "));
            if answer == *name {
                Ok(())
            } else {
                refuse("that is not the database's name; nothing was changed".to_owned(), format!("the name is {name}"))
            }
        }
    }
}

/// What may be done where `deed` never is.
fn instead(deed: Deed) -> &'static str {
    match deed {
        Deed::DatabaseDrop => "check which database is meant: --database, --env and DATABASE_URL choose it",
        Deed::Reset => "say what it is where it may be reset: manage marker set NAME; a protected database is never reset",
        Deed::Redo => "take it back with `manage rollback`, then run it with `manage migrate`; or use another database",
        _ => "take single migrations back with `manage rollback --steps N`, or use another database",
    }
}

/// Whether a question is seen, and can be answered.
pub fn can_ask(context: &Context) -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal() && !context.screen.json
}

/// Asks, and gives the answer.
pub fn ask(context: &mut Context, question: &str) -> String {
    context.screen.error_text(question);
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    answer.trim().to_owned()
}
