//! The token of a plan: given by `--plan`, taken by `--confirm`.

use chrono::{DateTime, Utc};

use crate::cli::context::{Context, Reached};
use crate::cli::failure::Failure;
use crate::cli::noting;
use crate::domain::explain::Class;
use crate::ledger::Token;

/// Keeps the plan and gives its token.
///
/// # Errors
/// When the ledger cannot be written.
pub fn give(context: &mut Context, reached: &mut Reached, digest: &str, now: DateTime<Utc>) -> Result<String, Failure> {
    let ledger = noting::prepare(context, reached)?;
    Ok(ledger.plan_reset(&mut reached.session, digest, now.timestamp())?)
}

/// Uses a token up.
///
/// # Errors
/// When it is not good for this.
pub fn take(context: &mut Context, reached: &mut Reached, token: &str, digest: &str, now: DateTime<Utc>) -> Result<(), Failure> {
    let ledger = noting::prepare(context, reached)?;
    let name = &reached.identity.name;
    let again = "make a new plan: manage reset --plan";
    let refused = |message: String| Err(Failure::new(Class::Refused, message, again));
    match ledger.use_token(&mut reached.session, token, digest, now.timestamp())? {
        Token::Taken => Ok(()),
        Token::Unknown => refused(format!("{name} has given no such token: it is another database's, or mistyped")),
        Token::Elsewhere => refused(format!("this token was given for another database than {name}")),
        Token::Used => refused("this token was used: it is good once".to_owned()),
        Token::Expired => refused("this token is not good any more: it was for 15 minutes".to_owned()),
        Token::Changed => Err(Failure::new(
            Class::Conflict,
            "the plan is another one by now: other tables, or other migrations",
            "look at it again: manage reset --plan",
        )),
    }
}
