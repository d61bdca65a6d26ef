//! What anybody may ask.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::asked::{Asked, At};
use super::{App, Json};
use crate::refusal::Refusal;
use crate::store::{self, Listing};
use crate::words::{Id, UpTo, Wanted};

type Answer = Result<axum::response::Response, Refusal>;

/// The beginning of a name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    partial_name: Wanted,
    #[serde(default = "usual")]
    limit: UpTo<100>,
}

fn usual() -> UpTo<100> {
    UpTo(25)
}

pub async fn list(State(app): State<App>, Asked(wanted): Asked<Listing>) -> Answer {
    Ok(Json(app.workers.read(move |connection| store::list(connection, &wanted)).await?).into_response())
}

pub async fn stats(State(app): State<App>) -> Answer {
    Ok(Json(app.workers.read(store::statistics).await?).into_response())
}

pub async fn autocomplete(State(app): State<App>, Asked(asked): Asked<Beginning>) -> Answer {
    let names = move |connection: &mut _| store::autocomplete(connection, &asked.partial_name.0, asked.limit.0);
    Ok(Json(app.workers.read(names).await?).into_response())
}

pub async fn by_name(State(app): State<App>, At(name): At<Wanted>) -> Answer {
    Ok(Json(app.workers.read(move |connection| store::by_name(connection, &name.0)).await?).into_response())
}

pub async fn by_id(State(app): State<App>, At(id): At<Id>) -> Answer {
    Ok(Json(app.workers.read(move |connection| store::by_id(connection, id.0)).await?).into_response())
}

/// Whether the service and its database are there.
pub async fn health(State(app): State<App>) -> Answer {
    let answers = app
        .workers
        .read(|connection| if connection.answers() { Ok(()) } else { Err(Refusal::unavailable("the database does not answer")) });
    answers.await?;
    Ok(Json(json!({ "status": "ok" })).into_response())
}
