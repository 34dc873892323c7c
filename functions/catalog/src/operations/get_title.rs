//! `GET /v1/titles/{id}`: one title in the caller's language, and whether this caller can watch it now.

use std::time::Duration;

use cinema_http::{Audience, Cached, OpenApiRouter, Path, Problem, State, routes};
use kernel::{
    TitleId, World,
    policy::{Refusal, Visibility, visibility},
};
use runtime::{Boot, BootError};

use crate::{detail::TitleDetail, store::Reader};

const MAX_AGE: Duration = Duration::from_secs(60);

#[derive(Clone)]
struct Titles {
    reader: Reader,
    world: World,
    public_url: String,
}

/// A title that was withdrawn is 410; one that this caller may not know of is 404.
#[utoipa::path(
    get, path = "/v1/titles/{id}", tag = "catalog", params(("id" = TitleId, Path)),
    responses((status = 200, body = TitleDetail), (status = 304, description = "Not changed"), Problem)
)]
async fn get_title(
    State(titles): State<Titles>,
    audience: Audience,
    Path(id): Path<TitleId>,
) -> Result<Cached<TitleDetail>, Problem> {
    let (title, genres) = titles.reader.find(id).await?.ok_or_else(|| Problem::not_found("title"))?;
    let now = titles.world.now();
    match visibility(&title.rules(), &audience.policy, now) {
        Visibility::Visible => {}
        Visibility::Gone => return Err(Refusal::Withdrawn.into()),
        Visibility::Hidden => return Err(Problem::not_found("title")),
    }
    let reader = (&audience.policy, &audience.locale);
    Ok(audience.cache(TitleDetail::of(&title, &genres, reader, now, &titles.public_url), MAX_AGE))
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let titles =
        Titles { reader: Reader(boot.postgres()?), world: boot.world(), public_url: boot.required("PUBLIC_URL")? };
    Ok(OpenApiRouter::new().routes(routes!(get_title)).with_state(titles))
}
