use std::collections::HashMap;

use kernel::{
    Id, Names, TitleKind, World,
    policy::{Visibility, visibility},
};
use testkit::titles;
use uuid::Uuid;

use super::*;
use crate::{
    dataset::{Dataset, Positive},
    feedback::{Feedback, Verdict},
    limits::Limits,
    related::{View, similar, trending},
    title::Title,
    training::train_within,
    viewing::{Viewing, Watch},
};

const FILM_MS: u32 = 6_000_000;
const GENRES: [&str; 5] = ["drama", "comedy", "noir", "horror", "western"];

fn id(n: usize) -> TitleId {
    TitleId::from_uuid(Uuid::from_u128(n as u128 + 1))
}

fn title(n: usize, rules: kernel::policy::TitleRules, now: OffsetDateTime) -> Title {
    Title {
        id: id(n),
        sequence: 1,
        kind: if n % 9 == 8 { TitleKind::Series } else { TitleKind::Film },
        slug: format!("title-{n}"),
        names: Names::default(),
        year: Some(1950 + (n % 70) as i16),
        genres: [GENRES[n % 5], GENRES[(n / 5) % 5]]
            .iter()
            .map(|genre| (*genre).to_owned())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect(),
        people: vec![format!("person {}", n % 17)],
        poster: None,
        duration_seconds: Some(6_000.0),
        rules,
        published_at: Some(millis::of(now) - (n as i64) * 86_400_000),
        parent: None,
    }
}

fn catalogue(count: usize, now: OffsetDateTime) -> Catalogue {
    titles::drawn(titles::rules(now), count).into_iter().enumerate().map(|(n, rules)| title(n, rules, now)).collect()
}

fn open(count: usize, now: OffsetDateTime) -> Catalogue {
    let rules = || kernel::policy::TitleRules {
        publication: kernel::policy::Publication::Published,
        rating: Some(0),
        windows: vec![],
        has_asset: true,
    };
    (0..count).map(|n| title(n, rules(), now)).collect()
}

/// People of five tastes.
fn model(count: usize, catalogue: &Catalogue, seed: u64, now: OffsetDateTime) -> Model {
    model_within(&Limits::default(), count, catalogue, seed, now)
}

/// One of each kind.
fn models(count: usize, catalogue: &Catalogue, seed: u64, now: OffsetDateTime) -> [Model; 2] {
    let usual = Limits::default();
    [usual, Limits { inverted_titles: 0, ..usual }].map(|limits| model_within(&limits, count, catalogue, seed, now))
}

fn model_within(limits: &Limits, count: usize, catalogue: &Catalogue, seed: u64, now: OffsetDateTime) -> Model {
    let (world, _) = World::replay(now, seed);
    let person = |number: usize| {
        let watch = |_| {
            let n = world.below(count as u32 / 5) as usize * 5 + number % 5;
            Positive { title: id(n), weight: 1.0, at: millis::of(now) - i64::from(world.below(1_000_000)) }
        };
        (0..20).map(watch).collect::<Vec<_>>()
    };
    train_within(limits, &Dataset::new((0..300).map(person)), catalogue, None, |_| (0, 0)).unwrap().model
}

fn viewing(world: &World, now: OffsetDateTime) -> Viewing {
    let reached = |most: u32| world.below(most + 1);
    let position_ms = reached(FILM_MS);
    let mut viewing = Viewing::default();
    viewing.note(Watch {
        session: world.id(),
        sequence: 1,
        started_at: millis::of(now) - i64::from(reached(1_000_000_000)),
        at: millis::of(now) - i64::from(reached(1_000_000)),
        played_at: millis::of(now) - i64::from(reached(1_000_000)),
        position_ms,
        watched_ms: reached(position_ms),
        duration_ms: FILM_MS,
    });
    viewing
}

fn taste(world: &World, count: usize, now: OffsetDateTime) -> Taste {
    let mut taste = Taste::default();
    let any = || id(world.below(count as u32 + 3) as usize);
    for _ in 0..world.below(40) {
        taste.viewings.insert(any(), viewing(world, now));
    }
    for _ in 0..world.below(8) {
        let verdict = [Verdict::Like, Verdict::Dislike, Verdict::NotInterested][world.below(3) as usize];
        taste.feedback.insert(any(), Feedback { verdict, at: millis::of(now) });
    }
    for _ in 0..world.below(6) {
        taste.hidden.insert(any(), millis::of(now) - i64::from(world.below(1_000_000)));
    }
    taste.onboarding.titles = (0..world.below(4)).map(|_| any()).collect();
    taste.onboarding.genres = (0..world.below(3)).map(|_| GENRES[world.below(5) as usize].to_owned()).collect();
    taste
}

/// 10,000 requests of random profiles: of everything that is shown nothing is seen, refused or invisible, and nothing is shown twice.
#[test]
fn nothing_seen_refused_or_invisible_is_ever_shown() {
    const TITLES: usize = 120;
    let now = titles::present();
    let catalogue = catalogue(TITLES, now);
    let [inverted, factorised] = models(TITLES, &catalogue, 1, now);
    let models = [None, Some(inverted), Some(factorised)];
    let audiences = titles::audiences();
    let (world, _) = World::replay(now, 7);
    let (mut shown, mut kinds) = (0, HashMap::new());
    for request in 0..10_000 {
        let taste = taste(&world, TITLES, now);
        let audience = &audiences[request % audiences.len()];
        let model = models[world.below(3) as usize].as_ref();
        let excluded = taste.excluded(&catalogue);
        let is_visible =
            |id: TitleId| visibility(&catalogue.get(id).unwrap().rules, audience, now) == Visibility::Visible;
        let may = |id: TitleId| {
            let seen = taste.viewings.get(&id).is_some_and(Viewing::is_seen);
            is_visible(id) && !seen && !taste.feedback.contains_key(&id)
        };
        let view = View { audience, now, excluded: &excluded };
        match request % 4 {
            0 => {
                let any = id(world.below(TITLES as u32) as usize);
                let found = similar(any, &catalogue, model, &view, 20);
                assert!(found.iter().all(|related| related.title != any && may(related.title)));
            }
            1 => {
                let genre = GENRES[world.below(5) as usize];
                let found = trending(&catalogue, model, Some(genre), &view, 20);
                let is_of = |id: TitleId| catalogue.get(id).unwrap().genres.iter().any(|own| own == genre);
                assert!(found.iter().all(|related| may(related.title) && is_of(related.title)));
            }
            _ => {
                let mut once = BTreeSet::new();
                for row in Inputs::of(&taste, &catalogue, model, audience, now).rows(model) {
                    *kinds.entry(format!("{:?}", row.kind)).or_insert(0) += 1;
                    assert!(!row.picks.is_empty() && row.picks.len() <= ROW);
                    for pick in &row.picks {
                        assert!(once.insert(pick.title), "{:?} shows it twice", row.kind);
                        shown += 1;
                        match row.kind {
                            RowKind::Continue => {
                                let viewing = &taste.viewings[&pick.title];
                                assert!(is_visible(pick.title) && viewing.is_continued());
                                let hidden_at = taste.hidden.get(&pick.title);
                                assert!(
                                    hidden_at.is_none_or(|at| *at < viewing.played_at()),
                                    "hidden and not played since"
                                );
                            }
                            _ => assert!(may(pick.title) && !excluded.contains(&pick.title), "{:?}", row.kind),
                        }
                    }
                }
            }
        }
    }
    assert!(shown > 50_000 && kinds.len() == 7, "the requests say little: {shown} {kinds:?}");
}

#[test]
fn rows_come_back_the_same_from_what_was_stored_whatever_became_of_the_catalogue() {
    let now = titles::present();
    let catalogue = open(80, now);
    let (world, _) = World::replay(now, 3);
    for model in models(80, &catalogue, 2, now) {
        for _ in 0..100 {
            let audience = &titles::audiences()[0];
            let inputs = Inputs::of(&taste(&world, 80, now), &catalogue, Some(&model), audience, now);
            let stored: Inputs = serde_json::from_str(&serde_json::to_string(&inputs).unwrap()).unwrap();
            assert_eq!(stored, inputs);
            assert_eq!(stored.rows(Some(&model)), inputs.rows(Some(&model)));
        }
    }
}

#[test]
fn a_profile_gets_its_cluster_first_with_its_reasons() {
    let now = titles::present();
    let catalogue = open(100, now);
    for model in models(100, &catalogue, 4, now) {
        gets_its_cluster_first(&catalogue, &model, now);
    }
}

fn gets_its_cluster_first(catalogue: &Catalogue, model: &Model, now: OffsetDateTime) {
    let mut taste = Taste::default();
    for n in [0, 5, 10, 15] {
        let watch = Watch {
            session: World::system().id(),
            sequence: 1,
            started_at: millis::of(now),
            at: millis::of(now) + n as i64,
            played_at: millis::of(now),
            position_ms: FILM_MS,
            watched_ms: FILM_MS,
            duration_ms: FILM_MS,
        };
        taste.viewings.insert(id(n), Viewing { version: 1, watches: vec![watch] });
    }
    let rows = Inputs::of(&taste, catalogue, Some(model), &titles::audiences()[3], now).rows(Some(model));
    assert_eq!(rows[0].kind, RowKind::TopPicks);
    let of_cluster = |pick: &&Pick| (pick.title.uuid().as_u128() - 1).is_multiple_of(5);
    assert!(rows[0].picks.iter().take(5).filter(of_cluster).count() >= 4, "{:?}", rows[0]);
    assert!(rows[0].picks.iter().all(|pick| !pick.reasons.is_empty()));
    let because = rows.iter().find(|row| row.kind == RowKind::Because);
    if let Some(because) = because {
        assert!(because.picks.iter().all(|pick| pick.reasons[0].title_id == because.because.unwrap()));
    }
}

/// What an experiment changes: with less of one genre rows have less of it, and with less of the head the picks have less of that.
#[test]
fn a_page_is_mixed_as_it_is_served() {
    let now = titles::present();
    let catalogue = open(120, now);
    let model = model(120, &catalogue, 8, now);
    let audience = &titles::audiences()[3];
    let (world, _) = World::replay(now, 5);
    let (mut fewer_alike, mut fewer_heads) = (0, 0);
    for _ in 0..100 {
        let taste = taste(&world, 120, now);
        let page = |genre_percent, head_percent| {
            let inputs = Inputs::of(&taste, &catalogue, Some(&model), audience, now);
            let inputs = inputs.served_by(Serving { genre_percent, head_percent });
            let stored: Inputs = serde_json::from_str(&serde_json::to_string(&inputs).unwrap()).unwrap();
            assert_eq!(stored.rows(Some(&model)), inputs.rows(Some(&model)), "it is explained as it was served");
            inputs.rows(Some(&model)).into_iter().find(|row| row.kind == RowKind::TopPicks)
        };
        let Some(usual) = page(40, 25) else { continue };
        assert_eq!(
            Some(&usual),
            Inputs::of(&taste, &catalogue, Some(&model), audience, now)
                .rows(Some(&model))
                .iter()
                .find(|row| row.kind == RowKind::TopPicks),
            "40 and 25 are what is usual"
        );
        let alike = |row: &Row| {
            let of = |genre: &str| {
                let has = |pick: &&Pick| catalogue.get(pick.title).unwrap().genres.iter().any(|own| own == genre);
                row.picks.iter().filter(has).count()
            };
            GENRES.iter().map(|genre| of(genre)).max().unwrap() * 100 / row.picks.len()
        };
        let heads = |row: &Row| {
            let is_head = |pick: &&Pick| {
                model.place(pick.title).is_some_and(|place| model.items()[place].popularity >= head(&model))
            };
            row.picks.iter().filter(is_head).count()
        };
        let (free, diverse, damped) = (page(100, 100).unwrap(), page(30, 100).unwrap(), page(100, 0).unwrap());
        fewer_alike += usize::from(alike(&diverse) < alike(&free));
        fewer_heads += usize::from(heads(&damped) < heads(&free));
        assert!(heads(&damped) <= heads(&free));
    }
    assert!(fewer_alike > 0 && fewer_heads > 0, "{fewer_alike} {fewer_heads}");
}

#[test]
fn a_refusal_changes_the_next_page() {
    let now = titles::present();
    let catalogue = open(40, now);
    let model = model(40, &catalogue, 5, now);
    let audience = &titles::audiences()[3];
    let mut taste = Taste::default();
    let page = |taste: &Taste| Inputs::of(taste, &catalogue, Some(&model), audience, now).rows(Some(&model));
    let first = page(&taste);
    let refused = first[0].picks[0].title;
    taste.feedback.insert(refused, Feedback { verdict: Verdict::NotInterested, at: 1 });
    assert!(page(&taste).iter().flat_map(|row| &row.picks).all(|pick| pick.title != refused));
}

#[test]
fn a_page_is_not_empty_without_a_model_or_a_history() {
    let now = titles::present();
    let catalogue = open(30, now);
    let model = model(30, &catalogue, 6, now);
    let nobody = Taste::default();
    for model in [None, Some(&model)] {
        let rows = Inputs::of(&nobody, &catalogue, model, &titles::audiences()[3], now).rows(model);
        let count: usize = rows.iter().map(|row| row.picks.len()).sum();
        assert!(count >= 20, "{rows:?}");
    }
    assert!(Inputs::of(&nobody, &Catalogue::default(), None, &titles::audiences()[0], now).rows(None).is_empty());
}

#[test]
fn an_episode_speaks_for_its_series_and_hides_it() {
    let now = titles::present();
    let mut all: Vec<Title> =
        (0..3).map(|n| Title { kind: TitleKind::Film, ..open(9, now).get(id(n)).unwrap().clone() }).collect();
    all[0].kind = TitleKind::Series;
    all[1] = Title { kind: TitleKind::Season, parent: Some(id(0)), ..all[1].clone() };
    all[2] = Title { kind: TitleKind::Episode, parent: Some(id(1)), ..all[2].clone() };
    let catalogue: Catalogue = all.into_iter().collect();
    let (world, _) = World::replay(now, 1);
    let mut taste = Taste::default();
    let mut seen = viewing(&world, now);
    (seen.watches[0].position_ms, seen.watches[0].watched_ms) = (4_500_000, 4_500_000);
    taste.viewings.insert(id(2), seen);
    assert_eq!(taste.excluded(&catalogue), BTreeSet::from([id(0)]));
    assert_eq!(taste.sources(&catalogue)[0].title, id(0));
    let rows = Inputs::of(&taste, &catalogue, None, &titles::audiences()[3], now).rows(None);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].kind, rows[0].picks[0].title), (RowKind::Continue, id(2)));
}
