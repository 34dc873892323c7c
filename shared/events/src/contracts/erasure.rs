//! The erasure of a person as the events of the saga name it: what an eraser reads, and the receipt it answers with.

use kernel::{AccountId, ErasureId, ProfileId, World};
use proto::{
    auth::{AccountErased, ErasureRequested},
    types,
};
use stores::{StoreError, Stream};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    ContractError,
    fields::{data, moment, number, parse, parse_all, subject},
};
use crate::{Event, Outcome};

/// Who is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The request.
    pub id: ErasureId,
    /// The account.
    pub account: AccountId,
    /// Every profile of it that is known so far.
    pub profiles: Vec<ProfileId>,
}

impl Erasure {
    /// Reads `erasure_requested`, or the receipt of the user service, which is the other services' request.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        if event.kind == types::USER_ACCOUNT_ERASED {
            let Receipt { erasure, account, profiles, .. } = Receipt::read(event)?;
            return Ok(Self { id: erasure, account, profiles });
        }
        let data: ErasureRequested = data(event, &[types::ERASURE_REQUESTED])?;
        Ok(Self {
            id: subject(event, "erasure_id", &data.erasure_id)?,
            account: parse("account_id", &data.account_id)?,
            profiles: parse_all("profile_ids", &data.profile_ids)?,
        })
    }

    /// Hands a request to what erases. One that names nobody is set aside; one that fails comes again.
    pub async fn consume<E, F>(event: &Event, erase: impl FnOnce(Self) -> F + Send) -> Outcome
    where
        F: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display,
    {
        match Self::read(event) {
            Err(error) => Outcome::poison(error),
            // Boxed: the compiler limits how deep futures may lie in each other.
            Ok(erasure) => Box::pin(erase(erasure)).await.map_or_else(Outcome::retry, |()| Outcome::Done),
        }
    }

    /// Puts the receipt of a service without an outbox onto the stream of events.
    pub async fn confirm(&self, stream: &Stream, world: &World, kind: &str, records: u64) -> Result<(), StoreError> {
        let receipt = self.receipt(world, kind, records, world.now());
        stream.put_all(&[(receipt.subject.clone(), receipt.json().into_bytes())]).await
    }

    /// The receipt `kind` of a service that has removed `records` records. Only the user service's names the profiles.
    pub fn receipt(&self, world: &World, kind: &str, records: u64, erased_at: OffsetDateTime) -> Event {
        let names_profiles = kind == types::USER_ACCOUNT_ERASED;
        let data = AccountErased {
            erasure_id: self.id.to_string(),
            account_id: self.account.to_string(),
            profile_ids: self.profiles.iter().filter(|_| names_profiles).map(ToString::to_string).collect(),
            records,
            erased_at: erased_at.format(&Rfc3339).unwrap_or_default(),
        };
        Event::new(world, kind, self.id, 1, &data)
    }
}

/// What a service answers that has forgotten somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// To which request.
    pub erasure: ErasureId,
    /// About whom.
    pub account: AccountId,
    /// From which service: `user`, `media`…
    pub service: String,
    /// How many records were removed.
    pub records: i64,
    /// When.
    pub erased_at: OffsetDateTime,
    /// Every profile the account ever had; only in the user service's.
    pub profiles: Vec<ProfileId>,
}

impl Receipt {
    /// Reads the `account_erased` of any service.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let service = event.kind.strip_prefix("cinema.").and_then(|rest| rest.strip_suffix(".account_erased.v1"));
        let Some(service) = service else {
            return Err(ContractError::new("type", format!("{} is the receipt of no service", event.kind)));
        };
        let data: AccountErased = data(event, types::ALL)?;
        let names_profiles = event.kind == types::USER_ACCOUNT_ERASED;
        let profiles: &[String] = if names_profiles { &data.profile_ids } else { &[] };
        Ok(Self {
            erasure: subject(event, "erasure_id", &data.erasure_id)?,
            account: parse("account_id", &data.account_id)?,
            service: service.to_owned(),
            records: number("records", data.records, i64::MAX)?,
            erased_at: moment("erased_at", &data.erased_at)?,
            profiles: parse_all("profile_ids", profiles)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn erasure() -> Erasure {
        let world = World::system();
        Erasure { id: world.id(), account: world.id(), profiles: vec![world.id(), world.id()] }
    }

    #[test]
    fn the_user_services_receipt_is_the_others_request() {
        let (erasure, world) = (erasure(), World::system());
        let receipt = erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 7, world.now());
        assert_eq!(Erasure::read(&receipt), Ok(erasure.clone()));
        let other = erasure.receipt(&world, types::MEDIA_ACCOUNT_ERASED, 7, world.now());
        assert!(Erasure::read(&other).is_err(), "nobody acts on the receipt of another service");
        assert!(!other.json().contains("prf_"));
    }

    #[test]
    fn what_names_nobody_is_refused() {
        let world = World::system();
        let request = |change: fn(&mut ErasureRequested)| {
            let mut data = ErasureRequested {
                erasure_id: erasure().id.to_string(),
                account_id: erasure().account.to_string(),
                ..ErasureRequested::default()
            };
            change(&mut data);
            let event = Event::new(&world, types::ERASURE_REQUESTED, &data.erasure_id, 1, &data);
            Erasure::read(&event).map_err(|error| error.field())
        };
        assert!(request(|_| ()).is_ok_and(|read| read.profiles.is_empty()));
        assert_eq!(request(|data| data.account_id.clear()), Err("account_id"));
        assert_eq!(request(|data| data.erasure_id = "acc_1".into()), Err("erasure_id"));
        assert_eq!(request(|data| data.profile_ids.push("nobody".into())), Err("profile_ids"));
    }
}
