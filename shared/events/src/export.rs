//! A person's wish for a copy of what is held on them, as the services hear it.

use kernel::{AccountId, ExportId, ProfileId};
use proto::{types, user::ExportRequested};

use crate::Event;

/// Whose copy is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The request.
    pub id: ExportId,
    /// The account.
    pub account: AccountId,
    /// Every profile it ever had.
    pub profiles: Vec<ProfileId>,
}

impl Export {
    /// From `export_requested`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, String> {
        if event.kind != types::EXPORT_REQUESTED {
            return Err(format!("{} asks for no export", event.kind));
        }
        let data: ExportRequested = event.data().map_err(|error| error.to_string())?;
        let profiles = data.profile_ids.iter().map(|id| id.parse());
        Ok(Self {
            id: data.export_id.parse().map_err(|error| format!("export_id: {error}"))?,
            account: data.account_id.parse().map_err(|error| format!("account_id: {error}"))?,
            profiles: profiles.collect::<Result<_, _>>().map_err(|error| format!("profile_ids: {error}"))?,
        })
    }

    /// Where a service's part lies in the bucket `exports`.
    pub fn key(&self, service: &str) -> String {
        format!("{}/{service}.json", self.id)
    }
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    #[test]
    fn a_request_is_read_and_anything_else_is_not() {
        let world = World::system();
        let wanted = Export { id: world.id(), account: world.id(), profiles: vec![world.id()] };
        let data = ExportRequested {
            export_id: wanted.id.to_string(),
            account_id: wanted.account.to_string(),
            profile_ids: wanted.profiles.iter().map(ToString::to_string).collect(),
            requested_at: String::new(),
        };
        let event = Event::new(&world, types::EXPORT_REQUESTED, wanted.id, 1, &data);
        assert_eq!(Export::read(&event), Ok(wanted.clone()));
        assert_eq!(wanted.key("auth"), format!("{}/auth.json", wanted.id));
        for change in [
            (|data| data.export_id.clear()) as fn(&mut ExportRequested),
            |data| data.account_id = "prf_1".into(),
            |data| data.profile_ids.push(String::new()),
        ] {
            let mut data = data.clone();
            change(&mut data);
            assert!(Export::read(&Event::new(&world, types::EXPORT_REQUESTED, "exp", 1, &data)).is_err());
        }
        assert!(Export::read(&Event::new(&world, types::HISTORY_ERASED, "exp", 1, &data)).is_err());
    }
}
