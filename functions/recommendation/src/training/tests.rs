use kernel::{Id, TitleKind, World};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{dataset::Positive, gate::Objection, parameters::Parameters, title::Title};

const CLUSTERS: usize = 6;
const TITLES_OF_ONE: usize = 15;

fn id(cluster: usize, place: usize) -> TitleId {
    TitleId::from_uuid(Uuid::from_u128((cluster * 1_000 + place + 1) as u128))
}

fn cluster_of(title: TitleId) -> usize {
    (title.uuid().as_u128() as usize - 1) / 1_000
}

/// People who watch what is in one cluster, and now and then something that everybody watches.
fn planted(people: usize, seed: u64) -> Dataset {
    let (world, _) = World::replay(time::OffsetDateTime::UNIX_EPOCH, seed);
    let pick = |most: usize| world.below(most as u32) as usize;
    let person = |number: usize| {
        let own = number % CLUSTERS;
        let watch = |n: usize| {
            let title = if pick(5) == 0 { id(pick(CLUSTERS), pick(2)) } else { id(own, pick(TITLES_OF_ONE)) };
            Positive { title, weight: 1.0, at: (n * 1_000_000 + pick(1_000_000)) as i64 }
        };
        (0..12).map(watch).collect::<Vec<_>>()
    };
    Dataset::new((0..people).map(person))
}

fn no_pages(_: &Model) -> (usize, usize) {
    (0, 0)
}

fn trained(data: &Dataset) -> Trained {
    train(data, &Catalogue::default(), None, no_pages).unwrap()
}

fn trained_within(limits: Limits, data: &Dataset) -> Trained {
    train_within(&limits, data, &Catalogue::default(), None, no_pages).unwrap()
}

/// Titles up to which the matrix is inverted: as many as there are, and none.
fn both() -> [Limits; 2] {
    [Limits::default(), Limits { inverted_titles: 0, ..Limits::default() }]
}

fn is_inverted(report: &Report) -> bool {
    matches!(report.parameters, Parameters::Ease(_))
}

#[test]
fn the_planted_neighbours_are_found() {
    // Two titles of each cluster are watched by everybody: what is beside them is hard to tell.
    let [inverted, factorised] = both();
    neighbours_are_found(inverted, 0.95);
    neighbours_are_found(factorised, 0.9);
}

fn neighbours_are_found(limits: Limits, least: f64) {
    let Trained { model, report, .. } = trained_within(limits, &planted(600, 1));
    assert_eq!(model.items().len(), CLUSTERS * TITLES_OF_ONE);
    let mut right = 0;
    for item in model.items() {
        let neighbours = model.neighbours(item.id);
        right += neighbours
            .iter()
            .take(5)
            .filter(|(place, _)| cluster_of(model.items()[*place].id) == cluster_of(item.id))
            .count();
    }
    let share = right as f64 / (5 * model.items().len()) as f64;
    assert!(share > least, "{share}");
    assert_eq!(report.objections, [], "{report:?}");
    assert!(report.model.ndcg > 2.0 * report.popularity.ndcg, "{report:?}");
}

#[test]
fn the_reasons_of_a_proposal_are_from_its_cluster_and_sum_up() {
    both().into_iter().for_each(reasons_sum_up);
}

fn reasons_sum_up(limits: Limits) {
    let model = trained_within(limits, &planted(600, 2)).model;
    let history: Vec<(TitleId, f32)> = (0..4).map(|place| (id(3, place), 1.0)).collect();
    let fold_in = model.fold_in(&history);
    let scores = fold_in.scores();
    let is_new = |place: usize| !history.iter().any(|(title, _)| *title == model.items()[place].id);
    for place in model.ranked(&scores, is_new, 5) {
        assert_eq!(cluster_of(model.items()[place].id), 3);
        let reasons = fold_in.reasons(place, 10);
        assert!(!reasons.is_empty() && reasons.is_sorted_by(|one, other| one.weight >= other.weight));
        let sum: f32 = reasons.iter().map(|reason| reason.weight).sum();
        assert!(sum >= scores[place] - 1e-4, "what speaks against it is left out: {sum} {}", scores[place]);
    }
}

#[test]
fn the_same_people_in_any_order_give_the_same_bytes() {
    let data = planted(300, 3);
    let mut people = data.people().to_vec();
    people.reverse();
    people.iter_mut().for_each(|positives| positives.reverse());
    let other_order = Dataset::new(people);
    for limits in both() {
        let (one, other) = (trained_within(limits, &data), trained_within(limits, &other_order));
        assert_eq!(one.bytes, other.bytes);
        assert_eq!(one.report, other.report);
        assert_ne!(one.bytes, trained_within(limits, &planted(300, 4)).bytes);
    }
}

/// At the limit the matrix is inverted, one title above it is not: what is judged before that has no more titles and is of the same kind.
#[test]
fn one_title_above_the_limit_another_model_learns() {
    let data = planted(600, 1);
    let titles = data.count_titles();
    assert_eq!(titles, CLUSTERS * TITLES_OF_ONE);
    let within = |inverted_titles| trained_within(Limits { inverted_titles, ..Limits::default() }, &data);
    let (at, above) = (within(titles), within(titles - 1));
    assert!(is_inverted(&at.report) && !is_inverted(&above.report));
    assert_eq!(at.bytes, trained(&data).bytes, "the limit changes nothing below it");
    assert_eq!(at.report.titles, above.report.titles);
    assert_ne!(at.report.version, above.report.version);
    for trained in [at, above] {
        assert_eq!(trained.report.objections, []);
        assert_eq!(Model::read(&trained.bytes).unwrap().version, trained.report.version);
        let text = serde_json::to_string(&trained.report).unwrap();
        assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), trained.report);
    }
    let fewer = trained_within(Limits { inverted_titles: 9, factorised_titles: 40, ..Limits::default() }, &data);
    assert_eq!((fewer.report.titles, is_inverted(&fewer.report)), (40, false));
}

/// The closed form against its definition: the weights minimise ‖X − XB‖² + λ‖B‖² with a zero diagonal, so for every pair of different titles the
/// gradient, XᵀX(B − I) + λB, is zero.
#[test]
fn the_weights_are_those_of_the_formula() {
    let data = planted(120, 5);
    let (gram, lambda) = (Gram::of(&data, &Limits::default()), 100.0);
    let count = gram.items().len();
    assert!(count <= crate::ease::KEPT_WEIGHTS, "none are cut off");
    let mut dense = vec![vec![0.0f64; count]; count];
    for (from, row) in gram.solve(lambda).unwrap().into_iter().enumerate() {
        for (to, weight) in row {
            dense[from][usize::from(to)] = weight.into();
        }
    }
    let mut together = vec![vec![0.0f64; count]; count];
    for positives in data.people() {
        let places: Vec<usize> =
            positives.iter().filter_map(|positive| gram.items().binary_search(&positive.title).ok()).collect();
        for one in &places {
            for other in &places {
                together[*one][*other] += 1.0;
            }
        }
    }
    for from in 0..count {
        for to in (0..count).filter(|to| *to != from) {
            let product: f64 = (0..count).map(|between| together[from][between] * dense[between][to]).sum();
            let gradient = product - together[from][to] + lambda * dense[from][to];
            assert!(gradient.abs() < 1e-3, "{from} {to}: {gradient}");
        }
    }
}

#[test]
fn noise_does_not_pass_the_gate() {
    let (world, _) = World::replay(time::OffsetDateTime::UNIX_EPOCH, 9);
    // Everybody watches the same few titles, in no pattern.
    let person = |_| {
        let watch = |n: usize| Positive {
            title: id(0, (world.below(8) * world.below(8)) as usize),
            weight: 1.0,
            at: (n * 1_000) as i64,
        };
        (0..10).map(watch).collect::<Vec<_>>()
    };
    let data = Dataset::new((0..200).map(person));
    for limits in both() {
        let report = trained_within(limits, &data).report;
        assert!(report.objections.contains(&Objection::NotBetterThanPopularity), "{report:?}");
    }
}

#[test]
fn nothing_to_learn_from_is_no_error_and_goes_nowhere() {
    for data in [Dataset::default(), planted(2, 1)] {
        let Trained { report, model, .. } = trained(&data);
        assert!(model.items().is_empty());
        assert!(report.objections.contains(&Objection::NotBetterThanPopularity), "{report:?}");
    }
}

#[test]
fn a_version_that_is_worse_than_the_live_one_stays_behind() {
    let data = planted(300, 6);
    let first = trained(&data).report;
    assert_eq!(first.objections, []);
    let better = Report { model: Quality { ndcg: first.model.ndcg / 0.8, ..first.model }, ..first };
    let second = train(&data, &Catalogue::default(), Some(&better), |_| (10, 1)).unwrap().report;
    assert_eq!(second.objections, [Objection::WorseThanLive, Objection::ShowsWhatItMustNot]);
}

#[test]
fn items_know_their_genres_and_what_is_watched_these_days() {
    let data = planted(300, 7);
    let title = Title {
        id: id(0, 0),
        sequence: 1,
        kind: TitleKind::Film,
        slug: String::new(),
        names: kernel::Names::default(),
        year: None,
        genres: vec!["noir".to_owned()],
        people: vec![],
        poster: None,
        duration_seconds: None,
        rules: kernel::policy::TitleRules::default(),
        published_at: Some(5),
        parent: None,
    };
    let model = train(&data, &Catalogue::from_iter([title]), None, no_pages).unwrap().model;
    let item = &model.items()[model.place(id(0, 0)).unwrap()];
    assert_eq!((item.genres.as_slice(), item.published_at), (["noir".to_owned()].as_slice(), Some(5)));
    for item in model.items() {
        assert!(item.trend > 0.0 && item.trend <= item.popularity, "{item:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_people_liked_there_is_a_model_or_none(
        people in proptest::collection::vec(proptest::collection::vec((1u128..30, 0i64..100), 0..20), 0..40)
    ) {
        let data = Dataset::new(people.into_iter().map(|positives| {
            let positive = |(title, at)| Positive { title: TitleId::from_uuid(Uuid::from_u128(title)), weight: 0.5, at };
            positives.into_iter().map(positive).collect()
        }));
        for limits in both() {
            let Trained { bytes, model, .. } = trained_within(limits, &data);
            prop_assert_eq!(Model::read(&bytes).unwrap().version, model.version);
        }
    }
}
