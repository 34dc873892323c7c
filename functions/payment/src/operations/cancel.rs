//! `POST /v1/subscriptions/me/cancel`: ends, or rests, with the running period.

use cinema_http::{Json, Problem, State, Uncapped};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    billing::Billing,
    problems::no_subscription,
    store::{invoices, subscriptions},
    view::SubscriptionAnswer,
};

runtime::wire! { pub(super) struct Cancel { billing: Billing } }

/// How somebody leaves.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelRequest {
    /// Months to rest for instead of ending, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    pause_for_months: Option<u8>,
}

/// Cancels with the running period, which was paid for; `…/resume` takes it back until then. What is not paid for ends at once, and pages that were
/// opened to pay for it are closed. No body is as good as an empty object.
///
/// 409 `subscription_ended`, and `not_running` for a pause of something that is not paid for.
#[utoipa::path(
    post, path = "/v1/subscriptions/me/cancel", tag = "payment", request_body = Option<CancelRequest>,
    responses((status = 200, body = SubscriptionAnswer), Problem)
)]
pub(super) async fn cancel(
    State(Cancel { billing }): State<Cancel>,
    account: Uncapped<10>,
    request: Option<Json<CancelRequest>>,
) -> Result<Json<SubscriptionAnswer>, Problem> {
    let request = request.map(|Json(request)| request).unwrap_or_default();
    if request.pause_for_months.is_some_and(|months| !(1..=3).contains(&months)) {
        return Err(Problem::invalid("/pause_for_months", "must be 1 to 3"));
    }
    let now = billing.world().now();
    billing
        .outbox()
        .transact(async |tx| {
            let mut stored = subscriptions::lock_newest(tx, account.id).await?.ok_or_else(no_subscription)?;
            let before = stored.state.clone();
            match request.pause_for_months {
                Some(months) => stored.state.leave_for(months, now)?,
                None => stored.state.cancel(now)?,
            }
            // Nobody pays on for what they leave.
            invoices::void_pages(tx, stored.id, now).await?;
            if stored.state != before {
                billing.put(tx, &mut stored).await?;
            }
            Ok(Json(SubscriptionAnswer::of(&stored, None, now)))
        })
        .await
}
