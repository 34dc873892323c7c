//! A push service is asked to carry a message (RFC 8030).

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use runtime::{Boot, BootError, Wire};
use stores::Fetch;

use super::{Endpoint, TrustedOrigins};

/// For one answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a service keeps a message for a browser that is not there, in seconds: a day.
const KEPT_SECONDS: &str = "86400";

/// Reaches push services: public ones, and those of the setting `PUSH_TRUSTED_ORIGINS`.
#[derive(Clone)]
pub struct PushService {
    public: Fetch,
    trusted: Fetch,
    origins: TrustedOrigins,
}

/// What is sent.
pub struct PushMessage<'a> {
    /// Sealed for the browser.
    pub body: Vec<u8>,
    /// Of VAPID.
    pub authorization: String,
    /// A later message of the same topic takes the place of one that still waits. At most 32 letters of base64url.
    pub topic: &'a str,
    /// Whether it is worth waking the device up.
    pub is_urgent: bool,
}

/// What a push service makes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It carries it, or keeps it for a while.
    Taken,
    /// There is no such browser any more.
    Gone,
    /// It never will, with this status.
    Refused(u16),
    /// Not now.
    Later(String),
}

impl Wire for PushService {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self { public: Fetch::public(), trusted: Fetch::default(), origins: TrustedOrigins::wire(boot)? })
    }
}

impl PushService {
    /// Whom an operator vouches for.
    pub fn trusted(&self) -> &TrustedOrigins {
        &self.origins
    }

    /// Asks for a message to be carried.
    pub async fn send(&self, endpoint: &Endpoint, message: PushMessage<'_>) -> Answer {
        let request = Request::post(endpoint.as_str())
            .header(header::AUTHORIZATION, message.authorization)
            .header(header::CONTENT_ENCODING, "aes128gcm")
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header("ttl", KEPT_SECONDS)
            .header("topic", message.topic)
            .header("urgency", if message.is_urgent { "high" } else { "normal" })
            .body(Bytes::from(message.body));
        let Ok(request) = request else { return Answer::Refused(0) };
        let fetch = if endpoint.is_trusted() { &self.trusted } else { &self.public };
        match fetch.send(request, TIMEOUT).await {
            Ok(response) => answer(&response),
            Err(error) => Answer::Later(error.to_string()),
        }
    }
}

/// What went wrong at the service or on the way passes; what is wrong with the message does not.
fn answer(response: &Response<Bytes>) -> Answer {
    let status = response.status();
    match status {
        status if status.is_success() => Answer::Taken,
        StatusCode::NOT_FOUND | StatusCode::GONE => Answer::Gone,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Answer::Later(status.to_string())
        }
        status if status.is_server_error() => Answer::Later(status.to_string()),
        other => Answer::Refused(other.as_u16()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_tried_again() {
        let of = |status: u16| answer(&Response::builder().status(status).body(Bytes::new()).unwrap());
        for taken in [200, 201, 202, 204] {
            assert_eq!(of(taken), Answer::Taken);
        }
        assert_eq!((of(404), of(410)), (Answer::Gone, Answer::Gone));
        for refused in [301, 307, 400, 401, 403, 405, 413, 415] {
            assert_eq!(of(refused), Answer::Refused(refused));
        }
        for passing in [408, 425, 429, 500, 502, 503, 504] {
            assert!(matches!(of(passing), Answer::Later(_)), "{passing}");
        }
    }
}
