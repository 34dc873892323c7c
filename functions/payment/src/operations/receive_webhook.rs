//! `POST /v1/webhooks/{provider}`: what a provider tells is kept and acknowledged; nothing else happens between.

use cinema_http::{ClientAddress, HeaderMap, Path, Problem, State, StatusCode, axum::body::Bytes};
use events::{Message, Outbox};
use kernel::World;
use serde_json::json;

use crate::{
    providers::{
        notice::{Delivery, WebhookError},
        webhook::Webhooks,
    },
    store::{self, WEBHOOKS, webhooks},
};

runtime::wire! {
    pub(super) struct ReceiveWebhook { outbox: Outbox = store::webhooks_outbox, webhooks: Webhooks, world: World }
}

/// Takes a provider's notice.
///
/// Only its id, its kind and the id of its object are believed, and these only with the provider's proof. 400 `invalid_signature` without one, 404 for a
/// provider that is not configured. Whatever is not certainly kept is 503, so that the provider comes again.
#[utoipa::path(
    post, path = "/v1/webhooks/{provider}", tag = "payment",
    params(("provider" = String, Path, description = "`sandbox`, `stripe` or `yookassa`.")),
    request_body(content = String, content_type = "application/json"),
    responses((status = 200, description = "It is kept."), Problem)
)]
pub(super) async fn receive_webhook(
    State(ReceiveWebhook { outbox, webhooks, world }): State<ReceiveWebhook>,
    Path(provider): Path<String>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Problem> {
    let now = world.now();
    let delivery = Delivery { headers: &headers, body: &body, source: address.parse().ok(), now };
    let notice = webhooks.read(&provider, &delivery).await.map_err(refused)?;
    outbox
        .transact(async |tx| {
            let told = (notice.event_id.as_str(), notice.kind.as_str(), notice.object_id.as_str());
            if webhooks::add(tx, &provider, told, now).await? {
                let job = json!({ "provider": provider, "event_id": notice.event_id });
                tx.send(Message::to_queue(WEBHOOKS, &notice.object_id, job)).await?;
            }
            Ok(StatusCode::OK)
        })
        .await
}

fn refused(error: WebhookError) -> Problem {
    match error {
        WebhookError::NoProvider => Problem::not_found("provider"),
        WebhookError::Forged(_) => {
            Problem::bad_request("invalid_signature", "This does not come from the provider.").because(error)
        }
        WebhookError::Malformed(_) => {
            Problem::bad_request("unreadable_notice", "This is no notice of the provider's.").because(error)
        }
        WebhookError::Unavailable(error) => error.into(),
    }
}
