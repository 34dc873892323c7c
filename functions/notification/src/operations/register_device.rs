//! `POST /v1/notifications/devices`: a browser asks for push messages. `GET /v1/notifications/push-key` gives the key that it subscribes with.

use cinema_http::{Account, Cached, HeaderMap, Json, Problem, State, live::session_revoked};
use events::EndedSessions;
use kernel::{PushDeviceId, World};
use runtime::Key;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{
    problems::no_such_account,
    push::{BrowserKeys, Endpoint, MalformedKey, TrustedOrigins, VapidKey},
    store::{devices, erased_accounts},
};

runtime::wire! {
    pub(super) struct RegisterDevice {
        pool: PgPool,
        sessions: EndedSessions,
        key: Key<VapidKey>,
        origins: TrustedOrigins,
        world: World,
    }
}

/// A browser's subscription, as `PushSubscription.toJSON()` names it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterDeviceRequest {
    /// An `https` address of a push service.
    #[schema(max_length = 2048, example = "https://push.example/v2/gAAAAABm")]
    endpoint: String,
    keys: SubscriptionKeys,
    /// When it ends, in milliseconds since 1970. Not looked at: the push service tells when it has.
    #[serde(default, rename = "expirationTime")]
    _expiration_time: Option<f64>,
}

/// What the browser lets those know who may write to it, in base64url.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SubscriptionKeys {
    /// A public key of P-256, uncompressed.
    #[schema(example = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")]
    p256dh: String,
    /// 16 bytes.
    #[schema(example = "BTBZMqHH6r4Tts7J_aSIgg")]
    auth: String,
}

/// A browser that gets push messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RegisteredDevice {
    id: PushDeviceId,
}

/// Whom a browser subscribes to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PushKey {
    /// The `applicationServerKey`, in base64url.
    key: String,
}

/// Registers the browser for the account's push messages. A repetition keeps its id; a browser that another account registered changes over.
/// At most 20 of an account get messages: the one that asked longest ago gives way. 401 `session_revoked` after the end of the session: a browser
/// outlives it.
#[utoipa::path(
    post, path = "/v1/notifications/devices", tag = "notification", request_body = RegisterDeviceRequest,
    responses((status = 200, body = RegisteredDevice), Problem)
)]
pub(super) async fn register_device(
    State(state): State<RegisterDevice>,
    caller: Account,
    Json(request): Json<RegisterDeviceRequest>,
) -> Result<Json<RegisteredDevice>, Problem> {
    if state.sessions.contains(caller.session).await? {
        return Err(session_revoked());
    }
    let endpoint = Endpoint::parse(&request.endpoint, &state.origins);
    let endpoint = endpoint.map_err(|error| Problem::invalid("/endpoint", error.to_string()))?;
    let keys = BrowserKeys::parse(&request.keys.p256dh, &request.keys.auth).map_err(malformed)?;
    let id = postgres::transact(&state.pool, async |tx| {
        if erased_accounts::contains(tx, caller.id).await? {
            return Err(no_such_account());
        }
        let (new, now) = (state.world.id(), state.world.now());
        Ok::<_, Problem>(devices::put(tx, new, caller.id, (&endpoint, &keys), now).await?)
    })
    .await?;
    Ok(Json(RegisteredDevice { id }))
}

fn malformed(error: MalformedKey) -> Problem {
    let pointer = match error {
        MalformedKey::PublicKey => "/keys/p256dh",
        MalformedKey::Secret => "/keys/auth",
    };
    Problem::invalid(pointer, error.to_string())
}

/// The key that a browser subscribes with.
#[utoipa::path(
    get, path = "/v1/notifications/push-key", tag = "notification",
    responses((status = 200, body = PushKey), (status = 304, description = "Not changed."), Problem)
)]
pub(super) async fn get_push_key(
    State(state): State<RegisterDevice>,
    _: Account,
    headers: HeaderMap,
) -> Result<Cached<PushKey>, Problem> {
    Ok(Cached::private(PushKey { key: state.key.get().await?.public() }, &headers))
}
