//! `POST /v1/recommendations/onboarding`: what a profile chose when it began, heard by the next call.

use std::collections::BTreeSet;

use cinema_http::{Json, Problem, State, StatusCode, Viewer};
use kernel::{TitleId, World};
use runtime::Access;
use serde::Deserialize;
use stores::Table;
use utoipa::ToSchema;

use crate::{
    feedback::Onboarding,
    library::Library,
    slug::is_slug,
    store::opinions::{self, Owner},
};

const MOST_TITLES: usize = 20;
const MOST_GENRES: usize = 10;

runtime::wire! {
    pub(super) struct SetTastes {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        library: Library,
        world: World,
    }
}

/// What was chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetTastesRequest {
    /// Titles that the profile likes: no proposals any more, but what speaks for others.
    #[serde(default)]
    #[schema(max_items = 20)]
    title_ids: Vec<TitleId>,
    /// Slugs.
    #[serde(default)]
    #[schema(max_items = 10)]
    genres: Vec<String>,
}

/// Replaces what was chosen before.
#[utoipa::path(
    post, path = "/v1/recommendations/onboarding", tag = "recommendation", request_body = SetTastesRequest,
    responses((status = 204), Problem)
)]
pub(super) async fn set_tastes(
    State(SetTastes { table, library, world }): State<SetTastes>,
    viewer: Viewer,
    Json(request): Json<SetTastesRequest>,
) -> Result<StatusCode, Problem> {
    if request.title_ids.len() > MOST_TITLES {
        return Err(Problem::invalid("/title_ids", format!("must be at most {MOST_TITLES} titles")));
    }
    if request.genres.len() > MOST_GENRES {
        return Err(Problem::invalid("/genres", format!("must be at most {MOST_GENRES} genres")));
    }
    if let Some(at) = request.genres.iter().position(|genre| !is_slug(genre)) {
        return Err(Problem::invalid(&format!("/genres/{at}"), "must be the slug of a genre"));
    }
    let now = world.now();
    let titles = library.titles(now).await?;
    let is_unknown = |title: &TitleId| !titles.is_offered(*title, &viewer.policy, now);
    if let Some(at) = request.title_ids.iter().position(is_unknown) {
        return Err(Problem::invalid(&format!("/title_ids/{at}"), "there is no such title"));
    }
    let mut known = BTreeSet::new();
    let genres = request.genres.into_iter().filter(|genre| known.insert(genre.clone())).collect();
    let works: BTreeSet<TitleId> = request.title_ids.iter().map(|title| titles.work_of(*title)).collect();
    let chosen = Onboarding { titles: works.into_iter().collect(), genres };
    opinions::choose(&table, Owner { account: viewer.account, profile: viewer.profile }, &chosen).await?;
    Ok(StatusCode::NO_CONTENT)
}
