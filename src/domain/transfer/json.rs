//! JSON, strictly read, and in the one form that PostgreSQL's `jsonb` prints.
//!
//! Every row of a transfer comes through here several times: what is read is borrowed wherever it stays as it stands, and
//! a mere check keeps nothing.

use std::borrow::Cow;

/// How deep arrays and objects may lie within one another.
const DEEPEST: usize = 256;

/// Checks that a text is JSON which every database takes.
///
/// # Errors
/// In words, what it is not.
pub fn check_json(text: &[u8]) -> Result<Kind, &'static str> {
    let value = Reader::<false> { text, at: 0 }.whole()?;
    Ok(match value {
        Json::Array(_) => Kind::Array,
        Json::Object(_) => Kind::Object,
        _ => Kind::Other,
    })
}

/// What a JSON text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[…]`
    Array,
    /// `{…}`
    Object,
    /// Text, number, truth value or null.
    Other,
}

/// A JSON text as `jsonb` prints it: keys by length, then bytes, the last of equal ones; numbers as `numeric`; one blank
/// after commas and colons. `None` where it is no JSON.
pub fn canonical_json(text: &[u8]) -> Option<Cow<'_, str>> {
    if is_canonical(text) {
        return std::str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let value = Reader::<true> { text, at: 0 }.whole().ok()?;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    write(&value, &mut out);
    Some(Cow::Owned(out))
}

/// Whether a text is surely in that form already, as what `jsonb` has printed is: told for arrays of whole numbers, words
/// and plain texts, in one pass. Everything else is read as a whole.
fn is_canonical(text: &[u8]) -> bool {
    let (mut at, mut depth) = (0, 0_u32);
    loop {
        // A value begins here.
        match text.get(at) {
            Some(b'[') if depth < 100 => {
                depth += 1;
                at += 1;
                if text.get(at) != Some(&b']') {
                    continue;
                }
            }
            Some(b'"') => {
                let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
                at += 1 + text[at + 1..].iter().take_while(|byte| plain(byte)).count();
                if text.get(at) != Some(&b'"') {
                    return false;
                }
                at += 1;
            }
            Some(b'-' | b'0'..=b'9') => {
                let digits = at + usize::from(text[at] == b'-');
                let end = digits + text[digits..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                let lone = end == digits + 1 && digits == at;
                if end == digits || (text[digits] == b'0' && !lone) {
                    return false;
                }
                at = end;
            }
            _ => match ["true", "false", "null"].iter().find(|word| text[at..].starts_with(word.as_bytes())) {
                Some(word) => at += word.len(),
                None => return false,
            },
        }
        // It has ended; so may the arrays around it.
        while depth > 0 && text.get(at) == Some(&b']') {
            depth -= 1;
            at += 1;
        }
        if depth == 0 {
            return at == text.len();
        }
        if !text[at..].starts_with(b", ") {
            return false;
        }
        at += 2;
    }
}

enum Json<'a> {
    Word(&'static str),
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// Reads a text; with `KEEP` it keeps what lies in arrays and objects.
struct Reader<'a, const KEEP: bool> {
    text: &'a [u8],
    at: usize,
}

const NOT_JSON: &str = "is not JSON";

impl<'a, const KEEP: bool> Reader<'a, KEEP> {
    fn whole(&mut self) -> Result<Json<'a>, &'static str> {
        let value = self.value(0)?;
        self.blank();
        if self.at == self.text.len() { Ok(value) } else { Err(NOT_JSON) }
    }

    fn blank(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        self.blank();
        let there = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json<'a>, &'static str> {
        if depth > DEEPEST {
            return Err("is JSON that lies too deep");
        }
        self.blank();
        match self.text.get(self.at).ok_or(NOT_JSON)? {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.string().map(Json::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ => {
                let word = ["true", "false", "null"].into_iter().find(|word| self.text[self.at..].starts_with(word.as_bytes()));
                self.at += word.map_or(0, str::len);
                word.map(Json::Word).ok_or(NOT_JSON)
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Json<'a>, &'static str> {
        self.at += 1;
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            let item = self.value(depth + 1)?;
            if KEEP {
                items.push(item);
            }
            if self.take(b']') {
                return Ok(Json::Array(items));
            }
            if !self.take(b',') {
                return Err(NOT_JSON);
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json<'a>, &'static str> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.take(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            self.blank();
            if self.text.get(self.at) != Some(&b'"') {
                return Err(NOT_JSON);
            }
            let name = self.string()?;
            if !self.take(b':') {
                return Err(NOT_JSON);
            }
            let value = self.value(depth + 1)?;
            if KEEP {
                fields.push((name, value));
            }
            if self.take(b'}') {
                return Ok(Json::Object(fields));
            }
            if !self.take(b',') {
                return Err(NOT_JSON);
            }
        }
    }

    fn number(&mut self) -> Result<Json<'a>, &'static str> {
        let start = self.at;
        let digits = |reader: &mut Self| {
            let from = reader.at;
            while reader.text.get(reader.at).is_some_and(u8::is_ascii_digit) {
                reader.at += 1;
            }
            reader.at > from
        };
        self.at += usize::from(self.text[self.at] == b'-');
        let leading = self.at;
        if !digits(self) || (self.text[leading] == b'0' && self.at > leading + 1) {
            return Err(NOT_JSON);
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            if !digits(self) {
                return Err(NOT_JSON);
            }
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.text.get(self.at), Some(b'+' | b'-')));
            if !digits(self) {
                return Err(NOT_JSON);
            }
        }
        let text: &'a [u8] = &self.text[start..self.at];
        let text = std::str::from_utf8(text).map_err(|_| NOT_JSON)?;
        // Without an exponent a number is printed as it stands, but for the sign of a zero.
        let has_exponent = text.bytes().any(|byte| matches!(byte, b'e' | b'E'));
        if !has_exponent && (!text.starts_with('-') || text.bytes().any(|byte| matches!(byte, b'1'..=b'9'))) {
            return Ok(Json::Number(Cow::Borrowed(text)));
        }
        numeric(text).map(|text| Json::Number(Cow::Owned(text))).ok_or("holds a number that is too long")
    }

    fn string(&mut self) -> Result<Cow<'a, str>, &'static str> {
        self.at += 1;
        let text: &'a [u8] = self.text;
        let rest = &text[self.at..];
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).ok_or(NOT_JSON)?;
        self.at += plain;
        if rest[plain] == b'"' {
            self.at += 1;
            return std::str::from_utf8(&rest[..plain]).map(Cow::Borrowed).map_err(|_| "is not UTF-8");
        }
        let mut out = rest[..plain].to_vec();
        loop {
            let byte = *self.text.get(self.at).ok_or(NOT_JSON)?;
            self.at += 1;
            match byte {
                b'"' => return String::from_utf8(out).map(Cow::Owned).map_err(|_| "is not UTF-8"),
                b'\\' => {
                    let char = self.escape()?;
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return Err(NOT_JSON),
                byte => out.push(byte),
            }
        }
    }

    fn escape(&mut self) -> Result<char, &'static str> {
        let byte = *self.text.get(self.at).ok_or(NOT_JSON)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                match first {
                    // jsonb cannot hold it.
                    0 => return Err("holds \\u0000"),
                    0xd800..=0xdbff => {
                        if self.text.get(self.at..self.at + 2) != Some(b"\\u") {
                            return Err("holds half of a surrogate pair");
                        }
                        self.at += 2;
                        let second = self.hex()?;
                        if !(0xdc00..=0xdfff).contains(&second) {
                            return Err("holds half of a surrogate pair");
                        }
                        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        char::from_u32(code).ok_or(NOT_JSON)?
                    }
                    code => char::from_u32(code).ok_or("holds half of a surrogate pair")?,
                }
            }
            _ => return Err(NOT_JSON),
        })
    }

    fn hex(&mut self) -> Result<u32, &'static str> {
        let part = self.text.get(self.at..self.at + 4).ok_or(NOT_JSON)?;
        self.at += 4;
        part.iter().try_fold(0, |sum, byte| char::from(*byte).to_digit(16).map(|digit| sum * 16 + digit)).ok_or(NOT_JSON)
    }
}

/// A number as `numeric` prints it: without an exponent, with the digits of the fraction that were written.
fn numeric(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i64 = exponent.parse().ok().filter(|exponent: &i64| exponent.abs() <= 1000)?;
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()? + exponent;
    let length = i64::try_from(digits.len()).ok()?;
    let (whole, fraction) = if point <= 0 {
        (String::new(), format!("{}{digits}", "0".repeat(usize::try_from(-point).ok()?)))
    } else if point >= length {
        (format!("{digits}{}", "0".repeat(usize::try_from(point - length).ok()?)), String::new())
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        (whole.to_owned(), fraction.to_owned())
    };
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
    let sign = if zero { "" } else { sign };
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

fn write(value: &Json<'_>, out: &mut String) {
    match value {
        Json::Word(text) => out.push_str(text),
        Json::Number(text) => out.push_str(text),
        Json::Text(text) => write_text(text, out),
        Json::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { ", " });
                write(item, out);
            }
            out.push(']');
        }
        Json::Object(fields) => {
            let mut order: Vec<usize> = (0..fields.len()).collect();
            order.sort_by(|a, b| {
                let (a, b) = (fields[*a].0.as_bytes(), fields[*b].0.as_bytes());
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            });
            // The sort is stable: of equal names the last one written stands last.
            let kept = order
                .iter()
                .enumerate()
                .filter(|(at, field)| order.get(at + 1).is_none_or(|next| fields[*next].0 != fields[**field].0));
            out.push('{');
            for (number, (_, field)) in kept.enumerate() {
                out.push_str(if number == 0 { "" } else { ", " });
                write_text(&fields[*field].0, out);
                out.push_str(": ");
                write(&fields[*field].1, out);
            }
            out.push('}');
        }
    }
}

/// A text as JSON, as `jsonb` prints it.
pub fn write_text(text: &str, out: &mut String) {
    out.push('"');
    if !text.bytes().any(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        out.push_str(text);
        out.push('"');
        return;
    }
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            char if u32::from(char) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> Option<String> {
        canonical_json(text.as_bytes()).map(Cow::into_owned)
    }

    /// The form as it is worked out from what the text holds.
    fn worked_out(text: &str) -> Option<String> {
        let value = Reader::<true> { text: text.as_bytes(), at: 0 }.whole().ok()?;
        let mut out = String::new();
        write(&value, &mut out);
        Some(out)
    }

    proptest::proptest! {
        #[test]
        fn what_is_taken_for_canonical_is_what_is_worked_out(text in r#"(\[|\]|, |,| |"|0|-|12|é|\\|\{|true|null|fals|e){0,14}"#) {
            if is_canonical(text.as_bytes()) {
                proptest::prop_assert_eq!(worked_out(&text), Some(text));
            }
        }

        #[test]
        fn arrays_are_told_at_once(numbers in proptest::collection::vec(proptest::prelude::any::<i64>(), 0..5), word in "[a-zé ]{0,6}") {
            let mut items: Vec<String> = numbers.iter().map(i64::to_string).collect();
            items.push(format!("[\"{word}\", true, []]"));
            let text = format!("[{}]", items.join(", "));
            proptest::prop_assert!(is_canonical(text.as_bytes()));
            proptest::prop_assert_eq!(worked_out(&text), Some(text));
        }
    }

    #[test]
    fn what_may_have_another_form_is_worked_out() {
        for text in
            ["[1,2]", "[-0]", "[01]", "[1.5]", "{}", "[ ]", "[\"a\\n\"]", "[1, ]", "[1] ", "[\"a", "", "-", "[", "[1, 2", "tru"]
        {
            assert!(!is_canonical(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn the_form_is_that_of_jsonb() {
        for (text, expected) in [
            (r#"{"bb":1,"a":2,"a":3}"#, r#"{"a": 3, "bb": 1}"#),
            ("[1,2.50,-0,1e2,1.5e-3]", "[1, 2.50, 0, 100, 0.0015]"),
            (r#""\u00e9\n\/""#, r#""é\n/""#),
            (r#""\ud83d\ude00""#, r#""😀""#),
            (" [ ] ", "[]"),
            ("9007199254740993", "9007199254740993"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in
            ["", "{", "[1,]", "{\"a\" 1}", "01", "1.", "nul", "'a'", "\"\\u0000\"", "\"\\ud800\"", "[1] x", "NaN", "\"\t\""]
        {
            assert!(check_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(check_json("[".repeat(100_000).as_bytes()).is_err());
    }
}
