//! What happens around every request: its time is limited, and it is told in the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::App;
use crate::refusal::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives up on an answer that takes too long. Work that has not begun by then is not begun.
pub async fn within_time(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Refusal::unavailable("it took too long").into_response(),
    }
}

/// A span for each request, and a line when it is answered. The request's id is the caller's, where it is plain, or a new
/// one; the answer has it, too.
pub async fn traced(request: Request, next: Next) -> Response {
    let id = request.headers().get(&REQUEST_ID).filter(|id| is_plain(id)).cloned().unwrap_or_else(new_id);
    // The path without the question: names may be in there, the token never is.
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    );
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        tracing::info!(status = response.status().as_u16(), ms = begun.elapsed().as_secs_f64() * 1e3, "answered");
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

fn is_plain(id: &HeaderValue) -> bool {
    (1..=64).contains(&id.len()) && id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn new_id() -> HeaderValue {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = format!("{:x}-{:x}", std::process::id(), REQUESTS.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&id).expect("digits and a hyphen")
}
