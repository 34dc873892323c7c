//! `GET /v1/notifications/unread-count`: the number on the bell.

use cinema_http::{Account, Cached, HeaderMap, Problem, State};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::store::notifications;

pub(super) type CountUnread = PgPool;

/// How much is new.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnreadCount {
    /// Notifications that nobody has read.
    #[schema(minimum = 0)]
    unread: i64,
}

/// How many notifications the account has not read.
#[utoipa::path(
    get, path = "/v1/notifications/unread-count", tag = "notification",
    responses((status = 200, body = UnreadCount), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn count_unread(
    State(pool): State<CountUnread>,
    caller: Account,
    headers: HeaderMap,
) -> Result<Cached<UnreadCount>, Problem> {
    let unread = notifications::count_unread(&pool, caller.id).await?;
    Ok(Cached::private(UnreadCount { unread }, &headers))
}
