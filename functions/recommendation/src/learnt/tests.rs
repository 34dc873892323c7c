use proptest::{collection::vec, prelude::*};

use super::*;
use crate::ials;

const ITEMS: usize = 12;
const DIMENSIONS: u16 = 4;

/// Any weights, and any factors with any parameters, that can be served.
fn any_learnt() -> impl Strategy<Value = Learnt> {
    let row = proptest::collection::btree_map(0..ITEMS as u16, -1.0_f32..1.0, 0..ITEMS);
    let rows = vec(row, ITEMS).prop_map(|rows| rows.into_iter().map(|row| row.into_iter().collect()).collect());
    let weights = rows.prop_map(|rows| Learnt::Ease(Weights::new(rows)));
    let values = vec(-1.0_f32..1.0, ITEMS * usize::from(DIMENSIONS));
    let factors =
        (values, 0.001..1.0, 0.01..2.0, 0.0..1.5).prop_map(|(values, lambda, unobserved_weight, exponent)| {
            let parameters = ials::Parameters { lambda, unobserved_weight, exponent, dimensions: DIMENSIONS };
            Learnt::Ials(Factors::new(parameters, values))
        });
    prop_oneof![weights, factors]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// What is shown as evidence adds up to what it is evidence of.
    #[test]
    fn the_parts_of_a_score_add_up_to_it(
        learnt in any_learnt(),
        history in proptest::collection::btree_map(0..ITEMS, prop_oneof![Just(0.5_f32), Just(1.0)], 0..ITEMS),
    ) {
        let known = history.keys().copied().collect::<Vec<_>>();
        let folded = learnt.fold_in(history.into_iter().collect());
        let scores = folded.scores();
        prop_assert_eq!(scores.len(), ITEMS);
        for (item, score) in scores.into_iter().enumerate() {
            let parts = folded.parts(item);
            prop_assert!(parts.iter().all(|(place, _)| known.contains(place)));
            let (sum, size) = parts.iter().fold((0.0, 1.0), |(sum, size), (_, part)| (sum + part, size + part.abs()));
            prop_assert!((sum - score).abs() <= 1e-4 * size, "{item}: {sum} {score}");
        }
    }

    #[test]
    fn neighbours_are_others_and_in_order(learnt in any_learnt(), item in 0..ITEMS) {
        let neighbours = learnt.neighbours(item);
        prop_assert!(neighbours.is_sorted_by(|one, other| one.1 >= other.1));
        prop_assert!(neighbours.iter().all(|(_, strength)| *strength > 0.0));
        if matches!(learnt, Learnt::Ials(_)) {
            prop_assert!(neighbours.iter().all(|(other, _)| *other != item));
        }
    }
}
