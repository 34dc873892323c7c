//! Where items lie.

use kernel::{Id, ImpressionId, ProfileId, TitleId, tombstone};
use stores::table::Key;

/// Partitions that what is listed as a whole is spread over.
pub const SHARDS: u8 = 16;

/// The last digit of an id, which is random.
fn shard(id: impl Id) -> u8 {
    id.uuid().as_bytes()[15] % SHARDS
}

pub fn profile(profile: ProfileId) -> String {
    format!("profile#{profile}")
}

pub const VIEWING: &str = "viewing#";
pub const FEEDBACK: &str = "feedback#";
pub const HIDDEN: &str = "hidden#";
pub const RECORD: &str = "record#";
pub const WATCHLIST: &str = "watchlist#";
pub const ONBOARDING: &str = "onboarding";

pub fn viewing(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("{VIEWING}{title}"))
}

pub fn feedback(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("{FEEDBACK}{title}"))
}

pub fn hidden(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("{HIDDEN}{title}"))
}

pub fn record(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("{RECORD}{title}"))
}

pub fn watchlist(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("{WATCHLIST}{title}"))
}

pub fn onboarding(profile: ProfileId) -> Key {
    Key::new(self::profile(profile), ONBOARDING)
}

/// Until when the history was erased.
pub fn forgotten(profile: ProfileId, title: Option<TitleId>) -> Key {
    let title = title.map(|title| format!("#{title}")).unwrap_or_default();
    Key::new(self::profile(profile), format!("forgotten{title}"))
}

pub fn impressions(profile: ProfileId) -> String {
    format!("impressions#{profile}")
}

pub fn impression(profile: ProfileId, impression: ImpressionId) -> Key {
    Key::new(impressions(profile), impression)
}

pub fn profiles(shard: u8) -> String {
    format!("profiles#{shard:x}")
}

pub fn listed(profile: ProfileId) -> Key {
    Key::new(profiles(shard(profile)), profile)
}

pub fn titles(shard: u8) -> String {
    format!("titles#{shard:x}")
}

pub fn title(title: TitleId) -> Key {
    Key::new(titles(shard(title)), title)
}

/// The partition of all experiments.
pub const EXPERIMENTS: &str = "experiments";

pub fn experiment(key: &str) -> Key {
    Key::new(EXPERIMENTS, key)
}

pub fn running_experiment() -> Key {
    Key::new("experiment", "running")
}

pub fn gone(profile: ProfileId) -> Key {
    Key::new(format!("gone#{}", tombstone(profile)), "gone")
}
