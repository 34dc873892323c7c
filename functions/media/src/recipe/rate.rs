//! Frame rates: exact rationals, and the eight of them that a film may be encoded at.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A frame rate as an exact fraction of frames per second, written `24000/1001`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Rate {
    num: u32,
    den: u32,
}

/// A text that is not a positive fraction.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a frame rate such as 24000/1001")]
pub struct RateError(String);

/// What counts as "the same rate": phones record 30.3 where they promise 30, and millisecond clocks report 29.94.
const TOLERANCE: f64 = 0.03;
/// What counts as "a whole multiple": less than the thousandth between 23.976 and 24.
const WHOLE_TOLERANCE: f64 = 0.0004;

impl Rate {
    /// The rates a film may be encoded at. Two seconds of each are a whole number of frames.
    pub const ACCEPTED: [Rate; 8] = [
        Rate::new(24_000, 1001),
        Rate::new(24, 1),
        Rate::new(25, 1),
        Rate::new(30_000, 1001),
        Rate::new(30, 1),
        Rate::new(50, 1),
        Rate::new(60_000, 1001),
        Rate::new(60, 1),
    ];

    /// `num/den` frames per second; the denominator must not be zero.
    pub const fn new(num: u32, den: u32) -> Rate {
        Rate { num, den }
    }

    /// The accepted rate that shows a source of `observed` frames per second best.
    ///
    /// In this order: the nearest within three percent; the lowest that repeats every frame equally often (12.5 → 25);
    /// the lowest that loses no frame (48 → 50); above 60, the highest that drops frames evenly (100 → 50), else 60.
    pub fn nearest(observed: f64) -> Rate {
        let accepted = Self::ACCEPTED;
        let closest = accepted.into_iter().min_by(|a, b| a.distance(observed).total_cmp(&b.distance(observed)));
        if let Some(closest) = closest.filter(|rate| rate.distance(observed) <= TOLERANCE) {
            return closest;
        }
        let is_whole = |ratio: f64| ratio >= 1.5 && (ratio - ratio.round()).abs() <= WHOLE_TOLERANCE * ratio;
        let fast = accepted.iter().rev().filter(|rate| rate.per_second() >= 50.0);
        (accepted.iter().find(|rate| is_whole(rate.per_second() / observed)))
            .or_else(|| accepted.iter().find(|rate| rate.per_second() >= observed))
            .or_else(|| fast.into_iter().find(|rate| is_whole(observed / rate.per_second())))
            .copied()
            .unwrap_or(Rate::new(60, 1))
    }

    fn distance(self, observed: f64) -> f64 {
        (self.per_second() - observed).abs() / self.per_second()
    }

    /// Frames per second.
    pub fn per_second(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// Frames of a group of pictures: two seconds, rounded to whole frames.
    pub fn gop_frames(self) -> u64 {
        (2 * u64::from(self.num) + u64::from(self.den) / 2) / u64::from(self.den)
    }

    /// How long `frames` last, in seconds.
    pub fn seconds(self, frames: u64) -> f64 {
        frames as f64 * f64::from(self.den) / f64::from(self.num)
    }

    /// How many whole frames fit `seconds` best.
    pub fn frames(self, seconds: f64) -> u64 {
        (seconds * self.per_second()).round().max(0.0) as u64
    }

    /// Whether `frames` last exactly `ticks` of a clock with `timescale` ticks per second.
    pub fn is_exactly(self, frames: u64, ticks: u64, timescale: u32) -> bool {
        u128::from(frames) * u128::from(self.den) * u128::from(timescale) == u128::from(ticks) * u128::from(self.num)
    }

    /// The numerator and the denominator.
    pub const fn parts(self) -> (u32, u32) {
        (self.num, self.den)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let (num, den) = text.split_once('/').unwrap_or((text, "1"));
        match (num.parse(), den.parse()) {
            (Ok(num), Ok(den)) if num > 0 && den > 0 => Ok(Rate { num, den }),
            _ => Err(RateError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(text: String) -> Result<Rate, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_sources_keep_their_rate() {
        for (observed, expected) in [
            (24.0, "24/1"),
            (23.976, "24000/1001"),
            (23.98, "24000/1001"),
            (25.0, "25/1"),
            (29.97, "30000/1001"),
            (30.0, "30/1"),
            (50.0, "50/1"),
            (59.94, "60000/1001"),
            (60.0, "60/1"),
        ] {
            assert_eq!(Rate::nearest(observed).to_string(), expected, "{observed}");
        }
    }

    #[test]
    fn unusual_sources_lose_as_little_as_possible() {
        for (observed, expected) in [
            (12.0, "24/1"),
            (12.5, "25/1"),
            (15.0, "30/1"),
            (10.0, "30/1"),
            (48.0, "50/1"),
            (58.0, "60000/1001"),
            (30.3, "30/1"),
            (25.2, "25/1"),
            (90.0, "60/1"),
            (100.0, "50/1"),
            (119.88, "60000/1001"),
            (120.0, "60/1"),
            (144.0, "60/1"),
            (240.0, "60/1"),
            (27.0, "30000/1001"),
            (1000.0, "50/1"),
            (77.0, "60/1"),
        ] {
            assert_eq!(Rate::nearest(observed).to_string(), expected, "{observed}");
        }
    }

    /// Every rate from 1 to 240 in hundredths.
    #[test]
    fn no_motion_is_lost_that_an_accepted_rate_could_show() {
        for observed in (100..=24_000).map(|hundredths| f64::from(hundredths) / 100.0) {
            let shown = Rate::nearest(observed).per_second();
            let nearest = Rate::ACCEPTED.map(|rate| rate.distance(observed)).into_iter().fold(f64::MAX, f64::min);
            match nearest {
                near if near <= 0.03 => assert!((shown - observed).abs() <= 0.0301 * shown, "{observed} → {shown}"),
                _ if observed > 60.0 => assert!(shown >= 50.0, "{observed} → {shown}"),
                _ => assert!(shown >= observed, "{observed} → {shown}"),
            }
        }
    }

    proptest! {
        #[test]
        fn two_seconds_are_whole_frames(index in 0usize..8, gops in 0u64..20_000) {
            let rate = Rate::ACCEPTED[index];
            let frames = gops * rate.gop_frames();
            prop_assert!((rate.seconds(frames) - gops as f64 * rate.seconds(rate.gop_frames())).abs() < 1e-6);
            prop_assert!((rate.seconds(rate.gop_frames()) - 2.0).abs() < 0.003);
            prop_assert_eq!(rate.frames(rate.seconds(frames)), frames);
        }

        #[test]
        fn any_observation_has_a_rate(observed in 0.001f64..10_000.0) {
            prop_assert!(Rate::ACCEPTED.contains(&Rate::nearest(observed)));
        }
    }
}
