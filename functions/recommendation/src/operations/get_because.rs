//! `GET /v1/recommendations/because/{id}`: what follows from one title that the profile watched, liked, wants to watch or chose.

use cinema_http::{Json, Path, Problem, Query, State, Viewer};
use kernel::{TitleId, World};
use runtime::{Access, PublicUrl};
use stores::Table;

use crate::{
    answer::{Reader, RecommendedList},
    library::{Library, answered},
    listing::{Size, list},
    problems::no_such_title,
    related::{View, similar},
    store::tastes,
};

runtime::wire! {
    pub(super) struct GetBecause {
        table: Table = |boot| boot.table("tastes", Access::Read),
        library: Library,
        world: World,
        public_url: PublicUrl,
    }
}

/// Titles beside one of the profile's own; 404 for one that says nothing about the profile.
#[utoipa::path(
    get, path = "/v1/recommendations/because/{id}", tag = "recommendation",
    params(("id" = inline(TitleId), Path), Size), responses((status = 200, body = RecommendedList), Problem)
)]
pub(super) async fn get_because(
    State(GetBecause { table, library, world, public_url }): State<GetBecause>,
    viewer: Viewer,
    Path(id): Path<TitleId>,
    Query(size): Query<Size>,
) -> Result<Json<RecommendedList>, Problem> {
    let (now, most) = (world.now(), size.most()?);
    let (titles, model, taste) =
        futures::join!(library.titles(now), library.model(now), answered(tastes::get(&table, viewer.profile)));
    let (titles, taste) = (titles?, taste?);
    let work = titles.work_of(id);
    if !taste.sources(&titles).iter().any(|source| source.title == work) {
        return Err(no_such_title());
    }
    let excluded = taste.excluded(&titles);
    let view = View { audience: &viewer.policy, now, excluded: &excluded };
    let found = similar(work, &titles, model.as_deref(), &view, most);
    let reader = Reader { audience: &viewer.policy, languages: &viewer.languages, now, public_url: &public_url };
    Ok(Json(list(&reader, &titles, model.as_deref(), found, Some(work))))
}
