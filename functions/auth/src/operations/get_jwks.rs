//! `GET /v1/auth/.well-known/jwks.json`: the public keys, as auth-rotate-keys has published them. A public route reads no private key, and the
//! document outlives both the secret store and, in this environment, the bucket.

use std::sync::{Arc, PoisonError, RwLock};

use cinema_http::{
    Audience, Cached, HeaderMap, OpenApiRouter, Problem, State, routes,
    token::{Jwk, Jwks},
};
use kernel::World;
use runtime::{Access, Boot, BootError};
use stores::Bucket;
use time::{Duration, OffsetDateTime};

/// Where the public keys lie in the bucket `web`.
pub const DOCUMENT: &str = ".well-known/jwks.json";
/// Clients and caches may keep the answer for so long.
const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(300);
/// How often the bucket is asked.
const KEEP: Duration = Duration::minutes(1);

type Last = Option<(OffsetDateTime, Vec<Jwk>)>;

#[derive(Clone)]
struct Published {
    web: Bucket,
    world: World,
    last: Arc<RwLock<Last>>,
}

/// Next, current and previous key; 503 `keys_unavailable` while there is none.
#[utoipa::path(get, path = "/v1/auth/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Jwks), Problem))]
async fn get_jwks(
    State(published): State<Published>,
    _caller: Audience,
    headers: HeaderMap,
) -> Result<Cached<Jwks>, Problem> {
    let keys = published.keys().await?;
    Ok(Cached::public(Jwks { keys }, MAX_AGE, &headers))
}

impl Published {
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
        let unavailable = |reason: &dyn std::fmt::Display| Problem::unavailable("keys_unavailable", reason);
        let document = self.web.get(DOCUMENT).await.map_err(|error| unavailable(&error))?;
        let document = document.ok_or_else(|| unavailable(&"auth-rotate-keys has not run yet"))?;
        let set: Jwks = serde_json::from_slice(&document).map_err(|error| unavailable(&error))?;
        Ok(set.keys)
    }
}

/// The bucket that the web application lies in.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let published = Published { web: boot.bucket("web", Access::Read)?, world: boot.world(), last: Arc::default() };
    let warm = published.clone();
    boot.also_warm(async move { drop(warm.keys().await) });
    Ok(OpenApiRouter::new().routes(routes!(get_jwks)).with_state(published))
}
