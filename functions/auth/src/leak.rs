//! Passwords that have leaked somewhere are refused. The list is asked by the first five digits of the SHA-1 (k-anonymity): whoever keeps it
//! learns neither the password nor whether it is on the list.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use http::{HeaderName, Request, StatusCode};
use password::Password;
use ring::digest;
use runtime::{Boot, BootError, Wire};
use stores::{Fetch, StoreError};

use crate::password_rules::WeakPassword;

/// A list that needs longer is asked again at the next sign-in.
const PATIENCE: Duration = Duration::from_secs(1);
const PREFIX_DIGITS: usize = 5;
const SETTING: &str = "BREACHED_PASSWORDS_URL";

/// A list of leaked passwords.
pub trait LeakedPasswords: Send + Sync {
    /// The lines `rest of the SHA-1:count` of all hashes that begin with five hexadecimal digits.
    fn range<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<String, StoreError>>;
}

/// What is known of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// It is not on the list.
    Clean,
    /// It is.
    Leaked,
    /// The list did not answer.
    Unknown,
}

/// Asks the list, if there is one.
#[derive(Clone)]
pub struct Leaks(Option<Arc<dyn LeakedPasswords>>);

/// The list behind `BREACHED_PASSWORDS_URL`; without it nothing is known of any password.
impl Wire for Leaks {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let Some(url) = boot.setting(SETTING) else { return Ok(Self(None)) };
        Ok(Self(Some(Arc::new(RangeApi { fetch: Fetch::default(), url: url.trim_end_matches('/').to_owned() }))))
    }
}

impl Leaks {
    /// A list of one's own.
    pub fn of(list: impl LeakedPasswords + 'static) -> Self {
        Self(Some(Arc::new(list)))
    }

    /// Whether a password has leaked, as far as the list answers in time.
    pub async fn look_up(&self, password: &Password) -> Finding {
        let Some(list) = &self.0 else { return Finding::Unknown };
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_str().as_bytes());
        let hash = hex::encode_upper(hash.as_ref());
        let (prefix, rest) = hash.split_at(PREFIX_DIGITS);
        match tokio::time::timeout(PATIENCE, list.range(prefix)).await {
            Ok(Ok(lines)) if is_listed(&lines, rest) => Finding::Leaked,
            Ok(Ok(_)) => Finding::Clean,
            Ok(Err(error)) => unknown(&error),
            Err(late) => unknown(&late),
        }
    }

    /// Refuses a leaked password that somebody chooses; otherwise whether the list has yet to be asked.
    ///
    /// # Errors
    /// [`WeakPassword::Leaked`].
    pub async fn refuse(&self, password: &Password) -> Result<bool, WeakPassword> {
        match self.look_up(password).await {
            Finding::Leaked => Err(WeakPassword::Leaked),
            finding => Ok(finding == Finding::Unknown),
        }
    }
}

fn unknown(error: &dyn std::fmt::Display) -> Finding {
    tracing::warn!(%error, "the list of leaked passwords does not answer");
    Finding::Unknown
}

/// Lines with a count of 0 are padding: they keep an answer's length from telling the prefix.
fn is_listed(lines: &str, rest: &str) -> bool {
    lines.lines().filter_map(|line| line.trim().split_once(':')).any(|(suffix, count)| {
        suffix.eq_ignore_ascii_case(rest) && count.trim().parse::<u64>().is_ok_and(|count| count > 0)
    })
}

/// The range API of Have I Been Pwned.
struct RangeApi {
    fetch: Fetch,
    url: String,
}

impl LeakedPasswords for RangeApi {
    fn range<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<String, StoreError>> {
        Box::pin(async move {
            let failed = |detail: String| StoreError { engine: "leaked passwords", detail };
            let request = Request::get(format!("{}/range/{prefix}", self.url))
                .header(HeaderName::from_static("add-padding"), "true")
                .header("user-agent", "online-cinema")
                .body(bytes::Bytes::new())
                .map_err(|error| failed(error.to_string()))?;
            let response = self.fetch.send(request, PATIENCE).await?;
            if response.status() != StatusCode::OK {
                return Err(failed(format!("answered {}", response.status())));
            }
            String::from_utf8(response.into_body().to_vec()).map_err(|error| failed(error.to_string()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAKED: &str = "hunter2hunter2";

    struct List(Result<String, ()>);

    impl LeakedPasswords for List {
        fn range<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<String, StoreError>> {
            assert!(prefix.len() == 5 && prefix.bytes().all(|byte| byte.is_ascii_hexdigit()), "{prefix}");
            let answer = self.0.clone().map_err(|()| StoreError { engine: "test", detail: "down".into() });
            Box::pin(std::future::ready(answer))
        }
    }

    struct Slow;

    impl LeakedPasswords for Slow {
        fn range<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<String, StoreError>> {
            Box::pin(async {
                tokio::time::sleep(PATIENCE * 3).await;
                Ok(String::new())
            })
        }
    }

    fn rest() -> String {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, LEAKED.as_bytes());
        hex::encode_upper(hash.as_ref())[PREFIX_DIGITS..].to_owned()
    }

    async fn finding(answer: Result<String, ()>) -> Finding {
        Leaks::of(List(answer)).look_up(&Password::from(LEAKED)).await
    }

    #[tokio::test]
    async fn a_listed_password_is_leaked_and_padding_is_not() {
        assert_eq!(
            finding(Ok(format!("0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{}:3071", rest()))).await,
            Finding::Leaked
        );
        assert_eq!(finding(Ok(format!("{}:2", rest().to_lowercase()))).await, Finding::Leaked);
        assert_eq!(finding(Ok(format!("{}:0", rest()))).await, Finding::Clean);
        assert_eq!(finding(Ok("0018A45C4D1DEF81644B54AB7F969B88D65:1".into())).await, Finding::Clean);
        assert_eq!(finding(Ok(String::new())).await, Finding::Clean);
    }

    #[tokio::test]
    async fn a_list_that_is_down_or_slow_refuses_nobody() {
        assert_eq!(finding(Err(())).await, Finding::Unknown);
        assert_eq!(Leaks::of(Slow).look_up(&Password::from(LEAKED)).await, Finding::Unknown);
        assert!(Leaks::of(Slow).refuse(&Password::from(LEAKED)).await.is_ok_and(|unchecked| unchecked));
        assert!(Leaks(None).refuse(&Password::from(LEAKED)).await.is_ok_and(|unchecked| unchecked));
    }

    #[tokio::test]
    async fn a_leaked_password_is_refused() {
        let leaks = Leaks::of(List(Ok(format!("{}:9", rest()))));
        assert_eq!(leaks.refuse(&Password::from(LEAKED)).await, Err(WeakPassword::Leaked));
    }
}
