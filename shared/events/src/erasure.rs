//! The erasure of a person as the events of the saga name it: what an eraser reads, and the receipt it answers with.

use std::str::FromStr;

use kernel::{AccountId, ErasureId, ProfileId, World};
use proto::{
    auth::{AccountErased, ErasureRequested},
    types,
};
use stores::{StoreError, Stream};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

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

fn id<T: FromStr>(name: &str, text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| format!("{name}: {error}"))
}

impl Erasure {
    /// From `erasure_requested`, or from the receipt of the user service, which is the other services' request.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, String> {
        let (erasure, account, profiles) = match event.kind.as_str() {
            types::ERASURE_REQUESTED => {
                let data: ErasureRequested = event.data().map_err(|error| error.to_string())?;
                (data.erasure_id, data.account_id, data.profile_ids)
            }
            types::USER_ACCOUNT_ERASED => {
                let data: AccountErased = event.data().map_err(|error| error.to_string())?;
                (data.erasure_id, data.account_id, data.profile_ids)
            }
            other => return Err(format!("{other} asks for no erasure")),
        };
        Ok(Self {
            id: id("erasure_id", &erasure)?,
            account: id("account_id", &account)?,
            profiles: profiles.iter().map(|profile| id("profile_ids", profile)).collect::<Result<_, _>>()?,
        })
    }

    /// Hands a request to what erases. One that names nobody is set aside; one that fails comes again.
    pub async fn consume<E, F>(event: &Event, erase: impl FnOnce(Self) -> F + Send) -> Outcome
    where
        F: Future<Output = Result<(), E>> + Send,
        E: std::fmt::Display,
    {
        match Self::read(event) {
            Err(reason) => Outcome::Poison(reason),
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
            Erasure::read(&Event::new(&world, types::ERASURE_REQUESTED, "era", 1, &data))
        };
        assert!(request(|_| ()).is_ok_and(|read| read.profiles.is_empty()));
        assert!(request(|data| data.account_id.clear()).unwrap_err().starts_with("account_id"));
        assert!(request(|data| data.erasure_id = "acc_1".into()).unwrap_err().starts_with("erasure_id"));
        assert!(request(|data| data.profile_ids.push("nobody".into())).unwrap_err().starts_with("profile_ids"));
    }
}
