//! One member of a JSON text: read and written, with every other byte as it was.

/// A JSON object as it was written, and where the values of one of its members stand.
pub(super) struct Member<'a> {
    text: &'a str,
    name: &'a str,
    /// First and last byte but one of each value of that name.
    values: Vec<(usize, usize)>,
    /// Behind the last member, or behind the brace where there is none.
    end: usize,
    empty: bool,
}

impl<'a> Member<'a> {
    /// Finds the member `name` of the object in `text`; `None` where the text is no JSON object.
    pub fn find(text: &'a str, name: &'a str) -> Option<Self> {
        let parsed: serde_json::Value = serde_json::from_str(text).ok()?;
        parsed.is_object().then_some(())?;
        let bytes = text.as_bytes();
        let open = skip_space(bytes, 0);
        let mut found = Self { text, name, values: Vec::new(), end: open + 1, empty: true };
        let mut at = skip_space(bytes, open + 1);
        // The text is JSON, so that every step finds what it looks for.
        while bytes.get(at) == Some(&b'"') {
            let key_ends = behind_value(bytes, at);
            let colon = skip_space(bytes, key_ends);
            let value = skip_space(bytes, colon + 1);
            let value_ends = behind_value(bytes, value);
            let key: String = serde_json::from_str(text.get(at..key_ends)?).ok()?;
            if key == name {
                found.values.push((value, value_ends));
            }
            (found.end, found.empty) = (value_ends, false);
            let behind = skip_space(bytes, value_ends);
            if bytes.get(behind) != Some(&b',') {
                break;
            }
            at = skip_space(bytes, behind + 1);
        }
        Some(found)
    }

    /// Its text; nothing where it is not there or null.
    ///
    /// # Errors
    /// When it is something else than text, or there are two that differ.
    pub fn text(&self) -> Result<Option<String>, ()> {
        let read = |(from, to): &(usize, usize)| serde_json::from_str::<Option<String>>(&self.text[*from..*to]).map_err(drop);
        let values = self.values.iter().map(read).collect::<Result<Vec<_>, ()>>()?;
        if values.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(());
        }
        Ok(values.into_iter().next().flatten())
    }

    /// The object with this text as the member's value.
    pub fn with(&self, value: &str) -> String {
        let value = serde_json::Value::from(value).to_string();
        let mut out = self.text.to_owned();
        if self.values.is_empty() {
            let name = serde_json::Value::from(self.name);
            let comma = if self.empty { "" } else { ", " };
            out.insert_str(self.end, &format!("{comma}{name}: {value}"));
        }
        for (from, to) in self.values.iter().rev() {
            out.replace_range(*from..*to, &value);
        }
        out
    }
}

fn skip_space(bytes: &[u8], from: usize) -> usize {
    let space = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    from + bytes.get(from..).unwrap_or_default().iter().take_while(space).count()
}

/// The byte behind the value that begins at `from`.
fn behind_value(bytes: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = behind_string(bytes, at) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => depth -= 1,
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
        if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
            return at;
        }
    }
    at
}

fn behind_string(bytes: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str) -> Option<String> {
        Member::find(text, "site_url").map(|member| member.with("https://a.example"))
    }

    #[test]
    fn every_other_byte_stays() {
        for (before, after) in [
            ("{}", r#"{"site_url": "https://a.example"}"#),
            (" { } ", r#" {"site_url": "https://a.example" } "#),
            (r#"{"a":1 }"#, r#"{"a":1, "site_url": "https://a.example" }"#),
            (
                "{ \"a\" : [1.0, {\"site_url\": \"in}ner\"}],\n\t\"site_url\"  :null , \"b\":\"\\u00e9\\\"\\\\\" }",
                "{ \"a\" : [1.0, {\"site_url\": \"in}ner\"}],\n\t\"site_url\"  :\"https://a.example\" , \"b\":\"\\u00e9\\\"\\\\\" }",
            ),
            (
                r#"{"site\u005furl":"x","site_url":"x"}"#,
                r#"{"site\u005furl":"https://a.example","site_url":"https://a.example"}"#,
            ),
        ] {
            assert_eq!(edited(before).as_deref(), Some(after));
        }
        for wrong in ["", "{", "[]", "null", "{\"a\":1,}", "{} {}"] {
            assert_eq!(edited(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn its_value_is_text_or_nothing() {
        let read = |text: &str| Member::find(text, "site_url").map(|member| member.text());

        assert_eq!(read(r#"{"site_url": "a\/b"}"#), Some(Ok(Some("a/b".to_owned()))));
        assert_eq!(read(r#"{"site_url": null}"#), Some(Ok(None)));
        assert_eq!(read("{}"), Some(Ok(None)));
        assert_eq!(read(r#"{"site_url": {"a": 1}}"#), Some(Err(())));
        assert_eq!(read(r#"{"site_url": "a", "site_url": "b"}"#), Some(Err(())));
    }
}
