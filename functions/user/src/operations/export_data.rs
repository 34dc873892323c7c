//! `POST /v1/users/me/export`: begins a copy of everything that is held on the person; once in 24 hours.

use axum::response::{IntoResponse, Response};
use cinema_http::{
    Account, HeaderValue, IdempotencyKey, Json, OpenApiRouter, Problem, State, StatusCode, axum, header,
    idempotency::Begun, routes,
};
use events::{Letter, Outbox, outbox::Posted};
use kernel::World;
use runtime::{Boot, BootError};
use sqlx::PgConnection;
use stores::PgPool;
use time::Duration;

use crate::{
    export::{self, Export, Status},
    store,
};

const ROUTE: &str = "POST /v1/users/me/export";

#[derive(Clone)]
struct Exporter {
    pool: PgPool,
    outbox: Outbox,
    world: World,
}

/// Begins an export.
///
/// 429 `export_limit` within 24 hours of the last one. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/users/me/export", tag = "user",
    security(("account" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    responses((status = 202, body = Export), Problem)
)]
async fn export_data(
    State(exporter): State<Exporter>,
    account: Account,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let mut transaction = exporter.pool.begin().await?;
    let begun = exporter.begin(&mut transaction, &account, &key).await;
    exporter.outbox.settle(transaction, begun).await
}

impl Exporter {
    async fn begin(
        &self,
        transaction: &mut PgConnection,
        account: &Account,
        key: &IdempotencyKey,
    ) -> Result<(Response, Posted), Problem> {
        let now = self.world.now();
        let ticket = match key.begin(transaction, (account.id, ROUTE), &(), now).await? {
            Begun::Replay(answer) => return Ok((answer, Posted::default())),
            Begun::Fresh(ticket) => ticket,
        };
        store::account_for_update(transaction, account.id).await?;
        if let Some(left) = export::pause(store::last_export(transaction, account.id).await?, now) {
            return Err(too_soon(left));
        }
        let export = Export::new(self.world.id(), Status::Preparing);
        let profiles = store::add_export(transaction, export.id, account.id, now).await?;
        let event = export::requested(&self.world, export.id, account.id, profiles, now);
        let posted = self.outbox.post(transaction, [Letter::event(&event)]).await?;
        ticket.finish(transaction, StatusCode::ACCEPTED, &export).await?;
        let body: Json<Export> = Json(export);
        Ok(((StatusCode::ACCEPTED, body).into_response(), posted))
    }
}

fn too_soon(left: Duration) -> Problem {
    // Who waited for the lock asked before the export that it waited for: never longer than the pause itself, in whole seconds rounded up.
    let seconds = (left.min(export::PAUSE) + Duration::nanoseconds(999_999_999)).whole_seconds();
    let detail = "There can be one export in 24 hours.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "export_limit", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds.unsigned_abs()))
}

/// The schema and its outbox.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let exporter = Exporter { pool: boot.postgres()?, outbox: store::public_outbox(boot)?, world: boot.world() };
    Ok(OpenApiRouter::new().routes(routes!(export_data)).with_state(exporter))
}
