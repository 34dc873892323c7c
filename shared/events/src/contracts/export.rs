//! A person's wish for a copy of what is held on them, as the services hear it.

use kernel::{AccountId, ExportId, ProfileId};
use proto::{
    types,
    user::{ExportReady, ExportRequested},
};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, parse, parse_all, subject},
};
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
    /// Reads `export_requested`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: ExportRequested = data(event, &[types::EXPORT_REQUESTED])?;
        Ok(Self {
            id: subject(event, "export_id", &data.export_id)?,
            account: parse("account_id", &data.account_id)?,
            profiles: parse_all("profile_ids", &data.profile_ids)?,
        })
    }

    /// Where a service's part lies in the bucket `exports`.
    pub fn key(&self, service: &str) -> String {
        format!("{}/{service}.json", self.id)
    }
}

/// A copy that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedExport {
    /// The request.
    pub id: ExportId,
    /// The account.
    pub account: AccountId,
    /// Since when.
    pub ready_at: OffsetDateTime,
    /// First moment without it.
    pub kept_until: OffsetDateTime,
}

impl FinishedExport {
    /// Reads `export_ready`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: ExportReady = data(event, &[types::EXPORT_READY])?;
        Ok(Self {
            id: subject(event, "export_id", &data.export_id)?,
            account: parse("account_id", &data.account_id)?,
            ready_at: moment("ready_at", &data.ready_at)?,
            kept_until: moment("kept_until", &data.kept_until)?,
        })
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
        assert!(Export::read(&Event { subject: String::new(), ..event }).is_err());
        assert_eq!(wanted.key("auth"), format!("{}/auth.json", wanted.id));
        for change in [
            (|data| data.export_id.clear()) as fn(&mut ExportRequested),
            |data| data.account_id = "prf_1".into(),
            |data| data.profile_ids.push(String::new()),
        ] {
            let mut data = data.clone();
            change(&mut data);
            assert!(Export::read(&Event::new(&world, types::EXPORT_REQUESTED, &data.export_id, 1, &data)).is_err());
        }
        assert!(Export::read(&Event::new(&world, types::HISTORY_ERASED, wanted.id, 1, &data)).is_err());
    }
}
