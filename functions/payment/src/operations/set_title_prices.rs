//! `PUT /v1/admin/titles/{id}/prices`: what a title costs by itself, to rent and to buy.

use cinema_http::{Admin, Json, Path, Problem, Proven, State, knows_sessions};
use events::EndedSessions;
use kernel::{PriceId, TitleId, World};
use serde::Serialize;
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{
    store::{title_prices, titles},
    title_price::{TitlePrice, TitlePriceRequest, TitlePricesRequest},
};

runtime::wire! { pub(super) struct SetTitlePrices { pool: PgPool, sessions: EndedSessions, world: World } }

knows_sessions!(SetTitlePrices: EndedSessions);

/// The prices as they are now.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SetTitlePricesAnswer {
    /// Counts their changes.
    version: i64,
    /// What the title is offered at.
    prices: Vec<VersionedTitlePrice>,
}

/// A version of a price.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionedTitlePrice {
    id: PriceId,
    price: TitlePriceRequest,
}

impl From<TitlePrice> for VersionedTitlePrice {
    fn from(TitlePrice { id, price, .. }: TitlePrice) -> Self {
        Self { id, price }
    }
}

/// Prices a film or an episode. Prices that stay as they are keep their ids; what was bought keeps its price. Without any the title is not sold
/// by itself any more.
///
/// 409 `not_sold_by_itself` for a series or a season.
#[utoipa::path(
    put, path = "/v1/admin/titles/{id}/prices", tag = "payment", params(("id" = inline(TitleId), Path)),
    request_body = TitlePricesRequest, responses((status = 200, body = SetTitlePricesAnswer), Problem)
)]
pub(super) async fn set_title_prices(
    State(SetTitlePrices { pool, world, .. }): State<SetTitlePrices>,
    _admin: Admin,
    _proof: Proven<60>,
    Path(id): Path<TitleId>,
    Json(request): Json<TitlePricesRequest>,
) -> Result<Json<SetTitlePricesAnswer>, Problem> {
    let mut violations = request.violations().into_iter();
    if let Some((pointer, reason)) = violations.next() {
        return Err(violations
            .fold(Problem::invalid(&pointer, reason), |problem, (pointer, reason)| problem.at(&pointer, reason)));
    }
    let (version, prices) = postgres::transact(&pool, async |tx| {
        let title = titles::find(&mut *tx, id).await?;
        let title = title.ok_or_else(|| Problem::not_found("title"))?;
        if !title.kind.has_film() {
            return Err(Problem::conflict("not_sold_by_itself", "Only films and episodes are sold by themselves."));
        }
        Ok::<_, Problem>(title_prices::put(tx, id, &request.prices, || world.id(), world.now()).await?)
    })
    .await?;
    Ok(Json(SetTitlePricesAnswer { version, prices: prices.into_iter().map(VersionedTitlePrice::from).collect() }))
}
