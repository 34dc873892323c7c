//! A transport that loses, repeats, delays and so reorders what it carries.

use time::{Duration, OffsetDateTime};

use crate::{Agenda, Chance};

/// How badly something is carried.
#[derive(Debug, Clone, Copy)]
pub struct Transport {
    /// Of a hundred messages so many never arrive.
    pub lost_percent: u64,
    /// Of a hundred that arrive so many arrive once more; of these again, and so on.
    pub repeated_percent: u64,
    /// Each copy arrives within this time.
    pub latest: Duration,
}

impl Transport {
    /// Sends something now: each of its copies is on the agenda.
    pub fn send<T: Clone>(&self, agenda: &mut Agenda<T>, now: OffsetDateTime, what: &T, chance: &mut Chance) {
        if chance.percent(self.lost_percent) {
            return;
        }
        loop {
            agenda.add(now + chance.between(Duration::SECOND, self.latest), what.clone(), chance);
            if !chance.percent(self.repeated_percent.min(90)) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn some_are_lost_some_are_repeated_and_none_is_late() {
        let now = datetime!(2027-01-01 00:00 UTC);
        let transport = Transport { lost_percent: 20, repeated_percent: 30, latest: Duration::HOUR };
        let (mut agenda, mut chance) = (Agenda::default(), Chance::new(3));
        for number in 0..1_000 {
            transport.send(&mut agenda, now, &number, &mut chance);
        }
        let arrived: Vec<(OffsetDateTime, i32)> = std::iter::from_fn(|| agenda.pop()).collect();
        let distinct: std::collections::BTreeSet<_> = arrived.iter().map(|(_, number)| number).collect();
        assert!((750..850).contains(&distinct.len()), "{}", distinct.len());
        assert!(arrived.len() > distinct.len() + 200);
        assert!(arrived.iter().all(|(at, _)| *at > now && *at <= now + Duration::HOUR));
        assert!(arrived.windows(2).any(|pair| pair[0].1 > pair[1].1), "nothing is reordered");
    }
}
