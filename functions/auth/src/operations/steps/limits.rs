//! How often things may be tried. Counters live in Redis, and in this environment while Redis is down: never unlimited.
//! Why these numbers: `docs/architecture/0019-limits.md`.

use std::{fmt::Display, net::IpAddr};

use cinema_http::{
    Problem,
    limiter::{Counted, Limiter, Refusal, Rule, Use},
};
use password::{Password, Pepper};
use runtime::{Boot, BootError, Wire};

use crate::{
    code::{Code, Length},
    device::Device,
    email::Email,
    problems::code_expired,
    second_factor::Guess,
};

mod rules;

pub use rules::{
    AttemptLimit, CONFIRM_EMAIL, CURRENT_PASSWORD, FIND_ACCOUNT, FORGOT_PASSWORD, NEW_EMAIL, REGISTER, RESET_PASSWORD,
    SECOND_FACTOR, VERIFY_EMAIL,
};
use rules::{
    LOG_IN_ACCOUNT, LOG_IN_DEVICE, LOG_IN_NETWORK, MAIL_DISPOSABLE, MAIL_DOMAIN, OAUTH, SECOND_FACTOR_DEVICE,
    SHORT_CODES, SPRAY_ANYWHERE, SPRAY_NETWORK, SPRAYED, TOTP_CODES,
};

/// Counts and refuses.
#[derive(Clone)]
pub struct Limits {
    limiter: Limiter,
}

/// With the environment's own counters as the fallback.
impl Wire for Limits {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let deployment = boot.var("CINEMA_ENVIRONMENT").unwrap_or_default();
        Ok(Self { limiter: Limiter::new(boot.redis()?, boot.world(), &deployment) })
    }
}

impl Limits {
    /// Counts a sign-in before the password is looked at. A device that has signed in before counts by itself while it may, so that nobody
    /// elsewhere can use its tries up.
    ///
    /// # Errors
    /// 429 by network, by account, or by one password over many accounts.
    pub async fn count_log_in(
        &self,
        (email, password): (&Email, &Password),
        address: &str,
        device: Option<&Device>,
        pepper: &Pepper,
    ) -> Result<Counted, Problem> {
        if let Some(counted) = self.count_by_device(&LOG_IN_DEVICE, device).await {
            return Ok(counted);
        }
        let network = network(address);
        // One password over many accounts, from one network or from anywhere, is somebody who has a list.
        let tag = |parts: &[&[u8]]| hex::encode(pepper.tag("sprayed password", parts));
        let sprayed = password.as_str().as_bytes();
        let uses = [
            Use::of(&LOG_IN_NETWORK, &network),
            Use::of(&LOG_IN_ACCOUNT, email.as_str()),
            Use::unless_counted(&SPRAYED, &tag(&[sprayed, email.as_str().as_bytes()])),
            Use::of(&SPRAY_NETWORK, &tag(&[sprayed, network.as_bytes()])),
            Use::of(&SPRAY_ANYWHERE, &tag(&[sprayed])),
        ];
        self.limiter.check(&uses).await.map_err(|refusal| {
            if [SPRAY_NETWORK.name, SPRAY_ANYWHERE.name].contains(&refusal.rule.name) {
                tracing::warn!(spray = refusal.rule.name, "one password is tried on many accounts");
            }
            refusal.into()
        })
    }

    /// The account has a new password, which nobody has guessed at: whoever keeps its owner out with wrong ones begins anew. Codes of the
    /// authenticator stay counted, or each reset would be worth ten more guesses to whoever reads the mails.
    pub async fn forget_log_ins(&self, email: &Email) {
        self.limiter.forget(Use::of(&LOG_IN_ACCOUNT, email.as_str())).await;
    }

    /// Counts a mail before it is written: by network, by mailbox and by domain, so that no spelling of an address is worth another one.
    ///
    /// # Errors
    /// 429.
    pub async fn count_mail(&self, limit: &AttemptLimit, email: &Email, address: &str) -> Result<(), Problem> {
        let mut uses = limit.uses(email.mailbox(), address);
        match email.disposable_domain() {
            Some(domain) => uses.push(Use::of(&MAIL_DISPOSABLE, domain)),
            None if email.has_big_provider() => {}
            None => uses.push(Use::of(&MAIL_DOMAIN, email.organisation())),
        }
        self.limiter.check(&uses).await?;
        Ok(())
    }

    /// Counts a try of a code from a mail, whether or not one was ever sent.
    ///
    /// # Errors
    /// 429 by network or by account; 410 for a short code while too many of them are tried anywhere.
    pub async fn count_code(
        &self,
        limit: &AttemptLimit,
        account: impl Display,
        address: &str,
        code: &Code,
    ) -> Result<Counted, Problem> {
        let mut uses = limit.uses(account, address);
        if code.length() == Length::Short {
            uses.push(Use::of(&SHORT_CODES, ""));
        }
        self.limiter
            .check(&uses)
            .await
            .map_err(|refusal| if alarmed(&refusal, &SHORT_CODES) { code_expired() } else { refusal.into() })
    }

    /// How long a code must be that is about to be mailed: a longer one while too many short ones are tried.
    pub async fn length_of_codes(&self) -> Length {
        if self.limiter.ask(&[Use::of(&SHORT_CODES, "")]).await.is_ok() { Length::Short } else { Length::Long }
    }

    /// Counts a try of the second factor, for whoever has given the first one.
    ///
    /// # Errors
    /// 429 by network or by account; for a code of an authenticator also while too many of them are tried anywhere. A device that has signed
    /// in before and a recovery code are not asked for the latter.
    pub async fn count_second_factor(
        &self,
        account: impl Display,
        address: &str,
        device: Option<&Device>,
        guess: &Guess,
    ) -> Result<Counted, Problem> {
        if let Some(counted) = self.count_by_device(&SECOND_FACTOR_DEVICE, device).await {
            return Ok(counted);
        }
        if matches!(guess, Guess::Totp(_)) {
            self.limiter.ask(&[Use::of(&TOTP_CODES, "")]).await.inspect_err(|refusal| {
                alarmed(refusal, &TOTP_CODES);
            })?;
        }
        self.count(&SECOND_FACTOR, account, address).await
    }

    /// A code of an authenticator was looked at and was wrong.
    pub async fn count_wrong_totp(&self, guess: &Guess) {
        if matches!(guess, Guess::Totp(_)) {
            // What is tried beyond the ceiling at the same moment is refused from the next one on.
            let _ = self.limiter.check(&[Use::of(&TOTP_CODES, "")]).await;
        }
    }

    /// Counts a try before it is looked at.
    ///
    /// # Errors
    /// 429 by network or by account.
    pub async fn count(&self, limit: &AttemptLimit, account: impl Display, address: &str) -> Result<Counted, Problem> {
        Ok(self.limiter.check(&limit.uses(account, address)).await?)
    }

    /// Counts a step of a sign-in at a provider.
    ///
    /// # Errors
    /// 429.
    pub async fn count_oauth(&self, address: &str) -> Result<(), Problem> {
        self.limiter.check(&[Use::of(&OAUTH, &network(address))]).await?;
        Ok(())
    }

    /// Only failures count.
    pub async fn refund(&self, counted: Counted) {
        self.limiter.refund(counted).await;
    }

    /// A new code is on its way: what was tried with the old one does not count.
    pub async fn forget(&self, limit: &AttemptLimit, account: impl Display) {
        self.limiter.forget(Use::of(&limit.account, &account.to_string())).await;
    }

    /// `None` where no device is known, or where it has failed too often: then it counts like anybody.
    async fn count_by_device(&self, rule: &Rule, device: Option<&Device>) -> Option<Counted> {
        self.limiter.check(&[Use::of(rule, &device?.id())]).await.ok()
    }
}

impl AttemptLimit {
    /// The network first: whoever is shut out costs nothing more.
    fn uses(&self, account: impl Display, address: &str) -> Vec<Use> {
        vec![Use::of(&self.network, &network(address)), Use::of(&self.account, &account.to_string())]
    }
}

/// Whether a ceiling over all accounts refuses. People have to look: the name of the alarm stays the same.
fn alarmed(refusal: &Refusal, ceiling: &Rule) -> bool {
    let is_reached = refusal.rule.name == ceiling.name;
    if is_reached {
        tracing::error!(
            alarm = "code_guesses_over_ceiling",
            rule = ceiling.name,
            "wrong codes are tried on many accounts"
        );
    }
    is_reached
}

/// Whose tries of a reset code count together: long codes are not guessed, so that nobody has to be shut out for what others try.
pub fn reset_key(email: &Email, address: &str) -> String {
    format!("{} {}", email.as_str(), network(address))
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
    use std::sync::Arc;

    use kernel::{World, world::ManualClock};
    use stores::Redis;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn an_ipv6_customer_is_one_network() {
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2:ffff::1"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("unknown"), "unknown");
    }

    /// Without Redis, and of nobody else.
    fn limits() -> (Limits, Arc<ManualClock>) {
        let (world, clock) = World::replay(OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000), 7);
        (Limits { limiter: Limiter::new(Redis::new("redis://127.0.0.1:1").unwrap(), world, "test") }, clock)
    }

    fn code(text: &str) -> Code {
        serde_json::from_value(text.into()).unwrap()
    }

    #[tokio::test]
    async fn at_the_ceiling_mailed_codes_are_long_until_the_guesses_have_run_off() {
        let (limits, clock) = limits();
        let guess = async |number: usize, code: &Code| {
            let (email, address) =
                (format!("a{number}@example.com"), format!("10.0.{}.{}", number / 250, number % 250));
            limits.count_code(&VERIFY_EMAIL, email, &address, code).await
        };
        let (short, long) = (code("123456"), code("4kq2m-8v0xd"));
        for number in 0..1_000 {
            assert_eq!(limits.length_of_codes().await, Length::Short, "after {number} guesses");
            guess(number, &short).await.unwrap();
        }
        assert_eq!(guess(1_001, &short).await.unwrap_err().code(), "code_expired");
        assert_eq!(limits.length_of_codes().await, Length::Long);
        let counted = guess(1_002, &long).await.unwrap();
        limits.refund(counted).await;
        clock.advance(time::Duration::HOUR);
        assert_eq!(limits.length_of_codes().await, Length::Short);
        // What turns out to be right was no guess.
        for number in 0..1_100 {
            let counted = guess(number, &short).await.unwrap();
            limits.refund(counted).await;
        }
        assert_eq!(limits.length_of_codes().await, Length::Short);
    }

    #[tokio::test]
    async fn at_the_ceiling_strangers_authenticators_are_refused_and_nobody_else() {
        let (limits, _) = limits();
        let guess = |text: &str| serde_json::from_value::<Guess>(text.into()).unwrap();
        let (totp, recovery) = (guess("123456"), guess("4kq2m-8v0xd"));
        let device = Device::of_test([7; 12]);
        let count = async |number: usize, device: Option<&Device>, guess: &Guess| {
            limits.count_second_factor(number, &format!("10.0.{}.{}", number / 250, number % 250), device, guess).await
        };
        for number in 0..600 {
            count(number, None, &totp).await.unwrap();
            limits.count_wrong_totp(&totp).await;
            limits.count_wrong_totp(&recovery).await;
        }
        assert_eq!(count(1_000, None, &totp).await.unwrap_err().code(), "rate_limited");
        count(1_001, None, &recovery).await.unwrap();
        count(1_002, Some(&device), &totp).await.unwrap();
    }

    #[tokio::test]
    async fn whoever_is_shut_out_by_the_network_costs_no_account_a_try() {
        let (limits, _) = limits();
        let pepper = Pepper::new(&[1; 32]);
        let email = |number: usize| format!("a{number}@example.com").parse::<Email>().unwrap();
        let log_in = async |number: usize, address: &str, guess: usize| {
            let password = Password::from(format!("guess {guess}").as_str());
            limits.count_log_in((&email(number), &password), address, None, &pepper).await
        };
        let mut passed = 0;
        for guess in 0..70 {
            passed += usize::from(log_in(guess, "192.0.2.1", guess).await.is_ok());
        }
        assert_eq!(passed, 60);
        for guess in 100..150 {
            assert!(log_in(500, "192.0.2.1", guess).await.is_err());
        }
        for guess in 200..210 {
            assert!(log_in(500, &format!("192.0.2.{}", guess - 100), guess).await.is_ok(), "{guess}");
        }
        assert!(log_in(500, "192.0.2.99", 300).await.is_err());
    }

    #[test]
    fn nobody_elsewhere_uses_up_the_tries_of_a_reset_code() {
        let email: Email = "alice@example.com".parse().unwrap();
        assert_eq!(reset_key(&email, "2001:db8:1:2::1"), reset_key(&email, "2001:db8:1:2::2"));
        assert_ne!(reset_key(&email, "192.0.2.1"), reset_key(&email, "192.0.2.2"));
    }
}
