//! The address of an integration, from what is told of it: by itself, by its config, by its site.

use super::address::Address;
use super::member::Member;
use crate::domain::value::{Row, Value};

/// How long `site_url` may be.
const LONGEST: usize = 500;

/// What a site is told to be: the first one that is there gives the address, and all must be of one host.
struct Told {
    by: &'static str,
    address: Address,
}

/// The new values of `site_url`, `config` and `updated_at`.
pub(super) fn compute(row: &Row) -> Result<Option<Vec<Value>>, String> {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let member = Member::find(text("config"), "site_url").ok_or("config is no JSON object")?;
    let configured = member.text().map_err(|()| "site_url of config is no text, or is there twice")?;
    let configured = configured.unwrap_or_default();
    let mut told = Vec::new();
    for (by, value) in [("site_url", text("site_url")), ("config", configured.as_str())] {
        told.extend(read(by, value)?);
    }
    if told.is_empty() {
        told.extend(read("the site's wp_url", text("wp_url"))?);
    }
    told.extend(read("the site's domain", text("domain"))?);
    let Some(first) = told.first() else {
        return Err("neither it, its config nor its site tells an address".to_owned());
    };
    if let Some(other) = told.iter().find(|other| other.address.host != first.address.host) {
        return Err(format!("{} is {}, {} is {}", first.by, first.address.host, other.by, other.address.host));
    }
    let web = told.iter().map(|told| &told.address).find(|address| address.is_web());
    let protocol = web.and_then(|address| address.protocol.as_deref()).unwrap_or("https");
    let url = first.address.under(protocol);
    if url.chars().count() > LONGEST {
        return Err(format!("the address has more than {LONGEST} characters"));
    }
    if url == text("site_url") && url == configured {
        return Ok(None);
    }
    let config = if url == configured { text("config").to_owned() } else { member.with(&url) };
    let now = row.get("updated_at").cloned().unwrap_or(Value::Null);
    Ok(Some(vec![url.into(), config.into(), now]))
}

/// The address in a text; nothing where the text is empty.
fn read(by: &'static str, text: &str) -> Result<Option<Told>, String> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let address = Address::parse(text).ok_or_else(|| format!("{by} is no address"))?;
    Ok(Some(Told { by, address }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `site_url` and `config` afterwards.
    fn computed(site_url: &str, config: &str, wp_url: &str, domain: &str) -> Result<Option<(String, String)>, String> {
        let names = ["id", "site_url", "config", "wp_url", "domain", "updated_at"].map(str::to_owned);
        let or_null = |text: &str| Value::from((!text.is_empty()).then_some(text));
        let values =
            vec![1.into(), or_null(site_url), config.into(), or_null(wp_url), or_null(domain), "2026-01-01 00:00:00".into()];
        let told = compute(&Row { names: names.into(), values })?;
        Ok(told.map(|values| {
            let text = |at: usize| values[at].as_str().unwrap_or_default().to_owned();
            (text(0), text(1))
        }))
    }

    fn written(url: &str, config: &str) -> Result<Option<(String, String)>, String> {
        Ok(Some((url.to_owned(), config.to_owned())))
    }

    #[test]
    fn an_address_is_made_whole() {
        let whole = r#"{"site_url": "https://a.example", "v": 2.0}"#;
        let good = "https://a.example";

        assert_eq!(computed(good, whole, "", good), Ok(None));
        for broken in ["", "a.example", "https://A.Example/", "ftp://a.example", " https://a.example "] {
            assert_eq!(computed(broken, whole, "", good), written(good, whole), "{broken}");
        }
        assert_eq!(computed(good, r#"{"v": 2.0}"#, "", ""), written(good, r#"{"v": 2.0, "site_url": "https://a.example"}"#));
        assert_eq!(
            computed("", "{}", "http://a.example/", ""),
            written("http://a.example", r#"{"site_url": "http://a.example"}"#)
        );
        assert_eq!(computed("", "{}", "", "a.example"), written(good, r#"{"site_url": "https://a.example"}"#));
        assert_eq!(
            computed("https://a.example/Blog/", "{}", "", ""),
            written("https://a.example/Blog", r#"{"site_url": "https://a.example/Blog"}"#)
        );
    }

    #[test]
    fn what_is_told_twice_is_for_a_person() {
        let good = "https://a.example";

        assert_eq!(
            computed(good, r#"{"site_url": "https://b.example"}"#, "", ""),
            Err("site_url is a.example, config is b.example".to_owned())
        );
        assert!(computed("https://c.example", "{}", "", good).is_err_and(|told| told.contains("domain")));
        assert!(computed("", "{}", "https://c.example", good).is_err_and(|told| told.contains("wp_url")));
        assert!(computed(good, "{", "", good).is_err_and(|told| told.contains("JSON")));
        assert!(computed("/blog", "{}", "", "").is_err_and(|told| told.contains("no address")));
        assert!(computed("", "{}", "", "").is_err());
    }
}
