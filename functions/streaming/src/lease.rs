//! Stream slots of an account: leases with fencing tokens, all in one document that changes only by compare-and-swap of its version.

use kernel::{PlaybackId, ProfileId, TitleId};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::millis;

/// How long a slot stays taken after a start or a heartbeat.
pub const LEASE: Duration = Duration::seconds(90);
/// How often a player reports: two reports may be lost before the lease ends.
pub const HEARTBEAT_INTERVAL: Duration = Duration::seconds(30);

/// A taken slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub session: PlaybackId,
    /// Grows with every lease of the account: of two sessions the higher is the newer.
    pub fence: i64,
    /// The device, as it calls itself; a device holds one slot at most.
    pub device_id: String,
    /// For a person to recognise it.
    pub device_name: Option<String>,
    pub title: TitleId,
    pub profile: ProfileId,
    /// When it began.
    #[serde(with = "millis")]
    pub started_at: OffsetDateTime,
    /// First moment at which the slot is free again.
    #[serde(with = "millis")]
    pub ends_at: OffsetDateTime,
}

impl Lease {
    /// Whether the slot is taken.
    pub fn is_live(&self, now: OffsetDateTime) -> bool {
        now < self.ends_at
    }
}

/// Who asks for a slot.
#[derive(Debug, Clone)]
pub struct LeaseRequest {
    pub session: PlaybackId,
    pub device_id: String,
    /// For a person to recognise it.
    pub device_name: Option<String>,
    pub title: TitleId,
    pub profile: ProfileId,
}

/// All slots of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// Grows with every change; 0 before the first.
    pub version: i64,
    /// The last fencing token that was given out.
    pub fence: i64,
    /// Taken slots, and those whose time is over and which nobody has cleared yet.
    pub leases: Vec<Lease>,
}

/// A slot was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acquired {
    /// The slots afterwards.
    pub slots: Slots,
    pub lease: Lease,
    /// The lease that the same device held until now.
    pub replaced: Option<Lease>,
    /// Leases whose time was over.
    pub expired: Vec<Lease>,
}

/// Every slot is taken, by these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotsFull(pub Vec<Lease>);

impl Slots {
    /// The leases that count at this moment.
    pub fn live(&self, now: OffsetDateTime) -> impl Iterator<Item = &Lease> {
        self.leases.iter().filter(move |lease| lease.is_live(now))
    }

    /// Takes a slot. A device that starts again replaces its own lease, whatever the limit.
    pub fn acquire(&self, request: LeaseRequest, limit: u32, now: OffsetDateTime) -> Result<Acquired, SlotsFull> {
        let (live, expired): (Vec<_>, Vec<_>) = self.leases.iter().cloned().partition(|lease| lease.is_live(now));
        let (own, mut others): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|lease| lease.device_id == request.device_id);
        if own.is_empty() && others.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
            return Err(SlotsFull(others));
        }
        let lease = Lease {
            session: request.session,
            fence: self.fence + 1,
            device_id: request.device_id,
            device_name: request.device_name,
            title: request.title,
            profile: request.profile,
            started_at: now,
            ends_at: now + LEASE,
        };
        others.push(lease.clone());
        let slots = Self { version: self.version + 1, fence: lease.fence, leases: others };
        Ok(Acquired { slots, lease, replaced: own.into_iter().next(), expired })
    }

    /// Prolongs a lease that is still live; `None` when it is lost.
    pub fn renew(&self, session: PlaybackId, now: OffsetDateTime) -> Option<Self> {
        let mut slots = Self { version: self.version + 1, ..self.clone() };
        let lease = slots.leases.iter_mut().find(|lease| lease.session == session && lease.is_live(now))?;
        // A clock that runs behind must not shorten it.
        lease.ends_at = lease.ends_at.max(now + LEASE);
        Some(slots)
    }

    /// Frees the slot of a session; the same slots when it has none.
    pub fn release(&self, session: PlaybackId) -> Self {
        let leases: Vec<_> = self.leases.iter().filter(|lease| lease.session != session).cloned().collect();
        Self { version: self.version + 1, fence: self.fence, leases }
    }
}

#[cfg(test)]
#[path = "lease/tests.rs"]
mod tests;
