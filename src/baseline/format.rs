//! Texts with places in braces: `{{date}}` in a notice, `{latitude}` in the line of an export. Pure.

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// As it stands.
    Text(String),
    /// A place.
    Place {
        /// What stands in the braces before a `:` or `=`.
        name: String,
        /// What stands behind a `:`.
        how: Option<String>,
        /// What stands behind a `=`: the default.
        default: Option<String>,
        /// Byte at which it begins.
        at: usize,
    },
}

/// A text in which a brace is not closed, or has nothing in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unclosed {
    /// Byte at which it begins.
    pub at: usize,
}

/// Splits `text` at what stands between `open` and `close`.
///
/// # Errors
/// When one is not closed in its line, or names nothing.
pub fn parts(text: &str, open: &str, close: &str) -> Result<Vec<Part>, Unclosed> {
    let (mut parts, mut rest, mut at) = (Vec::new(), text, 0);
    while let Some(begin) = rest.find(open) {
        if begin > 0 {
            parts.push(Part::Text(rest[..begin].to_owned()));
        }
        let inner = &rest[begin + open.len()..];
        let line = inner.split('\n').next().unwrap_or(inner);
        let end = line.find(close).ok_or(Unclosed { at: at + begin })?;
        let (head, default) = split(&inner[..end], '=');
        let (name, how) = split(head, ':');
        if name.is_empty() {
            return Err(Unclosed { at: at + begin });
        }
        parts.push(Part::Place {
            name: name.to_owned(),
            how: how.map(str::to_owned),
            default: default.map(str::to_owned),
            at: at + begin,
        });
        let after = begin + open.len() + end + close.len();
        rest = &rest[after..];
        at += after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before.trim(), Some(after.trim())),
        None => (text.trim(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_names_ways_and_defaults() {
        let found = parts("a {x} {y:quoted}{z = soon}", "{", "}").expect("all are closed");

        let place = |name: &str, how: Option<&str>, default: Option<&str>, at| Part::Place {
            name: name.to_owned(),
            how: how.map(str::to_owned),
            default: default.map(str::to_owned),
            at,
        };
        let text = |text: &str| Part::Text(text.to_owned());
        let expected = [
            text("a "),
            place("x", None, None, 2),
            text(" "),
            place("y", Some("quoted"), None, 6),
            place("z", None, Some("soon"), 16),
        ];
        assert_eq!(found, expected);
        assert_eq!(parts("a {x\n}", "{", "}"), Err(Unclosed { at: 2 }));
        assert_eq!(parts("{}", "{", "}"), Err(Unclosed { at: 0 }));
    }
}
