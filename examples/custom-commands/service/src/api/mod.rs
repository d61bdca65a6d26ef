//! The addresses. Fixed words (`stats`) stand before what a caller fills in (`{command_id}`): the router sees to that.

mod around;
mod asked;
mod documents;
mod reads;
mod token;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use axum::{Router, middleware};
use serde::Serialize;

use crate::refusal::Refusal;
use crate::workers::Workers;

pub use token::Token;

/// Bytes of a body: four for each character that a command may say, and some more.
const BODY: usize = 16 * 1024;

/// What every request needs.
#[derive(Clone)]
pub struct App {
    pub workers: Arc<Workers>,
    pub token: Option<Token>,
    /// How long an answer may take.
    pub limit: Duration,
}

pub fn router(app: App) -> Router {
    let commands = Router::new()
        .route("/", get(reads::list).post(writes::create))
        .route("/stats", get(reads::stats))
        .route("/autocomplete", get(reads::autocomplete))
        .route("/creators", post(writes::create_creator))
        .route("/by_name/{name}", get(reads::by_name))
        .route("/by_name/{name}/execute", patch(writes::execute))
        .route("/{command_id}", get(reads::by_id).patch(writes::update).delete(writes::delete));
    Router::new()
        .nest("/api/v3/custom_commands", commands)
        .route("/health", get(reads::health))
        .route("/openapi.json", get(documents::openapi))
        .route("/", get(documents::page))
        .fallback(async || Refusal::not_found("there is nothing at this address"))
        .method_not_allowed_fallback(async || Refusal::wrong_method())
        .layer(DefaultBodyLimit::max(BODY))
        .layer(middleware::from_fn_with_state(app.clone(), around::within_time))
        .layer(middleware::from_fn(around::traced))
        .with_state(app)
}

/// An answer in JSON.
struct Json<T>(T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.0) {
            Ok(body) => ([(CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer cannot be written");
                Refusal::internal().into_response()
            }
        }
    }
}
