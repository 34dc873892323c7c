//! `cinema.recommendation.profile_exposed.v1`: a profile was served by a variant of an experiment.

use kernel::ProfileId;
use proto::{recommendation, types};
use time::OffsetDateTime;

use super::{
    ContractError,
    fields::{data, moment, slug, subject},
};
use crate::Event;

/// What a profile was served by. Exposures of one profile, experiment and day share the id of their event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// Who was served.
    pub profile: ProfileId,
    /// The experiment's key, a slug.
    pub experiment: String,
    /// The variant's name, a slug.
    pub variant: String,
    /// Whether it is the variant that the others are compared with.
    pub is_control: bool,
    /// When.
    pub at: OffsetDateTime,
}

impl Exposure {
    /// Reads `profile_exposed`.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(event: &Event) -> Result<Self, ContractError> {
        let data: recommendation::ProfileExposed = data(event, &[types::PROFILE_EXPOSED])?;
        Ok(Self {
            profile: subject(event, "profile_id", &data.profile_id)?,
            experiment: slug("experiment", &data.experiment)?,
            variant: slug("variant", &data.variant)?,
            is_control: data.is_control,
            at: moment("exposed_at", &data.exposed_at)?,
        })
    }
}
