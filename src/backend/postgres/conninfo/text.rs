//! The text that a person writes: a URL, or `key=value` pairs.

use super::error::invalid;
use super::options;
use crate::backend::error::SqlError;

/// Keywords and their values in the order of the text.
pub(super) type Pairs = Vec<(String, String)>;

const ESCAPE_HINT: &str =
    "write special characters of user and password with their codes: @ is %40, / is %2F, : is %3A, % is %25";

/// Understands a connection text.
pub(super) fn parse(text: &str) -> Result<Pairs, SqlError> {
    let pairs = match text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
        Some(rest) => url(rest)?,
        None => key_values(text)?,
    };
    if pairs.iter().any(|(_, value)| value.contains('\0')) {
        return Err(invalid("the connection string holds a NUL character"));
    }
    Ok(pairs)
}

fn url(rest: &str) -> Result<Pairs, SqlError> {
    let mut pairs = Pairs::new();
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let (user, rest) = match rest[..authority_end].find('@') {
        Some(at) => (Some(&rest[..at]), &rest[at + 1..]),
        None => (None, rest),
    };
    if let Some(user) = user {
        let (name, password) = user.split_once(':').map_or((user, None), |(name, password)| (name, Some(password)));
        push(&mut pairs, "user", name)?;
        push(&mut pairs, "password", password.unwrap_or_default())?;
    }
    // A second `@` is one of a password that is not escaped, whose tail must not travel on as a host or a name.
    if rest.contains('@') {
        return Err(invalid("the connection URL has an `@` in a place where none may be").with_hint(ESCAPE_HINT));
    }
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    host_list(hosts, &mut pairs)?;
    push(&mut pairs, "dbname", database)?;
    let mut after_password = false;
    for option in query.unwrap_or_default().split('&').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').ok_or_else(|| invalid("an option of the connection URL has no `=`"))?;
        let (key, value) = (decoded(key)?, decoded(value)?);
        refuse_tail(&key, &mut after_password)?;
        // As JDBC writes it.
        let jdbc = key == "ssl" && value == "true";
        pairs.push(if jdbc { ("sslmode".to_owned(), "require".to_owned()) } else { (key, value) });
    }
    Ok(pairs)
}

/// What follows a password and is no option may be the rest of it, and is not repeated.
fn refuse_tail(key: &str, after_password: &mut bool) -> Result<(), SqlError> {
    if *after_password && !options::is_known(key) {
        return Err(invalid("after the password stands something that is no option")
            .with_hint("a password with white space needs quotes in a connection string, and with & it is %26 in a URL"));
    }
    *after_password |= key == "password";
    Ok(())
}

/// Empty parts of a URL count as not written.
fn push(pairs: &mut Pairs, key: &str, value: &str) -> Result<(), SqlError> {
    if !value.is_empty() {
        pairs.push((key.to_owned(), decoded(value)?));
    }
    Ok(())
}

/// `a,b:5433,[::1]:5434`
fn host_list(text: &str, pairs: &mut Pairs) -> Result<(), SqlError> {
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for item in text.split(',') {
        let (host, port) = match item.strip_prefix('[') {
            Some(rest) => {
                let (address, after) =
                    rest.split_once(']').ok_or_else(|| invalid("an IPv6 address in the connection URL has no `]`"))?;
                let port = after.strip_prefix(':').or(after.is_empty().then_some(""));
                (address, port.ok_or_else(|| invalid("text follows the `]` of an IPv6 address in the connection URL"))?)
            }
            None => item.split_once(':').unwrap_or((item, "")),
        };
        hosts.push(decoded(host)?);
        ports.push(decoded(port)?);
    }
    for (key, list) in [("host", hosts), ("port", ports)] {
        if list.iter().any(|item| !item.is_empty()) {
            pairs.push((key.to_owned(), list.join(",")));
        }
    }
    Ok(())
}

fn decoded(text: &str) -> Result<String, SqlError> {
    let wrong = || invalid("the connection URL has a `%` that two hexadecimal digits do not follow").with_hint(ESCAPE_HINT);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit)).ok_or_else(wrong)?;
        let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| invalid("the connection URL is not UTF-8 once it is decoded"))
}

fn key_values(text: &str) -> Result<Pairs, SqlError> {
    let mut pairs = Pairs::new();
    let mut rest = text.trim_start();
    let mut after_password = false;
    while !rest.is_empty() {
        let (key, after) =
            rest.split_once('=').ok_or_else(|| invalid("a word of the connection string is not followed by `=`"))?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(invalid("a word of the connection string is not followed by `=`"));
        }
        refuse_tail(key, &mut after_password)?;
        let (value, after) = value(after.trim_start())?;
        pairs.push((key.to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// A value, in quotes or up to white space, and what follows it. A backslash takes the next character as it is.
fn value(text: &str) -> Result<(String, &str), SqlError> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            c if !quoted && c.is_whitespace() => return Ok((value, &text[at..])),
            c => value.push(c),
        }
    }
    if quoted {
        return Err(invalid("a quote of the connection string is not closed"));
    }
    Ok((value, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(expected: &[(&str, &str)]) -> Result<Pairs, SqlError> {
        Ok(expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02X}")).collect()
    }

    #[test]
    fn a_whole_url_is_understood() {
        let url = "postgresql://ann:p%40ss@a,b:5433,[::1]:5434/app?sslmode=require&ssl=true&options=-c%20x%3D1";

        assert_eq!(
            parse(url),
            pairs(&[
                ("user", "ann"),
                ("password", "p@ss"),
                ("host", "a,b,::1"),
                ("port", ",5433,5434"),
                ("dbname", "app"),
                ("sslmode", "require"),
                ("sslmode", "require"),
                ("options", "-c x=1"),
            ])
        );
    }

    #[test]
    fn parts_of_a_url_may_be_missing() {
        assert_eq!(parse("postgres://"), pairs(&[]));
        assert_eq!(parse("postgres:///app"), pairs(&[("dbname", "app")]));
        assert_eq!(parse("postgres://ann@/?host=/tmp"), pairs(&[("user", "ann"), ("host", "/tmp")]));
        assert_eq!(parse("postgres://%2Ftmp/app"), pairs(&[("host", "/tmp"), ("dbname", "app")]));
    }

    #[test]
    fn key_value_strings_have_quotes_and_escapes() {
        assert_eq!(
            parse(r"host = a  password='it\'s \\ me' user=a\ b dbname=''"),
            pairs(&[("host", "a"), ("password", r"it's \ me"), ("user", "a b"), ("dbname", "")])
        );
    }

    #[test]
    fn broken_texts_are_errors() {
        for text in
            ["postgres://%zz", "postgres://%4", "postgres://h?x", "postgres://[::1", "postgres://[::1]x", "postgres://%FF"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["host", "=x", "host='x", "a b=c", "postgres://a%00b"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_tail_of_a_password_is_not_repeated() {
        for text in ["host=h password=hunter 2hunter=x", "postgres://h/d?password=hunter&2hunter=x"] {
            let error = parse(text).expect_err("no option");

            assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        }
    }

    proptest! {
        #[test]
        fn escaped_urls_come_back_as_they_were(user in "\\PC+", password in "\\PC+", host in "\\PC+", name in "\\PC+") {
            let url = format!("postgres://{}:{}@{}/{}", percent(&user), percent(&password), percent(&host), percent(&name));

            let expected = [("user", &*user), ("password", &*password), ("host", &*host), ("dbname", &*name)];
            prop_assert_eq!(parse(&url), pairs(&expected));
        }

        #[test]
        fn quoted_values_come_back_as_they_were(password in "\\PC*") {
            let quoted = password.replace('\\', "\\\\").replace('\'', "\\'");

            prop_assert_eq!(parse(&format!("password='{quoted}' port=1")), pairs(&[("password", &password), ("port", "1")]));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*") {
            let _ = parse(&text);
            let _ = parse(&format!("postgres://{text}"));
        }
    }
}
