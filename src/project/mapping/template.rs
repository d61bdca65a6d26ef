//! A first mapping, made from both catalogues.

use std::fmt::Write as _;

use crate::domain::nearest::nearest;
use crate::domain::schema::{Schema, Table};

/// A mapping that names everything: what it could not tell stands in comments or is skipped with a question.
pub fn template(source: &Schema, target: &Schema) -> String {
    let mut out = String::from(
        "# Which table of the old database becomes which of the new one, and by which rules.\n\
         # Look at what is skipped below: every `?` is a question. Then `manage transfer validate-schema`.\n\
         version = 1\n\n\
         [source]\nurl = \"env:OLD_DATABASE_URL\"\n\n\
         [options]\non_error = \"stop\"            # stop | reject\nconflict = \"update\"          # update | skip | error | replace\n",
    );
    for table in &source.tables {
        let _ = write!(out, "\n[[table]]\nfrom = {}\n", text(&table.name.name));
        match partner(table, target) {
            Some(found) => mapped(&mut out, table, found),
            None => {
                let _ = writeln!(out, "skip_table = \"? no table of the new database looks like it\"");
            }
        }
    }
    out
}

fn mapped(out: &mut String, from: &Table, to: &Table) {
    let _ = writeln!(out, "to = {}", text(&to.name.name));
    let mut renamed = Vec::new();
    let mut left = Vec::new();
    let free = |name: &str| !from.columns.iter().any(|column| column.name == name);
    for column in &from.columns {
        if to.columns.iter().any(|known| known.name == column.name) {
            continue;
        }
        let candidates: Vec<&str> = to.columns.iter().map(|known| known.name.as_str()).filter(|name| free(name)).collect();
        match near(&column.name, &from.name.name, &candidates) {
            Some(found) => renamed.push(format!("{} = {}", text(&column.name), text(found))),
            None => left.push(text(&column.name)),
        }
    }
    if !renamed.is_empty() {
        let _ = writeln!(out, "rename = {{ {} }}", renamed.join(", "));
    }
    if !left.is_empty() {
        let _ = writeln!(out, "skip = [{}]   # ? these columns would stay behind", left.join(", "));
    }
    let taken = |name: &str| renamed.iter().any(|pair| pair.ends_with(&format!("= {}", text(name))));
    let open: Vec<&str> = to
        .columns
        .iter()
        .filter(|column| free(&column.name) && !taken(&column.name) && !column.nullable && column.default.is_none())
        .filter(|column| !to.primary_key.contains(&column.name))
        .map(|column| column.name.as_str())
        .collect();
    if !open.is_empty() {
        let _ = writeln!(
            out,
            "# set = {{ {} }}   # ? the new database asks for these",
            open.iter().map(|name| format!("{name} = \"now\"")).collect::<Vec<_>>().join(", ")
        );
    }
}

/// The table of the target that a table of the source may become: of the same name, then of one like it.
fn partner<'a>(table: &Table, target: &'a Schema) -> Option<&'a Table> {
    let names = || target.tables.iter().map(|table| table.name.name.as_str());
    let name = &table.name.name;
    let snake = snake(name);
    let exact =
        [name.as_str(), &snake, &format!("{snake}s")].into_iter().find_map(|wanted| names().find(|known| *known == wanted));
    let ends = || names().find(|known| known.ends_with(&format!("_{snake}")) || known.ends_with(&format!("_{snake}s")));
    let found = exact.or_else(ends).or_else(|| nearest(&snake, names()))?;
    target.tables.iter().find(|table| table.name.name == found)
}

/// `guildId` and `GuildId` are `guild_id`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for (at, char) in name.char_indices() {
        if char.is_uppercase() {
            if at > 0 && !out.ends_with('_') {
                out.push('_');
            }
            out.extend(char.to_lowercase());
        } else {
            out.push(char);
        }
    }
    out
}

fn near<'a>(column: &str, table: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let name = snake(column);
    let short = name.strip_prefix(&format!("{}_", snake(table))).unwrap_or(&name);
    let same =
        |candidate: &&&str| **candidate == name || **candidate == short || candidate.replace('_', "") == name.replace('_', "");
    candidates.iter().find(same).copied().or_else(|| nearest(&name, candidates.iter().copied()))
}

fn text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
