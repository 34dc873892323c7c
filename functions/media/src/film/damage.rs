//! Damage of a source: where it is, and how much of it a film may have.

use serde::{Deserialize, Serialize};

use crate::{recipe::timing::clock, tools::refusal::Refusal};

/// A stretch that cannot be decoded, on the film's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// First millisecond.
    pub from_ms: u64,
    /// First millisecond after it.
    pub to_ms: u64,
}

/// A film with a larger share of damage than this is refused.
const MOST_DAMAGE: f64 = 0.10;
/// More places than these say nothing new.
const MOST_PLACES: usize = 5;

/// The share of a film of so many seconds that is damaged, overlapping stretches counted once.
pub fn share(damages: &[Damage], seconds: f64) -> f64 {
    let lost: u64 = merged(damages).iter().map(|damage| damage.to_ms - damage.from_ms).sum();
    if seconds > 0.0 { (lost as f64 / 1000.0 / seconds).min(1.0) } else { 1.0 }
}

/// Whether so much is damaged that nobody should be shown the rest.
pub fn is_too_much(damages: &[Damage], seconds: f64) -> bool {
    share(damages, seconds) > MOST_DAMAGE
}

/// Why such a source is refused.
pub fn refusal(damages: &[Damage], seconds: f64) -> Refusal {
    let percent = (share(damages, seconds) * 100.0).ceil();
    let detail = format!("{percent} % of it cannot be decoded ({})", places(damages));
    Refusal::Damaged { detail }
}

/// In order, without overlaps; stretches less than a second apart are one.
pub fn merged(damages: &[Damage]) -> Vec<Damage> {
    let mut ordered: Vec<Damage> = damages.iter().copied().filter(|damage| damage.from_ms < damage.to_ms).collect();
    ordered.sort_by_key(|damage| damage.from_ms);
    let mut whole: Vec<Damage> = Vec::new();
    for damage in ordered {
        match whole.last_mut() {
            Some(last) if damage.from_ms <= last.to_ms + 1000 => last.to_ms = last.to_ms.max(damage.to_ms),
            _ => whole.push(damage),
        }
    }
    whole
}

/// Where it is, for an editor: `0:42 to 0:47 and 1:10 to 1:12`.
pub fn places(damages: &[Damage]) -> String {
    let whole = merged(damages);
    let named: Vec<String> = (whole.iter().take(MOST_PLACES))
        .map(|damage| format!("{} to {}", clock(damage.from_ms / 1000), clock(damage.to_ms.div_ceil(1000))))
        .collect();
    let rest = whole.len().saturating_sub(MOST_PLACES);
    let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    named.join(", ") + &rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_counted_once_and_named_by_its_place() {
        let of = |from_ms, to_ms| Damage { from_ms, to_ms };
        let damages = [of(42_000, 45_000), of(44_500, 46_200), of(3_725_000, 3_726_000)];
        assert_eq!(places(&damages), "0:42 to 0:47, 1:02:05 to 1:02:06");
        assert!((share(&damages, 52.0) - 0.1).abs() < 1e-9);
        assert!(!is_too_much(&damages, 60.0) && is_too_much(&damages, 50.0));
        assert_eq!((share(&[], 10.0), places(&[]).as_str()), (0.0, ""));
    }
}
