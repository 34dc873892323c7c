//! The streams of an account that run, as one of its profiles may know them.

use kernel::{
    PlaybackId, ProfileId, TitleId,
    policy::{ADULT, Audience, Visibility, visibility},
};
use serde::Serialize;
use stores::{StoreError, Table};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    lease::Lease,
    start::StartOrder,
    store::active::{self, Details},
};

/// A stream that runs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ActiveStream {
    session_id: PlaybackId,
    /// As the device calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_name: Option<String>,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    started_at: OffsetDateTime,
    /// Whether it runs on the device that asks.
    is_this_device: bool,
    /// Whether the caller's profile watches. Another profile's stream is ended with a proof of identity only.
    is_own: bool,
    /// Who watches. Of another profile only for a profile that may see everything, as everything below.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<ProfileId>,
    /// What; absent also where the caller may not see the title.
    #[serde(skip_serializing_if = "Option::is_none")]
    title_id: Option<TitleId>,
    /// Seconds from the beginning, as the player has told last.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<f64>,
    /// Seconds of the film in all; 0 when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    duration: Option<f64>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub struct Onlooker {
    /// A token without a profile is nobody's stream.
    pub profile: Option<ProfileId>,
    pub audience: Audience,
    /// The device that asks, if it has said which it is.
    pub device: Option<String>,
}

impl From<&StartOrder> for Onlooker {
    fn from(order: &StartOrder) -> Self {
        Self { profile: Some(order.profile), audience: order.audience.clone(), device: Some(order.device_id.clone()) }
    }
}

impl Onlooker {
    fn is_own(&self, lease: &Lease) -> bool {
        self.profile == Some(lease.profile)
    }

    /// Whether more may be known than that a device streams. What others watch is no business of a profile with a cap.
    fn knows(&self, lease: &Lease) -> bool {
        self.is_own(lease) || self.audience.max_rating >= ADULT
    }

    fn look(&self, lease: &Lease, details: &Details, now: OffsetDateTime) -> ActiveStream {
        let known = self.knows(lease);
        let title = details
            .titles
            .get(&lease.title)
            .filter(|title| known && visibility(&title.rules, &self.audience, now) == Visibility::Visible);
        let session = details.sessions.get(&lease.session).filter(|_| known);
        ActiveStream {
            session_id: lease.session,
            device_name: lease.device_name.clone(),
            started_at: lease.started_at,
            is_this_device: self.device.as_ref() == Some(&lease.device_id),
            is_own: self.is_own(lease),
            profile_id: known.then_some(lease.profile),
            title_id: title.map(|_| lease.title),
            position: session.map(|session| session.position),
            duration: session.map(|session| session.duration),
        }
    }
}

/// The streams of these leases, the oldest first.
pub async fn streams(
    table: &Table,
    mut leases: Vec<Lease>,
    onlooker: &Onlooker,
    now: OffsetDateTime,
) -> Result<Vec<ActiveStream>, StoreError> {
    leases.sort_by_key(|lease| (lease.started_at, lease.fence));
    let details = active::details(table, leases.iter().filter(|lease| onlooker.knows(lease))).await?;
    Ok(leases.iter().map(|lease| onlooker.look(lease, &details, now)).collect())
}

#[cfg(test)]
#[path = "active/tests.rs"]
mod tests;
