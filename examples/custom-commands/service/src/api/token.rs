//! Who may write: whoever knows the token.

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::App;
use crate::refusal::Refusal;

/// The digest of the token: all digests are of one length, so the comparison tells nothing about the token's.
#[derive(Clone)]
pub struct Token([u8; 32]);

impl Token {
    /// None where nothing was set, or nothing but blanks: then nobody may write.
    pub fn new(token: Option<&str>) -> Option<Self> {
        token.map(str::trim).filter(|token| !token.is_empty()).map(|token| Self(Sha256::digest(token).into()))
    }

    fn is(&self, said: &str) -> bool {
        let said: [u8; 32] = Sha256::digest(said).into();
        self.0.ct_eq(&said).into()
    }
}

/// A request that brought the token. Handlers that write take one, before anything else of the request is read.
pub struct Writer;

impl FromRequestParts<App> for Writer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let said = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, said) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(said.trim())
        });
        match (&app.token, said) {
            (Some(token), Some(said)) if token.is(said) => Ok(Self),
            _ => Err(Refusal::unauthorised()),
        }
    }
}

#[test]
fn without_a_token_nobody_may_write() {
    assert!(Token::new(None).is_none() && Token::new(Some(" ")).is_none());
    let token = Token::new(Some("secret\n")).expect("a token");
    assert!(token.is("secret") && !token.is("secre") && !token.is("secrets") && !token.is(""));
}
