//! A provider's HTTP API, and what the end of a call means.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header, request};
use serde::de::DeserializeOwned;
use stores::{Fetch, NoAnswer};

use super::ProviderError;

/// A provider may ask a bank, which takes seconds. A function that makes such a call needs a longer timeout.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Pages of a list that are read at most: a list that is longer is an error, not a shorter list.
pub(super) const MAX_PAGES: usize = 1_000;

/// An HTTP API.
#[derive(Clone)]
pub(super) struct Api {
    fetch: Fetch,
    base: String,
    patience: Duration,
}

/// What a request does at the provider, which decides what it means when nobody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    Change,
}

/// An answer of whatever status.
pub(super) struct Reply {
    pub status: StatusCode,
    body: Bytes,
    effect: Effect,
}

impl Api {
    pub fn new(base: &str) -> Self {
        Self { fetch: Fetch::default(), base: base.trim_end_matches('/').to_owned(), patience: PATIENCE }
    }

    #[cfg(test)]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A request to a path below the base, which begins with a slash.
    pub fn request(&self, method: Method, path: &str) -> request::Builder {
        Request::builder().method(method).uri(format!("{}{path}", self.base)).header(header::ACCEPT, "application/json")
    }

    /// # Errors
    /// [`ProviderError::Unavailable`] when nothing was done, [`ProviderError::Unknown`] when a change may have been made.
    pub async fn send(&self, request: request::Builder, body: Bytes) -> Result<Reply, ProviderError> {
        let request = request.body(body).map_err(|error| ProviderError::Refused(error.to_string()))?;
        let effect = if request.method() == Method::GET { Effect::None } else { Effect::Change };
        match self.fetch.exchange(request, self.patience).await {
            Ok(response) => Ok(Reply { status: response.status(), body: response.into_body(), effect }),
            Err(NoAnswer::NotSent(why)) => Err(ProviderError::Unavailable(why)),
            Err(NoAnswer::Lost(why)) => Err(effect.unclear(why)),
        }
    }
}

impl Effect {
    fn unclear(self, why: String) -> ProviderError {
        match self {
            Self::None => ProviderError::Unavailable(why),
            Self::Change => ProviderError::Unknown(why),
        }
    }
}

impl Reply {
    /// The document of a good answer.
    ///
    /// # Errors
    /// What [`Self::failure`] says of another, without a code; one that cannot be read may still have made its change.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ProviderError> {
        if !self.status.is_success() {
            return Err(self.failure(""));
        }
        self.document().map_err(|error| self.unclear(error))
    }

    /// The document of whatever answer.
    pub fn document<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// What an answer that is no success means where the provider's own code decides nothing else.
    pub fn failure(&self, code: &str) -> ProviderError {
        let why = format!("answered {} {code}", self.status.as_u16());
        match self.status {
            // Our key is wrong or was taken away: no request is carried out, and none of them is to blame.
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
                ProviderError::Unavailable(why)
            }
            // The same key is at work at this moment.
            StatusCode::CONFLICT => self.effect.unclear(why),
            status if status.is_client_error() => ProviderError::Refused(why),
            _ => self.effect.unclear(why),
        }
    }

    /// The answer says nothing that can be relied on.
    pub fn unclear(&self, why: impl std::fmt::Display) -> ProviderError {
        self.effect.unclear(format!("an answer that cannot be read: {why}"))
    }
}

/// A query as it stands behind a path.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::from("?")).extend_pairs(pairs).finish()
}

/// An id of ours or theirs as part of a path.
///
/// # Errors
/// [`ProviderError::Refused`] for anything else, which could lead elsewhere.
pub(super) fn segment(id: &str) -> Result<&str, ProviderError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.len() <= 255 && id.bytes().all(is_plain) {
        Ok(id)
    } else {
        Err(ProviderError::Refused("an id with other than letters, digits, dashes and underscores".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, effect: Effect) -> Reply {
        Reply { status: StatusCode::from_u16(status).unwrap(), body: Bytes::new(), effect }
    }

    #[test]
    fn only_what_surely_was_not_done_is_unavailable() {
        let kind = |status, effect| match reply(status, effect).failure("code") {
            ProviderError::Declined { .. } => "declined",
            ProviderError::Refused(_) => "refused",
            ProviderError::Unavailable(_) => "unavailable",
            ProviderError::Unknown(_) => "unknown",
        };
        for (status, change, read) in [
            (301, "unknown", "unavailable"),
            (400, "refused", "refused"),
            (401, "unavailable", "unavailable"),
            (403, "unavailable", "unavailable"),
            (404, "refused", "refused"),
            (409, "unknown", "unavailable"),
            (422, "refused", "refused"),
            (429, "unavailable", "unavailable"),
            (500, "unknown", "unavailable"),
            (502, "unknown", "unavailable"),
            (503, "unknown", "unavailable"),
            (504, "unknown", "unavailable"),
        ] {
            assert_eq!((kind(status, Effect::Change), kind(status, Effect::None)), (change, read), "{status}");
        }
    }

    #[test]
    fn a_good_answer_that_cannot_be_read_may_have_made_its_change() {
        let unread = reply(200, Effect::Change).json::<String>().unwrap_err();
        assert!(matches!(unread, ProviderError::Unknown(_)), "{unread}");
        let unread = reply(200, Effect::None).json::<String>().unwrap_err();
        assert!(matches!(unread, ProviderError::Unavailable(_)), "{unread}");
    }

    #[test]
    fn an_id_leads_nowhere_else() {
        for id in ["pay_01hzy", "1ddd77af-0bd7-500d-895b-c475c55fdefc", "cs_test_a1"] {
            assert_eq!(segment(id), Ok(id));
        }
        for id in ["", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "é", "a\r\nb", &"a".repeat(256)] {
            assert!(segment(id).is_err(), "{id}");
        }
    }
}
