//! `POST /v1/notifications/read-all`: whatever is unread is read.

use cinema_http::{Account, Problem, State, StatusCode};
use sqlx::PgPool;

use crate::store::notifications;

pub(super) type ReadAll = PgPool;

/// Marks every unread notification as read. What was archived stays there.
#[utoipa::path(
    post, path = "/v1/notifications/read-all", tag = "notification",
    responses((status = 204, description = "Nothing is unread."), Problem)
)]
pub(super) async fn read_all(State(pool): State<ReadAll>, caller: Account) -> Result<StatusCode, Problem> {
    notifications::read_all(&pool, caller.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
