//! What takes the token.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};

use super::asked::{At, Sent};
use super::token::Writer;
use super::{App, Json};
use crate::refusal::Refusal;
use crate::store::{self, Change, NewCommand, NewCreator};
use crate::words::{Id, Wanted};

type Answer = Result<Response, Refusal>;

pub async fn create_creator(State(app): State<App>, _: Writer, Sent(new): Sent<NewCreator>) -> Answer {
    let made = app.workers.write(move |connection| store::create_creator(connection, &new)).await?;
    Ok((StatusCode::CREATED, Json(made)).into_response())
}

pub async fn create(State(app): State<App>, _: Writer, Sent(new): Sent<NewCommand>) -> Answer {
    let made = app.workers.write(move |connection| store::create(connection, &new)).await?;
    let place = format!("/api/v3/custom_commands/{}", made.id);
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(made)).into_response())
}

pub async fn update(State(app): State<App>, _: Writer, At(id): At<Id>, Sent(change): Sent<Change>) -> Answer {
    let change = change.checked()?;
    Ok(Json(app.workers.write(move |connection| store::update(connection, id.0, &change)).await?).into_response())
}

pub async fn execute(State(app): State<App>, _: Writer, At(name): At<Wanted>) -> Answer {
    Ok(Json(app.workers.write(move |connection| store::execute(connection, &name.0)).await?).into_response())
}

pub async fn delete(State(app): State<App>, _: Writer, At(id): At<Id>) -> Answer {
    app.workers.write(move |connection| store::delete(connection, id.0)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
