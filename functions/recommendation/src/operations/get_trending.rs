//! `GET /v1/recommendations/trending`: what is watched these days, of a genre or of all.

use std::collections::BTreeSet;

use cinema_http::{Audience, Cached, Problem, Query, State};
use kernel::{TitleId, World};
use runtime::{Access, PublicUrl};
use serde::Deserialize;
use stores::Table;
use utoipa::IntoParams;

use crate::{
    answer::{Reader, RecommendedList},
    library::Library,
    listing::{MAX_AGE, excluded, list, most},
    related::{View, trending},
    slug::is_slug,
};

runtime::wire! {
    pub(super) struct GetTrending {
        table: Table = |boot| boot.table("tastes", Access::Read),
        library: Library,
        world: World,
        public_url: PublicUrl,
    }
}

/// Of what, and how many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Trend {
    /// Slug of a genre.
    #[param(pattern = "^[a-z0-9-]{1,100}$")]
    genre: Option<String>,
    /// Most titles.
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<u16>,
}

/// What others watch. To a profile nothing is shown that it has seen or refused.
#[utoipa::path(
    get, path = "/v1/recommendations/trending", tag = "recommendation", params(Trend),
    responses((status = 200, body = RecommendedList), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_trending(
    State(GetTrending { table, library, world, public_url }): State<GetTrending>,
    audience: Audience,
    Query(trend): Query<Trend>,
) -> Result<Cached<RecommendedList>, Problem> {
    let most = most(trend.limit)?;
    if trend.genre.as_deref().is_some_and(|genre| !is_slug(genre)) {
        return Err(Problem::invalid("genre", "must be the slug of a genre"));
    }
    let now = world.now();
    let (titles, model) = futures::join!(library.titles(now), library.model(now));
    let titles = titles?;
    let profile = audience.claims.as_ref().and_then(|claims| claims.pid);
    let excluded: BTreeSet<TitleId> = excluded(&table, profile, &titles).await;
    let view = View { audience: &audience.policy, now, excluded: &excluded };
    let found = trending(&titles, model.as_deref(), trend.genre.as_deref(), &view, most);
    let reader = Reader { audience: &audience.policy, languages: &audience.languages, now, public_url: &public_url };
    Ok(audience.cache(list(&reader, &titles, model.as_deref(), found, None), MAX_AGE))
}
