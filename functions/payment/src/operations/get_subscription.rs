//! `GET /v1/subscriptions/me`: the caller's subscription, or the last one that has ended.

use cinema_http::{Account, Json, Problem, State};
use kernel::World;
use sqlx::PgPool;

use crate::{
    problems::no_subscription,
    store::{payments, subscriptions},
    subscription::Status,
    view::SubscriptionAnswer,
};

runtime::wire! { pub(super) struct GetSubscription { pool: PgPool, world: World } }

/// The caller's subscription with a payment that is under way.
///
/// 404 for an account that never had one.
#[utoipa::path(
    get, path = "/v1/subscriptions/me", tag = "payment", responses((status = 200, body = SubscriptionAnswer), Problem)
)]
pub(super) async fn get_subscription(
    State(GetSubscription { pool, world }): State<GetSubscription>,
    account: Account,
) -> Result<Json<SubscriptionAnswer>, Problem> {
    let stored = subscriptions::find_newest(&pool, account.id).await?.ok_or_else(no_subscription)?;
    // What is paid for one that is over goes back.
    let payment = match stored.state.status {
        Status::Ended => None,
        _ => payments::under_way_of(&pool, stored.id).await?,
    };
    Ok(Json(SubscriptionAnswer::of(&stored, payment.as_ref(), world.now())))
}
