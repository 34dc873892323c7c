//! `DELETE /v1/history` and `/v1/history/{title_id}`: what was watched is forgotten here at once, and elsewhere soon.

use cinema_http::{Json, OpenApiRouter, Path, Problem, State, StatusCode, Viewer, routes};
use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{TitleId, World};
use proto::{types, user::HistoryErased};
use runtime::{Boot, BootError};
use serde::Serialize;
use sqlx::PgConnection;
use stores::PgPool;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::store;

#[derive(Clone)]
struct Eraser {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

/// How far an erasure is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Status {
    /// Gone from the profile's lists; figures and recommendations follow.
    Erasing,
}

/// An erasure that has begun.
#[derive(Debug, Serialize, ToSchema)]
struct Erasure {
    status: Status,
    /// What was watched until then is forgotten, however late it is told.
    #[serde(with = "time::serde::rfc3339")]
    erased_at: OffsetDateTime,
}

type Accepted = (StatusCode, Json<Erasure>);

/// Forgets all that the profile has watched.
#[utoipa::path(
    delete, path = "/v1/history", tag = "user",
    security(("profile" = [])),
    responses((status = 202, body = Erasure), Problem)
)]
async fn erase_history(State(eraser): State<Eraser>, viewer: Viewer) -> Result<Accepted, Problem> {
    eraser.erase(&viewer, None).await
}

/// Forgets that the profile has watched a title.
#[utoipa::path(
    delete, path = "/v1/history/{title_id}", tag = "user",
    security(("profile" = [])),
    params(("title_id" = TitleId, Path)),
    responses((status = 202, body = Erasure), Problem)
)]
async fn erase_title(
    State(eraser): State<Eraser>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<Accepted, Problem> {
    eraser.erase(&viewer, Some(title)).await
}

impl Eraser {
    async fn erase(&self, viewer: &Viewer, title: Option<TitleId>) -> Result<Accepted, Problem> {
        let mut transaction = self.pool.begin().await?;
        let forgotten = self.forget(&mut transaction, viewer, title).await;
        let erased_at = self.outbox.settle(transaction, forgotten).await?;
        Ok((StatusCode::ACCEPTED, Json(Erasure { status: Status::Erasing, erased_at })))
    }

    async fn forget(
        &self,
        transaction: &mut PgConnection,
        viewer: &Viewer,
        title: Option<TitleId>,
    ) -> Result<(OffsetDateTime, Posted), Problem> {
        store::hold_profile(transaction, viewer).await?;
        store::hold_history(transaction, viewer.profile).await?;
        // After the wait, in microseconds as Postgres keeps it: the event and the table must name the same moment.
        let now = self.world.now();
        let now = now.replace_microsecond(now.microsecond()).unwrap_or(now);
        let sequence = store::erase_history(transaction, (viewer.account, viewer.profile), title, now).await?;
        let erased = HistoryErased {
            profile_id: viewer.profile.to_string(),
            account_id: viewer.account.to_string(),
            title_id: title.map(|title| title.to_string()).unwrap_or_default(),
            erased_at: now.format(&Rfc3339).map_err(Problem::internal)?,
        };
        let event = Event::new(&self.world, types::HISTORY_ERASED, viewer.profile, sequence, &erased);
        Ok((now, self.outbox.post(transaction, [Letter::event(&event)]).await?))
    }
}

/// The schema and its outbox.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let eraser = Eraser { pool: boot.postgres()?, outbox: store::public_outbox(boot)?, world: boot.world() };
    let router = OpenApiRouter::new().routes(routes!(erase_history)).routes(routes!(erase_title));
    Ok(router.with_state(eraser))
}
