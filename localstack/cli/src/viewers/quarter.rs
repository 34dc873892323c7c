//! What somebody watches in a quarter: 91 days, counted from 1970, that follow from the person and the catalogue alone.
//!
//! Whoever asks for the last days at another moment, or for more of them, gets other pieces of the same quarters. What was begun is forgotten
//! at the end of one.

use std::{collections::BTreeSet, ops::RangeInclusive};

use simulation::Chance;
use time::{Duration, OffsetDateTime};

use crate::viewers::{
    catalogue::{Catalogue, Liking, Part},
    draw::{chance_of, weighted},
    session::{End, Session, Stall, Start},
    viewer::Profile,
};

const DAYS: i64 = 91;
const DAY_SECONDS: i64 = 86_400;
/// When people begin to watch, by the clock where they live: the evening is the peak.
const HOURS: [u64; 24] = [4, 2, 1, 1, 1, 1, 2, 3, 3, 3, 3, 4, 6, 6, 6, 7, 8, 12, 20, 34, 46, 44, 28, 12];
/// So many more of a hundred on Saturdays and Sundays.
const MORE_AT_WEEKENDS: u64 = 20;
/// Titles or parts of one evening, at most.
const MOST_IN_A_ROW: usize = 4;
/// After something was watched, another one follows in so many of a hundred cases;
const ANOTHER_PERCENT: u64 = 40;
/// and what was begun is gone on with in so many, else it is given up.
const GOES_ON_PERCENT: u64 = 85;
/// Of those who do not watch to the end so many leave at once: within the first tenth. They do not come back.
const EARLY_PERCENT: u64 = 45;
/// Of a thousand attempts.
const FAILED_STARTS: u64 = 3;
const LEFT_BEFORE_START: u64 = 10;
/// Of a thousand sessions that played.
const BROKEN: u64 = 2;
const SILENT: u64 = 30;
const STALLED: u64 = 40;
/// Bits per second.
const RENDITIONS: [u32; 4] = [800_000, 1_600_000, 3_000_000, 5_000_000];
const SHARES_OF_RENDITIONS: [u64; 4] = [8, 22, 40, 30];
/// How often somebody looks for something that they do not know yet.
const ATTEMPTS_TO_CHOOSE: usize = 8;

/// The quarters in which something of a time may lie: somebody's evening may be another day here, and last until the next.
pub(super) fn between(from: OffsetDateTime, until: OffsetDateTime) -> RangeInclusive<i64> {
    let number = |moment: OffsetDateTime| moment.unix_timestamp().div_euclid(DAYS * DAY_SECONDS);
    number(from - Duration::DAY)..=number(until + Duration::DAY)
}

/// All that somebody watches in a quarter, in order.
pub(super) fn sessions<'a>(catalogue: &'a Catalogue, profile: &'a Profile, quarter: i64) -> Vec<Session<'a>> {
    let chance = chance_of(&format!("{} {quarter}", profile.id));
    let begins = OffsetDateTime::UNIX_EPOCH + Duration::days(quarter * DAYS);
    let (known, sessions) = (BTreeSet::new(), Vec::new());
    let mut watching =
        Watching { catalogue, profile, chance, known, begun: None, free_at: begins - Duration::DAY, sessions };
    (0..DAYS).for_each(|day| watching.day(begins + Duration::days(day)));
    watching.sessions
}

/// Where somebody is in something.
#[derive(Debug, Clone, Copy)]
struct Bookmark {
    /// Places in the catalogue.
    work: usize,
    part: usize,
    /// Seconds from the beginning of the title; `None`: the beginning of the part.
    position: Option<u32>,
    liking: Liking,
}

/// Somebody in the middle of a quarter.
struct Watching<'a> {
    catalogue: &'a Catalogue,
    profile: &'a Profile,
    chance: Chance,
    /// Places of works that were begun.
    known: BTreeSet<usize>,
    /// What will be gone on with.
    begun: Option<Bookmark>,
    /// Nobody watches two things at once.
    free_at: OffsetDateTime,
    sessions: Vec<Session<'a>>,
}

impl<'a> Watching<'a> {
    /// A day that begins in UTC at `midnight`; the person's own begins when their clocks say so.
    fn day(&mut self, midnight: OffsetDateTime) {
        let is_weekend = midnight.weekday().number_days_from_monday() >= 5;
        let evenings = self.profile.evenings + if is_weekend { MORE_AT_WEEKENDS } else { 0 };
        if !self.chance.percent(evenings) {
            return;
        }
        let hour = weighted(&HOURS, &mut self.chance) as i64;
        let into_the_hour = self.chance.between(Duration::ZERO, Duration::HOUR);
        let drawn = midnight + Duration::hours(hour - self.profile.place.ahead_hours) + into_the_hour;
        self.free_at = self.free_at.max(drawn);
        for _ in 0..MOST_IN_A_ROW {
            let Some(bookmark) = self.choose() else { return };
            self.watch(bookmark);
            if !self.chance.percent(ANOTHER_PERCENT) {
                return;
            }
        }
    }

    /// What was begun, or something new; `None` where there is nothing new.
    fn choose(&mut self) -> Option<Bookmark> {
        let begun = self.begun.take();
        if begun.is_some() && self.chance.percent(GOES_ON_PERCENT) {
            return begun;
        }
        for _ in 0..ATTEMPTS_TO_CHOOSE {
            let (work, liking) = self.catalogue.choose(self.profile.taste, &mut self.chance)?;
            if self.known.insert(work) {
                return Some(Bookmark { work, part: 0, position: None, liking });
            }
        }
        None
    }

    /// Watches a part, or some of it, and remembers where to go on.
    fn watch(&mut self, bookmark: Bookmark) {
        let catalogue = self.catalogue;
        let Some(part) = catalogue.part(bookmark.work, bookmark.part) else { return };
        let from = bookmark.position.unwrap_or(part.begins);
        let until = self.leaves_at(part, from, bookmark.liking);
        let session = self.session(part, from, until);
        self.free_at = session.ended_at() + self.chance.between(Duration::MINUTE, Duration::minutes(10));
        self.begun = match session.start {
            Start::Played => self.next(bookmark, part, until),
            Start::Failed | Start::Left => Some(bookmark),
        };
        self.sessions.push(session);
    }

    /// Where somebody stops who has begun at `from`: what is liked is watched to the end, or to the credits.
    fn leaves_at(&mut self, part: &Part, from: u32, liking: Liking) -> u32 {
        let to_the_end = match liking {
            Liking::Much => 85,
            Liking::Some => 70,
            Liking::Little => 40,
        };
        let percent = if self.chance.percent(to_the_end) {
            95 + self.chance.below(6)
        } else if self.chance.percent(EARLY_PERCENT) {
            1 + self.chance.below(9)
        } else {
            10 + self.chance.below(60)
        };
        let left = u64::from(part.ends.saturating_sub(from)) * percent / 100;
        from + u32::try_from(left).unwrap_or_default().max(1)
    }

    /// Where to go on after `until`: in the next part, or where it was left. Nowhere when all was seen, or it was left at once.
    fn next(&self, bookmark: Bookmark, part: &Part, until: u32) -> Option<Bookmark> {
        let length = u64::from(part.ends - part.begins);
        let seen = u64::from(until.saturating_sub(part.begins)) * 100;
        if seen >= length * 90 {
            let following = Bookmark { part: bookmark.part + 1, position: None, ..bookmark };
            self.catalogue.part(following.work, following.part).map(|_| following)
        } else if seen >= length * 10 {
            Some(Bookmark { position: Some(until), ..bookmark })
        } else {
            None
        }
    }

    fn session(&mut self, part: &Part, from: u32, until: u32) -> Session<'a> {
        let start = match self.chance.below(1_000) {
            drawn if drawn < FAILED_STARTS => Start::Failed,
            drawn if drawn < FAILED_STARTS + LEFT_BEFORE_START => Start::Left,
            _ => Start::Played,
        };
        let startup = match start {
            Start::Played => self.milliseconds(300, 2_700),
            Start::Failed => self.milliseconds(10_000, 10_000),
            Start::Left => self.milliseconds(3_000, 12_000),
        };
        let end = match self.chance.below(1_000) {
            // What breaks does so before the end.
            drawn if drawn < BROKEN && until < part.ends => End::Broken,
            drawn if drawn < BROKEN + SILENT => End::Silent,
            _ => End::Stopped,
        };
        let is_stalled = self.chance.below(1_000) < STALLED && start == Start::Played;
        let stall = is_stalled.then(|| self.stall(from, until));
        let bits_per_second = RENDITIONS[weighted(&SHARES_OF_RENDITIONS, &mut self.chance)];
        let (profile, title, running_time, started_at) = (self.profile, part.title, part.running_time, self.free_at);
        Session { profile, title, running_time, from, until, started_at, startup, start, end, stall, bits_per_second }
    }

    fn stall(&mut self, from: u32, until: u32) -> Stall {
        let into = self.chance.below(u64::from(until - from));
        let position = from + u32::try_from(into).unwrap_or_default();
        Stall { position, lasted: self.milliseconds(500, 7_500) }
    }

    /// From `least` to below `span` more.
    fn milliseconds(&mut self, least: i64, span: u64) -> Duration {
        Duration::milliseconds(least + i64::try_from(self.chance.below(span)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
