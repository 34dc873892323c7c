//! `POST /v1/admin/promos`: a promo code with its limits. ◆

use cinema_http::{Admin, IdempotencyKey, Json, Problem, Proven, Response, State, StatusCode, knows_sessions};
use events::{EndedSessions, Outbox};
use kernel::World;

use crate::{promo::Promo, store::promos};

runtime::wire! { pub(super) struct CreatePromo { outbox: Outbox, sessions: EndedSessions, world: World } }

knows_sessions!(CreatePromo: EndedSessions);

/// Makes a promo code. It never changes.
///
/// 409 `promo_exists`. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/admin/promos", tag = "payment",
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    request_body = Promo, responses((status = 201, body = Promo), Problem)
)]
pub(super) async fn create_promo(
    State(CreatePromo { outbox, world, .. }): State<CreatePromo>,
    Admin(admin): Admin,
    _proof: Proven<60>,
    key: IdempotencyKey,
    Json(promo): Json<Promo>,
) -> Result<Response, Problem> {
    let now = world.now();
    let mut violations = promo.violations(now).into_iter();
    if let Some((pointer, reason)) = violations.next() {
        return Err(violations
            .fold(Problem::invalid(pointer, reason), |problem, (pointer, reason)| problem.at(pointer, reason)));
    }
    outbox
        .transact(async |tx| {
            key.once(tx, admin.id, &promo, now, async |tx| {
                if promos::add(tx, &promo, now).await? {
                    Ok((StatusCode::CREATED, promo.clone()))
                } else {
                    Err(Problem::conflict("promo_exists", "There is such a code already. Choose another one."))
                }
            })
            .await
        })
        .await
}
