//! The service file: named sets of options.

use std::path::{Path, PathBuf};

use super::error::invalid;
use super::text::Pairs;
use crate::backend::error::SqlError;

/// The options of the service called `name`.
pub(super) fn find(name: &str, environment: &dyn Fn(&str) -> Option<String>) -> Result<Pairs, SqlError> {
    let places = places(environment);
    for (place, must_exist) in &places {
        match std::fs::read_to_string(place) {
            Ok(text) => {
                if let Some(pairs) = section(&text, name, place)? {
                    return Ok(pairs);
                }
            }
            Err(error) if *must_exist => {
                return Err(invalid(format!("the service file {} cannot be read: {error}", place.display())));
            }
            Err(_) => (),
        }
    }
    let seen = places.iter().map(|(place, _)| place.display().to_string()).collect::<Vec<_>>().join(" and ");
    Err(invalid(format!("there is no service `{name}` in {}", if seen.is_empty() { "any service file" } else { &seen }))
        .with_hint("the file is named by PGSERVICEFILE, or is ~/.pg_service.conf"))
}

/// The files to look in, with whether each must be there.
fn places(environment: &dyn Fn(&str) -> Option<String>) -> Vec<(PathBuf, bool)> {
    let own = match environment("PGSERVICEFILE") {
        Some(file) => Some((PathBuf::from(file), true)),
        None => environment("HOME").map(|home| (Path::new(&home).join(".pg_service.conf"), false)),
    };
    let system = environment("PGSYSCONFDIR").map(|folder| (Path::new(&folder).join("pg_service.conf"), false));
    own.into_iter().chain(system).collect()
}

/// The lines of `[name]`, or `None` where the file does not have it.
fn section(text: &str, name: &str, file: &Path) -> Result<Option<Pairs>, SqlError> {
    let mut found: Option<Pairs> = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            if head.strip_suffix(']') == Some(name) {
                found = Some(Pairs::new());
            }
            continue;
        }
        let Some(pairs) = &mut found else { continue };
        let place = || format!("{}:{}", file.display(), at + 1);
        let (key, value) =
            line.split_once('=').ok_or_else(|| invalid(format!("{}: a line of the service file has no `=`", place())))?;
        if key.trim() == "service" {
            return Err(invalid(format!("{}: a service cannot name another", place())));
        }
        pairs.push((key.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_service_is_read() {
        let text = "# ours\n[one]\nhost=a\n\n[two]\nhost=b\nport = 5433\n[three]\nhost=c\n";

        let pairs = section(text, "two", Path::new("f")).expect("a valid file");

        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(pairs, Some(vec![pair("host", "b"), pair("port", "5433")]));
        assert_eq!(section(text, "four", Path::new("f")), Ok(None));
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let error = section("[a]\nnonsense\n", "a", Path::new("f")).expect_err("no `=`");

        assert_eq!(error.message, "f:2: a line of the service file has no `=`");
    }
}
