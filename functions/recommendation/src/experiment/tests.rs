use kernel::Id;
use proptest::prelude::*;
use time::{Duration, macros::datetime};

use super::*;

const NOW: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);
const PROFILES: usize = 100_000;

fn profile(number: usize) -> ProfileId {
    ProfileId::derived(&number.to_string())
}

fn variants(shares: &[u8]) -> Vec<Variant> {
    let variant = |(at, share): (usize, &u8)| Variant {
        name: format!("v{at}"),
        share: *share,
        serving: Serving { genre_percent: 40 + at as u8, ..Serving::default() },
    };
    shares.iter().enumerate().map(variant).collect()
}

fn experiment(key: &str, shares: &[u8]) -> Experiment {
    let request = ExperimentRequest { variants: Some(variants(shares)), ..ExperimentRequest::default() };
    Experiment::changed(None, key, &request, NOW).unwrap()
}

/// The place of the variant in the experiment.
fn served(experiment: &Experiment, profile: ProfileId) -> usize {
    let variant = experiment.variant_of(profile).unwrap();
    experiment.variants.iter().position(|known| known == variant).unwrap()
}

fn counts(experiment: &Experiment) -> Vec<usize> {
    let mut counts = vec![0; experiment.variants.len()];
    (0..PROFILES).for_each(|number| counts[served(experiment, profile(number))] += 1);
    counts
}

/// Whether a count of so many tries is what a share makes likely: five standard deviations of the binomial distribution, one chance in 1.7 million.
fn is_likely(count: usize, tries: usize, share: f64) -> bool {
    let (tries, expected) = (tries as f64, tries as f64 * share);
    (count as f64 - expected).abs() <= 5.0 * (tries * share * (1.0 - share)).sqrt()
}

/// Shares that sum to 100, each but the first within its stretch.
fn shares() -> impl Strategy<Value = Vec<u8>> {
    (1usize..=3).prop_flat_map(|others| {
        let most = [99, 49, 33][others - 1];
        proptest::collection::vec(1u8..=most, others).prop_map(|others| {
            let control = 100 - others.iter().sum::<u8>();
            std::iter::once(control).chain(others).collect()
        })
    })
}

#[test]
fn the_places_are_those_of_the_recipe() {
    // printf 'darker prf_01jd3k5m7n9pqrstvwxyz01234' | sha256sum: the first 16 digits as a number, modulo 10,000.
    let known = "prf_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap();
    assert_eq!(place("darker", known), 0xbfcc1bea98b594b6 % 10_000);
}

#[test]
fn shares_are_kept_over_many_profiles() {
    for shares in [&[50, 50][..], &[90, 10], &[1, 99], &[34, 33, 33], &[2, 49, 49], &[25, 25, 25, 25], &[97, 1, 1, 1]] {
        let counts = counts(&experiment("kept", shares));
        for (count, share) in counts.iter().zip(shares) {
            assert!(is_likely(*count, PROFILES, f64::from(*share) / 100.0), "{counts:?} {shares:?}");
        }
    }
}

#[test]
fn two_experiments_are_independent() {
    let (one, other) = (experiment("one", &[50, 30, 20]), experiment("other", &[70, 30]));
    let mut both = [[0; 2]; 3];
    (0..PROFILES).map(profile).for_each(|profile| both[served(&one, profile)][served(&other, profile)] += 1);
    for (at, row) in both.iter().enumerate() {
        for (beside, count) in row.iter().enumerate() {
            let share = f64::from(one.variants[at].share) * f64::from(other.variants[beside].share) / 10_000.0;
            assert!(is_likely(*count, PROFILES, share), "{both:?}");
        }
    }
}

#[test]
fn it_begins_is_frozen_and_ends_for_good() {
    let wish = |status, variants| ExperimentRequest { status, variants };
    let later = NOW + Duration::HOUR;
    let draft = experiment("a", &[50, 50]);
    assert_eq!((draft.status, draft.started_at, draft.version), (ExperimentStatus::Draft, None, 1));
    let changed = |before: &Experiment, request| Experiment::changed(Some(before), "a", &request, later);
    let other = changed(&draft, wish(None, Some(variants(&[60, 40])))).unwrap();
    assert_eq!((other.version, other.variants[0].share), (2, 60));
    assert_eq!(changed(&draft, wish(None, None)), Ok(draft.clone()), "a repetition changes nothing");

    let running = changed(&draft, wish(Some(ExperimentStatus::Running), None)).unwrap();
    assert_eq!((running.started_at, running.stopped_at, running.version), (Some(later), None, 2));
    let again = wish(Some(ExperimentStatus::Running), Some(draft.variants.clone()));
    assert_eq!(Experiment::changed(Some(&running), "a", &again, later + Duration::HOUR), Ok(running.clone()));
    for refused in [wish(None, Some(variants(&[60, 40]))), wish(Some(ExperimentStatus::Draft), None)] {
        assert_eq!(changed(&running, refused), Err(Refusal::Started));
    }

    let stopped = changed(&running, wish(Some(ExperimentStatus::Stopped), None)).unwrap();
    assert_eq!((stopped.started_at, stopped.stopped_at), (Some(later), Some(later)));
    for status in [ExperimentStatus::Draft, ExperimentStatus::Running] {
        assert_eq!(changed(&stopped, wish(Some(status), None)), Err(Refusal::Stopped));
    }
    assert_eq!(changed(&stopped, wish(None, Some(variants(&[60, 40])))), Err(Refusal::Started));
    assert_eq!(changed(&stopped, wish(Some(ExperimentStatus::Stopped), None)), Ok(stopped));
    // One that nobody was served by ends as well.
    let never = changed(&draft, wish(Some(ExperimentStatus::Stopped), None)).unwrap();
    assert_eq!((never.started_at, never.stopped_at), (None, Some(later)));
}

#[test]
fn what_is_wrong_says_where() {
    let refused = |variants| match Experiment::changed(None, "a", &ExperimentRequest { variants, status: None }, NOW) {
        Err(Refusal::Invalid(places)) => places.into_iter().map(|(place, _)| place).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(None), ["/variants"]);
    for shares in [&[100][..], &[20, 20, 20, 20, 20], &[50, 49], &[99, 99]] {
        assert_eq!(refused(Some(variants(shares))), ["/variants"], "{shares:?}");
    }
    assert_eq!(refused(Some(variants(&[0, 100]))), ["/variants/0/share", "/variants/1/share"]);
    assert_eq!(refused(Some(variants(&[10, 39, 51]))), ["/variants/2/share"]);
    assert_eq!(refused(Some(variants(&[32, 34, 33, 1]))), ["/variants/1/share"]);
    let change = |change: fn(&mut Variant)| {
        let mut all = variants(&[50, 50]);
        change(&mut all[1]);
        refused(Some(all))
    };
    assert_eq!(change(|variant| variant.name = "v0".to_owned()), ["/variants/1/name"]);
    assert_eq!(change(|variant| variant.name = "Two words".to_owned()), ["/variants/1/name"]);
    assert_eq!(change(|variant| variant.serving.genre_percent = 19), ["/variants/1/serving/genre_percent"]);
    assert_eq!(change(|variant| variant.serving.genre_percent = 101), ["/variants/1/serving/genre_percent"]);
    assert_eq!(change(|variant| variant.serving.head_percent = 101), ["/variants/1/serving/head_percent"]);
}

proptest! {
    #[test]
    fn a_profile_is_served_by_the_same_variant_whenever_it_is_asked(shares in shares(), number in any::<usize>()) {
        let first = experiment("a", &shares);
        prop_assert_eq!(served(&first, profile(number)), served(&first.clone(), profile(number)));
        let running = Experiment { status: ExperimentStatus::Running, started_at: Some(NOW), version: 7, ..first.clone() };
        prop_assert_eq!(served(&first, profile(number)), served(&running, profile(number)));
    }

    #[test]
    fn more_for_a_variant_moves_profiles_of_the_control_alone(shares in shares(), grown in 1usize..4, by in 1u8..99) {
        let grown = grown.min(shares.len() - 1);
        let most = [99, 50, 33][shares.len() - 2];
        let by = by.min(shares[0] - 1).min(most - shares[grown]);
        let mut after = shares.clone();
        (after[0], after[grown]) = (shares[0] - by, shares[grown] + by);
        let (before, after) = (experiment("a", &shares), experiment("a", &after));
        for number in 0..2_000 {
            let (was, is) = (served(&before, profile(number)), served(&after, profile(number)));
            prop_assert!(was == is || was == 0 && is == grown, "{} → {}", was, is);
        }
    }
}
