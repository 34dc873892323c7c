//! How often things may be tried. Counters live in Redis, and in this environment while Redis is down: never unlimited.

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    net::IpAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use cinema_http::{Limiter, Problem, Rule};
use futures::future::{join, join3, try_join};
use kernel::World;
use password::{Password, Pepper};
use runtime::{Boot, BootError, Wire};
use stores::{
    Redis,
    redis::{Lua, cmd},
};

use crate::email::Email;

mod rules;

pub use rules::{CONFIRM_EMAIL, CURRENT_PASSWORD, FORGOT_PASSWORD, NEW_EMAIL, RESET_PASSWORD};

const HOUR: Duration = Duration::from_secs(3600);

const LOG_IN_ACCOUNT: Rule = Rule { name: "login-account", burst: 10, period: Duration::from_secs(600) };
const LOG_IN_ADDRESS: Rule = Rule { name: "login-address", burst: 60, period: Duration::from_secs(600) };
const REGISTER_ACCOUNT: Rule = Rule { name: "register-account", burst: 5, period: HOUR };
const REGISTER_ADDRESS: Rule = Rule { name: "register-address", burst: 40, period: Duration::from_secs(600) };
const REGISTER_DISPOSABLE: Rule = Rule { name: "register-disposable", burst: 5, period: HOUR };
const VERIFY_ACCOUNT: Rule = Rule { name: "verify-account", burst: 5, period: HOUR };
const VERIFY_ADDRESS: Rule = Rule { name: "verify-address", burst: 60, period: Duration::from_secs(600) };

/// Codes of an authenticator, for whoever knows the password.
pub const SECOND_FACTOR: AttemptLimit = AttemptLimit {
    account: Rule { name: "mfa-account", burst: 10, period: Duration::from_secs(600) },
    address: Rule { name: "mfa-address", burst: 60, period: Duration::from_secs(600) },
};
/// Looking accounts up, for whoever works in support.
pub const FIND_ACCOUNT: AttemptLimit = AttemptLimit {
    account: Rule { name: "find-account", burst: 120, period: HOUR },
    address: Rule { name: "find-address", burst: 600, period: HOUR },
};

/// One password over so many accounts from one address, or from anywhere, is somebody who has a list.
const SPRAY_ADDRESS: SprayRule = SprayRule { name: "address", accounts: 5, window: HOUR };
const SPRAY_ANYWHERE: SprayRule = SprayRule { name: "anywhere", accounts: 30, window: HOUR };

/// How often something may be tried, per account and per network address.
pub struct AttemptLimit {
    account: Rule,
    address: Rule,
}

struct SprayRule {
    name: &'static str,
    accounts: usize,
    window: Duration,
}

/// KEYS[1] the set of accounts; ARGV account, most accounts, window (ms). Returns how long to wait, 0: allowed and counted.
const SPRAY: &str = "
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 0 end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return math.max(1, redis.call('PTTL', KEYS[1])) end
if redis.call('SADD', KEYS[1], ARGV[1]) == 1 and redis.call('SCARD', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 0";

/// Sets of the local table; beyond it the finished ones are forgotten, and then all.
const LOCAL_SETS: usize = 10_000;

/// When a set ends (ms) and the accounts in it.
type LocalSets = HashMap<String, (i64, HashSet<i64>)>;

/// Counts and refuses.
#[derive(Clone)]
pub struct Limits {
    limiter: Limiter,
    redis: Redis,
    world: World,
    local: Arc<Mutex<LocalSets>>,
}

/// A sign-in that was counted as an attempt; a success takes it back.
pub struct Attempt {
    account: String,
    address: String,
    sprays: [String; 2],
    member: i64,
}

/// With the environment's own counters as the fallback.
impl Wire for Limits {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let (redis, world) = (boot.redis()?, boot.world());
        Ok(Self { limiter: Limiter::new(redis.clone(), world.clone()), redis, world, local: Arc::default() })
    }
}

impl Limits {
    /// Counts a sign-in before the password is looked at.
    ///
    /// # Errors
    /// 429 by account, by address, or by one password over many accounts.
    pub async fn count_log_in(
        &self,
        email: &Email,
        password: &Password,
        address: &str,
        pepper: &Pepper,
    ) -> Result<Attempt, Problem> {
        let attempt = Attempt::new(email, password, address, pepper);
        let [near, anywhere] = &attempt.sprays;
        let sprays = join(
            self.spray(&SPRAY_ADDRESS, near, attempt.member),
            self.spray(&SPRAY_ANYWHERE, anywhere, attempt.member),
        );
        let (account, address, (near, anywhere)) = join3(
            self.limiter.check(&LOG_IN_ACCOUNT, &attempt.account),
            self.limiter.check(&LOG_IN_ADDRESS, &attempt.address),
            sprays,
        )
        .await;
        account.and(address).and(near).and(anywhere).map(|()| attempt)
    }

    /// Only failures count.
    pub async fn refund_log_in(&self, attempt: Attempt) {
        let limits = join(
            self.limiter.refund(&LOG_IN_ACCOUNT, &attempt.account, 1),
            self.limiter.refund(&LOG_IN_ADDRESS, &attempt.address, 1),
        );
        let [near, anywhere] = &attempt.sprays;
        join3(limits, self.forget(near, attempt.member), self.forget(anywhere, attempt.member)).await;
    }

    /// The account has a new password, which nobody has guessed at: whoever keeps its owner out with wrong ones begins anew. Codes of the
    /// authenticator stay counted, or each reset would be worth ten more guesses to whoever reads the mails.
    pub async fn forget_log_ins(&self, email: &Email) {
        self.limiter.refund(&LOG_IN_ACCOUNT, email.as_str(), LOG_IN_ACCOUNT.burst).await;
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// 429 by account, by address, or for a throw-away domain.
    pub async fn count_registration(&self, email: &Email, address: &str) -> Result<(), Problem> {
        let near = network(address);
        let limits =
            join(self.limiter.check(&REGISTER_ACCOUNT, email.as_str()), self.limiter.check(&REGISTER_ADDRESS, &near));
        let (account, address) = limits.await;
        account.and(address)?;
        if let Some(domain) = email.disposable_domain() {
            self.limiter.check(&REGISTER_DISPOSABLE, domain).await?;
        }
        // A new code is on its way: what was tried with the old one does not count.
        self.limiter.refund(&VERIFY_ACCOUNT, email.as_str(), VERIFY_ACCOUNT.burst).await;
        Ok(())
    }

    /// Counts a try of a code, whether or not one was ever sent to the address.
    ///
    /// # Errors
    /// 429 by account or by address.
    pub async fn count_verification(&self, email: &Email, address: &str) -> Result<(), Problem> {
        let near = network(address);
        let account = self.limiter.check(&VERIFY_ACCOUNT, email.as_str());
        try_join(account, self.limiter.check(&VERIFY_ADDRESS, &near)).await.map(drop)
    }

    /// A right code was no attempt.
    pub async fn refund_verification(&self, email: &Email) {
        self.limiter.refund(&VERIFY_ACCOUNT, email.as_str(), 1).await;
    }

    /// Counts a try before it is looked at.
    ///
    /// # Errors
    /// 429 by account or by address.
    pub async fn count(&self, limit: &AttemptLimit, account: impl Display, address: &str) -> Result<(), Problem> {
        let (key, near) = (account.to_string(), network(address));
        let (account, address) =
            join(self.limiter.check(&limit.account, &key), self.limiter.check(&limit.address, &near)).await;
        account.and(address)
    }

    /// Only failures count.
    pub async fn refund(&self, limit: &AttemptLimit, account: impl Display, address: &str) {
        let (key, near) = (account.to_string(), network(address));
        join(self.limiter.refund(&limit.account, &key, 1), self.limiter.refund(&limit.address, &near, 1)).await;
    }

    async fn spray(&self, rule: &SprayRule, key: &str, member: i64) -> Result<(), Problem> {
        static SCRIPT: OnceLock<Lua> = OnceLock::new();
        let window = i64::try_from(rule.window.as_millis()).unwrap_or(i64::MAX);
        let most = i64::try_from(rule.accounts).unwrap_or(i64::MAX);
        let script = SCRIPT.get_or_init(|| Lua::new(SPRAY));
        let wait = match self.redis.script::<i64>(script, key, &[member, most, window]).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(%error, "passwords over accounts are counted in this environment only");
                self.spray_locally(rule, key, member, window)
            }
        };
        if wait <= 0 {
            return Ok(());
        }
        tracing::warn!(spray = rule.name, "one password is tried on many accounts");
        let seconds = (wait + 999) / 1000;
        let detail = format!("Too many attempts. Try again in {} min.", seconds.div_euclid(60) + 1);
        let problem = Problem::new(cinema_http::StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail);
        Err(problem.with_header(cinema_http::header::RETRY_AFTER, seconds.into()))
    }

    fn spray_locally(&self, rule: &SprayRule, key: &str, member: i64, window: i64) -> i64 {
        let now = i64::try_from(self.world.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let mut sets = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= LOCAL_SETS {
            sets.retain(|_, (ends, _)| *ends > now);
            if sets.len() >= LOCAL_SETS {
                sets.clear();
            }
        }
        let (ends, accounts) = sets.entry(key.to_owned()).or_insert_with(|| (now + window, HashSet::new()));
        if *ends <= now {
            (*ends, *accounts) = (now + window, HashSet::new());
        }
        if !accounts.contains(&member) && accounts.len() >= rule.accounts {
            return *ends - now;
        }
        accounts.insert(member);
        0
    }

    async fn forget(&self, key: &str, member: i64) {
        if let Some((_, accounts)) = self.local.lock().unwrap_or_else(PoisonError::into_inner).get_mut(key) {
            accounts.remove(&member);
        }
        let mut command = cmd("SREM");
        if let Err(error) = self.redis.run::<i64>(command.arg(key).arg(member)).await {
            tracing::warn!(%error, "a successful sign-in stays counted as an attempt");
        }
    }
}

impl Attempt {
    fn new(email: &Email, password: &Password, address: &str, pepper: &Pepper) -> Self {
        let address = network(address);
        let digest = hex::encode(&pepper.tag("sprayed password", &[password.as_str().as_bytes()])[..16]);
        let near = hex::encode(&pepper.tag("sprayed address", &[address.as_bytes()])[..16]);
        let member = pepper.tag("sprayed account", &[email.as_str().as_bytes()]);
        let member = member.first_chunk::<8>().map_or(0, |bytes| i64::from_be_bytes(*bytes));
        Self {
            account: email.as_str().to_owned(),
            address,
            sprays: [
                format!("spray:{}:{digest}:{near}", SPRAY_ADDRESS.name),
                format!("spray:{}:{digest}", SPRAY_ANYWHERE.name),
            ],
            member,
        }
    }
}

/// What one customer holds: an IPv4 address, or a /64 of IPv6.
fn network(address: &str) -> String {
    match address.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("unknown"), "unknown");
    }

    #[test]
    fn what_redis_sees_names_nobody() {
        let pepper = Pepper::new(&[1; 32]);
        let email: Email = "alice@example.com".parse().unwrap();
        let attempt = Attempt::new(&email, &Password::from("correct horse"), "192.0.2.1", &pepper);
        for key in &attempt.sprays {
            assert!(!key.contains("alice") && !key.contains("horse") && !key.contains("192.0.2"), "{key}");
        }
        let other =
            Attempt::new(&"bob@example.com".parse().unwrap(), &Password::from("correct horse"), "192.0.2.1", &pepper);
        assert_eq!(attempt.sprays, other.sprays);
        assert_ne!(attempt.member, other.member);
    }
}
