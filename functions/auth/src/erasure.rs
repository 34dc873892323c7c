//! Forgetting a person: who must answer, what they have answered, and when nothing is left.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use events::{Event, Receipt};
use kernel::ErasureId;
use password::Pepper;
use proto::mail::AccountErased;
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::rfc3339::rfc3339;

/// The services that hold something of a person, from the manifests: each has a function `<service>-erase-account`. Auth itself comes last.
pub const ERASERS: &[&str] = include!(concat!(env!("OUT_DIR"), "/erasers.rs"));
/// Services that have not answered for this long are asked again.
pub const PATIENCE: Duration = Duration::minutes(5);

/// Reads the receipt of a service that erases.
///
/// # Errors
/// What does not fit; no retry helps.
pub fn read_receipt(event: &Event) -> Result<Receipt, String> {
    let receipt = Receipt::read(event).map_err(|error| error.to_string())?;
    if ERASERS.contains(&receipt.service.as_str()) {
        return Ok(receipt);
    }
    Err(format!("{} is the receipt of no service", event.kind))
}

/// The services that have not answered.
pub fn waiting<'a>(answered: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let answered: Vec<&str> = answered.into_iter().collect();
    ERASERS.iter().copied().filter(|service| !answered.contains(service)).collect()
}

/// What makes the address of an erasure's receipts unguessable: the person can no longer sign in to read them.
pub fn token(pepper: &Pepper, id: ErasureId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(pepper.tag("receipts of an erasure", &[id.to_string().as_bytes()]))
}

/// Whether `given` is the token of the request. Tags of both are compared: the time says nothing about how far they agree.
pub fn is_token(pepper: &Pepper, id: ErasureId, given: &str) -> bool {
    let mixed = |text: &str| pepper.tag("comparison", &[text.as_bytes()]);
    mixed(&token(pepper, id)) == mixed(given)
}

/// One service's receipt, for the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erased {
    /// Which service.
    #[schema(example = "user")]
    pub service: String,
    /// How many records it has removed.
    pub records: i64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub erased_at: OffsetDateTime,
}

/// How far an erasure has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Progress {
    /// The request.
    pub erasure_id: ErasureId,
    /// Whether nothing of the person is left.
    pub done: bool,
    /// When it was asked for.
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
    /// When the last service had answered.
    #[serde(with = "time::serde::rfc3339::option")]
    pub done_at: Option<OffsetDateTime>,
    /// What has been removed where.
    pub receipts: Vec<Erased>,
    /// The services that have not answered yet.
    pub waiting_for: Vec<String>,
}

impl Progress {
    /// From when the request was made, when it was done, and what has come since.
    pub fn of(
        erasure_id: ErasureId,
        (requested_at, done_at): (OffsetDateTime, Option<OffsetDateTime>),
        receipts: Vec<Erased>,
    ) -> Self {
        let waiting = waiting(receipts.iter().map(|erased| erased.service.as_str()));
        let waiting_for = waiting.iter().filter(|_| done_at.is_none()).map(ToString::to_string).collect();
        Self { erasure_id, done: done_at.is_some(), requested_at, done_at, receipts, waiting_for }
    }
}

/// The last mail: one receipt per service, to the second.
pub fn farewell(receipts: &[Erased]) -> AccountErased {
    let mailed = |erased: &Erased| proto::mail::Receipt {
        service: erased.service.clone(),
        records: erased.records.unsigned_abs(),
        erased_at: rfc3339(erased.erased_at.replace_nanosecond(0).unwrap_or(erased.erased_at)),
    };
    AccountErased { receipts: receipts.iter().map(mailed).collect() }
}

#[cfg(test)]
mod tests {
    use events::Erasure;
    use kernel::World;
    use proto::types;
    use time::macros::datetime;

    use super::*;

    #[test]
    fn every_receipt_type_belongs_to_a_service_that_erases() {
        let world = World::system();
        let erasure = Erasure { id: world.id(), account: world.id(), profiles: vec![world.id()] };
        let kinds = types::ALL.iter().filter(|kind| kind.ends_with(".account_erased.v1"));
        let receipts = kinds.map(|kind| read_receipt(&erasure.receipt(&world, kind, 3, world.now())).unwrap());
        let mut services: Vec<_> = receipts.map(|receipt| receipt.service).collect();
        services.sort();
        assert_eq!(services, ERASERS);
        let stranger = erasure.receipt(&world, "cinema.auth.account_erased.v1", 3, world.now());
        assert!(read_receipt(&stranger).is_err());
    }

    #[test]
    fn all_must_answer_and_a_stranger_does_not_count() {
        assert_eq!(waiting([]), ERASERS);
        assert_eq!(waiting(ERASERS.iter().copied().chain(["auth"])), Vec::<&str>::new());
        assert_eq!(waiting(ERASERS.iter().copied().filter(|service| *service != "user")), ["user"]);
    }

    #[test]
    fn the_last_mail_names_every_receipt_to_the_second() {
        let erased_at = datetime!(2026-01-01 12:00:00.5 UTC);
        let mail = farewell(&[Erased { service: "user".into(), records: 5, erased_at }]);
        let expected =
            proto::mail::Receipt { service: "user".into(), records: 5, erased_at: "2026-01-01T12:00:00Z".into() };
        assert!(mail.receipts == [expected]);
    }

    #[test]
    fn tokens_depend_on_the_request_and_the_pepper() {
        let (a, b): (ErasureId, ErasureId) = (World::system().id(), World::system().id());
        let pepper = Pepper::new(&[1; 32]);
        assert!(is_token(&pepper, a, &token(&pepper, a)));
        assert!(!is_token(&pepper, a, &token(&pepper, b)) && !is_token(&pepper, a, ""));
        assert_ne!(token(&pepper, a), token(&pepper, b));
        assert_ne!(token(&pepper, a), token(&Pepper::new(&[2; 32]), a));
    }
}
