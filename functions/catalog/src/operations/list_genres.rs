//! `GET /v1/genres`: all genres in the caller's language.

use std::time::Duration;

use cinema_http::{Audience, Cached, OpenApiRouter, Page, Problem, State, routes};
use runtime::{Boot, BootError};

use crate::{detail::Genre, store::Reader};

const MAX_AGE: Duration = Duration::from_secs(3600);

/// All genres by name; there is only one page.
#[utoipa::path(
    get, path = "/v1/genres", tag = "catalog",
    responses((status = 200, body = Page<Genre>), (status = 304, description = "Not changed"), Problem)
)]
async fn list_genres(State(titles): State<Reader>, audience: Audience) -> Result<Cached<Page<Genre>>, Problem> {
    let known = titles.genres().await?;
    let mut items: Vec<_> = known.iter().map(|(slug, names)| Genre::of(slug, &names.0, &audience.locale)).collect();
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(audience.cache(Page { items, next_cursor: None }, MAX_AGE))
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(list_genres)).with_state(Reader(boot.postgres()?)))
}
