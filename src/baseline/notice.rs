//! The text that tells users what is going to happen: a template with places like `{{date}}`. Pure.
//!
//! `{{length=a few minutes}}` has a default. A line whose parameter is given several times is repeated: one line each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::format::{Part, parts};
use super::plain;
use crate::domain::explain::{Class, Explain, Place};

/// The template of a project that has none of its own.
pub const DEFAULT: &str = include_str!("notice.md");

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As the template is written.
    Markdown,
    /// Without marks, for mail and chat that know no Markdown.
    Text,
}

/// A template.
#[derive(Debug, Clone)]
pub struct Template {
    /// Its file, for messages.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
}

/// A notice that cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub enum NoticeError {
    /// A place without a value.
    #[error("the parameter `{name}` is missing")]
    Missing {
        /// Its name.
        name: String,
        /// Where it stands.
        place: Place,
        /// The others that are missing, too.
        others: Vec<String>,
    },
    /// A value without a place.
    #[error("the template has no parameter `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The template.
        file: PathBuf,
        /// What it has.
        known: Vec<String>,
    },
    /// A place that is not closed.
    #[error("`{{{{` is not closed, or names nothing")]
    Unclosed(Place),
    /// One value where a line would need several.
    #[error("`{first}` has {} values and `{second}` has {}, in one line", .counts.0, .counts.1)]
    Several {
        /// A parameter of the line.
        first: String,
        /// Another one.
        second: String,
        /// How many values they have.
        counts: (usize, usize),
        /// Where.
        place: Place,
    },
}

impl Explain for NoticeError {
    fn class(&self) -> Class {
        Class::Usage
    }

    fn place(&self) -> Option<Place> {
        match self {
            Self::Missing { place, .. } | Self::Unclosed(place) | Self::Several { place, .. } => Some(place.clone()),
            Self::Unknown { file, .. } => Some(Place::file(file)),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { name, .. } => format!("give it: --param {name}=…, or a default in the template: {{{{{name}=…}}}}"),
            Self::Unknown { known, .. } if known.is_empty() => "it has none at all".to_owned(),
            Self::Unknown { known, .. } => format!("it has {}", known.join(", ")),
            Self::Unclosed(_) => "write {{name}} or {{name=default}}".to_owned(),
            Self::Several { .. } => "give both the same number of times, or put them into lines of their own".to_owned(),
        })
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Missing { others, .. } if !others.is_empty() => vec![format!("also missing: {}", others.join(", "))],
            _ => Vec::new(),
        }
    }
}

/// The names of a template's parameters, in order.
///
/// # Errors
/// When a place is not closed.
pub fn parameters(template: &Template) -> Result<Vec<String>, NoticeError> {
    let mut names: Vec<String> = Vec::new();
    for part in split(template)? {
        if let Part::Place { name, .. } = part
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Fills the values in.
///
/// # Errors
/// When a value is missing or unknown, with the place in the template.
pub fn render(template: &Template, values: &BTreeMap<String, Vec<String>>, format: Format) -> Result<String, NoticeError> {
    let known = parameters(template)?;
    if let Some(name) = values.keys().find(|name| !known.contains(name)) {
        return Err(NoticeError::Unknown { name: name.clone(), file: template.file.clone(), known });
    }
    let mut missing = Vec::new();
    for part in split(template)? {
        if let Part::Place { name, default: None, at, .. } = part
            && !values.contains_key(&name)
            && !missing.iter().any(|(known, _)| *known == name)
        {
            missing.push((name, at));
        }
    }
    if let Some((name, at)) = missing.first().cloned() {
        let others = missing.into_iter().skip(1).map(|(name, _)| name).collect();
        return Err(NoticeError::Missing { name, place: place(template, at), others });
    }
    let mut out = String::new();
    let (mut at, mut plain) = (0, plain::Plain::default());
    for line in template.text.split_inclusive('\n') {
        for text in lines(template, line, at, values, format, &mut plain)? {
            out.push_str(&text);
        }
        at += line.len();
    }
    Ok(out)
}

/// A line of the template, once for each value.
fn lines(
    template: &Template,
    line: &str,
    start: usize,
    values: &BTreeMap<String, Vec<String>>,
    format: Format,
    plain: &mut plain::Plain,
) -> Result<Vec<String>, NoticeError> {
    // The marks of the template go, those in a value are the value's own.
    let Some(shape) = (if format == Format::Text { plain.line(line) } else { Some(line.to_owned()) }) else {
        return Ok(Vec::new());
    };
    let parts = parts(&shape, "{{", "}}").map_err(|_| NoticeError::Unclosed(place(template, start)))?;
    let mut several: Option<(String, usize)> = None;
    for part in &parts {
        let Part::Place { name, .. } = part else { continue };
        let count = values.get(name).map_or(1, Vec::len);
        match &several {
            Some((first, known)) if count > 1 && *known != count => {
                let counts = (*known, count);
                let (first, second) = (first.clone(), name.clone());
                return Err(NoticeError::Several { first, second, counts, place: place(template, start) });
            }
            None if count > 1 => several = Some((name.clone(), count)),
            _ => {}
        }
    }
    let times = several.map_or(1, |(_, count)| count);
    let one = |number: usize| -> String {
        let fill = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place { name, default, .. } => {
                let given = values.get(name).and_then(|all| all.get(number).or(all.first()));
                given.or(default.as_ref()).cloned().unwrap_or_default()
            }
        };
        parts.iter().map(fill).collect()
    };
    Ok((0..times).map(one).collect())
}

fn split(template: &Template) -> Result<Vec<Part>, NoticeError> {
    parts(&template.text, "{{", "}}").map_err(|unclosed| NoticeError::Unclosed(place(template, unclosed.at)))
}

fn place(template: &Template, at: usize) -> Place {
    Place::in_text(Path::new(&template.file), &template.text, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, values: &[(&str, &str)], format: Format) -> Result<String, NoticeError> {
        let template = Template { file: "notice.md".into(), text: text.to_owned() };
        let mut all = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in values {
            all.entry((*name).to_owned()).or_default().push((*value).to_owned());
        }
        render(&template, &all, format)
    }

    #[test]
    fn a_line_is_repeated_for_each_value() {
        let text = rendered("**{{a}}**\n- {{b}}\n{{c=soon}}\n", &[("a", "x"), ("b", "1"), ("b", "2*")], Format::Text);

        assert_eq!(text.expect("all is given"), "x\n- 1\n- 2*\nsoon\n");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_with_its_place() {
        let missing = rendered("a\n b {{x}} {{y}}", &[], Format::Markdown).expect_err("x is missing");
        let unknown = rendered("{{x}}", &[("x", "1"), ("z", "2")], Format::Markdown).expect_err("z is unknown");

        assert_eq!(missing.to_string(), "the parameter `x` is missing");
        assert_eq!(missing.place().and_then(|place| Some((place.line?, place.column?))), Some((2, 4)));
        assert_eq!(missing.details(), ["also missing: y"]);
        assert_eq!(unknown.to_string(), "the template has no parameter `z`");
    }

    #[test]
    fn the_template_that_comes_with_it_is_valid() {
        let template = Template { file: "notice.md".into(), text: DEFAULT.to_owned() };

        assert_eq!(parameters(&template).expect("it is valid"), ["date", "length", "change", "command", "thanks"]);
    }
}
