//! `POST /v1/users/me/export`: begins a copy of everything that is held on the person; once in 24 hours.

use cinema_http::{HeaderValue, IdempotencyKey, Problem, Proven, Response, State, StatusCode, header, knows_sessions};
use events::{EndedSessions, Outbox};
use kernel::World;
use time::Duration;

use crate::{
    export::{self, Export, ExportStatus},
    problems::account_not_ready,
    store::{accounts, exports},
};

runtime::wire! { pub(super) struct ExportData { outbox: Outbox, sessions: EndedSessions, world: World } }

knows_sessions!(ExportData: EndedSessions);

/// Begins an export.
///
/// 429 `export_limit` within 24 hours of the last one. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/users/me/export", tag = "user",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    responses((status = 202, body = Export), Problem)
)]
pub(super) async fn export_data(
    State(ExportData { outbox, world, .. }): State<ExportData>,
    account: Proven<10>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let (account, now) = (account.id, world.now());
    outbox
        .transact(async |tx| {
            key.once(tx, account, &(), now, async |tx| {
                accounts::lock(tx, account).await?.ok_or_else(account_not_ready)?;
                if let Some(left) = export::pause(exports::last(tx, account).await?, now) {
                    return Err(too_soon(left));
                }
                let export = Export::new(world.id(), ExportStatus::Preparing);
                let profiles = exports::add(tx, export.id, account, now).await?;
                tx.emit(&export::requested(&world, export.id, account, &profiles, now)).await?;
                Ok((StatusCode::ACCEPTED, export))
            })
            .await
        })
        .await
}

fn too_soon(left: Duration) -> Problem {
    // Whoever waited for the lock asked before the export that it waited for: never longer than the pause itself, in whole seconds rounded up.
    let seconds = (left.min(export::PAUSE) + Duration::nanoseconds(999_999_999)).whole_seconds();
    let detail = "There can be one copy in 24 hours. Ask for the next one later.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "export_limit", detail)
        .with_header(header::RETRY_AFTER, HeaderValue::from(seconds.unsigned_abs()))
}
