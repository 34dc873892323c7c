//! `GET /v1/collections/{slug}`: titles that belong together, as far as this caller may see them.

use cinema_http::{Audience, Cached, Path, Problem, State};
use kernel::World;
use runtime::PublicUrl;
use sqlx::PgPool;

use super::{get_title::MAX_AGE, list_titles::card};
use crate::{
    collection::Collection,
    problems::no_such_collection,
    store::{cards, collections},
    text::Slug,
};

runtime::wire! { pub(super) struct GetCollection { pool: PgPool, world: World, public_url: PublicUrl } }

/// A collection of which the caller may see nothing does not exist for them.
#[utoipa::path(
    get, path = "/v1/collections/{slug}", tag = "catalog", params(("slug" = inline(Slug), Path)),
    responses((status = 200, body = Collection), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_collection(
    State(GetCollection { pool, world, public_url }): State<GetCollection>,
    audience: Audience,
    Path(slug): Path<Slug>,
) -> Result<Cached<Collection>, Problem> {
    let texts = collections::texts(&pool, &slug).await?.ok_or_else(no_such_collection)?;
    let (now, reader) = (world.now(), &audience.languages);
    let rows = cards::of_collection(&pool, &slug, (&audience.policy, reader), now).await?;
    if rows.is_empty() {
        return Err(no_such_collection());
    }
    let titles = rows.into_iter().map(|row| card(row, &audience.policy, now, &public_url)).collect();
    let collection = Collection::of(slug.to_string(), &texts, titles, reader);
    Ok(audience.cache(collection, MAX_AGE))
}
