//! What providers tell us, and how much of it is believed: which object to read again, and nothing else.

use std::{fmt, net::IpAddr, str::FromStr};

use http::{HeaderMap, HeaderName};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use stores::StoreError;
use time::{Duration, OffsetDateTime};

use super::PaymentQuery;

/// How far a signature's time may be from ours, either way.
const TOLERANCE: Duration = Duration::seconds(300);
/// No provider's ids are longer.
const LONGEST_ID: usize = 255;

/// A request that claims to come from a provider.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub body: &'a [u8],
    /// Where it comes from, if the edge knows.
    pub source: Option<IpAddr>,
    /// When it arrived.
    pub now: OffsetDateTime,
}

/// All that is believed of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The same whenever the provider repeats itself; unique together with its name.
    pub event_id: String,
    /// What kind of object has changed.
    pub kind: NoticeKind,
    /// Its id at the provider.
    pub object_id: String,
}

/// What kind of object has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// See [`PaymentQuery::Checkout`].
    Checkout,
    /// See [`PaymentQuery::Id`].
    Payment,
    /// See [`super::RefundQuery::Id`].
    Refund,
    /// Nothing that we read.
    Other,
}

impl NoticeKind {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checkout => "checkout",
            Self::Payment => "payment",
            Self::Refund => "refund",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NoticeKind {
    type Err = UnknownNotice;

    fn from_str(text: &str) -> Result<Self, UnknownNotice> {
        let all = [Self::Checkout, Self::Payment, Self::Refund, Self::Other];
        all.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownNotice)
    }
}

/// The text is no kind of notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of notice")]
pub struct UnknownNotice;

impl Notice {
    /// # Errors
    /// For ids that are empty, too long or not printable ASCII.
    pub(super) fn new(event_id: String, kind: NoticeKind, object_id: String) -> Result<Self, WebhookError> {
        let is_id =
            |id: &str| !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
        if is_id(&event_id) && is_id(&object_id) {
            Ok(Self { event_id, kind, object_id })
        } else {
            Err(WebhookError::Malformed("an id that is none".to_owned()))
        }
    }

    /// The payment to read again, where the notice is of one.
    pub fn payment(&self) -> Option<PaymentQuery<'_>> {
        match self.kind {
            NoticeKind::Checkout => Some(PaymentQuery::Checkout(&self.object_id)),
            NoticeKind::Payment => Some(PaymentQuery::Id(&self.object_id)),
            NoticeKind::Refund | NoticeKind::Other => None,
        }
    }
}

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// No provider of this name is configured.
    #[error("no such provider")]
    NoProvider,
    /// Not proven to come from the provider, or not now.
    #[error("not from the provider: {0}")]
    Forged(&'static str),
    /// From the provider, and cannot be read; for the log.
    #[error("cannot be read: {0}")]
    Malformed(String),
    /// Whether it comes from the provider cannot be told now; the provider has to come again.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Proves a body by a header `t=<seconds>,v1=<hex of HMAC-SHA-256 over "<seconds>.<body>">`, Stripe's scheme. While a secret is replaced there
/// are several `v1`; other schemes are passed over.
pub(super) fn verify_v1(name: &HeaderName, secret: &SecretString, delivery: &Delivery<'_>) -> Result<(), WebhookError> {
    let mut sent = delivery.headers.get_all(name).iter();
    let (Some(header), None) = (sent.next(), sent.next()) else {
        return Err(WebhookError::Forged("not one signature"));
    };
    let header = header.to_str().map_err(|_| WebhookError::Forged("a signature that is no text"))?;
    let (mut time, mut signatures) = (None, Vec::new());
    for (scheme, value) in header.split(',').filter_map(|part| part.trim().split_once('=')) {
        match scheme {
            "t" if time.is_none() => time = Some(value),
            "t" => return Err(WebhookError::Forged("two times")),
            "v1" => signatures.extend(hex::decode(value).ok()),
            _ => {}
        }
    }
    let time = time.ok_or(WebhookError::Forged("no time"))?;
    let seconds: i64 = time.parse().map_err(|_| WebhookError::Forged("a time that is none"))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
    let signed = [time.as_bytes(), b".", delivery.body].concat();
    // In constant time.
    if !signatures.iter().any(|signature| hmac::verify(&key, &signed, signature).is_ok()) {
        return Err(WebhookError::Forged("a wrong signature"));
    }
    let age = delivery.now.unix_timestamp().saturating_sub(seconds);
    if age.unsigned_abs() > TOLERANCE.whole_seconds().unsigned_abs() {
        return Err(WebhookError::Forged("too old or not yet"));
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use http::HeaderValue;
    use time::macros::datetime;

    use super::*;

    pub const NOW: OffsetDateTime = datetime!(2026-11-28 12:00 UTC);
    pub const NAME: HeaderName = HeaderName::from_static("stripe-signature");
    pub const SECRET: &str = "whsec_0123456789abcdef";

    /// The header's value that `secret` gives `body` at a time.
    pub fn signature(secret: &str, at: OffsetDateTime, body: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let time = at.unix_timestamp().to_string();
        let tag = hmac::sign(&key, &[time.as_bytes(), b".", body].concat());
        format!("t={time},v1={}", hex::encode(tag))
    }

    /// Headers with one signature.
    pub fn signed(name: HeaderName, secret: &str, body: &[u8]) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(&signature(secret, NOW, body)).unwrap())])
    }

    fn verify(header: &str, body: &[u8]) -> Result<(), WebhookError> {
        let headers = HeaderMap::from_iter([(NAME, HeaderValue::from_str(header).unwrap())]);
        verify_v1(&NAME, &SECRET.into(), &Delivery { headers: &headers, body, source: None, now: NOW })
    }

    #[test]
    fn a_signature_is_what_stripe_computes() {
        // openssl dgst -sha256 -hmac whsec_0123456789abcdef over `1795867200.{}`.
        let known = format!("t=1795867200,v1={}", KNOWN);
        assert_eq!(signature(SECRET, NOW, b"{}"), known);
        verify(&known, b"{}").unwrap();
    }

    const KNOWN: &str = "9c008925dd32aba9f1a3cca48e3076d07600bd8d46a0431681fcc9c0a1ae7670";

    #[test]
    fn whatever_is_not_exactly_so_is_forged() {
        let body = br#"{"id":"evt_1"}"#;
        let good = signature(SECRET, NOW, body);
        let other = signature("whsec_another-secret-of-it", NOW, body);
        verify(&good, body).unwrap();
        // Another scheme beside it, and the secret before the last one.
        verify(&format!("{good},v0=abc"), body).unwrap();
        let tag = good.split_once(",").unwrap().1;
        verify(&format!("{other},{tag}"), body).unwrap();
        let time = good.split(',').next().unwrap();
        for header in [
            String::new(),
            "t=".to_owned(),
            time.to_owned(),
            tag.to_owned(),
            other.clone(),
            format!("{time},v1="),
            format!("{time},v1=00"),
            format!("{time},{}", tag.replace("v1", "v0")),
            format!("t=1,{good}"),
            good.replace(time, "t=1795867201"),
            good.replace(time, "t=soon"),
            good[..good.len() - 2].to_owned(),
            good.to_uppercase(),
        ] {
            assert!(matches!(verify(&header, body), Err(WebhookError::Forged(_))), "{header}");
        }
        for body in [&br#"{"id":"evt_2"}"#[..], br#"{"id":"evt_1"} "#, b""] {
            assert!(matches!(verify(&good, body), Err(WebhookError::Forged(_))));
        }
        let mut twice = signed(NAME, SECRET, body);
        twice.append(NAME, HeaderValue::from_str(&good).unwrap());
        let delivery = Delivery { headers: &twice, body, source: None, now: NOW };
        assert!(matches!(verify_v1(&NAME, &SECRET.into(), &delivery), Err(WebhookError::Forged(_))));
        let none = HeaderMap::new();
        assert!(verify_v1(&NAME, &SECRET.into(), &Delivery { headers: &none, ..delivery }).is_err());
    }

    #[test]
    fn five_minutes_either_way_are_the_present() {
        let at = |seconds| verify(&signature(SECRET, NOW + Duration::seconds(seconds), b"{}"), b"{}");
        for seconds in [-300, -1, 0, 300] {
            at(seconds).unwrap();
        }
        for seconds in [-301, 301, -86_400 * 365] {
            assert!(matches!(at(seconds), Err(WebhookError::Forged(_))), "{seconds}");
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        for time in [i64::MAX, i64::MIN] {
            let tag = hex::encode(hmac::sign(&key, format!("{time}.{{}}").as_bytes()));
            assert!(matches!(verify(&format!("t={time},v1={tag}"), b"{}"), Err(WebhookError::Forged(_))), "{time}");
        }
    }

    #[test]
    fn kinds_survive_storing() {
        for kind in [NoticeKind::Checkout, NoticeKind::Payment, NoticeKind::Refund, NoticeKind::Other] {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert_eq!("plan".parse::<NoticeKind>(), Err(UnknownNotice));
    }

    #[test]
    fn an_id_is_printable_and_short() {
        let notice = |event: &str, object: &str| Notice::new(event.to_owned(), NoticeKind::Payment, object.to_owned());
        assert_eq!(notice("evt_1", "pi_1").unwrap().payment(), Some(PaymentQuery::Id("pi_1")));
        let long = "a".repeat(LONGEST_ID + 1);
        for id in ["", " ", "a b", "a\n", "é", long.as_str()] {
            assert!(notice(id, "pi_1").is_err() && notice("evt_1", id).is_err(), "{id}");
        }
    }
}
