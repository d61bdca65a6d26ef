//! Text that must not be shown, and the last line of defence that hides it in other people's text.

use std::fmt;
use std::ops::Range;

/// A secret. It cannot be printed: `Debug` and `Display` show `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps `text` secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that sends it to the server.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// `text` with everything that looks like a password in it replaced by `***`: the password of a URL
/// (`scheme://user:password@host`) and the value of `password=` in a connection string or a query.
///
/// For text that somebody else wrote: a driver's message, an argument that was typed in the wrong place.
pub fn redact(text: &str) -> String {
    redact_assignments(&redact_logins(&redact_urls(text)))
}

fn redact_urls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = match secret_in(before, after) {
            Some(secret) => {
                out.push_str(&after[..secret.start]);
                out.push_str("***");
                secret.end
            }
            None => 0,
        };
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

/// Where the password stands in `after`, which follows the `://` at the end of `before`.
///
/// A password may hold anything where somebody forgot to escape it: blanks, quotes, `/`, `?`, `#` and `@`. So it is
/// taken to reach from the first colon to the last `@` of the line (or up to the next URL in it). That hides too
/// much rather than too little.
fn secret_in(before: &str, after: &str) -> Option<Range<usize>> {
    let line = after.find(['\n', '\r']).unwrap_or(after.len());
    let end = after[..line].find("://").map_or(line, |next| {
        // The scheme of the next URL is no part of this one.
        after[..next].rfind(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c)).map_or(0, |at| at + 1)
    });
    let is_end = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '<' | '>');
    let word = &after[..after[..end].find(is_end).unwrap_or(end)];
    let colon = word.find(':')?;
    if let Some(host) = after[colon..end].rfind('@') {
        return Some(colon + 1..colon + host);
    }
    // Without an `@` what follows the colon is the port, unless somebody forgot the host.
    let is_file = before.ends_with("sqlite://") || before.ends_with("file://");
    let last = word[colon + 1..].find(['/', '?', '#']).map_or(word.len(), |at| colon + 1 + at);
    let port = &word[colon + 1..last];
    let is_port = port.is_empty() || port.chars().all(|c| c.is_ascii_digit() || ":,.-_".contains(c));
    (!is_file && !is_port && !word.contains('[') && !word.contains(',')).then_some(colon + 1..last)
}

/// `user:password@host` where the `://` before it was forgotten.
fn redact_logins(text: &str) -> String {
    let hidden = |word: &str| {
        let host = word.rfind('@').filter(|at| word[at + 1..].starts_with(|c: char| c.is_alphanumeric() || c == '['))?;
        let colon = word.find(':').filter(|colon| *colon < host && !word.contains("://"))?;
        Some(format!("{}***{}", &word[..=colon], &word[host..]))
    };
    text.split_inclusive(char::is_whitespace).map(|word| hidden(word).unwrap_or_else(|| word.to_owned())).collect()
}

fn redact_assignments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    let lower = text.to_ascii_lowercase();
    while let Some(found) =
        ["password", "passwd"].iter().filter_map(|word| lower[at..].find(word).map(|i| at + i + word.len())).min()
    {
        out.push_str(&text[at..found]);
        at = found;
        let spaces = text[at..].len() - text[at..].trim_start_matches(' ').len();
        if !text[at + spaces..].starts_with('=') {
            continue;
        }
        let start = at + spaces + 1;
        let start = start + (text[start..].len() - text[start..].trim_start_matches(' ').len());
        let end = if text[start..].starts_with('\'') {
            text[start + 1..].find('\'').map_or(text.len(), |i| start + 1 + i + 1)
        } else {
            text[start..]
                .find(|c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'' | '`'))
                .map_or(text.len(), |i| start + i)
        };
        out.push_str(&text[at..start]);
        if end > start {
            out.push_str("***");
        }
        at = end;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("hunter2");

        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }

    #[test]
    fn passwords_in_urls_are_hidden_even_when_badly_escaped() {
        assert_eq!(redact("cannot reach postgres://ann:hunter2@db:5432/x now"), "cannot reach postgres://ann:***@db:5432/x now");
        assert_eq!(redact("'postgres://ann:p@ss/w:rd@db/x'"), "'postgres://ann:***@db/x'");
        assert_eq!(redact("postgres://ann@db/x and sqlite://a:b"), "postgres://ann@db/x and sqlite://a:b");
        assert_eq!(redact("'postgres://ann:hun'ter 2@db/x'"), "'postgres://ann:***@db/x'");
        assert_eq!(redact("postgres://a:one@x/y, postgres://b:two@y/z"), "postgres://a:***@x/y, postgres://b:***@y/z");
        assert_eq!(redact("postgres://a:one@x\nwrite to b@y"), "postgres://a:***@x\nwrite to b@y");
    }

    #[test]
    fn a_password_is_hidden_where_the_host_was_forgotten_and_a_port_is_not() {
        assert_eq!(redact("postgres://ann:hunter2/x"), "postgres://ann:***/x");
        assert_eq!(
            redact("postgres://db:5432/x and postgres://[::1]:5432/x"),
            "postgres://db:5432/x and postgres://[::1]:5432/x"
        );
        assert_eq!(redact("postgres://a:5432,b:5432/x"), "postgres://a:5432,b:5432/x");
    }

    #[test]
    fn a_login_without_a_scheme_is_hidden() {
        assert_eq!(redact("no `ann:hunter2@db/x` here"), "no `ann:***@db/x` here");
        assert_eq!(redact("postgres:/ann:hun'ter2@db/x"), "postgres:***@db/x");
        assert_eq!(redact("ann@db, x::jsonb @> y, at 12:30"), "ann@db, x::jsonb @> y, at 12:30");
    }

    #[test]
    fn passwords_in_connection_strings_are_hidden() {
        assert_eq!(redact("host=db password=hunter2 dbname=x"), "host=db password=*** dbname=x");
        assert_eq!(redact("password = 'two words' host=db"), "password = *** host=db");
        assert_eq!(
            redact("postgres://db/x?user=a&password=hunter2&sslmode=require"),
            "postgres://db/x?user=a&password=***&sslmode=require"
        );
        assert_eq!(redact("password authentication failed for user \"ann\""), "password authentication failed for user \"ann\"");
    }
}
