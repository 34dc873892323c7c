//! Where items lie.

use kernel::{AccountId, PlaybackId, ProfileId, SessionId, TitleId};
use stores::table::Key;

/// The partition of an account.
pub fn account(account: AccountId) -> String {
    format!("account#{account}")
}

/// The partition of a profile.
pub fn profile(profile: ProfileId) -> String {
    format!("profile#{profile}")
}

pub fn grant(account: AccountId) -> Key {
    Key::new(self::account(account), "grant")
}

pub fn slots(account: AccountId) -> Key {
    Key::new(self::account(account), "slots")
}

pub fn answer(account: AccountId, claim_id: &str) -> Key {
    Key::new(self::account(account), format!("answer#{claim_id}"))
}

pub fn title(title: TitleId) -> Key {
    Key::new(format!("title#{title}"), "rules")
}

pub fn position(profile: ProfileId, title: TitleId) -> Key {
    Key::new(self::profile(profile), format!("position#{title}"))
}

pub fn ended_login(session: SessionId) -> Key {
    Key::new(format!("login#{session}"), "ended")
}

pub fn session(session: PlaybackId) -> Key {
    Key::new(format!("session#{session}"), "session")
}
