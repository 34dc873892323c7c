//! Profiles of the user service → what switch-profile and every token need of them. Their PINs come straight into this queue, never over a
//! stream.

use events::{Consumer, Deadline, Event, EventError, Outcome};
use kernel::{AccountId, Locale, ProfileId, policy};
use proto::{
    types,
    user::{ProfileChanged, ProfileSecretChanged},
};
use runtime::{Boot, BootError};

use crate::store::Profiles;

struct Projection(Profiles);

/// What an event says, checked.
enum Change {
    Profile(ProfileChanged),
    Secret(ProfileSecretChanged),
    /// Of no interest.
    Other,
}

impl Consumer<Event> for Projection {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        let applied = match read(&event) {
            Ok(Change::Profile(state)) => self.0.project(&state, event.sequence).await,
            Ok(Change::Secret(state)) => self.0.project_secret(&state, event.sequence).await,
            Ok(Change::Other) => Ok(()),
            Err(reason) => return Outcome::Poison(reason),
        };
        applied.map_or_else(Outcome::retry, |()| Outcome::Done)
    }
}

fn read(event: &Event) -> Result<Change, String> {
    let unreadable = |error: EventError| error.to_string();
    match event.kind.as_str() {
        types::PROFILE_CHANGED => {
            let state: ProfileChanged = event.data().map_err(unreadable)?;
            ids(&state.profile_id, &state.account_id)?;
            state.locale.parse::<Locale>().map_err(|error| format!("locale: {error}"))?;
            if state.max_rating > u32::from(policy::ADULT) {
                return Err(format!("max_rating: {} is above {}", state.max_rating, policy::ADULT));
            }
            Ok(Change::Profile(state))
        }
        types::PROFILE_SECRET_CHANGED => {
            let state: ProfileSecretChanged = event.data().map_err(unreadable)?;
            ids(&state.profile_id, &state.account_id)?;
            if !state.pin_digest.is_empty() && !state.pin_digest.starts_with("$argon2id$") {
                return Err("pin_digest: not a PHC string of argon2id".to_owned());
            }
            Ok(Change::Secret(state))
        }
        _ => Ok(Change::Other),
    }
}

fn ids(profile: &str, account: &str) -> Result<(), String> {
    profile.parse::<ProfileId>().map_err(|error| format!("profile_id: {error}"))?;
    account.parse::<AccountId>().map_err(|error| format!("account_id: {error}"))?;
    Ok(())
}

/// Postgres.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    Ok(Projection(Profiles::new(boot.postgres()?)))
}
