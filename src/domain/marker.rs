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

impl Marker {
    /// The name that a database gets which `manage` itself creates in an unprotected environment.
    pub const DEVELOPMENT: &'static str = "development";

    /// The first part in which `now` differs from what the marker was bound to: name, then and now.
    pub fn mismatch(&self, now: &[(&'static str, String)]) -> Option<(String, String, String)> {
        let current = |name: &str| now.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        self.binding.iter().find_map(|(name, then)| {
            let now = current(name).unwrap_or_else(|| "unknown".to_owned());
            (now != *then).then(|| (name.clone(), then.clone(), now))
        })
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

        assert_eq!(marker.mismatch(&here), None);
        let copy = [("path", "/a.db".to_owned()), ("inode", "8".to_owned())];
        assert_eq!(marker.mismatch(&copy), Some(("inode".to_owned(), "7".to_owned(), "8".to_owned())));
    }
}
