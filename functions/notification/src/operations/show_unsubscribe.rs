//! `GET /v1/unsubscribe/{token}`: asks, and changes nothing: scanners follow every link of a mail.

use cinema_http::{Audience, IntoResponse, Path, Problem, Response, State};
use runtime::Key;

use super::html;
use crate::{page, problems::no_such_link, unsubscribe::UnsubscribeKey};

pub(super) type ShowUnsubscribe = Key<UnsubscribeKey>;

/// A page with a button that ends news and offers by mail and push.
#[utoipa::path(
    get, path = "/v1/unsubscribe/{token}", tag = "notification", params(("token" = String, Path)),
    responses((status = 200, body = String, content_type = "text/html"), Problem)
)]
pub(super) async fn show_unsubscribe(
    State(key): State<ShowUnsubscribe>,
    audience: Audience,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    key.get().await?.account(&token).ok_or_else(no_such_link)?;
    Ok(html(page::question(&audience.locale)).into_response())
}
