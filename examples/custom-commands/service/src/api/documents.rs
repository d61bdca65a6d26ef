//! The description of the addresses, and a page to try them.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};

const OPENAPI: &str = include_str!("../../openapi.json");
const PAGE: &str = include_str!("../../page.html");

type Document = ([(HeaderName, &'static str); 3], &'static str);

/// The page brings its own script and asks this service only.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub async fn openapi() -> Document {
    document("application/json", OPENAPI)
}

pub async fn page() -> Document {
    document("text/html; charset=utf-8", PAGE)
}

fn document(kind: &'static str, text: &'static str) -> Document {
    ([(CONTENT_TYPE, kind), (CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff")], text)
}
