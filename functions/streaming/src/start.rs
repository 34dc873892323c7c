//! Whether a session may start and go on, and what a start changes: decided on what was read, without I/O.

use kernel::{
    AccountId, PlaybackId, ProfileId, TitleId,
    policy::{self, Audience, Refusal},
};
use time::OffsetDateTime;

use crate::{
    grant::Grant,
    lease::{Acquired, Lease, LeaseRequest, SlotsFull},
    millis,
    position::Position,
    session::{Session, State},
    store::sessions::Known,
    title::{Film, Picture, Title},
};

/// Who wants to watch what, on which device.
#[derive(Debug, Clone)]
pub struct StartOrder {
    /// The id of the session, should there be one.
    pub session: PlaybackId,
    /// The account.
    pub account: AccountId,
    /// The profile.
    pub profile: ProfileId,
    /// Its rating cap and territory.
    pub audience: Audience,
    /// The title.
    pub title: TitleId,
    /// The device, as it calls itself.
    pub device_id: String,
    /// For a person to recognise it.
    pub device_name: Option<String>,
    /// The most that the device can show, in lines.
    pub max_height: Option<u32>,
}

/// A session that may start.
#[derive(Debug, Clone)]
pub struct Start {
    /// The session.
    pub session: Session,
    /// Its slot.
    pub acquired: Acquired,
    /// What it plays.
    pub film: Film,
    /// Highest picture in lines.
    pub max_height: u32,
}

/// Why it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The predicate says no.
    Policy(Refusal),
    /// Every slot is taken, by these.
    SlotsFull(Vec<Lease>),
}

impl Start {
    /// The pictures that plan and device allow; the lowest one is there in any case.
    pub fn pictures(&self) -> Vec<Picture> {
        let lines = |picture: &Picture| picture.width.min(picture.height);
        let lowest = self.film.renditions.iter().map(lines).min().unwrap_or(0);
        let most = self.max_height.max(lowest);
        self.film.renditions.iter().filter(|picture| lines(picture) <= most).cloned().collect()
    }

    /// Leases that are over, with how their sessions ended.
    pub fn ended(&self) -> Vec<(&Lease, State)> {
        let expired = self.acquired.expired.iter().map(|lease| (lease, State::Expired));
        expired.chain(self.acquired.replaced.iter().map(|lease| (lease, State::Replaced))).collect()
    }
}

/// Whether a title may be watched, at the start and with every report.
pub fn may_watch(
    title: Option<&Title>,
    audience: &Audience,
    grant: Option<&Grant>,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    let entitlement = grant.and_then(|grant| grant.entitlement.as_ref());
    policy::may_watch(&title.ok_or(Refusal::NotFound)?.rules, audience, entitlement, now)
}

/// Decides a start that the policy allows.
pub fn decide(known: &Known, order: &StartOrder, now: OffsetDateTime) -> Result<Start, Refused> {
    let now = millis::floor(now);
    let Some(film) = known.title.as_ref().and_then(|title| title.film.as_ref()) else {
        return Err(Refused::Policy(Refusal::NoAsset));
    };
    let entitlement = known.grant.as_ref().and_then(|grant| grant.entitlement.as_ref());
    let (max_streams, plan_height) = entitlement.map_or((0, 0), |paid| (paid.max_streams, paid.max_height));
    let request = LeaseRequest {
        session: order.session,
        device_id: order.device_id.clone(),
        device_name: order.device_name.clone(),
        title: order.title,
        profile: order.profile,
    };
    let acquired =
        known.slots.acquire(request, max_streams, now).map_err(|SlotsFull(active)| Refused::SlotsFull(active))?;
    let session = Session {
        id: order.session,
        account: order.account,
        profile: order.profile,
        title: order.title,
        asset: film.asset,
        device_id: order.device_id.clone(),
        fence: acquired.lease.fence,
        territory: order.audience.territory.clone(),
        max_rating: order.audience.max_rating,
        version: 1,
        state: State::Playing,
        position: known.position.as_ref().map_or(0.0, Position::resume_at),
        watched: 0.0,
        duration: film.duration,
        started_at: now,
        at: now,
        client_at: now,
        lease_ends_at: acquired.lease.ends_at,
    };
    let max_height = order.max_height.map_or(plan_height, |device| device.min(plan_height));
    Ok(Start { session, acquired, film: film.clone(), max_height })
}
