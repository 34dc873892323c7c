//! `POST /v1/unsubscribe/{token}`: one click ends marketing by mail and push (RFC 8058), from the next job on, what waits included. A repetition changes nothing.

use cinema_http::{Audience, IntoResponse, Path, Problem, Response, State};
use runtime::Key;
use sqlx::PgPool;
use stores::postgres;

use super::html;
use crate::{page, problems::no_such_link, store::preferences, unsubscribe::UnsubscribeKey};

runtime::wire! { pub(super) struct Unsubscribe { pool: PgPool, key: Key<UnsubscribeKey> } }

/// Ends news and offers by mail and push for the account of the link. The body is not looked at: mail programs send `List-Unsubscribe=One-Click`.
#[utoipa::path(
    post, path = "/v1/unsubscribe/{token}", tag = "notification", params(("token" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), Problem)
)]
pub(super) async fn unsubscribe(
    State(Unsubscribe { pool, key }): State<Unsubscribe>,
    audience: Audience,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let account = key.get().await?.account(&token).ok_or_else(no_such_link)?;
    postgres::transact(&pool, async |tx| preferences::end_marketing(tx, account).await).await?;
    Ok(html(page::answer(&audience.locale)).into_response())
}
