//! `GET /v1/recommendations/titles/{id}/similar`: what people watched who watched a title, and what is like it.

use std::collections::BTreeSet;

use cinema_http::{Audience, Cached, Path, Problem, Query, State};
use kernel::{TitleId, World};
use runtime::{Access, PublicUrl};
use stores::Table;

use crate::{
    answer::{Reader, RecommendedList},
    library::Library,
    listing::{MAX_AGE, Size, excluded, list},
    problems::no_such_title,
    related::{View, similar},
};

runtime::wire! {
    pub(super) struct GetSimilar {
        table: Table = |boot| boot.table("tastes", Access::Read),
        library: Library,
        world: World,
        public_url: PublicUrl,
    }
}

/// Titles beside a title. To a profile nothing is shown that it has seen or refused.
#[utoipa::path(
    get, path = "/v1/recommendations/titles/{id}/similar", tag = "recommendation",
    params(("id" = inline(TitleId), Path), Size),
    responses((status = 200, body = RecommendedList), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_similar(
    State(GetSimilar { table, library, world, public_url }): State<GetSimilar>,
    audience: Audience,
    Path(id): Path<TitleId>,
    Query(size): Query<Size>,
) -> Result<Cached<RecommendedList>, Problem> {
    let now = world.now();
    let (titles, model) = futures::join!(library.titles(now), library.model(now));
    let titles = titles?;
    if !titles.is_offered(id, &audience.policy, now) {
        return Err(no_such_title());
    }
    let profile = audience.claims.as_ref().and_then(|claims| claims.pid);
    let excluded: BTreeSet<TitleId> = excluded(&table, profile, &titles).await;
    let view = View { audience: &audience.policy, now, excluded: &excluded };
    let found = similar(id, &titles, model.as_deref(), &view, size.most()?);
    let reader = Reader { audience: &audience.policy, languages: &audience.languages, now, public_url: &public_url };
    Ok(audience.cache(list(&reader, &titles, model.as_deref(), found, Some(id)), MAX_AGE))
}
