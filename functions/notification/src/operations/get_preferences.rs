//! `GET /v1/notifications/preferences`: what the account is told, on which channels, and when not.

use cinema_http::{Account, Cached, HeaderMap, Problem, State};
use sqlx::PgPool;

use crate::{preferences::Preferences, store::preferences};

pub(super) type GetPreferences = PgPool;

/// The account's preferences; the defaults while nobody has chosen any.
#[utoipa::path(
    get, path = "/v1/notifications/preferences", tag = "notification",
    responses((status = 200, body = Preferences), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn get_preferences(
    State(pool): State<GetPreferences>,
    caller: Account,
    headers: HeaderMap,
) -> Result<Cached<Preferences>, Problem> {
    Ok(Cached::private(preferences::find(&pool, caller.id).await?, &headers))
}
