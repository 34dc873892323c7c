//! `GET /v1/users/me/profiles`: the caller's viewer profiles, the first made first.

use cinema_http::{Account, Cached, HeaderMap, OpenApiRouter, Problem, State, routes};
use runtime::{Boot, BootError};
use serde::Serialize;
use stores::PgPool;
use utoipa::ToSchema;

use crate::{profile::Profile, store};

/// All profiles of an account: five at most, so there are no pages.
#[derive(Debug, Serialize, ToSchema)]
struct Profiles {
    /// The first made first.
    items: Vec<Profile>,
}

/// The caller's profiles.
#[utoipa::path(
    get, path = "/v1/users/me/profiles", tag = "user",
    security(("account" = [])),
    responses((status = 200, body = Profiles), (status = 304, description = "Not changed."), Problem)
)]
async fn list_profiles(
    State(pool): State<PgPool>,
    account: Account,
    headers: HeaderMap,
) -> Result<Cached<Profiles>, Problem> {
    let items = store::profiles(&pool, account.id).await?;
    // Every account has its default profile from its first moment on.
    if items.is_empty() {
        return Err(store::account_not_ready());
    }
    Ok(Cached::private(Profiles { items }, &headers))
}

/// Needs the service's schema alone.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(list_profiles)).with_state(boot.postgres()?))
}
