//! `GET /v1/titles/{id}/cast`: who plays in a title that this caller may see.

use cinema_http::{Audience, Cached, Path, Problem, State};
use kernel::{TitleId, World};
use sqlx::PgPool;

use super::get_title::{MAX_AGE, require_visible};
use crate::{detail, detail::ShownCredit, problems::no_such_title, store::titles};

runtime::wire! { pub(super) struct GetCast { pool: PgPool, world: World } }

/// Actors with whom they play, in the order of the credits.
#[utoipa::path(
    get, path = "/v1/titles/{id}/cast", tag = "catalog", params(("id" = TitleId, Path)),
    responses((status = 200, body = Vec<ShownCredit>), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_cast(
    State(GetCast { pool, world }): State<GetCast>,
    audience: Audience,
    Path(id): Path<TitleId>,
) -> Result<Cached<Vec<ShownCredit>>, Problem> {
    let found = titles::find(&pool, id).await?.ok_or_else(no_such_title)?;
    require_visible(&found, &audience, world.now())?;
    let mut credits = detail::credits(&found.title);
    credits.retain(|credit| credit.role == "actor");
    Ok(audience.cache(credits, MAX_AGE))
}
