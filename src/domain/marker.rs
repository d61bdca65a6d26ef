//! The environment's name kept inside the database, bound to that database.

/// A marker as it was stamped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// `development`, `staging`, `production` …
    pub name: String,
    /// Whether the database is guarded against what cannot be taken back.
    pub protected: bool,
    /// What it was bound to: names and values, as the session's identity gave them then.
    pub binding: Vec<(String, String)>,
}

/// Whether a marker was made for the database in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// It was.
    Here,
    /// It was made for another one: the first part that differs.
    Elsewhere {
        /// `inode`
        part: String,
        /// Its value when the marker was made.
        then: String,
        /// Its value now.
        now: String,
    },
    /// A part of the identity cannot be read, and the others are the same.
    Untold {
        /// `system identifier`
        part: String,
    },
}

impl Marker {
    /// The name that a database gets which `manage` itself creates in an unprotected environment.
    pub const DEVELOPMENT: &'static str = "development";

    /// Names of databases that are protected by their name alone.
    pub const PROTECTED_NAMES: [&str; 3] = ["production", "prod", "live"];

    /// Whether it was made for the database whose identity is `now`. Every part has to be the same on both sides: an
    /// empty binding holds nowhere.
    pub fn hold(&self, now: &[(&'static str, String)]) -> Hold {
        let then = |name: &str| self.binding.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let differing = |name: &str, then: Option<&str>, now: Option<&str>| Hold::Elsewhere {
            part: name.to_owned(),
            then: then.filter(|value| !value.is_empty()).unwrap_or("not noted").to_owned(),
            now: now.unwrap_or("unknown").to_owned(),
        };
        let mut untold = None;
        for (name, value) in now {
            match then(name) {
                _ if value.is_empty() => untold = Some(*name),
                Some(noted) if noted == value => {}
                noted => return differing(name, noted, Some(value)),
            }
        }
        if let Some((name, value)) = self.binding.iter().find(|(name, _)| !now.iter().any(|(known, _)| known == name)) {
            return differing(name, Some(value), None);
        }
        match untold {
            Some(part) => Hold::Untold { part: part.to_owned() },
            None if now.is_empty() => Hold::Untold { part: "identity".to_owned() },
            None => Hold::Here,
        }
    }

    /// The binding as text: one `name=value` a line.
    pub fn binding_text(binding: &[(&'static str, String)]) -> String {
        binding.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }

    /// Reads what [`Marker::binding_text`] wrote.
    pub fn read_binding(text: &str) -> Vec<(String, String)> {
        text.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_told_from_its_original() {
        let here = [("path", "/a.db".to_owned()), ("inode", "7".to_owned())];
        let marker =
            Marker { name: "staging".to_owned(), protected: false, binding: Marker::read_binding(&Marker::binding_text(&here)) };

        assert_eq!(marker.hold(&here), Hold::Here);
        let copy = [("path", "/a.db".to_owned()), ("inode", "8".to_owned())];
        assert_eq!(marker.hold(&copy), Hold::Elsewhere { part: "inode".to_owned(), then: "7".to_owned(), now: "8".to_owned() });
    }

    #[test]
    fn what_was_not_noted_or_cannot_be_read_does_not_hold() {
        let here = [("system identifier", "7".to_owned()), ("database oid", "5".to_owned())];
        let unread = [("system identifier", String::new()), ("database oid", "5".to_owned())];
        let bound_to = |binding: &[(&'static str, String)]| Marker {
            name: "staging".to_owned(),
            protected: false,
            binding: Marker::read_binding(&Marker::binding_text(binding)),
        };
        let untold = Hold::Untold { part: "system identifier".to_owned() };

        assert!(matches!(bound_to(&[]).hold(&here), Hold::Elsewhere { .. }));
        assert!(matches!(bound_to(&here[1..]).hold(&here), Hold::Elsewhere { .. }));
        assert!(matches!(bound_to(&here).hold(&here[1..]), Hold::Elsewhere { .. }));
        assert!(matches!(bound_to(&unread).hold(&here), Hold::Elsewhere { .. }));
        assert_eq!(bound_to(&here).hold(&unread), untold);
        assert_eq!(bound_to(&unread).hold(&unread), untold);
        assert_ne!(bound_to(&[]).hold(&[]), Hold::Here);
    }
}
