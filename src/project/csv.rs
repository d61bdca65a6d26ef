//! A CSV file (RFC 4180): rows of text with their places. An empty cell is NULL, `""` is an empty text, as in
//! PostgreSQL's COPY.

use std::path::{Path, PathBuf};

use super::scripts::ScriptError;
use crate::domain::explain::Place;

/// A CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csv {
    /// The file.
    pub file: PathBuf,
    /// Its text.
    pub text: String,
    /// The names in its first line.
    pub columns: Vec<Cell>,
    /// The rows below it, each as long as the first line.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The byte at which it begins.
    pub at: usize,
    /// What it holds; `None` for nothing.
    pub text: Option<String>,
}

/// What may stand between two cells: the one that the first line has most of.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

impl Csv {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no CSV: with line and column.
    pub fn read(file: &Path) -> Result<Self, ScriptError> {
        // A pipe in the place of a file would be waited for.
        if file.exists() && !file.is_file() {
            return Err(ScriptError::at(Place::file(file), "it is no file", "name a CSV file"));
        }
        let bytes = std::fs::read(file).map_err(|error| ScriptError::File {
            verb: "read",
            file: file.to_owned(),
            cause: error.to_string(),
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| ScriptError::at(Place::file(file), "the file is not UTF-8", "save the file as UTF-8"))?;
        Self::parse(file, text)
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// When it is no CSV: with line and column.
    pub fn parse(file: &Path, text: String) -> Result<Self, ScriptError> {
        let wrong = |at: usize, message: String, hint: &str| ScriptError::at(Place::in_text(file, &text, at), message, hint);
        let mut lines = Reader::new(&text).collect::<Result<Vec<_>, usize>>().map_err(|at| {
            wrong(at, "the quotes of a cell do not end where the cell does".to_owned(), "write \"\" for a quote inside of quotes")
        })?;
        if lines.is_empty() {
            return Err(wrong(0, "the file is empty".to_owned(), "its first line names the columns: id,status"));
        }
        let mut columns = lines.remove(0);
        for column in &mut columns {
            column.text = column.text.take().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            if column.text.is_none() {
                return Err(wrong(column.at, "a column has no name".to_owned(), "the first line names every column: id,status"));
            }
        }
        for row in &lines {
            if row.len() != columns.len() {
                let at = row.first().map_or(0, |cell| cell.at);
                return Err(wrong(
                    at,
                    format!("the row has {} cells, the first line {}", row.len(), columns.len()),
                    "give every column in every row; a cell with a separator in it stands in quotes",
                ));
            }
        }
        Ok(Self { file: file.to_owned(), columns, rows: lines, text })
    }

    /// The place of a cell.
    pub fn place(&self, cell: &Cell) -> Place {
        Place::in_text(&self.file, &self.text, cell.at)
    }

    /// The line of a cell.
    pub fn line(&self, cell: &Cell) -> usize {
        self.text[..cell.at].matches('\n').count() + 1
    }
}

/// Rows, one after the other; the byte at which one is not understood.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    separator: char,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let at = text.len() - text.trim_start_matches('\u{feff}').len();
        let first = text[at..].lines().next().unwrap_or_default();
        let most = SEPARATORS.into_iter().rev().max_by_key(|separator| first.matches(*separator).count());
        Self { text, at, separator: most.unwrap_or(',') }
    }

    /// The cell that begins here.
    fn cell(&mut self) -> Result<Cell, usize> {
        let begins = self.at;
        let rest = &self.text[begins..];
        let Some(quoted) = rest.strip_prefix('"') else {
            let length = rest.find([self.separator, '\n', '\r']).unwrap_or(rest.len());
            self.at += length;
            let text = &rest[..length];
            return Ok(Cell { at: begins, text: (!text.is_empty()).then(|| text.to_owned()) });
        };
        let mut text = String::new();
        let mut from = 0;
        loop {
            let Some(quote) = quoted[from..].find('"') else { return Err(begins) };
            text.push_str(&quoted[from..from + quote]);
            from += quote + 1;
            if !quoted[from..].starts_with('"') {
                break;
            }
            text.push('"');
            from += 1;
        }
        self.at = begins + 1 + from;
        let behind = self.text[self.at..].chars().next();
        if behind.is_some_and(|c| c != self.separator && c != '\n' && c != '\r') {
            return Err(begins);
        }
        Ok(Cell { at: begins, text: Some(text) })
    }

    /// Goes behind the end of a line.
    fn end_of_line(&mut self) {
        let rest = &self.text[self.at..];
        self.at += if rest.starts_with("\r\n") { 2 } else { usize::from(!rest.is_empty()) };
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Vec<Cell>, usize>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.text[self.at..].starts_with(['\n', '\r']) {
            self.end_of_line();
        }
        if self.at >= self.text.len() {
            return None;
        }
        let mut row = Vec::new();
        loop {
            match self.cell() {
                Ok(cell) => row.push(cell),
                Err(at) => {
                    self.at = self.text.len();
                    return Some(Err(at));
                }
            }
            if !self.text[self.at..].starts_with(self.separator) {
                break;
            }
            self.at += self.separator.len_utf8();
        }
        self.end_of_line();
        Some(Ok(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let csv = Csv::parse(Path::new("rows.csv"), text.to_owned());
        let texts = |row: &Vec<Cell>| row.iter().map(|cell| cell.text.clone()).collect();
        csv.map(|csv| std::iter::once(&csv.columns).chain(&csv.rows).map(texts).collect()).map_err(|error| {
            let place = crate::domain::explain::Explain::place(&error).map(|place| place.to_string()).unwrap_or_default();
            format!("{place} {error}")
        })
    }

    fn cells(texts: &[Option<&str>]) -> Vec<Option<String>> {
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn rows_are_read_as_they_are_written() {
        let text = "\u{feff}id, name \r\n1,\"a \"\"b\"\", c\"\r\n\r\n2,\r\n3,\"\"\n4,\"two\nlines\"";

        let rows = read(text).expect("it is a CSV");

        assert_eq!(
            rows,
            [
                cells(&[Some("id"), Some("name")]),
                cells(&[Some("1"), Some("a \"b\", c")]),
                cells(&[Some("2"), None]),
                cells(&[Some("3"), Some("")]),
                cells(&[Some("4"), Some("two\nlines")]),
            ]
        );
        assert_eq!(read("id;status\n1;a,b"), Ok(vec![cells(&[Some("id"), Some("status")]), cells(&[Some("1"), Some("a,b")])]));
        assert_eq!(read("id\n1"), Ok(vec![cells(&[Some("id")]), cells(&[Some("1")])]));
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        assert_eq!(read(""), Err("rows.csv:1:1 the file is empty".to_owned()));
        assert_eq!(read("id,\n1,2"), Err("rows.csv:1:4 a column has no name".to_owned()));
        assert_eq!(read("id,a\n1,2\n3"), Err("rows.csv:3:1 the row has 1 cells, the first line 2".to_owned()));
        assert!(read("id,a\n1,\"2").is_err_and(|told| told.starts_with("rows.csv:2:3 the quotes")));
        assert!(read("id,a\n1,\"2\"x").is_err_and(|told| told.starts_with("rows.csv:2:3 the quotes")));
    }
}
