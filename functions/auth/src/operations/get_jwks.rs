//! `GET /v1/auth/.well-known/jwks.json`: the public keys, as auth-rotate-keys has published them. A public route reads no private key, and the
//! document outlives both the secret store and, in this environment, the bucket.

use std::sync::{Arc, PoisonError, RwLock};

use cinema_http::{
    Audience, Cached, HeaderMap, Problem, State,
    token::{Jwk, Jwks},
};
use kernel::World;
use runtime::{Access, Boot, BootError, Wire};
use stores::Bucket;
use time::{Duration, OffsetDateTime};

use crate::problems::keys_unavailable;

/// Where the public keys lie in the bucket `web`.
pub const DOCUMENT: &str = ".well-known/jwks.json";
/// Clients and caches may keep the answer for so long.
const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(300);
/// How often the bucket is asked.
const KEEP: Duration = Duration::minutes(1);

type Last = Option<(OffsetDateTime, Vec<Jwk>)>;

#[derive(Clone)]
pub(super) struct GetJwks {
    web: Bucket,
    world: World,
    last: Arc<RwLock<Last>>,
}

/// Next, current and previous key; 503 `keys_unavailable` while there is none.
#[utoipa::path(get, path = "/v1/auth/.well-known/jwks.json", tag = "auth",
    responses((status = 200, body = Jwks), (status = 304, description = "Not changed"), Problem))]
pub(super) async fn get_jwks(
    State(state): State<GetJwks>,
    _caller: Audience,
    headers: HeaderMap,
) -> Result<Cached<Jwks>, Problem> {
    let keys = state.keys().await?;
    Ok(Cached::public(Jwks { keys }, MAX_AGE, &headers))
}

impl GetJwks {
    async fn keys(&self) -> Result<Vec<Jwk>, Problem> {
        let now = self.world.now();
        let last = self.last.read().unwrap_or_else(PoisonError::into_inner).clone();
        match last {
            Some((read_at, keys)) if now - read_at < KEEP => Ok(keys),
            last => {
                let keys = match (self.read().await, last) {
                    (Ok(keys), _) => keys,
                    (Err(problem), Some((_, keys))) => {
                        tracing::warn!(?problem, "the key set cannot be read, the last one is sent");
                        keys
                    }
                    (Err(problem), None) => return Err(problem),
                };
                *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some((now, keys.clone()));
                Ok(keys)
            }
        }
    }

    async fn read(&self) -> Result<Vec<Jwk>, Problem> {
        let document = self.web.get(DOCUMENT).await.map_err(keys_unavailable)?;
        let document = document.ok_or_else(|| keys_unavailable("auth-rotate-keys has not run yet"))?;
        let set: Jwks = serde_json::from_slice(&document).map_err(keys_unavailable)?;
        Ok(set.keys)
    }
}

impl Wire for GetJwks {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let state = Self { web: boot.bucket("web", Access::Read)?, world: boot.world(), last: Arc::default() };
        let warm = state.clone();
        boot.also_warm(async move { drop(warm.keys().await) });
        Ok(state)
    }
}
