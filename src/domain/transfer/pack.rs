//! Values in one text, from which they can be read again exactly as they were stored.

use std::fmt::Write as _;

use super::cell::Cell;

/// Packs values: a line each, its first letter says how it was stored. Texts are escaped so that they stay on their line.
pub fn pack(cells: &[Cell<'_>]) -> String {
    let mut out = String::new();
    pack_into(cells.iter().map(Cell::borrowed), &mut out);
    out
}

/// As [`pack()`], at the end of `out`.
pub fn pack_into<'a>(cells: impl Iterator<Item = Cell<'a>>, out: &mut String) {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match cell {
            Cell::Null => out.push('n'),
            Cell::Int(value) => {
                let _ = write!(out, "i{value}");
            }
            // Decimal digits would not always lead back to the same number.
            Cell::Real(value) => {
                let _ = write!(out, "r{:016x}", value.to_bits());
            }
            Cell::Blob(bytes) => {
                out.push('b');
                hexadecimal(&bytes, out);
            }
            // What a database gives back when it is asked for such a value.
            cell @ (Cell::Decimal(_) | Cell::Time { .. }) => {
                out.push('t');
                out.push_str(&cell.plain_text());
            }
            Cell::Text(text) => match std::str::from_utf8(&text) {
                Ok(text) => {
                    out.push('t');
                    if text.contains(['\\', '\n', '\0']) {
                        out.push_str(&text.replace('\\', "\\\\").replace('\n', "\\n").replace('\0', "\\0"));
                    } else {
                        out.push_str(text);
                    }
                }
                Err(_) => {
                    out.push('x');
                    hexadecimal(&text, out);
                }
            },
        }
    }
}

/// Reads packed values.
pub fn unpack(text: &str) -> Option<Vec<Cell<'static>>> {
    text.split('\n')
        .map(|line| {
            let (kind, rest) = line.split_at_checked(1)?;
            Some(match kind {
                "n" => Cell::Null,
                "i" => Cell::Int(rest.parse().ok()?),
                "r" => Cell::Real(f64::from_bits(u64::from_str_radix(rest, 16).ok()?)),
                "b" => Cell::Blob(bytes(rest)?.into()),
                "x" => Cell::Text(bytes(rest)?.into()),
                "t" => Cell::owned(unescaped(rest)?),
                _ => return None,
            })
        })
        .collect()
}

fn hexadecimal(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn unescaped(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        out.push(match char {
            '\\' => match chars.next()? {
                '\\' => '\\',
                'n' => '\n',
                '0' => '\0',
                _ => return None,
            },
            char => char,
        });
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let cells = [
            Cell::Null,
            Cell::Int(i64::MIN),
            Cell::Real(0.1),
            Cell::Real(-0.0),
            Cell::text("a\\n\nb\0c😀"),
            Cell::text(""),
            Cell::Text(vec![0xff, 0x00].into()),
            Cell::Blob(vec![0, 1, 255].into()),
        ];
        let out = unpack(&pack(&cells)).expect("it was packed");
        assert_eq!(out, cells);
        assert!(matches!(out[3], Cell::Real(zero) if zero.is_sign_negative()));
    }

    #[test]
    fn what_was_not_packed_is_refused() {
        for text in ["", "q", "i", "ix", "b0", "t\\q", "r1z"] {
            assert_eq!(unpack(text), None, "{text}");
        }
    }
}
