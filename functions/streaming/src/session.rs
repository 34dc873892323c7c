//! A playback session: what a player has reported, and what that means for position, watched time and lease.

use kernel::{AccountId, AssetId, PlaybackId, ProfileId, PurchaseId, Territory, TitleId, policy};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{lease::LEASE, millis};

/// Nobody watches faster than this for long.
const MAX_RATE: f64 = 2.0;
/// Reports are jittered by the network: this much beyond the rate is still one stretch of watching, not a jump.
const JITTER_SECONDS: f64 = 5.0;

/// What a session is doing, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The picture moves.
    Playing,
    /// The viewer has paused.
    Paused,
    /// Waits for data.
    Buffering,
    /// Ended by the player, or because nobody pays any more.
    Stopped,
    /// Ended because the same device has started another session.
    Replaced,
    /// Ended by somebody of the account from another place.
    Kicked,
    /// Ended because no report came for the length of the lease.
    Expired,
    /// About to be removed, because its person is being erased: nobody is told.
    Erased,
}

impl State {
    /// Whether the session holds a slot.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Playing | Self::Paused | Self::Buffering)
    }
}

/// What a player says it is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlayerState {
    /// The picture moves.
    Playing,
    /// The viewer has paused.
    Paused,
    /// Waits for data.
    Buffering,
}

impl From<PlayerState> for State {
    fn from(state: PlayerState) -> Self {
        match state {
            PlayerState::Playing => Self::Playing,
            PlayerState::Paused => Self::Paused,
            PlayerState::Buffering => Self::Buffering,
        }
    }
}

/// A session and its last known state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: PlaybackId,
    pub account: AccountId,
    pub profile: ProfileId,
    pub title: TitleId,
    /// The film that was attached when it began.
    pub asset: AssetId,
    pub device_id: String,
    pub fence: i64,
    pub territory: Territory,
    /// Highest age rating that the profile might watch when it began.
    #[serde(default = "adult")]
    pub max_rating: u8,
    /// Grows with every change, from 1.
    pub version: i64,
    /// What it is doing.
    pub state: State,
    /// Seconds from the beginning of the film.
    pub position: f64,
    /// Seconds of the film that were really played.
    pub watched: f64,
    /// Seconds of the film in all.
    pub duration: f64,
    /// When it began.
    #[serde(with = "millis")]
    pub started_at: OffsetDateTime,
    /// The last change, by our clock.
    #[serde(with = "millis")]
    pub at: OffsetDateTime,
    /// The last report that counted, by the player's clock, held near ours.
    #[serde(with = "millis")]
    pub client_at: OffsetDateTime,
    /// First moment at which it no longer holds its slot.
    #[serde(with = "millis")]
    pub lease_ends_at: OffsetDateTime,
    /// What the title was rented by, while that is what lets somebody watch it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rental: Option<PurchaseId>,
    /// When the first second on the rental was played in this session.
    #[serde(default, with = "millis::option", skip_serializing_if = "Option::is_none")]
    pub rental_begun_at: Option<OffsetDateTime>,
}

/// Of a session that began before the rating was kept.
fn adult() -> u8 {
    policy::ADULT
}

/// A report of the player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayerReport {
    /// Seconds from the beginning.
    pub position: f64,
    /// What the player is doing.
    pub state: PlayerState,
    /// When it was so, by the player's clock.
    pub client_time: Option<OffsetDateTime>,
}

/// Why a session may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// A newer session of the same device has its slot.
    Replaced,
    /// Somebody of the account has ended it from another place.
    Kicked,
    Stopped,
    /// No report came in time.
    Expired,
}

impl Session {
    /// Whether the session still holds its slot.
    pub fn check_live(&self, now: OffsetDateTime) -> Result<(), Ended> {
        match self.state {
            State::Replaced => Err(Ended::Replaced),
            State::Kicked => Err(Ended::Kicked),
            State::Stopped | State::Erased => Err(Ended::Stopped),
            State::Expired => Err(Ended::Expired),
            _ if now >= self.lease_ends_at => Err(Ended::Expired),
            _ => Ok(()),
        }
    }

    /// The session after a report that found it live. A report that is older than the last one only keeps the lease.
    #[must_use]
    pub fn report(&self, report: &PlayerReport, now: OffsetDateTime) -> Self {
        let mut next = self.changed(now);
        next.lease_ends_at = self.lease_ends_at.max(now + LEASE);
        let client_at = near(report.client_time.unwrap_or(now), now);
        if client_at > self.client_at {
            next.client_at = client_at;
            next.state = report.state.into();
            next.go_to(report.position, self.played(report.position, next.state, now));
        }
        next
    }

    /// The session after the player has stopped it, with its last position if it gave one.
    #[must_use]
    pub fn stop(&self, position: Option<f64>, now: OffsetDateTime) -> Self {
        let mut next = self.changed(now);
        next.state = State::Stopped;
        if let Some(position) = position {
            // Nothing comes after it.
            next.client_at = now.max(self.client_at + Duration::MILLISECOND);
            next.go_to(position, self.played(position, State::Playing, now));
        }
        next
    }

    /// The session as one that plays on this rental, or on none, since `before`: the rental begins with the first second that is played.
    #[must_use]
    pub fn on_rental(self, rental: Option<PurchaseId>, before: &Self) -> Self {
        let played = self.watched - before.watched;
        let first_second = || before.at.max(self.at - Duration::seconds_f64(played));
        let known = before.rental_begun_at.filter(|_| before.rental == rental);
        let begins = rental.is_some() && known.is_none() && played > 0.0;
        Self { rental, rental_begun_at: known.or_else(|| begins.then(first_second).map(millis::floor)), ..self }
    }

    /// The session after it was ended from our side.
    #[must_use]
    pub fn end(&self, now: OffsetDateTime) -> Self {
        Self { state: State::Stopped, at: now.max(self.at), ..self.clone() }
    }

    /// The session after somebody has ended it from another place: where it stopped is what its own player has told.
    #[must_use]
    pub fn kick(&self, now: OffsetDateTime) -> Self {
        Self { state: State::Kicked, ..self.changed(now) }
    }

    /// The session after its lease has ended.
    #[must_use]
    pub fn expire(&self) -> Self {
        Self { state: State::Expired, ..self.changed(self.lease_ends_at) }
    }

    fn changed(&self, now: OffsetDateTime) -> Self {
        Self { version: self.version + 1, at: now.max(self.at), ..self.clone() }
    }

    fn go_to(&mut self, position: f64, played: f64) {
        let end = if self.duration > 0.0 { self.duration } else { f64::MAX };
        self.position = thousandths(position.clamp(0.0, end));
        self.watched = thousandths(self.watched + played);
    }

    /// Seconds of the film that were plausibly played since the last report: not more than time has passed, at double speed; a jump counts
    /// nothing, nor does what a paused player does.
    fn played(&self, position: f64, state: State, now: OffsetDateTime) -> f64 {
        let most = (now - self.at).as_seconds_f64().max(0.0) * MAX_RATE;
        let progress = position - self.position;
        let is_paused = self.state == State::Paused && state == State::Paused;
        if is_paused || !(0.0..=most + JITTER_SECONDS).contains(&progress) { 0.0 } else { progress.min(most) }
    }
}

/// A client's time, held between the length of a lease ago and now: a wrong clock can neither block later reports nor undo them.
fn near(client_time: OffsetDateTime, now: OffsetDateTime) -> OffsetDateTime {
    millis::floor(client_time.clamp(now - LEASE, now))
}

fn thousandths(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod tests;
