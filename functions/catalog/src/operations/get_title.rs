//! `GET /v1/titles/{id}`: one title in the caller's language, and whether this caller can watch it now.

use std::time::Duration;

use cinema_http::{Audience, Cached, Path, Problem, State};
use kernel::{
    TitleId, World,
    policy::{Refusal, Visibility, visibility},
};
use runtime::PublicUrl;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{detail::TitleDetail, problems::no_such_title, store::titles, title::Title};

runtime::wire! { pub(super) struct GetTitle { pool: PgPool, world: World, public_url: PublicUrl } }

pub(super) const MAX_AGE: Duration = Duration::from_secs(60);

/// A title that was withdrawn is 410; one that this caller may not know of is 404.
#[utoipa::path(
    get, path = "/v1/titles/{id}", tag = "catalog", params(("id" = TitleId, Path)),
    responses((status = 200, body = TitleDetail), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_title(
    State(GetTitle { pool, world, public_url }): State<GetTitle>,
    audience: Audience,
    Path(id): Path<TitleId>,
) -> Result<Cached<TitleDetail>, Problem> {
    let (title, genres) = titles::find(&pool, id).await?.ok_or_else(no_such_title)?;
    let now = world.now();
    require_visible(&title, &audience, now)?;
    let reader = (&audience.policy, &audience.languages);
    Ok(audience.cache(TitleDetail::of(title, &genres, reader, now, &public_url), MAX_AGE))
}

/// 410 for what was withdrawn, 404 for what this caller may not know of.
pub(super) fn require_visible(title: &Title, audience: &Audience, now: OffsetDateTime) -> Result<(), Problem> {
    match visibility(&title.rules(), &audience.policy, now) {
        Visibility::Visible => Ok(()),
        Visibility::Gone => Err(Refusal::Withdrawn.into()),
        Visibility::Hidden => Err(no_such_title()),
    }
}
