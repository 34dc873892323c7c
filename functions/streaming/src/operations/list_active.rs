//! `GET /v1/playback/active`: on which devices the account streams right now.

use cinema_http::{Account, Json, Problem, Query, State};
use kernel::{World, policy::Audience};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::Table;
use utoipa::{IntoParams, ToSchema};

use crate::{
    active::{ActiveStream, Onlooker, streams},
    device::DeviceId,
    store::active,
};

/// Who asks.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListActiveRequest {
    /// As in the start of a session; its stream is marked.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64, pattern = "^[A-Za-z0-9._:-]{1,64}$")]
    device_id: Option<DeviceId>,
}

/// The streams that take a slot of the account's plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListActiveAnswer {
    /// The oldest first.
    items: Vec<ActiveStream>,
}

runtime::wire! {
    pub(super) struct ListActive {
        table: Table = |boot| boot.table("playback", Access::Read),
        world: World,
    }
}

/// Who of the account watches what, and on which device. A profile with a cap learns of other profiles only that their devices stream, and since
/// when; a title that the caller may not see is not named.
#[utoipa::path(
    get, path = "/v1/playback/active", tag = "streaming",
    params(ListActiveRequest),
    responses((status = 200, body = ListActiveAnswer), Problem)
)]
pub(super) async fn list_active(
    State(ListActive { table, world }): State<ListActive>,
    account: Account,
    Query(request): Query<ListActiveRequest>,
) -> Result<Json<ListActiveAnswer>, Problem> {
    let now = world.now();
    let device = request.device_id.map(|device| device.as_str().to_owned());
    let audience = Audience { territory: account.origin.territory, max_rating: account.claims.cap() };
    let onlooker = Onlooker { profile: account.claims.pid, audience, device };
    let leases = active::slots(&table, account.id).await?.live(now).cloned().collect();
    Ok(Json(ListActiveAnswer { items: streams(&table, leases, &onlooker, now).await? }))
}
