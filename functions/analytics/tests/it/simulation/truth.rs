//! What figures have to be: plain arithmetic over what people did, by code that knows nothing of the service's own.

use std::collections::{BTreeMap, BTreeSet};

use kernel::TitleId;
use time::{OffsetDateTime, macros::datetime};

use super::people::{Film, Forgotten, Paid, Watching};
use crate::fixture::Row;

/// Later than everything.
pub const END: OffsetDateTime = datetime!(2100-01-01 0:00 UTC);
/// Length of a part of a film, in milliseconds.
const PART_MS: u64 = 10_000;

/// Everything that happened.
#[derive(Default)]
pub struct Truth {
    pub watchings: Vec<Watching>,
    pub payments: Vec<Paid>,
    pub forgotten: Vec<Forgotten>,
}

/// What players measured, over all sessions.
#[derive(Debug, PartialEq, Eq)]
pub struct Measured {
    pub attempts: u64,
    pub plays: u64,
    pub start_failures: u64,
    pub exits_before_start: u64,
    pub startup_ms: Option<(u64, u64)>,
    pub playback_failures: u64,
    pub rebuffers: u64,
    pub rebuffer_ms: u64,
    pub played_ms: u64,
    pub mean_bitrate: Option<u64>,
}

fn seconds(moment: OffsetDateTime) -> u32 {
    u32::try_from(moment.unix_timestamp()).unwrap()
}

/// The smallest of them that so many percent do not exceed.
fn nearest_rank(sorted: &[u64], percent: usize) -> u64 {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

impl Truth {
    /// What nobody wanted forgotten.
    pub fn kept(&self) -> impl Iterator<Item = &Watching> {
        self.watchings.iter().filter(|watching| !self.forgotten.iter().any(|forgotten| forgotten.covers(watching)))
    }

    /// The roll-up of some sessions over spans of so many seconds, as they were at a moment.
    pub fn rows<'a>(watchings: impl Iterator<Item = &'a Watching>, span: u32, moment: OffsetDateTime) -> Vec<Row> {
        let mut figures: BTreeMap<(u32, String), (Row, BTreeSet<String>)> = BTreeMap::new();
        for watching in watchings.filter(|watching| watching.started_at <= moment) {
            let key = (seconds(watching.started_at) / span * span, watching.title.to_string());
            let empty = || ((key.0, key.1.clone(), 0, 0, 0, 0, 0), BTreeSet::new());
            let (row, viewers) = figures.entry(key.clone()).or_insert_with(empty);
            let figures = watching.by(moment);
            row.2 += 1;
            row.5 += figures.watched_ms;
            if figures.is_view() {
                row.3 += 1;
                viewers.insert(watching.profile.to_string());
            }
            row.6 += u64::from(figures.is_completed());
            row.4 = viewers.len() as u64;
        }
        figures.into_values().map(|(row, _)| row).collect()
    }

    /// Of a film as a whole: starts, views, viewers, milliseconds, completed.
    pub fn totals(&self, film: &Film) -> (u64, u64, u64, u64, u64) {
        let all = Self::rows(self.kept().filter(|watching| watching.title == film.id), u32::MAX, END);
        all.first().map_or((0, 0, 0, 0, 0), |row| (row.2, row.3, row.4, row.5, row.6))
    }

    /// How many sessions played anything of a film, and how many something of each part.
    pub fn retention(&self, title: TitleId) -> (u64, Vec<u64>) {
        let (mut sessions, mut parts) = (0, Vec::new());
        for watching in self.kept().filter(|watching| watching.title == title && watching.watched_ms() > 0) {
            sessions += 1;
            let seen: BTreeSet<u64> = watching
                .played
                .iter()
                .flat_map(|(from, to)| (*from..*to).step_by(1_000).chain([to - 1]))
                .map(|ms| ms / PART_MS)
                .collect();
            for part in seen {
                let part = usize::try_from(part).unwrap();
                parts.resize(parts.len().max(part + 1), 0);
                parts[part] += 1;
            }
        }
        (sessions, parts)
    }

    pub fn quality(&self) -> Measured {
        let all: Vec<&Watching> = self.kept().collect();
        let count = |is: fn(&Watching) -> bool| all.iter().filter(|watching| is(watching)).count() as u64;
        let mut startups: Vec<u64> = all.iter().filter_map(|watching| watching.startup_ms).collect();
        startups.sort_unstable();
        let percentiles = (!startups.is_empty()).then(|| (nearest_rank(&startups, 50), nearest_rank(&startups, 95)));
        let rates = || all.iter().flat_map(|watching| &watching.rates);
        let rated_ms: u64 = rates().map(|(_, ms)| ms).sum();
        let bits: u64 = rates().map(|(rate, ms)| u64::from(*rate) * ms).sum();
        Measured {
            attempts: all.len() as u64,
            plays: count(|watching| watching.startup_ms.is_some()),
            start_failures: count(|watching| watching.has_failed),
            exits_before_start: count(|watching| watching.has_left),
            startup_ms: percentiles,
            playback_failures: count(|watching| watching.has_broken),
            rebuffers: all.iter().map(|watching| watching.stalls.len() as u64).sum(),
            rebuffer_ms: all.iter().flat_map(|watching| &watching.stalls).sum(),
            played_ms: all.iter().map(|watching| watching.watched_ms()).sum(),
            mean_bitrate: (rated_ms > 0).then(|| bits / rated_ms),
        }
    }

    /// Of each currency what came in and what went back from a moment until another.
    pub fn money(&self, from: OffsetDateTime, until: OffsetDateTime) -> BTreeMap<&str, (i64, i64)> {
        let within = |at: &OffsetDateTime| (from..until).contains(at);
        let mut money: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
        for paid in &self.payments {
            if within(&paid.at) {
                money.entry(paid.currency).or_default().0 += paid.net;
            }
            for (_, back) in paid.back.iter().filter(|(at, _)| within(at)) {
                money.entry(paid.currency).or_default().1 += back;
            }
        }
        money
    }

    /// Of each holder what was played of their films in sessions that began from a moment until another: what nobody wanted forgotten, and all of it.
    pub fn royalties(
        &self,
        films: &[Film],
        from: OffsetDateTime,
        until: OffsetDateTime,
    ) -> BTreeMap<String, (u64, u64)> {
        let mut holders: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for watching in self.watchings.iter().filter(|watching| (from..until).contains(&watching.started_at)) {
            let film = films.iter().find(|film| film.id == watching.title).unwrap();
            let holder = film.holders.iter().rfind(|(since, _)| *since < until).map(|(_, holder)| holder.clone());
            let share = holders.entry(holder.unwrap_or_default()).or_default();
            share.1 += watching.watched_ms();
            if !self.forgotten.iter().any(|forgotten| forgotten.covers(watching)) {
                share.0 += watching.watched_ms();
            }
        }
        holders
    }
}
