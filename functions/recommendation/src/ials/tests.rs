use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::scoring::Scoring as _;

const PARAMETERS: Parameters = Parameters { lambda: 0.01, unobserved_weight: 0.2, exponent: 1.0, dimensions: 8 };

fn id(n: u32) -> TitleId {
    TitleId::from_uuid(Uuid::from_u128(u128::from(n) + 1))
}

/// People of four tastes, some of whom liked half as much.
fn interactions(people: u32, titles: u32, limits: &Limits) -> Interactions {
    let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 1);
    let person = |number: u32| -> Vec<Positive> {
        let positive = |n: u32| Positive {
            title: id(world.below(titles / 4) * 4 + number % 4),
            weight: if n.is_multiple_of(5) { 0.5 } else { 1.0 },
            at: i64::from(n),
        };
        (0..8).map(positive).collect()
    };
    Interactions::of(&Dataset::new((0..people).map(person)), limits)
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// Each row against what it is to make least: the gradient of the formula is zero.
fn is_least(rows: &Rows, solved: &[f64], fixed: &[f64], parameters: &Parameters) {
    let dimensions = parameters.dimensions();
    let columns: Vec<&[f64]> = fixed.chunks(dimensions).collect();
    for (row, factor) in solved.chunks(dimensions).enumerate() {
        let observed: f64 = rows.row(row).iter().map(|(_, weight)| f64::from(*weight)).sum();
        let diagonal = (observed + parameters.unobserved_weight * columns.len() as f64).powf(parameters.exponent);
        for place in 0..dimensions {
            let of_observed = rows.row(row).iter().map(|(column, weight)| {
                let column = columns[*column as usize];
                f64::from(*weight) * (product(factor, column) - 1.0) * column[place]
            });
            let of_all = columns.iter().map(|column| product(factor, column) * column[place]);
            let gradient = of_observed.sum::<f64>()
                + parameters.unobserved_weight * of_all.sum::<f64>()
                + parameters.lambda * diagonal * factor[place];
            assert!(gradient.abs() < 1e-9, "{row} {place}: {gradient}");
        }
    }
}

#[test]
fn both_sides_are_those_of_the_formula() {
    let data = interactions(50, 40, &Limits::default());
    for exponent in [0.0, 0.5, 1.0] {
        let parameters = Parameters { exponent, ..PARAMETERS };
        let items: Vec<f64> = data.items.iter().flat_map(|item| first(*item, 8)).collect();
        let people = data.of_people.solve(&items, &parameters, 1).unwrap();
        is_least(&data.of_people, &people, &items, &parameters);
        let items = data.of_items.solve(&people, &parameters, 1).unwrap();
        is_least(&data.of_items, &items, &people, &parameters);
    }
}

#[test]
fn on_however_many_threads_the_bits_are_the_same() {
    let data = interactions(90, 60, &Limits::default());
    let alone = data.factors(&PARAMETERS, 1).unwrap();
    assert_eq!(alone.len(), data.items.len() * 8);
    for threads in [2, 3, 7, 200] {
        let shares = data.of_people.shares(threads);
        assert_eq!((shares.len(), shares[0].start, shares[threads - 1].end), (threads, 0, data.of_people.len()));
        assert!(shares.is_sorted_by(|one, next| one.end == next.start));
        assert_eq!(data.factors(&PARAMETERS, threads).unwrap(), alone, "{threads}");
    }
}

/// Whoever is folded in gets the factor that training would give: but for the `f16` of the items that are served.
#[test]
fn a_history_that_is_folded_in_has_the_factor_of_training() {
    let data = interactions(60, 40, &Limits::default());
    let items = data.factors(&PARAMETERS, 1).unwrap();
    let people = data.of_people.solve(&items, &PARAMETERS, 1).unwrap();
    let Learnt::Ials(exact) = data.fit(PARAMETERS).unwrap() else { panic!("the other kind") };
    let mut bytes = Vec::new();
    exact.write(&mut bytes);
    let served = Factors::read(PARAMETERS, data.items.len(), &bytes).unwrap();
    for (tolerance, factors) in [(1e-5, exact), (5e-3, served)] {
        for (person, expected) in people.chunks(8).enumerate() {
            let history = data.of_people.row(person).iter().map(|(item, weight)| (*item as usize, *weight));
            let folded = factors.fold_in(history.collect());
            let found = folded.solution.as_ref().unwrap().factor();
            let length = product(expected, expected).sqrt();
            let apart = found.iter().zip(expected).map(|(one, other)| (one - other).powi(2)).sum::<f64>().sqrt();
            assert!(length > 0.0 && apart <= tolerance * length, "{person}: {apart} of {length}");
        }
    }
}

#[test]
fn the_limits_hold() {
    let usual = Limits::default();
    let all = interactions(60, 40, &usual);
    let fewer = interactions(60, 40, &Limits { factorised_titles: 10, people: 30, ..usual });
    assert_eq!((all.items.len(), all.of_people.len()), (40, 60));
    assert_eq!((fewer.items.len(), fewer.of_items.len()), (10, 10));
    assert!(fewer.of_people.len() <= 30);
    let least = interactions(60, 40, &Limits { positives: 100, ..usual });
    assert!(least.of_people.entries.len() <= 100);
    let nothing = interactions(60, 40, &Limits { people: 0, ..usual });
    assert!(nothing.items.is_empty() && nothing.factors(&PARAMETERS, 2).unwrap().is_empty());
}

#[test]
fn what_an_item_begins_with_is_its_own() {
    let [one, other] = [first(id(1), 64), first(id(2), 64)];
    assert_eq!(one, first(id(1), 64));
    assert_ne!(one, other);
    let length = |numbers: &[f64]| product(numbers, numbers).sqrt();
    assert!((0..100).all(|n| (length(&first(id(n), 64)) - FIRST_DEVIATION).abs() < 0.03));
}

#[test]
fn who_watched_nothing_fits_nothing() {
    let Learnt::Ials(factors) = interactions(60, 40, &Limits::default()).fit(PARAMETERS).unwrap() else {
        panic!("the other kind")
    };
    let nobody = factors.fold_in(Vec::new());
    assert!(nobody.scores().iter().all(|score| *score == 0.0) && nobody.parts(3).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_are_transposed_and_back(rows in proptest::collection::vec(proptest::collection::btree_map(0u32..20, 0.5f32..2.0, 0..10), 0..30)) {
        let rows = Rows::of(rows.into_iter().map(|row| row.into_iter().collect()));
        let back = rows.transposed(20).transposed(rows.len());
        prop_assert_eq!(&rows.starts, &back.starts);
        prop_assert_eq!(&rows.entries, &back.entries);
    }
}
