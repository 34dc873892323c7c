//! Rate limits by the generic cell rate algorithm (GCRA, ITU-T I.371): one Lua call in Redis, or a table of this environment while Redis is
//! down. Never unlimited.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use kernel::{World, sha256};
use stores::{Redis, redis::Lua};

use crate::Problem;

/// Entries of the local table; beyond it the oldest half is forgotten.
const LOCAL_ENTRIES: usize = 10_000;

/// KEYS[1] the limit's key; ARGV now, emission interval, tolerance, cost (ms). Returns wait and reset in ms; wait 0 means allowed.
const GCRA: &str = "
local tat = tonumber(redis.call('GET', KEYS[1]) or '0')
local now, interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if tat < now then tat = now end
local allow_at = tat + interval - tolerance
if allow_at > now then return {allow_at - now, tat - now} end
tat = tat + interval
redis.call('SET', KEYS[1], tat, 'PX', math.max(1, math.ceil(tat - now)))
return {0, tat - now}";

/// KEYS[1] the limit's key; ARGV now, how much to take back (ms).
const REFUND: &str = "
local tat = tonumber(redis.call('GET', KEYS[1]) or '0') - tonumber(ARGV[2])
local left = tat - tonumber(ARGV[1])
if left <= 0 then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], tat, 'PX', math.ceil(left)) end
return 0";

/// At most `burst` at once and `burst` per `period` in the long run.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Part of the key: different rules count apart.
    pub name: &'static str,
    /// How many at once.
    pub burst: u32,
    /// In which time the whole burst is available again.
    pub period: Duration,
}

impl Rule {
    fn interval_ms(&self) -> i64 {
        (i64::try_from(self.period.as_millis()).unwrap_or(i64::MAX) / i64::from(self.burst.max(1))).max(1)
    }
}

/// Counts and refuses.
#[derive(Clone)]
pub struct Limiter {
    redis: Redis,
    world: World,
    local: Arc<Mutex<HashMap<String, i64>>>,
}

impl Limiter {
    /// With the environment's own table as the fallback.
    pub fn new(redis: Redis, world: World) -> Self {
        Self { redis, world, local: Arc::default() }
    }

    /// Counts one use of `key`; keys are stored as digests.
    ///
    /// # Errors
    /// 429 `rate_limited` with `Retry-After` and `RateLimit-*`.
    pub async fn check(&self, rule: &Rule, key: &str) -> Result<(), Problem> {
        static SCRIPT: OnceLock<Lua> = OnceLock::new();
        let (now, key) = (self.now_ms(), stored_key(rule, key));
        let interval = rule.interval_ms();
        let tolerance = interval * i64::from(rule.burst);
        let script = SCRIPT.get_or_init(|| Lua::new(GCRA));
        let (wait, reset) = match self.redis.script::<(i64, i64)>(script, &key, &[now, interval, tolerance]).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(%error, "limits count in this environment only");
                self.count_locally(key, now, interval, tolerance)
            }
        };
        if wait <= 0 {
            return Ok(());
        }
        Err(refusal(rule, wait, reset))
    }

    /// Takes `uses` back: what was counted turned out to be no attempt. A failure is logged; the uses then stay counted.
    pub async fn refund(&self, rule: &Rule, key: &str, uses: u32) {
        static SCRIPT: OnceLock<Lua> = OnceLock::new();
        let (now, key) = (self.now_ms(), stored_key(rule, key));
        let back = rule.interval_ms() * i64::from(uses);
        if let Some(tat) = self.local.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&key) {
            *tat -= back;
        }
        let script = SCRIPT.get_or_init(|| Lua::new(REFUND));
        if let Err(error) = self.redis.script::<i64>(script, &key, &[now, back]).await {
            tracing::warn!(%error, "a use stays counted");
        }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.world.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
    }

    fn count_locally(&self, key: String, now: i64, interval: i64, tolerance: i64) -> (i64, i64) {
        let mut table = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if table.len() >= LOCAL_ENTRIES {
            table.retain(|_, tat| *tat > now);
            if table.len() >= LOCAL_ENTRIES {
                let mut times: Vec<_> = table.values().copied().collect();
                times.sort_unstable();
                let middle = times.get(times.len() / 2).copied().unwrap_or(now);
                table.retain(|_, tat| *tat > middle);
            }
        }
        let tat = table.get(&key).copied().unwrap_or(now).max(now);
        let allow_at = tat + interval - tolerance;
        if allow_at > now {
            return (allow_at - now, tat - now);
        }
        table.insert(key, tat + interval);
        (0, tat + interval - now)
    }
}

fn stored_key(rule: &Rule, key: &str) -> String {
    format!("limit:{}:{}", rule.name, hex::encode(&sha256(key.as_bytes())[..16]))
}

fn refusal(rule: &Rule, wait_ms: i64, reset_ms: i64) -> Problem {
    let seconds = |ms: i64| (ms.max(0) + 999) / 1000;
    let retry = HeaderValue::from(seconds(wait_ms));
    let named = |name: &'static str, value: HeaderValue| (HeaderName::from_static(name), value);
    let headers = [
        (header::RETRY_AFTER, retry),
        named("ratelimit-limit", HeaderValue::from(rule.burst)),
        named("ratelimit-remaining", HeaderValue::from(0)),
        named("ratelimit-reset", HeaderValue::from(seconds(reset_ms))),
    ];
    let detail = format!("Too many attempts. Try again in {} s.", seconds(wait_ms));
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
    headers.into_iter().fold(problem, |problem, (name, value)| problem.with_header(name, value))
}
