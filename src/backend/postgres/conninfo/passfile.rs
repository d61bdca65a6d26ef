//! The password file.

use std::path::Path;

use crate::domain::secret::Secret;

/// What a line of the file is compared with.
pub(super) struct Wanted<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The content of the file, or a warning why it is not used; neither where there is no such file.
pub(super) fn read(file: &Path) -> (Option<Secret>, Option<String>) {
    let Ok(metadata) = std::fs::metadata(file) else { return (None, None) };
    if !metadata.is_file() {
        return (None, Some(format!("the password file {} is not a plain file and is not used", file.display())));
    }
    if open_to_others(&metadata) {
        return (
            None,
            Some(format!(
                "the password file {} can be read by others and is not used; set it right with `chmod 0600 {}`",
                file.display(),
                file.display()
            )),
        );
    }
    match std::fs::read_to_string(file) {
        Ok(text) => (Some(Secret::new(text)), None),
        Err(error) => (None, Some(format!("the password file {} cannot be read: {error}", file.display()))),
    }
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// The password of the first line that fits.
pub(super) fn find(text: &str, wanted: &Wanted<'_>) -> Option<Secret> {
    let port = wanted.port.to_string();
    let asked = [wanted.host, &port, wanted.database, wanted.user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut rest = line;
        for asked in asked {
            let (field, wild, after) = field(rest)?;
            if !wild && field != asked {
                return None;
            }
            rest = after;
        }
        let password = unescaped(rest);
        (!password.is_empty()).then(|| Secret::new(password))
    })
}

/// A field up to its colon, whether it is the wildcard, and what follows.
fn field(text: &str) -> Option<(String, bool, &str)> {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == ':' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((unescaped(&text[..end]), &text[..end] == "*", &text[end + 1..]))
}

fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str =
        "# host:port:database:user:password\ndb\\:1:5432:app:ann:p\\:a\\\\ss\nother:*:*:ann:second\n*:*:*:bob:third\n";

    fn password(host: &str, user: &str) -> Option<String> {
        find(FILE, &Wanted { host, port: 5432, database: "app", user }).map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        assert_eq!(password("other", "ann").as_deref(), Some("second"));
        assert_eq!(password("elsewhere", "bob").as_deref(), Some("third"));
        assert_eq!(password("elsewhere", "ann"), None);
    }

    #[test]
    fn colons_and_backslashes_are_escaped() {
        assert_eq!(password("db:1", "ann").as_deref(), Some("p:a\\ss"));
    }
}
