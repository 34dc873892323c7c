//! Availability windows: valid one by one, and never two for the same place, plan and moment.

use kernel::policy::Window;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::violation::{InvalidDraft, Violation};

/// Most windows of a title.
pub const MOST: usize = 100;
const MOST_PLANS: usize = 20;
const LONGEST_PLAN: usize = 40;
/// Times outside these years are typing errors; every engine can store those inside.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2200;

/// Everything that is wrong, with pointers into the list.
pub fn violations(windows: &[Window]) -> Vec<Violation> {
    if windows.len() > MOST {
        return vec![Violation::new("", format!("must have at most {MOST} windows"))];
    }
    let mut found = Vec::new();
    for (at, window) in windows.iter().enumerate() {
        found.extend(alone(window).into_iter().map(|violation| violation.below(&format!("/{at}"))));
        if let Some(other) = windows[..at].iter().position(|earlier| overlap(earlier, window)) {
            let reason = format!("overlaps with window {other} in time, territory and plan");
            found.push(Violation::new(format!("/{at}"), reason));
        }
    }
    found
}

/// All windows of a title in their stored form.
///
/// # Errors
/// Everything that is wrong, with pointers below `/windows`.
pub fn checked(windows: Vec<Window>) -> Result<Vec<Window>, InvalidDraft> {
    let found = violations(&windows).into_iter().map(|violation| violation.below("/windows"));
    InvalidDraft::unless_empty(found.collect())?;
    Ok(windows.into_iter().map(normalise).collect())
}

fn alone(window: &Window) -> Vec<Violation> {
    let mut found = Vec::new();
    for (name, time) in [("/from", window.from), ("/until", window.until)] {
        if time.is_some_and(|time| !is_plausible(time)) {
            found.push(Violation::new(name, "must lie between 1900 and 2200"));
        }
    }
    if window.from.zip(window.until).is_some_and(|(from, until)| from >= until) {
        found.push(Violation::new("/until", "must be after from"));
    }
    let is_word =
        |plan: &String| (1..=LONGEST_PLAN).contains(&plan.len()) && plan.bytes().all(|byte| byte.is_ascii_graphic());
    if window.plans.len() > MOST_PLANS || !window.plans.iter().all(is_word) {
        found.push(Violation::new("/plans", format!("must be at most {MOST_PLANS} keys of plans")));
    }
    found
}

/// Whether a time can be stored and meant.
pub fn is_plausible(time: OffsetDateTime) -> bool {
    YEARS.contains(&time.year())
}

/// Whether there are a moment, a territory and a plan that both cover.
pub fn overlap(one: &Window, other: &Window) -> bool {
    fn share<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.is_empty() || other.is_empty() || one.iter().any(|item| other.contains(item))
    }
    let begins_before_end =
        |one: &Window, other: &Window| one.from.zip(other.until).is_none_or(|(from, until)| from < until);
    begins_before_end(one, other)
        && begins_before_end(other, one)
        && share(&one.territories, &other.territories)
        && share(&one.plans, &other.plans)
}

/// In UTC and whole milliseconds, the precision at which every surface decides.
pub fn normalise(window: Window) -> Window {
    Window { from: window.from.map(to_millisecond), until: window.until.map(to_millisecond), ..window }
}

/// In UTC and whole milliseconds.
pub fn to_millisecond(time: OffsetDateTime) -> OffsetDateTime {
    let time = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
    time - Duration::nanoseconds(i64::from(time.nanosecond() % 1_000_000))
}

/// The windows with nothing before `at`.
pub fn beginning_at(windows: &[Window], at: OffsetDateTime) -> Vec<Window> {
    if windows.is_empty() {
        return vec![Window { territories: vec![], plans: vec![], from: Some(at), until: None }];
    }
    let later = windows.iter().filter(|window| window.until.is_none_or(|until| at < until));
    later.map(|window| Window { from: window.from.max(Some(at)), ..window.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::subsequence};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn hour(at: i64) -> OffsetDateTime {
        NOW + Duration::hours(at)
    }

    fn window(from: Option<i64>, until: Option<i64>, territories: &[&str], plans: &[&str]) -> Window {
        Window {
            territories: territories.iter().map(|code| code.parse().unwrap()).collect(),
            plans: plans.iter().map(|plan| (*plan).to_owned()).collect(),
            from: from.map(hour),
            until: until.map(hour),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = [
            window(Some(2), Some(2), &[], &[]),
            window(None, Some(9), &["DE"], &[""]),
            window(Some(5), None, &[], &[]),
        ];
        let pointers: Vec<_> = violations(&wrong).into_iter().map(|violation| violation.pointer).collect();
        assert_eq!(pointers, ["/0/until", "/1/plans", "/1", "/2"]);
        let far = Window { from: Some(datetime!(0000-01-01 00:00 UTC)), ..window(None, None, &[], &[]) };
        assert_eq!(violations(&[far])[0].pointer, "/0/from");
    }

    #[test]
    fn windows_side_by_side_do_not_overlap() {
        let in_turn = [window(None, Some(1), &[], &[]), window(Some(1), None, &[], &[])];
        let by_place = [window(None, None, &["DE"], &[]), window(None, None, &["FR"], &[])];
        let by_plan = [window(None, None, &[], &["basic"]), window(None, None, &[], &["premium"])];
        for windows in [in_turn, by_place, by_plan] {
            assert!(violations(&windows).is_empty());
        }
    }

    #[test]
    fn a_later_beginning_cuts_windows() {
        let windows = [
            window(None, Some(1), &["DE"], &[]),
            window(Some(1), Some(9), &["DE"], &[]),
            window(Some(7), None, &["FR"], &[]),
        ];
        let cut = beginning_at(&windows, hour(5));
        assert_eq!(cut, [window(Some(5), Some(9), &["DE"], &[]), window(Some(7), None, &["FR"], &[])]);
        assert_eq!(beginning_at(&[], hour(5)), [window(Some(5), None, &[], &[])]);
    }

    fn any_window() -> impl Strategy<Value = Window> {
        let edge = || option::of(0i64..4);
        (edge(), edge(), subsequence(vec!["DE", "FR"], 0..=2), subsequence(vec!["basic", "premium"], 0..=2))
            .prop_map(|(from, until, territories, plans)| window(from, until, &territories, &plans))
    }

    proptest! {
        /// Against the definition, by trying every moment, territory and plan.
        #[test]
        fn overlap_is_a_common_point(windows in vec(any_window(), 2)) {
            let covers = |window: &Window, moment: i64, territory: &str, plan: &str| {
                let time = hour(moment) + Duration::minutes(30);
                window.from.is_none_or(|from| from <= time)
                    && window.until.is_none_or(|until| time < until)
                    && (window.territories.is_empty() || window.territories.iter().any(|code| code.as_str() == territory))
                    && (window.plans.is_empty() || window.plans.iter().any(|key| key == plan))
            };
            let is_proper = |window: &Window| window.from.zip(window.until).is_none_or(|(from, until)| from < until);
            prop_assume!(windows.iter().all(is_proper));
            let common = (-1..5).any(|moment| ["DE", "FR", "XX"].iter().any(|territory| ["basic", "premium", "other"].iter().any(|plan| {
                windows.iter().all(|window| covers(window, moment, territory, plan))
            })));
            prop_assert_eq!(overlap(&windows[0], &windows[1]), common);
            prop_assert_eq!(overlap(&windows[1], &windows[0]), common);
        }
    }
}
