//! What a person gets to read of what is held of them.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::store::export::Held;

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// The part of an export.
pub fn document(held: &Held) -> Value {
    let paid = held.grant.as_ref().and_then(|grant| grant.entitlement.as_ref());
    let plan = paid.map(|paid| {
        json!({ "plan": paid.plan, "max_streams": paid.max_streams, "max_height": paid.max_height,
            "valid_to": text(paid.valid_to), "grace_to": text(paid.grace_to) })
    });
    let devices = held.slots.leases.iter().map(|lease| {
        json!({ "session_id": lease.session, "device_id": lease.device_id, "device_name": lease.device_name,
            "title_id": lease.title, "profile_id": lease.profile, "started_at": text(lease.started_at) })
    });
    let sessions = held.sessions.iter().map(|session| {
        json!({ "session_id": session.id, "profile_id": session.profile, "title_id": session.title,
            "device_id": session.device_id, "territory": session.territory, "max_rating": session.max_rating, "state": session.state,
            "position_seconds": session.position, "watched_seconds": session.watched,
            "started_at": text(session.started_at), "last_report_at": text(session.at) })
    });
    let positions = held.positions.iter().map(|(profile, position)| {
        json!({ "profile_id": profile, "title_id": position.title, "position_seconds": position.position,
            "duration_seconds": position.duration, "at": text(position.client_at) })
    });
    json!({
        "plan": plan,
        "devices_in_use": devices.collect::<Vec<_>>(),
        "sessions_of_the_last_week": sessions.collect::<Vec<_>>(),
        "positions": positions.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_of_whom_nothing_is_held_gets_an_empty_copy() {
        let document = document(&Held::default());
        assert_eq!(document["plan"], Value::Null);
        assert!(
            ["devices_in_use", "sessions_of_the_last_week", "positions"].iter().all(|part| document[part] == json!([]))
        );
    }
}
