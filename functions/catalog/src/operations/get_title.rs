//! `GET /v1/titles/{id}`: one title in the caller's language, and whether this caller can watch it now.

use std::time::Duration;

use cinema_http::{Audience, Cached, Path, Problem, State};
use kernel::{
    TitleId, TitleKind, World,
    policy::{Refusal, Visibility, visibility},
};
use runtime::PublicUrl;
use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{
    detail::TitleDetail,
    episode::Episode,
    problems::no_such_title,
    store::{
        episodes,
        titles::{self, FoundTitle},
    },
};

runtime::wire! { pub(super) struct GetTitle { pool: PgPool, world: World, public_url: PublicUrl } }

pub(super) const MAX_AGE: Duration = Duration::from_secs(60);

/// A title that was withdrawn is 410; one that this caller may not know of is 404, and so are the episodes of a series that they may not know of.
#[utoipa::path(
    get, path = "/v1/titles/{id}", tag = "catalog", params(("id" = TitleId, Path)),
    responses((status = 200, body = TitleDetail), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_title(
    State(GetTitle { pool, world, public_url }): State<GetTitle>,
    audience: Audience,
    Path(id): Path<TitleId>,
) -> Result<Cached<TitleDetail>, Problem> {
    let found = titles::find(&pool, id).await?.ok_or_else(no_such_title)?;
    let now = world.now();
    require_visible(&found, &audience, now)?;
    let reader = (&audience.policy, &audience.languages);
    let next = match found.title.about.kind {
        TitleKind::Episode => episodes::next(&pool, id, &audience.policy, now).await?,
        TitleKind::Film | TitleKind::Series | TitleKind::Season => None,
    };
    let next = next.map(|next| Episode::of(next, reader, now, &public_url));
    Ok(audience.cache(TitleDetail::of(found, next, reader, now, &public_url), MAX_AGE))
}

/// 410 for what was withdrawn, 404 for what this caller may not know of.
pub(super) fn require_visible(title: &FoundTitle, audience: &Audience, now: OffsetDateTime) -> Result<(), Problem> {
    match visibility(&title.rules(), &audience.policy, now) {
        Visibility::Visible => Ok(()),
        Visibility::Gone => Err(Refusal::Withdrawn.into()),
        Visibility::Hidden => Err(no_such_title()),
    }
}
