//! `${NAME}` and `${NAME:-default}` in settings.

/// Replaces variables in `text` by what `variable` knows. `$$` is a dollar sign.
///
/// A variable that is set to nothing counts as unset, as in a shell's `:-`.
///
/// # Errors
/// When a variable without a default is not set, or a `${` is not closed.
pub fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(after) = rest.strip_prefix('{') {
            let end = after.find('}').ok_or(ExpandError::NotClosed)?;
            let (name, default) = match after[..end].split_once(":-") {
                Some((name, default)) => (name, Some(default)),
                None => (&after[..end], None),
            };
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(ExpandError::NotAName(name.to_owned()));
            }
            match variable(name).filter(|value| !value.is_empty()) {
                Some(value) => out.push_str(&value),
                None => out.push_str(default.ok_or_else(|| ExpandError::Unset(name.to_owned()))?),
            }
            rest = &after[end + 1..];
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// A setting whose variables cannot be replaced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// Not set, and without a default.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// `${` without `}`.
    #[error("a `${{` is not closed by `}}`")]
    NotClosed,
    /// Not a variable's name.
    #[error("`{0}` is not the name of a variable")]
    NotAName(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/home/ann".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_defaults_and_dollars() {
        assert_eq!(expand("${HOME}/x", &known).as_deref(), Ok("/home/ann/x"));
        assert_eq!(expand("${URL:-sqlite:manage.db}", &known).as_deref(), Ok("sqlite:manage.db"));
        assert_eq!(expand("${EMPTY:-d}", &known).as_deref(), Ok("d"));
        assert_eq!(expand("a$$b$c", &known).as_deref(), Ok("a$b$c"));
    }

    #[test]
    fn what_cannot_be_replaced_is_an_error() {
        assert_eq!(expand("${URL}", &known), Err(ExpandError::Unset("URL".into())));
        assert_eq!(expand("${URL", &known), Err(ExpandError::NotClosed));
        assert_eq!(expand("${A B}", &known), Err(ExpandError::NotAName("A B".into())));
    }
}
