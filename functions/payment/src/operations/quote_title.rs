//! `GET /v1/titles/{id}/prices`: what a title costs by itself where the caller is.

use std::time::Duration;

use cinema_http::{Audience, Cached, Page, Path, Problem, State};
use kernel::{
    TitleId, World,
    policy::{Refusal, Visibility, visibility},
};
use sqlx::PgPool;

use crate::{
    store::{title_prices, titles},
    title_price::{TitleOffer, TitlePrice, here},
};

runtime::wire! { pub(super) struct QuoteTitle { pool: PgPool, world: World } }

const MAX_AGE: Duration = Duration::from_secs(60);

/// The prices to rent and to buy a title, the cheapest first; none when it is not sold by itself here. There is only one page.
#[utoipa::path(
    get, path = "/v1/titles/{id}/prices", tag = "payment", params(("id" = inline(TitleId), Path)),
    responses((status = 200, body = Page<TitleOffer>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn quote_title(
    State(QuoteTitle { pool, world }): State<QuoteTitle>,
    audience: Audience,
    Path(id): Path<TitleId>,
) -> Result<Cached<Page<TitleOffer>>, Problem> {
    let title = titles::find(&pool, id).await?.ok_or(Refusal::NotFound)?;
    match visibility(&title.rules, &audience.policy, world.now()) {
        Visibility::Visible => {}
        Visibility::Gone => return Err(Refusal::Withdrawn.into()),
        Visibility::Hidden => return Err(Refusal::NotFound.into()),
    }
    let prices = title_prices::list_offered(&pool, id).await?;
    let items = here(&prices, audience.territory()).into_iter().filter_map(TitlePrice::offer).collect();
    Ok(audience.cache(Page { items, next_cursor: None }, MAX_AGE))
}
