//! A title as far as the pipeline knows it: whether there is one for which a film can be uploaded.

use kernel::{AssetId, Id, TitleId, UploadId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

/// The catalogue's event of a new title takes seconds. What has not come after this long does not come.
const ON_ITS_WAY: Duration = Duration::minutes(2);

/// A title of which somebody has told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Title {
    pub id: TitleId,
    /// Of the newest event; 0 for the draft of a file in the inbox, until the catalogue tells of it.
    pub sequence: i64,
    /// A deleted title is kept, so that nothing that comes late brings it back.
    pub is_deleted: bool,
}

impl Title {
    /// The draft that a file in the inbox makes.
    pub fn dropped(id: TitleId) -> Self {
        Self { id, sequence: 0, is_deleted: false }
    }
}

impl From<events::Title> for Title {
    fn from(told: events::Title) -> Self {
        Self { id: told.id, sequence: told.sequence, is_deleted: told.is_deleted }
    }
}

/// A film of a title, ready or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmOfTitle {
    pub asset_id: AssetId,
    /// The upload that announced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<UploadId>,
}

/// Whether a title of which nobody has told was made a moment ago: its id says when.
pub fn may_be_on_its_way(id: TitleId, now: OffsetDateTime) -> bool {
    let Some(made) = id.uuid().get_timestamp() else { return false };
    let (seconds, _) = made.to_unix();
    let made = i64::try_from(seconds).ok().and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    // The clock of whoever made it may be ahead.
    made.is_some_and(|made| (now - made).abs() <= ON_ITS_WAY)
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_was_made_a_moment_ago_may_still_come() {
        let now = datetime!(2026-01-01 12:00 UTC);
        let made = |at: OffsetDateTime| TitleId::from_parts(at, [7; 10]);
        for at in [now, now - Duration::seconds(110), now + Duration::seconds(30)] {
            assert!(may_be_on_its_way(made(at), now), "{at}");
        }
        for at in [now - Duration::minutes(3), now + Duration::minutes(3), OffsetDateTime::UNIX_EPOCH] {
            assert!(!may_be_on_its_way(made(at), now), "{at}");
        }
        for invented in [Uuid::nil(), Uuid::max(), Uuid::from_u128(7)] {
            assert!(!may_be_on_its_way(TitleId::from_uuid(invented), now), "{invented}");
        }
    }
}
