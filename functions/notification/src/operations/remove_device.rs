//! `DELETE /v1/notifications/devices/{id}`: a browser gets no push messages any more.

use cinema_http::{Account, Path, Problem, State, StatusCode};
use kernel::PushDeviceId;
use sqlx::PgPool;

use crate::store::devices;

pub(super) type RemoveDevice = PgPool;

/// Forgets a device of the account.
#[utoipa::path(
    delete, path = "/v1/notifications/devices/{id}", tag = "notification", params(("id" = PushDeviceId, Path)),
    responses((status = 204, description = "It is not there, now or before."), Problem)
)]
pub(super) async fn remove_device(
    State(pool): State<RemoveDevice>,
    caller: Account,
    Path(id): Path<PushDeviceId>,
) -> Result<StatusCode, Problem> {
    devices::remove(&pool, caller.id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
