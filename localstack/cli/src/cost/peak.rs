//! A month and its busiest hour.

use anyhow::{Result, ensure};

use super::{
    assumptions::{Assumptions, FILE},
    decimal::ONE,
};

/// Numbers of a second are told in thousandths.
pub(super) const MILLI: u128 = 1_000;

/// How long a month is, how much more its busiest hour has, and how messages are polled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) month_seconds: u128,
    pub(super) month_hours: u128,
    /// Against the mean, in millionths.
    peak: u128,
    /// How long messages gather.
    pub(super) poll_us: u128,
    /// Of a queue.
    pub(super) pollers: u128,
    /// What a shard takes in a second.
    shard_records: u128,
}

impl Clock {
    /// As it is assumed.
    ///
    /// # Errors
    /// When a value is missing or is nothing.
    pub(super) fn of(assumptions: &Assumptions) -> Result<Self> {
        let month_hours = assumptions.value("hours_of_month")?.whole();
        ensure!(month_hours > 0, "{FILE}: values: hours_of_month is nothing");
        Ok(Self {
            month_seconds: month_hours * 3_600,
            month_hours,
            peak: assumptions.value("peak_factor")?.millionths(),
            poll_us: assumptions.value("poll")?.times(ONE),
            pollers: assumptions.value("pollers")?.whole().max(1),
            shard_records: assumptions.limit("shard_records")?.value.whole().max(1),
        })
    }

    /// Of a peak of twice the mean and with one poller.
    #[cfg(test)]
    pub(super) fn of_hours(month_hours: u128) -> Self {
        let month_seconds = month_hours * 3_600;
        Self { month_seconds, month_hours, peak: 2 * ONE, poll_us: ONE, pollers: 1, shard_records: 1_000 }
    }

    /// How many a second in the busiest hour, of so many in a month; in thousandths.
    pub(super) fn peak_milli(&self, of_month: u128) -> u128 {
        (of_month * self.peak * MILLI).div_ceil(self.month_seconds * ONE)
    }

    /// So many, as often as the busiest hour is above the mean; rounded up.
    pub(super) fn at_peak(&self, of_mean: u128) -> u128 {
        (of_mean * self.peak).div_ceil(ONE)
    }

    /// Each shard has one, and a shard takes so many records.
    pub(super) fn pollers_of_stream(&self, of_month: u128) -> u128 {
        self.peak_milli(of_month).div_ceil(self.shard_records * MILLI).max(1)
    }

    /// Little's law: how many calls are at work at once in the busiest hour, in thousandths.
    pub(super) fn at_once_milli(&self, calls_of_month: u128, duration_us: u128) -> u128 {
        (self.peak_milli(calls_of_month) * duration_us).div_ceil(ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn littles_law_is_that_of_a_hand() {
        let clock = Clock::of_hours(1);
        // 3,600,000 calls in an hour are 1,000 a second, at a peak of twice that 2,000; of 50 ms each 100 are at work.
        assert_eq!(clock.peak_milli(3_600_000), 2_000 * MILLI);
        assert_eq!(clock.at_once_milli(3_600_000, 50_000), 100 * MILLI);
    }

    #[test]
    fn a_shard_has_one_poller() {
        let clock = Clock::of_hours(1);
        assert_eq!(clock.pollers_of_stream(0), 1);
        assert_eq!(clock.pollers_of_stream(1_800_000), 1);
        assert_eq!(clock.pollers_of_stream(1_800_001), 2);
    }
}
