//! Profiles of the user service → what switch-profile and every token need of them. Their PINs come straight into this queue, never over a
//! stream.

use events::{Consumer, Deadline, Event, Outcome, Profile, ProfileSecret, project};
use proto::types;
use stores::PgPool;

use crate::store::profiles;

runtime::wire! {
    pub struct ProjectProfiles {
        pool: PgPool,
    }
}

impl Consumer<Event> for ProjectProfiles {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match event.kind.as_str() {
            types::PROFILE_CHANGED => {
                project(&event, Profile::read, async |state| Ok(profiles::project(&self.pool, &state).await?)).await
            }
            types::PROFILE_SECRET_CHANGED => {
                let apply = async |state| Ok(profiles::project_secret(&self.pool, &state).await?);
                project(&event, ProfileSecret::read, apply).await
            }
            _ => Outcome::Done,
        }
    }
}
