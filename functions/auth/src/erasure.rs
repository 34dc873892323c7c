//! Forgetting a person: who must answer, what they have answered, and when nothing is left.

use std::collections::BTreeMap;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use events::Event;
use kernel::{AccountId, ErasureId, ProfileId};
use proto::auth::AccountErased;
use serde::Serialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::pepper::Hasher;

/// The services that hold something of a person, from the manifests: each has a function `<service>-erase-account`. Auth itself comes last.
pub const ERASERS: &[&str] = include!(concat!(env!("OUT_DIR"), "/erasers.rs"));
/// The service that knows the profiles of an account.
const USER: &str = "user";
/// How recently the person must have proven who they are.
pub const STEP_UP: Duration = Duration::minutes(10);
/// Services that have not answered for this long are asked again.
pub const PATIENCE: Duration = Duration::minutes(5);

/// An answer of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// To which request.
    pub erasure: ErasureId,
    /// About whom.
    pub account: AccountId,
    /// From which service.
    pub service: String,
    /// How many records were removed.
    pub records: i64,
    /// When.
    pub erased_at: OffsetDateTime,
    /// The account's profiles; only in the user service's.
    pub profiles: Vec<ProfileId>,
}

impl Receipt {
    /// Reads the receipt of any service.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, String> {
        let data: AccountErased = event.data().map_err(|error| error.to_string())?;
        let service = event.kind.split('.').nth(1).unwrap_or_default();
        if event.kind != format!("cinema.{service}.account_erased.v1") || !ERASERS.contains(&service) {
            return Err(format!("{} is the receipt of no service", event.kind));
        }
        let wrong = |name: &str, error: &dyn std::fmt::Display| format!("{name}: {error}");
        let profiles = data.profile_ids.iter().filter(|_| service == USER).map(|id| id.parse());
        Ok(Self {
            erasure: data.erasure_id.parse().map_err(|error| wrong("erasure_id", &error))?,
            account: data.account_id.parse().map_err(|error| wrong("account_id", &error))?,
            service: service.to_owned(),
            records: i64::try_from(data.records).map_err(|error| wrong("records", &error))?,
            erased_at: OffsetDateTime::parse(&data.erased_at, &Rfc3339).map_err(|error| wrong("erased_at", &error))?,
            profiles: profiles.collect::<Result<_, _>>().map_err(|error| wrong("profile_ids", &error))?,
        })
    }
}

/// The services that have not answered.
pub fn waiting<'a>(answered: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let answered: Vec<&str> = answered.into_iter().collect();
    ERASERS.iter().copied().filter(|service| !answered.contains(service)).collect()
}

/// What makes the address of an erasure's receipts unguessable: the person can no longer sign in to read them.
pub fn token(hasher: &Hasher, id: ErasureId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hasher.tag("receipts of an erasure", &[id.to_string().as_bytes()]))
}

/// Whether `given` is the token of the request. Tags of both are compared: the time says nothing about how far they agree.
pub fn is_token(hasher: &Hasher, id: ErasureId, given: &str) -> bool {
    let mixed = |text: &str| hasher.tag("comparison", &[text.as_bytes()]);
    mixed(&token(hasher, id)) == mixed(given)
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

/// The receipts as lines of a mail, one per service.
pub fn lines(receipts: &[Erased]) -> String {
    let by_service: BTreeMap<&str, &Erased> = receipts.iter().map(|erased| (erased.service.as_str(), erased)).collect();
    let line = |erased: &Erased| {
        let at = erased.erased_at.replace_nanosecond(0).unwrap_or(erased.erased_at).format(&Rfc3339);
        format!("{}: {} ({})", erased.service, erased.records, at.unwrap_or_default())
    };
    by_service.into_values().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use kernel::World;
    use proto::types;
    use time::macros::datetime;

    use super::*;

    fn receipt(kind: &str, change: fn(&mut AccountErased)) -> Result<Receipt, String> {
        let world = World::system();
        let mut data = AccountErased {
            erasure_id: world.id::<ErasureId>().to_string(),
            account_id: world.id::<AccountId>().to_string(),
            profile_ids: vec![world.id::<ProfileId>().to_string()],
            records: 3,
            erased_at: "2026-01-01T12:00:00Z".into(),
        };
        change(&mut data);
        Receipt::read(&Event::new(&world, kind, "era", 1, &data))
    }

    #[test]
    fn every_receipt_type_belongs_to_a_service_that_erases() {
        let kinds = types::ALL.iter().filter(|kind| kind.ends_with(".account_erased.v1"));
        let mut services: Vec<_> = kinds.map(|kind| receipt(kind, |_| ()).unwrap().service).collect();
        services.sort();
        assert_eq!(services, ERASERS);
    }

    #[test]
    fn what_is_no_receipt_is_refused() {
        assert!(receipt(types::ERASURE_REQUESTED, |_| ()).is_err());
        let user = types::USER_ACCOUNT_ERASED;
        assert!(receipt(user, |data| data.account_id.clear()).unwrap_err().starts_with("account_id"));
        assert!(receipt(user, |data| data.erasure_id.clear()).unwrap_err().starts_with("erasure_id"));
        assert!(receipt(user, |data| data.erased_at = "now".into()).unwrap_err().starts_with("erased_at"));
        assert!(receipt(user, |data| data.records = u64::MAX).unwrap_err().starts_with("records"));
        assert!(receipt(user, |data| data.profile_ids.push("x".into())).unwrap_err().starts_with("profile_ids"));
        assert!(receipt(types::MEDIA_ACCOUNT_ERASED, |_| ()).unwrap().profiles.is_empty());
    }

    #[test]
    fn all_must_answer_and_a_stranger_does_not_count() {
        assert_eq!(waiting([]), ERASERS);
        assert_eq!(waiting(ERASERS.iter().copied().chain(["auth"])), Vec::<&str>::new());
        assert_eq!(waiting(ERASERS.iter().copied().filter(|service| *service != USER)), [USER]);
    }

    #[test]
    fn a_mail_has_one_line_per_service() {
        let erased = |service: &str, records| Erased {
            service: service.into(),
            records,
            erased_at: datetime!(2026-01-01 12:00:00.5 UTC),
        };
        let text = lines(&[erased("user", 5), erased("auth", 3)]);
        assert_eq!(text, "auth: 3 (2026-01-01T12:00:00Z)\nuser: 5 (2026-01-01T12:00:00Z)");
    }

    #[test]
    fn tokens_depend_on_the_request_and_the_pepper() {
        let (a, b): (ErasureId, ErasureId) = (World::system().id(), World::system().id());
        let hasher = Hasher::new(&[1; 32]);
        assert!(is_token(&hasher, a, &token(&hasher, a)));
        assert!(!is_token(&hasher, a, &token(&hasher, b)) && !is_token(&hasher, a, ""));
        assert_ne!(token(&hasher, a), token(&hasher, b));
        assert_ne!(token(&hasher, a), token(&Hasher::new(&[2; 32]), a));
    }
}
