//! Whether a session may start, and what changes then: decided from one read, without I/O.

use kernel::{
    AccountId, PlaybackId, ProfileId, TitleId,
    policy::{self, Audience, Refusal},
};
use time::OffsetDateTime;

use crate::{
    grant::Grant,
    lease::{Acquired, Claim, Full, Lease},
    millis,
    position::Position,
    session::{Session, State},
    store::Opening,
    title::{Film, Picture, Title},
};

/// Who wants to watch what, on which device.
#[derive(Debug, Clone)]
pub struct Wish {
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
    /// Every slot is taken.
    Full(Vec<Lease>),
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

/// Decides a start.
pub fn decide(opening: &Opening, wish: &Wish, now: OffsetDateTime) -> Result<Start, Refused> {
    let now = millis::floor(now);
    let title = opening.title.as_ref().ok_or(Refused::Policy(Refusal::NotFound))?;
    let entitlement = opening.grant.as_ref().and_then(|Grant { entitlement, .. }| entitlement.as_ref());
    policy::may_watch(&title.rules, &wish.audience, entitlement, now).map_err(Refused::Policy)?;
    let Title { film: Some(film), .. } = title else { return Err(Refused::Policy(Refusal::NoAsset)) };
    let (max_streams, plan_height) = entitlement.map_or((0, 0), |paid| (paid.max_streams, paid.max_height));
    let claim = Claim {
        session: wish.session,
        device_id: wish.device_id.clone(),
        device_name: wish.device_name.clone(),
        title: wish.title,
        profile: wish.profile,
    };
    let acquired = opening.slots.acquire(claim, max_streams, now).map_err(|Full(active)| Refused::Full(active))?;
    let session = Session {
        id: wish.session,
        account: wish.account,
        profile: wish.profile,
        title: wish.title,
        asset: film.asset,
        device_id: wish.device_id.clone(),
        fence: acquired.lease.fence,
        territory: wish.audience.territory.clone(),
        version: 1,
        state: State::Playing,
        position: opening.position.as_ref().map_or(0.0, Position::resume_at),
        watched: 0.0,
        duration: film.duration,
        started_at: now,
        at: now,
        client_at: now,
        lease_ends_at: acquired.lease.ends_at,
    };
    let max_height = wish.max_height.map_or(plan_height, |device| device.min(plan_height));
    Ok(Start { session, acquired, film: film.clone(), max_height })
}
