//! `GET /v1/auth/oauth/links`: the providers whose accounts sign in here.

use cinema_http::{Json, Problem, State};
use serde::Serialize;
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::steps::live_account::{LiveAccount, wire_with_sessions};
use crate::store::oauth_links;

/// A provider whose account signs in here.
#[derive(Serialize, ToSchema)]
pub(super) struct Link {
    #[schema(example = "google")]
    provider: String,
    #[serde(with = "time::serde::rfc3339")]
    linked_at: OffsetDateTime,
}

/// All of them, the oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct LinkList {
    items: Vec<Link>,
}

wire_with_sessions! {
    pub(super) struct ListLinks {
        pool: PgPool,
    }
}

/// Linked providers, the oldest link first.
#[utoipa::path(get, path = "/v1/auth/oauth/links", tag = "auth", responses((status = 200, body = LinkList), Problem))]
pub(super) async fn list_links(
    State(state): State<ListLinks>,
    account: LiveAccount,
) -> Result<Json<LinkList>, Problem> {
    let links = oauth_links::list(&state.pool, account.id).await?.into_iter();
    let link = |link: oauth_links::Link| Link { provider: link.provider, linked_at: link.linked_at };
    Ok(Json(LinkList { items: links.map(link).collect() }))
}
