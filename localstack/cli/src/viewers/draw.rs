//! Chance that follows from what is drawn for.

use kernel::sha256;
use simulation::Chance;

/// The chance of one thing: the same for the same text, whatever was drawn for others.
pub(super) fn chance_of(what: &str) -> Chance {
    let mut seed = [0; 8];
    seed.copy_from_slice(&sha256(what)[..8]);
    Chance::new(u64::from_be_bytes(seed))
}

/// Ten bytes for an id that follows from a text.
pub(super) fn bytes_of(what: &str) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes.copy_from_slice(&sha256(what)[..10]);
    bytes
}

/// A place among weights: twice the weight is drawn twice as often.
pub(super) fn weighted(weights: &[u64], chance: &mut Chance) -> usize {
    let mut left = chance.below(weights.iter().sum());
    let is_drawn = |weight: &u64| match left.checked_sub(*weight) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    };
    weights.iter().position(is_drawn).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_draws_the_same() {
        let drawn = |text| chance_of(text).below(u64::MAX);
        assert_eq!((drawn("a"), bytes_of("a")), (drawn("a"), bytes_of("a")));
        assert_ne!((drawn("a"), bytes_of("a")), (drawn("b"), bytes_of("b")));
    }

    #[test]
    fn weights_are_shares() {
        let mut chance = chance_of("weights");
        let mut counts = [0_u32; 4];
        (0..10_000).for_each(|_| counts[weighted(&[1, 0, 3, 6], &mut chance)] += 1);
        let [one, none, three, six] = counts;
        assert_eq!(none, 0);
        assert!(one.abs_diff(1_000) < 200 && three.abs_diff(3_000) < 300 && six.abs_diff(6_000) < 300, "{counts:?}");
        assert_eq!(weighted(&[], &mut chance), 0);
    }
}
