//! Why a check could not tell.

use crate::backend::SqlError;
use crate::domain::explain::{Class, Explain, Place};

/// A check that could not be made: not valid, or refused by the database.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct CheckError {
    class: Class,
    message: String,
    place: Option<Place>,
    cause: Option<String>,
    hint: Option<String>,
    sqlstate: Option<String>,
}

impl CheckError {
    /// Any error that can explain itself.
    pub fn of(error: &dyn Explain) -> Self {
        Self {
            class: error.class(),
            message: error.to_string(),
            place: error.place(),
            cause: Explain::cause(error),
            hint: error.hint(),
            sqlstate: error.sqlstate().map(str::to_owned),
        }
    }

    /// What the database said of a query, with the place within its file. Of a query about one account no value is
    /// repeated: the database may have looked at other accounts' rows before it had them sorted out.
    pub fn sql(error: &SqlError, place: Option<Place>, confined: bool) -> Self {
        let data = error.sqlstate.as_deref().is_some_and(|state| state.starts_with("22") || state == "P0001");
        let message = if confined && data { without_values(&error.message) } else { error.message.clone() };
        let detail = error.detail.as_ref().filter(|_| !(confined && data));
        Self {
            class: error.class(),
            message: "the query failed".to_owned(),
            place,
            cause: Some(match detail {
                Some(detail) => format!("{message} ({detail})"),
                None => message,
            }),
            hint: Some(error.hint.clone().unwrap_or_else(|| "correct the script's SQL".to_owned())),
            sqlstate: error.sqlstate.clone(),
        }
    }
}

/// A message without what stands in quotes.
fn without_values(message: &str) -> String {
    let parts: Vec<&str> = message.split('"').collect();
    let kept = parts.iter().enumerate().map(|(at, part)| if at % 2 == 0 { *part } else { "…" });
    kept.collect::<Vec<_>>().join("\"")
}

impl Explain for CheckError {
    fn class(&self) -> Class {
        self.class
    }

    fn place(&self) -> Option<Place> {
        self.place.clone()
    }

    fn cause(&self) -> Option<String> {
        self.cause.clone()
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn sqlstate(&self) -> Option<&str> {
        self.sqlstate.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::SqlErrorKind;

    #[test]
    fn a_value_of_another_account_is_not_repeated() {
        let mut error = SqlError::new(SqlErrorKind::Other, "invalid input syntax for type integer: \"secret\"");
        error.sqlstate = Some("22P02".to_owned());

        assert_eq!(CheckError::sql(&error, None, true).cause().as_deref(), Some("invalid input syntax for type integer: \"…\""));
        assert!(CheckError::sql(&error, None, false).cause().is_some_and(|cause| cause.contains("secret")));
    }
}
