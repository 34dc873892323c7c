//! `PATCH /v1/notifications/{id}`: unread, read or archived. A repetition changes nothing.

use cinema_http::{Account, Cached, HeaderMap, Json, Path, Problem, State as Extract};
use kernel::NotificationId;
use serde::Deserialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    inbox::{Item, State},
    problems::no_such_notification,
    store::notifications,
};

pub(super) type Update = PgPool;

/// What becomes of a notification.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateRequest {
    state: State,
}

/// Changes the state of a notification.
#[utoipa::path(
    patch, path = "/v1/notifications/{id}", tag = "notification", params(("id" = NotificationId, Path)),
    request_body(
        content = UpdateRequest, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396) with one member"
    ),
    responses((status = 200, body = Item), Problem)
)]
pub(super) async fn update(
    Extract(pool): Extract<Update>,
    caller: Account,
    Path(id): Path<NotificationId>,
    Json(request): Json<UpdateRequest>,
) -> Result<Cached<Item>, Problem> {
    let changed = notifications::set_state(&pool, caller.id, id, request.state).await?;
    let item = Item::of(changed.ok_or_else(no_such_notification)?, &caller.claims.locale);
    Ok(Cached::private(item, &HeaderMap::new()))
}
