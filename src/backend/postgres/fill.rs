//! Many rows at once, on PostgreSQL: COPY.

use std::io::Write;

use super::session::PostgresSession;
use crate::backend::basic::Basic;
use crate::backend::error::SqlError;
use crate::backend::full::TableName;
use crate::domain::schema::quoted;
use crate::domain::value::Value;

/// How many bytes are gathered before they are sent.
const CHUNK: usize = 1 << 16;

impl PostgresSession {
    /// Inserts `rows` and returns how many there were.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn fill(
        &mut self,
        table: &TableName,
        columns: &[&str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, SqlError> {
        let names: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
        let sql = format!("COPY {table} ({}) FROM STDIN", names.join(", "));
        self.raw(|client| {
            let mut writer = client.copy_in(&sql)?;
            let mut text = String::with_capacity(CHUNK + 4096);
            for row in rows {
                line(&mut text, &row);
                if text.len() >= CHUNK {
                    writer.write_all(text.as_bytes())?;
                    text.clear();
                }
            }
            writer.write_all(text.as_bytes())?;
            Ok(writer.finish()?)
        })
    }

    /// Moves the sequence of `id` past `count` numbers and returns the last one before them. Other writers must be
    /// kept away.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn reserve_ids(&mut self, table: &TableName, count: u64) -> Result<i64, SqlError> {
        let sequence = self.query("SELECT pg_catalog.pg_get_serial_sequence($1, 'id')", &[table.0.as_str().into()])?;
        let sequence = sequence.first().and_then(|row| row.text(0)).map(str::to_owned);
        let drawn = match &sequence {
            // A sequence that was never used says its first number, and that it was not called.
            Some(sequence) => format!("(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence})"),
            None => "0".to_owned(),
        };
        let rows = self.query(&format!("SELECT greatest(coalesce(max(id), 0), {drawn})::bigint FROM {table}"), &[])?;
        let before = rows.first().and_then(|row| row.integer(0)).unwrap_or(0);
        if let Some(sequence) = sequence {
            let last = before.saturating_add(i64::try_from(count).unwrap_or(i64::MAX));
            self.query("SELECT pg_catalog.setval($1::text::regclass, $2::bigint)", &[sequence.into(), last.max(1).into()])?;
        }
        Ok(before)
    }
}

/// One row in COPY's text format.
fn line(out: &mut String, row: &[Value]) {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        match value {
            Value::Null => out.push_str("\\N"),
            Value::Bool(value) => out.push(if *value { 't' } else { 'f' }),
            Value::Integer(value) => out.push_str(&value.to_string()),
            Value::Real(value) => out.push_str(&value.to_string()),
            Value::Text(value) => escaped(out, value),
            Value::Bytes(bytes) => {
                out.push_str("\\\\x");
                bytes.iter().for_each(|byte| out.push_str(&format!("{byte:02x}")));
            }
        }
    }
    out.push('\n');
}

fn escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\\\"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line() {
        let mut out = String::new();
        line(&mut out, &["a\tb\\c\nd".into(), Value::Null, 7.into(), true.into(), Value::Bytes(vec![1, 255]), "\\N".into()]);

        assert_eq!(out, "a\\tb\\\\c\\nd\t\\N\t7\tt\t\\\\x01ff\t\\\\N\n");
    }
}
