//! What somebody wants forgotten: all that some profiles ever watched, or their sessions until a moment, of one title or of all.
//!
//! A session is forgotten as a whole, by when it began: its events carry its whole state, so that half of it would come back with the next one.
//! What stays as a tombstone is a digest of the profile's id, which refuses late events and leads nowhere.

use std::collections::HashMap;

use events::HistoryErased;
use kernel::{ProfileId, TitleId, tombstone};
use time::{OffsetDateTime, macros::datetime};

use crate::moment::millis;

/// Later than any session.
const FOREVER: OffsetDateTime = datetime!(2200-01-01 0:00 UTC);

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    profiles: Vec<ProfileId>,
    title: Option<TitleId>,
    until: OffsetDateTime,
}

/// What stays of it in the table `erased`.
#[derive(Debug, Clone, PartialEq, Eq, clickhouse::Row, serde::Serialize, serde::Deserialize)]
pub struct Tombstone {
    profile_digest: String,
    title_id: String,
    /// Milliseconds since 1970.
    until: i64,
}

impl Forgotten {
    /// Everything that these profiles have watched and ever will have.
    pub fn people(profiles: &[ProfileId]) -> Self {
        Self { profiles: profiles.to_vec(), title: None, until: FOREVER }
    }

    /// What a profile had watched by then.
    pub fn history(erased: &HistoryErased) -> Self {
        Self { profiles: vec![erased.profile], title: erased.title, until: erased.erased_at }
    }

    /// Whether there is nobody to forget.
    pub fn is_nobody(&self) -> bool {
        self.profiles.is_empty()
    }

    /// What stays of it.
    pub fn tombstones(&self) -> Vec<Tombstone> {
        let title_id = self.title.map_or_else(String::new, |title| title.to_string());
        let tombstone_of = |profile: &ProfileId| Tombstone {
            profile_digest: tombstone(*profile),
            title_id: title_id.clone(),
            until: millis(self.until),
        };
        self.profiles.iter().map(tombstone_of).collect()
    }

    /// The rows of `playback_events` that go.
    pub fn sql(&self) -> String {
        let title = self.title.map_or_else(String::new, |title| format!(" AND title_id = '{title}'"));
        format!("{}{title}", self.until_sql("started_at"))
    }

    /// The rows of `exposures` that go: with a whole history those before its end, since a profile without sessions would count as one that watched
    /// nothing; with one title none.
    pub fn exposures_sql(&self) -> Option<String> {
        self.title.is_none().then(|| self.until_sql("exposed_at"))
    }

    /// Ids are letters and digits: they need no quoting.
    fn until_sql(&self, time: &str) -> String {
        let profiles: Vec<String> = self.profiles.iter().map(|profile| format!("'{profile}'")).collect();
        let until = millis(self.until);
        format!(
            "profile_id IN ({}) AND {time} <= fromUnixTimestamp64Milli(toInt64({until}), 'UTC')",
            profiles.join(", ")
        )
    }
}

/// The tombstones of some profiles.
#[derive(Debug, Clone, Default)]
pub struct Tombstones(HashMap<(String, String), i64>);

impl FromIterator<Tombstone> for Tombstones {
    fn from_iter<I: IntoIterator<Item = Tombstone>>(tombstones: I) -> Self {
        let mut latest = HashMap::new();
        for Tombstone { profile_digest, title_id, until } in tombstones {
            let known = latest.entry((profile_digest, title_id)).or_insert(until);
            *known = until.max(*known);
        }
        Self(latest)
    }
}

impl Tombstones {
    /// What forbids a session of the profile with the title that began at `started_at` (ms), if anything does.
    pub fn forbids(&self, profile: ProfileId, title: TitleId, started_at: i64) -> Option<Forgotten> {
        self.forbids_whatever(profile, started_at).or_else(|| self.reaching(profile, Some(title), started_at))
    }

    /// What forbids anything of the profile from `at` (ms), whatever title it is about.
    pub fn forbids_whatever(&self, profile: ProfileId, at: i64) -> Option<Forgotten> {
        self.reaching(profile, None, at)
    }

    fn reaching(&self, profile: ProfileId, title: Option<TitleId>, at: i64) -> Option<Forgotten> {
        let key = (tombstone(profile), title.map_or_else(String::new, |title| title.to_string()));
        let until = *self.0.get(&key).filter(|until| at <= **until)?;
        let until = OffsetDateTime::from_unix_timestamp_nanos(i128::from(until) * 1_000_000).ok()?;
        Some(Forgotten { profiles: vec![profile], title, until })
    }

    /// Whether a profile was erased with its person.
    pub fn is_gone(&self, profile: ProfileId) -> bool {
        self.0.get(&(tombstone(profile), String::new())) == Some(&millis(FOREVER))
    }
}

#[cfg(test)]
mod tests {
    use kernel::World;
    use time::Duration;

    use super::*;

    const THEN: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn history(profile: ProfileId, title: Option<TitleId>) -> Forgotten {
        let account = World::system().id();
        Forgotten::history(&HistoryErased { profile, sequence: 1, account, title, erased_at: THEN })
    }

    #[test]
    fn a_tombstone_forbids_what_it_was_made_for() {
        let (profile, other): (ProfileId, ProfileId) = (World::system().id(), World::system().id());
        let (title, another): (TitleId, TitleId) = (World::system().id(), World::system().id());
        let one = history(profile, Some(title));
        let tombstones: Tombstones = one.tombstones().into_iter().collect();
        assert_eq!(tombstones.forbids(profile, title, millis(THEN)), Some(one));
        assert_eq!(
            tombstones.forbids(profile, title, millis(THEN + Duration::MILLISECOND)),
            None,
            "what was watched later stays"
        );
        assert_eq!(tombstones.forbids(profile, another, millis(THEN)), None);
        assert_eq!(tombstones.forbids(other, title, millis(THEN)), None);
        assert_eq!(tombstones.forbids_whatever(profile, millis(THEN)), None, "one title is not everything");
        let all: Tombstones =
            Forgotten::people(&[profile]).tombstones().into_iter().chain(history(profile, None).tombstones()).collect();
        assert!(all.is_gone(profile) && !all.is_gone(other) && !tombstones.is_gone(profile));
        assert!(all.forbids(profile, another, millis(THEN + Duration::days(9000))).is_some());
    }
}
