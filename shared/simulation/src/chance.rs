//! Chance that repeats itself.

use time::Duration;

/// Numbers that follow from a seed (splitmix64); never for secrets.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same numbers for the same seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The bias of a remainder is below 2^-32 for the bounds of a simulation.
        if bound == 0 { 0 } else { self.next() % bound }
    }

    /// Whether something happens that happens in `percent` of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, several: &'a [T]) -> Option<&'a T> {
        let place = self.below(several.len() as u64);
        several.get(usize::try_from(place).unwrap_or_default())
    }

    /// A time of whole seconds from `least` to below `most`.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        let span = u64::try_from((most - least).whole_seconds()).unwrap_or_default();
        least + Duration::seconds(i64::try_from(self.below(span)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_is_one_history() {
        let numbers = |seed| {
            let mut chance = Chance::new(seed);
            (0..100).map(|_| chance.below(1_000)).collect::<Vec<_>>()
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }

    #[test]
    fn bounds_hold() {
        let mut chance = Chance::new(1);
        for _ in 0..1_000 {
            assert!(chance.below(3) < 3);
            let wait = chance.between(Duration::HOUR, Duration::DAY);
            assert!((Duration::HOUR..Duration::DAY).contains(&wait));
        }
        assert!((0..1_000).filter(|_| chance.percent(30)).count().abs_diff(300) < 100);
        assert_eq!(chance.pick::<u8>(&[]), None);
    }
}
