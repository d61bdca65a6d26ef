//! Where rustfmt breaks lines. It leaves what stands in `table!` and `joinable!` as it is, since that is no Rust;
//! attributes and lists of names it lays out. The numbers were measured on rustfmt 1.9.

use crate::project::rustfmt::Widths;

/// `#[derive(…)]`, at this indentation.
pub(super) fn derive(names: &[String], indent: usize, widths: Widths) -> Vec<String> {
    let all = names.join(", ");
    let width = all.chars().count();
    if width + indent + 15 <= widths.line {
        return vec![format!("#[derive({all})]")];
    }
    let mut lines = vec!["#[derive(".to_owned()];
    if width + indent + 4 <= widths.line {
        lines.push(format!("    {all},"));
    } else {
        lines.extend(names.iter().map(|name| format!("    {name},")));
    }
    lines.push(")]".to_owned());
    lines
}

/// `#[diesel(postgres_type(…))]`, at this indentation.
pub(super) fn postgres_type(arguments: &[String], indent: usize, widths: Widths) -> Vec<String> {
    let all = arguments.join(", ");
    let width = all.chars().count();
    let short = arguments.len() == 1 || width <= widths.attribute;
    if short && width + indent + 27 <= widths.line {
        return vec![format!("#[diesel(postgres_type({all}))]")];
    }
    let mut lines = vec!["#[diesel(postgres_type(".to_owned()];
    let last = arguments.len() - 1;
    lines.extend(
        arguments.iter().enumerate().map(|(at, argument)| format!("    {argument}{}", if at == last { "" } else { "," })),
    );
    lines.push("))]".to_owned());
    lines
}

/// `allow_tables_to_appear_in_same_query!(…)`, at this indentation.
pub(super) fn same_query(names: &[&str], indent: usize, widths: Widths) -> Vec<String> {
    const CALL: &str = "diesel::allow_tables_to_appear_in_same_query!(";
    // A name that fits into no line makes rustfmt give up, and diesel's own layout stays.
    if names.iter().any(|name| name.len() + indent + 5 > widths.line) {
        return vec![CALL.to_owned(), format!("    {},);", names.join(","))];
    }
    let all = names.join(", ");
    if all.len() <= widths.call && all.len() + indent + CALL.len() + 2 <= widths.line {
        return vec![format!("{CALL}{all},);")];
    }
    let mut lines = vec![CALL.to_owned()];
    lines.extend(names.iter().map(|name| format!("    {name},")));
    lines.push(");".to_owned());
    lines
}
