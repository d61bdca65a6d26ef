//! A web address, taken apart.

/// A web address: `https://Shop.example/blog/`, or without its protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The protocol in small letters, where there is one.
    pub protocol: Option<String>,
    /// The host in small letters, with its port.
    pub host: String,
    /// What stands behind the host, without a slash at the end.
    path: String,
}

impl Address {
    /// Reads an address; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\\' | '<' | '>')) {
            return None;
        }
        let (protocol, rest) = match text.split_once("://") {
            Some((protocol, rest)) => (Some(protocol.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        let known = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
        let ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(ends);
        if host.is_empty() || host.contains('@') || protocol.as_ref().is_some_and(|name| !known(name)) {
            return None;
        }
        Some(Self { protocol, host: host.to_lowercase(), path: path.trim_end_matches('/').to_owned() })
    }

    /// Whether it is reached by http or https.
    pub fn is_web(&self) -> bool {
        matches!(self.protocol.as_deref(), Some("http" | "https"))
    }

    /// The whole address under this protocol.
    pub fn under(&self, protocol: &str) -> String {
        format!("{protocol}://{}{}", self.host, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let read = |text: &str| Address::parse(text).map(|address| (address.is_web(), address.under("https")));

        assert_eq!(read(" HTTPS://Shop.Example:8080/Blog// "), Some((true, "https://shop.example:8080/Blog".to_owned())));
        assert_eq!(read("shop.example"), Some((false, "https://shop.example".to_owned())));
        assert_eq!(read("ftp://shop.example/"), Some((false, "https://shop.example".to_owned())));
        for wrong in ["", "/blog", "https://", "a b", "https://me@shop.example", "://x", "x\"y"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
