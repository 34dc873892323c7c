//! `GET /v1/users/me/profiles`: the caller's viewer profiles, the first made first.

use cinema_http::{Account, Cached, HeaderMap, Problem, State};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{problems::account_not_ready, profile::Profile, store::profiles};

pub(super) type ListProfiles = PgPool;

/// All profiles of an account: five at most, so there are no pages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Profiles {
    /// The first made first.
    items: Vec<Profile>,
}

/// The caller's profiles.
#[utoipa::path(
    get, path = "/v1/users/me/profiles", tag = "user",
    responses((status = 200, body = Profiles), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list_profiles(
    State(pool): State<ListProfiles>,
    account: Account,
    headers: HeaderMap,
) -> Result<Cached<Profiles>, Problem> {
    let items = profiles::list(&pool, account.id).await?;
    // Every account has its default profile from its first moment on.
    if items.is_empty() {
        return Err(account_not_ready());
    }
    Ok(Cached::private(Profiles { items }, &headers))
}
