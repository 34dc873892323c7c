//! `POST /v1/webhooks/email-events`: what SES tells of mails, passed on by EventBridge with the key of this service
//! (docs/architecture/0035-reports-of-mails.md). An address that does not exist, or whose owner calls us spam, gets no more mail.

use cinema_http::{HeaderMap, Json, Problem, State, StatusCode};
use kernel::World;
use runtime::Key;
use sqlx::PgPool;
use stores::postgres;

use crate::{
    email_event::{EmailEvent, EmailEventsKey},
    problems::forged_report,
    store::{deliveries, suppressions},
};

/// Carries the key.
const KEY: &str = "x-email-events-key";

runtime::wire! {
    pub(super) struct ReceiveEmailEvents { pool: PgPool, key: Key<EmailEventsKey>, world: World }
}

/// Takes a report about a mail. Reports come more than once and in any order.
#[utoipa::path(
    post, path = "/v1/webhooks/email-events", tag = "notification",
    params(("x-email-events-key" = String, Header, description = "The secret that whoever reports shares with the service.")),
    request_body = EmailEvent, responses((status = 204, description = "It is taken."), Problem)
)]
pub(super) async fn receive_email_events(
    State(state): State<ReceiveEmailEvents>,
    headers: HeaderMap,
    report: Result<Json<EmailEvent>, Problem>,
) -> Result<StatusCode, Problem> {
    let mut given = headers.get_all(KEY).iter();
    let (Some(given), None) = (given.next(), given.next()) else { return Err(forged_report()) };
    if !state.key.get().await?.is(given.as_bytes()) {
        return Err(forged_report());
    }
    let Json(report) = report?;
    postgres::transact(&state.pool, async |tx| {
        if let Some(message) = report.message() {
            deliveries::confirm(&mut *tx, message).await?;
        }
        if let (Some(reason), addresses) = report.suppressed() {
            tracing::warn!(reason = reason.as_str(), addresses = addresses.len(), "mail did not reach");
            suppressions::add(&mut *tx, &addresses, reason, state.world.now()).await?;
        }
        Ok::<_, sqlx::Error>(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
