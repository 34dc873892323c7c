//! A playback session of somebody who is made up, and its events: the states that the streaming service tells and what the player measured.
//!
//! The ids follow from the session, so that whoever hears of it again counts it once.

use events::{Event, contracts::SampleKind};
use kernel::{AssetId, EventId, Id, PlaybackId, TitleId, World};
use proto::{player::Sample, streaming::Playback, types};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::viewers::{draw::bytes_of, viewer::Profile};

/// A player tells where it is every 30 s. Nobody counts these reports, so that fewer say the same for a fraction of the work.
const TOLD_EVERY_SECONDS: usize = 20 * 60;
/// A silent player is given up after so long: the lease of the streaming service.
const LEASE: Duration = Duration::seconds(90);

/// How an attempt to watch something began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// The picture moved.
    Played,
    /// The player gave up.
    Failed,
    /// The viewer did.
    Left,
}

/// How a session ended that has played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Stopped,
    /// The player fell silent.
    Silent,
    /// The player broke.
    Broken,
}

/// The picture stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stall {
    /// Where, in seconds from the beginning of the title.
    pub position: u32,
    pub lasted: Duration,
}

/// A playback session.
#[derive(Debug, Clone)]
pub(super) struct Session<'a> {
    pub profile: &'a Profile,
    pub title: TitleId,
    /// Of the title, in seconds.
    pub running_time: u32,
    /// Where it began and ended, in seconds from the beginning of the title.
    pub from: u32,
    pub until: u32,
    pub started_at: OffsetDateTime,
    /// Until the picture moved or somebody gave up.
    pub startup: Duration,
    pub start: Start,
    pub end: End,
    pub stall: Option<Stall>,
    pub bits_per_second: u32,
}

impl Session<'_> {
    fn id(&self) -> PlaybackId {
        let what = format!("{} {} {}", self.profile.id, self.title, self.started_at.unix_timestamp());
        PlaybackId::from_parts(self.started_at, bytes_of(&what))
    }

    /// When the picture was at a position, after a stall there.
    fn moment(&self, position: u32) -> OffsetDateTime {
        let stood = self.stall.filter(|stall| stall.position <= position).map_or(Duration::ZERO, |stall| stall.lasted);
        self.started_at + self.startup + Duration::seconds(i64::from(position.saturating_sub(self.from))) + stood
    }

    /// When the viewer was done with it; a silent player is noticed later.
    pub fn left_at(&self) -> OffsetDateTime {
        match self.start {
            Start::Played => self.moment(self.until),
            Start::Failed | Start::Left => self.started_at + self.startup,
        }
    }

    /// When its last event happened.
    pub fn ended_at(&self) -> OffsetDateTime {
        let is_silent = self.start == Start::Played && self.end == End::Silent;
        self.left_at() + if is_silent { LEASE } else { Duration::ZERO }
    }

    /// All that is told of it, in the order in which it happened.
    pub fn events(&self, world: &World) -> Vec<Event> {
        let mut events = self.states(world);
        events.extend(self.samples(world));
        // Of one moment the state of the session comes first.
        events.sort_by_key(|event| event.time);
        events
    }

    /// What the streaming service tells, one version after the other.
    fn states(&self, world: &World) -> Vec<Event> {
        let (from, end) = (self.from, self.ended_at());
        let mut told = vec![(types::PLAYBACK_STARTED, "playing", "", from, self.started_at)];
        if self.start == Start::Played {
            let reports = (from..self.until).step_by(TOLD_EVERY_SECONDS).skip(1);
            told.extend(reports.map(|at| (types::PLAYBACK_PROGRESSED, "playing", "", at, self.moment(at))));
        }
        let until = if self.start == Start::Played { self.until } else { from };
        if self.start == Start::Played && self.end == End::Silent {
            told.push((types::PLAYBACK_PROGRESSED, "playing", "", until, self.left_at()));
            told.push((types::PLAYBACK_EXPIRED, "expired", "expired", until, end));
        } else {
            told.push((types::PLAYBACK_STOPPED, "stopped", "stopped", until, end));
        }
        let states = (1_i64..).zip(told).map(|(version, (kind, state, reason, position, at))| {
            let data = Playback {
                state: state.to_owned(),
                reason: reason.to_owned(),
                position_seconds: f64::from(position),
                watched_seconds: f64::from(position - from),
                at: text(at),
                ..self.playback()
            };
            let event = Event::new(world, kind, self.id(), version, &data);
            Event { id: self.event_id(&version.to_string(), at), time: at, traceparent: None, ..event }
        });
        states.collect()
    }

    /// What stays the same in all of its states.
    fn playback(&self) -> Playback {
        Playback {
            session_id: self.id().to_string(),
            account_id: self.profile.account.to_string(),
            profile_id: self.profile.id.to_string(),
            title_id: self.title.to_string(),
            // A list of titles does not tell their films.
            asset_id: AssetId::derived(&self.title.to_string()).to_string(),
            device_id: self.profile.device.to_owned(),
            duration_seconds: f64::from(self.running_time),
            started_at: text(self.started_at),
            territory: self.profile.place.territory.to_owned(),
            ..Playback::default()
        }
    }

    /// What the player measured, as `POST /v1/events` puts it onto the stream. The path itself asks for a session's token, and takes what is older than
    /// a day for a wrong clock.
    fn samples(&self, world: &World) -> Vec<Event> {
        let (begun, waited) = (self.started_at + self.startup, self.startup.as_seconds_f64());
        let mut measured = match self.start {
            Start::Failed => vec![(SampleKind::StartFailure, 0.0, "manifest_timeout", self.from, begun)],
            Start::Left => vec![(SampleKind::ExitBeforeStart, waited, "", self.from, begun)],
            Start::Played => vec![
                (SampleKind::Startup, waited, "", self.from, begun),
                (SampleKind::Bitrate, f64::from(self.bits_per_second), "", self.from, begun),
            ],
        };
        if let Some(Stall { position, lasted }) = self.stall {
            measured.push((SampleKind::Rebuffer, lasted.as_seconds_f64(), "", position, self.moment(position)));
        }
        if self.start == Start::Played && self.end == End::Broken {
            measured.push((SampleKind::Error, 0.0, "media_decode", self.until, self.left_at()));
        }
        let samples = measured.into_iter().map(|(kind, value, code, position, at)| {
            let data = Sample {
                session_id: self.id().to_string(),
                title_id: self.title.to_string(),
                kind: kind.to_string(),
                value,
                code: code.to_owned(),
                position_seconds: f64::from(position),
                client_time: text(at),
                at: text(at),
            };
            let event = Event::new(world, types::PLAYER_SAMPLED, self.id(), 1, &data);
            Event { id: self.event_id(kind.as_str(), at), time: at, traceparent: None, ..event }
        });
        samples.collect()
    }

    fn event_id(&self, what: &str, at: OffsetDateTime) -> EventId {
        EventId::from_parts(at, bytes_of(&format!("{} {what}", self.id())))
    }
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use events::{PlayerSample, contracts::PlaybackChange};
    use time::macros::datetime;

    use super::*;
    use crate::viewers::{
        catalogue::{Catalogue, tests::works},
        viewer::profiles,
    };

    const START: OffsetDateTime = datetime!(2026-01-01 20:00 UTC);

    fn session(profile: &Profile) -> Session<'_> {
        Session {
            profile,
            title: TitleId::derived("a film"),
            running_time: 6_000,
            from: 600,
            until: 6_000,
            started_at: START,
            startup: Duration::milliseconds(1_500),
            start: Start::Played,
            end: End::Stopped,
            stall: Some(Stall { position: 2_000, lasted: Duration::seconds(4) }),
            bits_per_second: 3_000_000,
        }
    }

    fn somebody() -> Profile {
        profiles(1, 1, &Catalogue::new(works(400), 1)).remove(0)
    }

    /// What of a session's events is a state, read by the contract, as every consumer does.
    fn states(events: &[Event]) -> Vec<events::Playback> {
        let states = events.iter().filter(|event| event.kind != types::PLAYER_SAMPLED);
        states.map(|event| events::Playback::read(&Event::parse(event.json().as_bytes()).unwrap()).unwrap()).collect()
    }

    #[test]
    fn the_contracts_read_what_is_told_and_it_stays_in_order() {
        let somebody = somebody();
        let told = session(&somebody).events(&World::system());
        let states = states(&told);
        let sequences: Vec<i64> = states.iter().map(|state| state.sequence).collect();
        assert_eq!(sequences, [1, 2, 3, 4, 5, 6], "begun, four reports, stopped");
        assert!(states.windows(2).all(|pair| pair[0].at <= pair[1].at && pair[0].watched_ms < pair[1].watched_ms));
        assert!(told.windows(2).all(|pair| pair[0].time <= pair[1].time));
        let last = &states[5];
        assert_eq!((last.position_ms, last.watched_ms, last.duration_ms), (6_000_000, 5_400_000, 6_000_000));
        assert_eq!((last.change, last.at), (PlaybackChange::Stopped, START + Duration::milliseconds(5_405_500)));
        assert!(states.iter().all(|state| state.started_at == START && state.account == somebody.account));
        let samples = told.iter().filter(|event| event.kind == types::PLAYER_SAMPLED);
        let samples: Vec<_> = samples.map(|event| PlayerSample::read(event).unwrap()).collect();
        let measured: Vec<_> = samples.iter().map(|sample| (sample.kind, sample.value)).collect();
        assert_eq!(
            measured,
            [(SampleKind::Startup, 1.5), (SampleKind::Bitrate, 3_000_000.0), (SampleKind::Rebuffer, 4.0)]
        );
        assert!(samples.iter().all(|sample| sample.session == last.session && sample.title == last.title));
    }

    #[test]
    fn the_same_session_tells_the_same_and_another_moment_is_another_session() {
        let somebody = somebody();
        let tell = |session: &Session<'_>| session.events(&World::system());
        let (first, later) = (session(&somebody), START + Duration::MINUTE);
        assert_eq!(tell(&first), tell(&first));
        let ids: std::collections::BTreeSet<EventId> = tell(&first).iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), tell(&first).len());
        assert_ne!(first.id(), Session { started_at: later, ..first.clone() }.id());
    }

    #[test]
    fn ends_and_starts_that_fail_are_told_as_such() {
        let (somebody, world) = (somebody(), World::system());
        let silent = Session { end: End::Silent, ..session(&somebody) };
        let told = states(&silent.events(&world));
        let last = &told[told.len() - 1];
        assert_eq!((last.change, last.at), (PlaybackChange::Expired, silent.left_at() + LEASE));
        assert_eq!(silent.ended_at(), last.at);
        for start in [Start::Failed, Start::Left] {
            let failed = Session { start, stall: None, ..session(&somebody) };
            let told = states(&failed.events(&world));
            let [begun, ended] = &told[..] else { panic!("{told:?}") };
            assert_eq!((begun.position_ms, ended.position_ms, ended.watched_ms), (600_000, 600_000, 0));
            assert_eq!((ended.change, ended.at), (PlaybackChange::Stopped, failed.ended_at()));
        }
    }
}
