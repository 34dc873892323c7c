//! `PUT /v1/notifications/preferences`: the whole of what somebody wants to be told. Mails about security and billing always come.

use cinema_http::{Account, Cached, HeaderMap, Json, Problem, State};
use sqlx::PgPool;
use stores::postgres;

use crate::{
    preferences::Preferences,
    problems::{no_such_account, obligatory_mails},
    store::{erased_accounts, preferences},
};

pub(super) type SetPreferences = PgPool;

/// Replaces the account's preferences. What is held for quiet hours already stays held until then.
#[utoipa::path(
    put, path = "/v1/notifications/preferences", tag = "notification", request_body = Preferences,
    responses((status = 200, body = Preferences), Problem)
)]
pub(super) async fn set_preferences(
    State(pool): State<SetPreferences>,
    caller: Account,
    Json(wishes): Json<Preferences>,
) -> Result<Cached<Preferences>, Problem> {
    if let Some(problem) = obligatory_mails(&wishes) {
        return Err(problem);
    }
    postgres::transact(&pool, async |tx| {
        if erased_accounts::contains(tx, caller.id).await? {
            return Err(no_such_account());
        }
        Ok::<_, Problem>(preferences::put(tx, caller.id, &wishes).await?)
    })
    .await?;
    Ok(Cached::private(wishes, &HeaderMap::new()))
}
