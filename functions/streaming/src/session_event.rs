//! What a change of a session tells the rest of the system: exactly one event per version, with the same id however often it is told.

use events::Event;
use kernel::{EventId, Id, World};
use proto::{
    streaming::{Playback, RentalBegun},
    types,
};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::session::{Session, State};

/// The event of a change from `old` to `new`; `None` where nothing happened that anybody must know.
pub fn of(world: &World, old: Option<&Session>, new: Option<&Session>) -> Option<Event> {
    match (old, new) {
        // What happens to somebody who is being erased is nobody's business.
        (_, Some(Session { state: State::Erased, .. })) => None,
        (None, Some(new)) => Some(told(world, types::PLAYBACK_STARTED, new)),
        (Some(old), Some(new)) if new.version > old.version && old.state.is_live() => {
            let kind = match new.state {
                State::Playing | State::Paused | State::Buffering => types::PLAYBACK_PROGRESSED,
                State::Stopped | State::Replaced | State::Kicked | State::Erased => types::PLAYBACK_STOPPED,
                State::Expired => types::PLAYBACK_EXPIRED,
            };
            Some(told(world, kind, new))
        }
        // The table's time-to-live has removed a session that nobody has ended.
        (Some(old), None) if old.state.is_live() => Some(told(world, types::PLAYBACK_EXPIRED, &old.expire())),
        _ => None,
    }
}

/// What billing must know of a change: a rental was begun. The same change gives the same event.
pub fn rental(world: &World, old: Option<&Session>, new: Option<&Session>) -> Option<Event> {
    let new = new.filter(|new| new.state != State::Erased)?;
    let (purchase, begun_at) = new.rental.zip(new.rental_begun_at)?;
    if old.is_some_and(|old| (old.rental, old.rental_begun_at) == (new.rental, new.rental_begun_at)) {
        return None;
    }
    let data = RentalBegun {
        session_id: new.id.to_string(),
        account_id: new.account.to_string(),
        title_id: new.title.to_string(),
        purchase_id: purchase.to_string(),
        begun_at: begun_at.format(&Rfc3339).unwrap_or_default(),
    };
    Some(Event {
        id: id_of(new, "rental"),
        time: new.at,
        traceparent: None,
        ..Event::new(world, types::RENTAL_BEGUN, new.id, new.version, &data)
    })
}

/// The id of what a version of a session tells: the same however often it is told.
fn id_of(session: &Session, what: &str) -> EventId {
    let digest = Sha256::digest(format!("{} {}{what}", session.id, session.version));
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    EventId::from_parts(session.at, random)
}

fn told(world: &World, kind: &str, session: &Session) -> Event {
    let (state, reason) = match session.state {
        State::Playing => ("playing", ""),
        State::Paused => ("paused", ""),
        State::Buffering => ("buffering", ""),
        State::Stopped | State::Erased => ("stopped", "stopped"),
        State::Replaced => ("stopped", "replaced"),
        State::Kicked => ("stopped", "kicked"),
        State::Expired => ("expired", "expired"),
    };
    let text = |time: OffsetDateTime| time.format(&Rfc3339).unwrap_or_default();
    let data = Playback {
        session_id: session.id.to_string(),
        account_id: session.account.to_string(),
        profile_id: session.profile.to_string(),
        title_id: session.title.to_string(),
        asset_id: session.asset.to_string(),
        device_id: session.device_id.clone(),
        position_seconds: session.position,
        watched_seconds: session.watched,
        duration_seconds: session.duration,
        started_at: text(session.started_at),
        at: text(session.at),
        territory: session.territory.to_string(),
        state: state.to_owned(),
        reason: reason.to_owned(),
    };
    Event {
        id: id_of(session, ""),
        time: session.at,
        traceparent: None,
        ..Event::new(world, kind, session.id, session.version, &data)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{AccountId, AssetId, PlaybackId, ProfileId, TitleId};
    use proptest::prelude::*;
    use time::macros::datetime;
    use uuid::Uuid;

    use super::*;
    use crate::session::{PlayerReport, PlayerState};

    const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn session() -> Session {
        Session {
            id: PlaybackId::from_uuid(Uuid::from_u128(1)),
            account: AccountId::from_uuid(Uuid::from_u128(2)),
            profile: ProfileId::from_uuid(Uuid::from_u128(3)),
            title: TitleId::from_uuid(Uuid::from_u128(4)),
            asset: AssetId::from_uuid(Uuid::from_u128(5)),
            device_id: "tv".to_owned(),
            fence: 1,
            territory: "DE".parse().unwrap(),
            max_rating: 18,
            version: 1,
            state: State::Playing,
            position: 0.0,
            watched: 0.0,
            duration: 6000.0,
            started_at: START,
            at: START,
            client_at: START,
            lease_ends_at: START + crate::lease::LEASE,
            rental: None,
            rental_begun_at: None,
        }
    }

    fn kind(old: Option<&Session>, new: Option<&Session>) -> Option<String> {
        of(&World::system(), old, new).map(|event| event.kind)
    }

    #[test]
    fn every_change_of_a_live_session_is_told_once() {
        let now = START + time::Duration::seconds(30);
        let live = session();
        let beat = live.report(&PlayerReport { position: 30.0, state: PlayerState::Paused, client_time: None }, now);
        let replaced = Session { state: State::Replaced, version: 2, ..live.clone() };
        assert_eq!(kind(None, Some(&live)).as_deref(), Some(types::PLAYBACK_STARTED));
        assert_eq!(kind(Some(&live), Some(&beat)).as_deref(), Some(types::PLAYBACK_PROGRESSED));
        assert_eq!(kind(Some(&live), Some(&live.stop(None, now))).as_deref(), Some(types::PLAYBACK_STOPPED));
        assert_eq!(kind(Some(&live), Some(&replaced)).as_deref(), Some(types::PLAYBACK_STOPPED));
        assert_eq!(kind(Some(&live), Some(&live.kick(now))).as_deref(), Some(types::PLAYBACK_STOPPED));
        assert_eq!(kind(Some(&live), Some(&live.expire())).as_deref(), Some(types::PLAYBACK_EXPIRED));
        assert_eq!(kind(Some(&live), None).as_deref(), Some(types::PLAYBACK_EXPIRED));
        assert_eq!(kind(Some(&live.stop(None, now)), None), None, "an ended session may be forgotten");
        assert_eq!(kind(Some(&beat), Some(&beat)), None);
        let erased = Session { state: State::Erased, version: 2, ..live.clone() };
        assert_eq!((kind(Some(&live), Some(&erased)), kind(Some(&erased), None)), (None, None));
    }

    #[test]
    fn the_end_says_why() {
        let (live, world, now) = (session(), World::system(), START + time::Duration::seconds(30));
        let replaced = Session { state: State::Replaced, version: 2, ..live.clone() };
        for (next, state, reason) in [
            (
                live.report(&PlayerReport { position: 1.0, state: PlayerState::Paused, client_time: None }, now),
                "paused",
                "",
            ),
            (live.stop(None, now), "stopped", "stopped"),
            (replaced, "stopped", "replaced"),
            (live.kick(now), "stopped", "kicked"),
            (live.expire(), "expired", "expired"),
        ] {
            let told = of(&world, Some(&live), Some(&next)).unwrap();
            assert_eq!((told.data["state"].as_str(), told.data["reason"].as_str()), (Some(state), Some(reason)));
        }
    }

    /// What may happen to a session, each time decided on a state that may be stale and written by compare-and-swap of the version.
    #[derive(Debug, Clone, Copy)]
    enum Deed {
        Report,
        Stop,
        Kick,
        /// What the sweeper does, or a late report.
        Expire,
    }

    proptest! {
        /// Player, kicks and sweeper at once, in any order: one end, told once, and nothing after it.
        #[test]
        fn a_session_ends_once_whoever_ends_it(
            deeds in proptest::collection::vec((0usize..3, prop_oneof![3 => Just(Deed::Report), 1 => Just(Deed::Stop), 1 => Just(Deed::Kick), 1 => Just(Deed::Expire)], 0i64..100, any::<bool>()), 1..40)
        ) {
            let (mut stored, mut now) = (session(), START);
            let mut read = vec![stored.clone(); 3];
            let mut ends = Vec::new();
            for (writer, deed, seconds, reads_first) in deeds {
                now += time::Duration::seconds(seconds);
                if reads_first {
                    read[writer] = stored.clone();
                }
                let seen = read[writer].clone();
                let next = match (deed, seen.check_live(now)) {
                    (Deed::Report, Ok(())) => seen.report(&PlayerReport { position: 1.0, state: PlayerState::Playing, client_time: None }, now),
                    (Deed::Stop, Ok(())) => seen.stop(None, now),
                    (Deed::Kick, Ok(())) => seen.kick(now),
                    (_, Err(crate::session::Ended::Expired)) if seen.state.is_live() => seen.expire(),
                    _ => continue,
                };
                if stored.version + 1 == next.version {
                    let told = of(&World::system(), Some(&stored), Some(&next));
                    prop_assert_eq!(told.is_some(), stored.state.is_live());
                    ends.extend(told.filter(|_| !next.state.is_live()));
                    stored = next;
                }
                read[writer] = stored.clone();
            }
            prop_assert_eq!(ends.len(), usize::from(!stored.state.is_live()), "{:?}", ends);
        }
    }

    #[test]
    fn the_beginning_of_a_rental_is_told_once_and_always_the_same() {
        let (world, now) = (World::system(), START + time::Duration::seconds(30));
        let live = Session { rental: Some(kernel::PurchaseId::from_uuid(Uuid::from_u128(6))), ..session() };
        let report = PlayerReport { position: 0.0, state: PlayerState::Playing, client_time: None };
        let still = live.report(&report, now).on_rental(live.rental, &live);
        assert_eq!((rental(&world, None, Some(&live)), rental(&world, Some(&live), Some(&still))), (None, None));
        let later = now + time::Duration::seconds(30);
        let begun = still.report(&PlayerReport { position: 10.0, ..report }, later).on_rental(live.rental, &still);
        let told = rental(&world, Some(&still), Some(&begun)).unwrap();
        assert_eq!(rental(&World::system(), Some(&still), Some(&begun)), Some(told.clone()));
        assert_eq!(told.data["begun_at"], "2026-01-01T12:00:50Z");
        assert_ne!(Some(told.id), of(&world, Some(&still), Some(&begun)).map(|event| event.id));
        let after = later + time::Duration::seconds(30);
        let more = begun.report(&PlayerReport { position: 40.0, ..report }, after).on_rental(live.rental, &begun);
        assert_eq!((rental(&world, Some(&begun), Some(&more)), rental(&world, Some(&begun), None)), (None, None));
        assert_eq!(more.rental_begun_at, begun.rental_begun_at);
        let erased = Session { state: State::Erased, ..begun.clone() };
        assert_eq!(rental(&world, Some(&still), Some(&erased)), None);
    }

    #[test]
    fn the_same_change_gives_the_same_event() {
        let tell = |session: &Session| of(&World::system(), None, Some(session)).unwrap();
        let (first, second) = (tell(&session()), tell(&session()));
        assert_eq!(first, second);
        assert_eq!((first.sequence, first.subject.clone()), (1, session().id.to_string()));
        assert_ne!(first.id, tell(&Session { version: 2, ..session() }).id);
        // Removal and an explicit end are the same fact.
        let (live, world) = (session(), World::system());
        assert_eq!(of(&world, Some(&live), None), of(&world, Some(&live), Some(&live.expire())));
    }
}
