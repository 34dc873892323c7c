//! `POST /v1/admin/payments/{id}/refund`: gives a payment back, as a whole or in part. ◆

use cinema_http::{
    IdempotencyKey, Json, Path, Problem, Proven, Response, State, StatusCode, Support, idempotency::reused,
    knows_sessions,
};
use events::EndedSessions;
use kernel::{Id as _, PaymentId, RefundId, VisibleLine};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    billing::{Billing, NotRefundable},
    view::RefundView,
};

runtime::wire! { pub(super) struct RefundPayment { billing: Billing, sessions: EndedSessions } }

knows_sessions!(RefundPayment: EndedSessions);

/// What goes back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    /// Minor units of the payment's currency; everything that is left without it.
    #[schema(minimum = 1)]
    amount: Option<i64>,
    /// For colleagues; the person reads it in a copy of their data.
    #[schema(value_type = Option<String>, max_length = 200)]
    reason: Option<VisibleLine<200>>,
}

/// Gives money back. A refund of the whole running period ends the subscription; one of a whole change within it takes the subscription back to what is
/// still paid for.
///
/// 409 `not_captured` for a payment that has not succeeded, `refund_too_large` above what is left, which `left` tells, and `change_not_refunded` for all of a
/// payment while `payment_id` for a better plan, which came after it within the same period, has not gone back. A provider that does not answer makes
/// the refund `unknown`: it is found out by itself. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/admin/payments/{id}/refund", tag = "payment",
    params(
        ("id" = inline(PaymentId), Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours."),
    ),
    request_body = RefundRequest, responses((status = 201, body = RefundView), Problem)
)]
pub(super) async fn refund(
    State(RefundPayment { billing, .. }): State<RefundPayment>,
    Support(agent): Support,
    _proof: Proven<60>,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Json(request): Json<RefundRequest>,
) -> Result<Response, Problem> {
    if request.amount.is_some_and(|amount| amount < 1) {
        return Err(Problem::invalid("/amount", "must be at least 1"));
    }
    let (now, what) = (billing.world().now(), (id, &request));
    if let Some(answer) = key.stored(billing.outbox().pool(), agent.id, &what, now).await? {
        return Ok(answer);
    }
    let reason = request.reason.as_ref().map_or("", VisibleLine::as_str);
    // A request that was interrupted and comes again finds its refund under the same id, and gives nothing back twice.
    let refund = match key.item_claim(agent.id, &what) {
        Some(claim) => RefundId::derived(&format!("{id} {}", claim.id)),
        None => billing.world().id(),
    };
    let begun = billing
        .outbox()
        .transact(async |tx| {
            let begun = billing.begin_refund(tx, id, refund, (request.amount, reason), agent.id).await?;
            begun.ok_or_else(|| Problem::not_found("payment"))?.map_err(refused)
        })
        .await?;
    if request.amount.is_some_and(|amount| amount != begun.amount.minor) {
        return Err(reused());
    }
    let begun = begun.id;
    let refund = billing.give_back(begun).await?.ok_or_else(|| Problem::internal("the refund is gone"))?;
    billing
        .outbox()
        .transact(async |tx| {
            key.once(tx, agent.id, &what, now, async |_| Ok((StatusCode::CREATED, RefundView::from(refund)))).await
        })
        .await
}

fn refused(reason: NotRefundable) -> Problem {
    match reason {
        NotRefundable::NotCaptured => {
            Problem::conflict("not_captured", "This payment has not succeeded: there is nothing to give back.")
        }
        NotRefundable::TooMuch(left) => {
            let detail = "This is more than what is left of the payment, or nothing is left.";
            Problem::conflict("refund_too_large", detail).with("left", left)
        }
        NotRefundable::ChangeFirst(payment) => {
            let detail =
                "A better plan was paid for afterwards within this period. Give that payment back as a whole first.";
            Problem::conflict("change_not_refunded", detail).with("payment_id", payment)
        }
    }
}
