//! Objectives of quality, and when their error budgets burn too fast: several windows and rates, as the SRE workbook of Google (chapter 5) has them.

use std::time::Duration;

use crate::store::alerts::Heard;

/// Fewer sessions in the long window say nothing.
const FEWEST_SESSIONS: u64 = 20;
const MINUTE: u64 = 60;

/// What should go well for nearly all sessions.
#[derive(Debug, Clone, Copy)]
pub struct Objective {
    /// Its name in logs and in the table `alerts`.
    pub name: &'static str,
    /// Of so many sessions in ten thousand it may go wrong.
    pub budget: u64,
    count: fn(&Heard) -> (u64, u64),
}

/// All objectives.
pub const OBJECTIVES: [Objective; 3] = [
    Objective { name: "starts", budget: 50, count: |heard| (heard.start_failures, heard.starts) },
    Objective { name: "playback", budget: 50, count: |heard| (heard.failures, heard.sessions) },
    Objective { name: "stalls", budget: 500, count: |heard| (heard.stalled, heard.sessions) },
];

/// A budget of 30 days that burns so many times too fast, seen over a long window and, so that it ends soon after its cause, a short one.
struct Burn {
    long: Duration,
    short: Duration,
    tenths: u64,
}

const BURNS: [Burn; 2] = [
    // 2 % of the budget in an hour.
    Burn { long: Duration::from_secs(60 * MINUTE), short: Duration::from_secs(5 * MINUTE), tenths: 144 },
    // 5 % of the budget in six hours.
    Burn { long: Duration::from_secs(360 * MINUTE), short: Duration::from_secs(30 * MINUTE), tenths: 60 },
];

/// Every window that is looked at, shortest first.
pub fn windows() -> [Duration; 4] {
    let [fast, slow] = BURNS;
    [fast.short, slow.short, fast.long, slow.long]
}

impl Objective {
    /// Whether its budget burns too fast, by what was heard in [`windows`].
    pub fn is_burning(self, heard: &[(Duration, Heard)]) -> bool {
        let rate = |window: Duration, fewest: u64, tenths: u64| {
            let counted = heard.iter().find(|(known, _)| *known == window).map(|(_, heard)| (self.count)(heard));
            let Some((bad, all)) = counted.filter(|(_, all)| *all >= fewest.max(1)) else { return false };
            // bad / all >= tenths / 10 * budget / 10,000
            u128::from(bad) * 100_000 >= u128::from(all) * u128::from(tenths) * u128::from(self.budget)
        };
        BURNS.iter().any(|burn| rate(burn.long, FEWEST_SESSIONS, burn.tenths) && rate(burn.short, 1, burn.tenths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(bad: u64, all: u64) -> Heard {
        Heard { start_failures: bad, starts: all, ..Heard::default() }
    }

    #[test]
    fn a_budget_burns_where_both_windows_agree() {
        let [five, thirty, hour, six_hours] = windows();
        let calm = || starts(0, 1_000);
        let [objective, ..] = OBJECTIVES;
        let burning = |short, half, long, longest| {
            objective.is_burning(&[(five, short), (thirty, half), (hour, long), (six_hours, longest)])
        };
        // 14.4 times 0.5 % is 7.2 %.
        assert!(burning(starts(8, 100), calm(), starts(72, 1_000), calm()));
        assert!(!burning(starts(8, 100), calm(), starts(71, 1_000), calm()), "not long enough");
        assert!(!burning(starts(0, 100), calm(), starts(72, 1_000), calm()), "over");
        assert!(!burning(starts(0, 0), calm(), starts(72, 1_000), calm()), "nobody tells of it");
        assert!(burning(calm(), starts(3, 100), calm(), starts(30, 1_000)), "slowly");
        assert!(!burning(starts(1, 1), starts(1, 1), starts(19, 19), starts(19, 19)), "too few");
    }
}
