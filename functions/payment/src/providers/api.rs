//! A provider's HTTP API, and what the end of a call means.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header, request};
use serde::de::DeserializeOwned;
use stores::{Fetch, NoAnswer};

use super::{Outcome, ProviderError};

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

/// An answer of whatever status.
pub(super) struct Reply {
    pub status: StatusCode,
    body: Bytes,
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
    /// [`ProviderError::Unavailable`] when nothing was sent, [`ProviderError::Unknown`] when something may have been done.
    pub async fn send(&self, request: request::Builder, body: Bytes) -> Result<Reply, ProviderError> {
        let request = request.body(body).map_err(|error| ProviderError::Refused(error.to_string()))?;
        match self.fetch.exchange(request, self.patience).await {
            Ok(response) => Ok(Reply { status: response.status(), body: response.into_body() }),
            Err(NoAnswer::NotSent(why)) => Err(ProviderError::Unavailable(why)),
            Err(NoAnswer::Lost(why)) => Err(ProviderError::Unknown(why)),
        }
    }
}

/// A call that changes nothing: whatever went wrong with it, nothing was done and nothing is decided.
pub(super) fn reading<'a, T>(call: impl Future<Output = Result<T, ProviderError>> + Send + 'a) -> Outcome<'a, T> {
    Box::pin(async move { call.await.map_err(|error| ProviderError::Unavailable(error.to_string())) })
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
        self.document().map_err(unclear)
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
            StatusCode::CONFLICT => ProviderError::Unknown(why),
            status if status.is_client_error() => ProviderError::Refused(why),
            _ => ProviderError::Unknown(why),
        }
    }
}

/// The answer says nothing that can be relied on.
pub(super) fn unclear(why: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(format!("an answer that cannot be read: {why}"))
}

/// A query as it stands behind a path.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::for_suffix(String::from("?"), 1).extend_pairs(pairs).finish()
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

    fn reply(status: u16) -> Reply {
        Reply { status: StatusCode::from_u16(status).unwrap(), body: Bytes::new() }
    }

    #[test]
    fn only_what_surely_was_not_done_is_unavailable() {
        for (status, expected) in [
            (301, "unknown"),
            (400, "refused"),
            (401, "not available"),
            (403, "not available"),
            (404, "refused"),
            (409, "unknown"),
            (422, "refused"),
            (429, "not available"),
            (500, "unknown"),
            (502, "unknown"),
            (503, "unknown"),
            (504, "unknown"),
        ] {
            assert_eq!(reply(status).failure("code").to_string(), format!("{expected}: answered {status} code"));
        }
    }

    #[test]
    fn a_good_answer_that_cannot_be_read_may_have_made_its_change() {
        let unread = reply(200).json::<String>().unwrap_err();
        assert!(matches!(unread, ProviderError::Unknown(_)), "{unread}");
    }

    #[tokio::test]
    async fn reading_decides_nothing() {
        for error in [
            ProviderError::Declined { code: "code".to_owned(), retriable: true },
            ProviderError::Refused("why".to_owned()),
            ProviderError::Unavailable("why".to_owned()),
            ProviderError::Unknown("why".to_owned()),
        ] {
            let read = reading(async { Err::<(), _>(error) }).await;
            assert!(matches!(read, Err(ProviderError::Unavailable(_))), "{read:?}");
        }
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
