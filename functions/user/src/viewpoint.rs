//! For whom, and for which moment, a list is read or changed.

use kernel::{AccountId, Languages, ProfileId, policy::Audience};
use time::OffsetDateTime;

/// A profile at a moment: what it may see then decides what its lists show.
#[derive(Debug, Clone)]
pub(crate) struct Viewpoint {
    pub account: AccountId,
    pub profile: ProfileId,
    pub audience: Audience,
    pub languages: Languages,
    pub now: OffsetDateTime,
}
