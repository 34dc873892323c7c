//! `GET /v1/notifications`: the inbox, newest first, in the caller's language.

use cinema_http::{Account, Cached, HeaderMap, Page, PageParams, Pages, Problem, State as Extract};
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::IntoParams;

use crate::{
    inbox::{Item, Notification, State},
    store::notifications,
};

pub(super) type List = PgPool;

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those in this state; without it those that are not archived.
    state: Option<State>,
}

/// What the account was told.
#[utoipa::path(
    get, path = "/v1/notifications", tag = "notification", params(Filter, PageParams),
    responses((status = 200, body = Page<Item>), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn list(
    Extract(pool): Extract<List>,
    caller: Account,
    pages: Pages<Filter>,
    headers: HeaderMap,
) -> Result<Cached<Page<Item>>, Problem> {
    let states = pages.filter.state.map_or(vec![State::Unread, State::Read], |state| vec![state]);
    let rows = notifications::list(&pool, caller.id, &states, pages.after()?, pages.rows()).await?;
    let item = |row: Notification| Item::of(row, &caller.claims.locale);
    Ok(Cached::private(pages.page(rows, |row| row.id, item), &headers))
}
