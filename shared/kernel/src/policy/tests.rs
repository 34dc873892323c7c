use proptest::{collection::vec, option, prelude::*, sample::select};
use time::macros::datetime;

use super::*;
use crate::Id;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn territory(code: &str) -> Territory {
    code.parse().unwrap()
}

fn film() -> TitleRules {
    TitleRules { publication: Publication::Published, rating: Some(12), windows: vec![], has_asset: true }
}

fn adult() -> Audience {
    Audience { territory: territory("DE"), max_rating: ADULT }
}

fn paid() -> Entitlement {
    Entitlement {
        plan: "standard".into(),
        max_streams: 2,
        max_height: 1080,
        valid_to: NOW + Duration::DAY,
        grace_to: NOW + Duration::days(3),
    }
}

fn plan(plan: &Entitlement) -> Paid<'_> {
    Some(plan).into()
}

fn grant(kind: PurchaseKind, valid_to: Option<OffsetDateTime>) -> TitleGrant {
    TitleGrant { title: TitleId::derived("film"), purchase: PurchaseId::derived("purchase"), kind, valid_to }
}

fn bought(grant: &TitleGrant) -> Paid<'_> {
    Paid { plan: None, title: Some(grant) }
}

fn window(territories: &[&str], from: i64, until: i64) -> Window {
    Window {
        territories: territories.iter().map(|code| territory(code)).collect(),
        plans: vec![],
        from: Some(NOW + Duration::seconds(from)),
        until: Some(NOW + Duration::seconds(until)),
    }
}

fn any_window() -> impl Strategy<Value = Window> {
    let edge = || option::of((-2i64..=2).prop_map(|seconds| NOW + Duration::seconds(seconds)));
    let territories = vec(select(vec!["DE", "FR"]).prop_map(territory), 0..3);
    let plans = vec(select(vec!["standard", "premium"]).prop_map(str::to_owned), 0..3);
    (territories, plans, edge(), edge()).prop_map(|(territories, plans, from, until)| Window {
        territories,
        plans,
        from,
        until,
    })
}

fn any_rules() -> impl Strategy<Value = TitleRules> {
    let publication =
        select(vec![Publication::Published, Publication::Published, Publication::Draft, Publication::Withdrawn]);
    let rating = option::weighted(0.9, select(vec![0u8, 12, 18]));
    (publication, rating, vec(any_window(), 0..4)).prop_map(|(publication, rating, windows)| TitleRules {
        publication,
        rating,
        windows,
        has_asset: true,
    })
}

proptest! {
    #[test]
    fn whoever_watches_a_part_may_watch_the_whole(
        (part, whole) in (any_rules(), any_rules()),
        plan in select(vec!["standard", "premium"]),
        max_rating in select(vec![0u8, 12, 18]),
    ) {
        let within = part.within(&whole);
        let audience = Audience { max_rating, ..adult() };
        let paid = Entitlement { plan: plan.to_owned(), ..paid() };
        let watches = |rules: &TitleRules| may_watch(rules, &audience, Some(&paid).into(), NOW).is_ok();
        prop_assert_eq!(watches(&within), watches(&part) && watches(&whole), "{:?}", &within);
        let sees = |rules: &TitleRules| visibility(rules, &audience, NOW) == Visibility::Visible;
        prop_assert!(!sees(&within) || (sees(&part) && sees(&whole)), "{:?}", &within);
        // Two that no plan includes both are nowhere to be watched together.
        let asks_for_plans = part.windows.iter().chain(&whole.windows).any(|window| !window.plans.is_empty());
        prop_assert!(asks_for_plans || sees(&within) == (sees(&part) && sees(&whole)), "{:?}", &within);
    }
}

#[test]
fn a_part_is_offered_where_and_when_both_are() {
    let rules = |windows: Vec<Window>| TitleRules { windows, ..film() };
    let (german, late) = (window(&["DE", "FR"], -10, 10), window(&["FR", "US"], 0, 20));
    let both = rules(vec![german.clone()]).within(&rules(vec![late.clone()]));
    assert_eq!(both, rules(vec![window(&["FR"], 0, 10)]));
    assert_eq!(rules(vec![]).within(&rules(vec![late.clone()])), rules(vec![late.clone()]));
    assert_eq!(rules(vec![german.clone()]).within(&rules(vec![])), rules(vec![german]));
    let never = rules(vec![window(&["DE"], -10, 10)]).within(&rules(vec![late]));
    assert_eq!((never.publication, never.windows), (Publication::Draft, vec![]), "never is not always");
    let gone = film().within(&TitleRules { publication: Publication::Withdrawn, ..film() });
    assert_eq!(visibility(&gone, &adult(), NOW), Visibility::Gone);
}

#[test]
fn a_published_film_without_windows_is_visible_and_playable() {
    assert_eq!(visibility(&film(), &adult(), NOW), Visibility::Visible);
    assert_eq!(may_watch(&film(), &adult(), plan(&paid()), NOW), Ok(Basis::Plan));
}

#[test]
fn each_rule_gives_its_own_refusal() {
    let watch = |title: TitleRules| may_watch(&title, &adult(), plan(&paid()), NOW);
    assert_eq!(watch(TitleRules { publication: Publication::Draft, ..film() }), Err(Refusal::NotFound));
    assert_eq!(watch(TitleRules { publication: Publication::Withdrawn, ..film() }), Err(Refusal::Withdrawn));
    assert_eq!(watch(TitleRules { rating: None, ..film() }), Err(Refusal::NotFound));
    assert_eq!(
        watch(TitleRules { windows: vec![window(&["FR"], -1, 1)], ..film() }),
        Err(Refusal::TerritoryNotAllowed)
    );
    assert_eq!(watch(TitleRules { windows: vec![window(&["DE"], 1, 2)], ..film() }), Err(Refusal::NotAvailable));
    assert_eq!(watch(TitleRules { has_asset: false, ..film() }), Err(Refusal::NoAsset));
    let kids = Audience { max_rating: 6, ..adult() };
    assert_eq!(may_watch(&film(), &kids, plan(&paid()), NOW), Err(Refusal::RatingTooHigh));
    assert_eq!(may_watch(&film(), &adult(), Paid::default(), NOW), Err(Refusal::SubscriptionRequired));
    let premium = Window { plans: vec!["premium".into()], ..window(&[], -1, 1) };
    assert_eq!(watch(TitleRules { windows: vec![premium], ..film() }), Err(Refusal::PlanTooLow));
}

#[test]
fn grace_lets_a_late_payer_watch_and_then_ends() {
    let late = Entitlement { valid_to: NOW - Duration::DAY, grace_to: NOW + Duration::SECOND, ..paid() };
    assert_eq!(may_watch(&film(), &adult(), plan(&late), NOW), Ok(Basis::Plan));
    assert_eq!(may_watch(&film(), &adult(), plan(&late), NOW + Duration::SECOND), Err(Refusal::SubscriptionRequired));
}

#[test]
fn whoever_paid_for_the_title_needs_no_plan_for_it() {
    let (own, rent) = (grant(PurchaseKind::Buy, None), grant(PurchaseKind::Rent, Some(NOW + Duration::SECOND)));
    let premium = Window { plans: vec!["premium".into()], ..window(&[], -1, 1) };
    let dear = TitleRules { windows: vec![premium], ..film() };
    for title in [film(), dear.clone()] {
        for grant in [&own, &rent] {
            assert_eq!(may_watch(&title, &adult(), bought(grant), NOW), Ok(Basis::Title));
        }
    }
    let both = Paid { plan: Some(&paid()), title: Some(&rent) };
    assert_eq!(may_watch(&film(), &adult(), both, NOW), Ok(Basis::Plan), "the plan comes first: no rental begins");
    assert_eq!(may_watch(&dear, &adult(), both, NOW), Ok(Basis::Title));
}

#[test]
fn a_grant_that_is_over_or_says_nothing_brings_nothing() {
    for rent in
        [grant(PurchaseKind::Rent, Some(NOW)), grant(PurchaseKind::Rent, None), grant(PurchaseKind::Buy, Some(NOW))]
    {
        assert_eq!(may_watch(&film(), &adult(), bought(&rent), NOW), Err(Refusal::SubscriptionRequired), "{rent:?}");
    }
    let over = Entitlement { valid_to: NOW, grace_to: NOW, ..paid() };
    assert_eq!(limits(plan(&over), Basis::Plan, NOW), Limits::default());
}

#[test]
fn publication_rating_territory_and_window_count_for_owners_as_well() {
    let own = grant(PurchaseKind::Buy, None);
    let watch = |title: TitleRules| may_watch(&title, &adult(), bought(&own), NOW);
    assert_eq!(watch(TitleRules { publication: Publication::Withdrawn, ..film() }), Err(Refusal::Withdrawn));
    assert_eq!(watch(TitleRules { publication: Publication::Draft, ..film() }), Err(Refusal::NotFound));
    assert_eq!(watch(TitleRules { rating: None, ..film() }), Err(Refusal::NotFound));
    assert_eq!(
        watch(TitleRules { windows: vec![window(&["FR"], -1, 1)], ..film() }),
        Err(Refusal::TerritoryNotAllowed)
    );
    assert_eq!(watch(TitleRules { windows: vec![window(&[], -2, -1)], ..film() }), Err(Refusal::NotAvailable));
    assert_eq!(watch(TitleRules { has_asset: false, ..film() }), Err(Refusal::NoAsset));
    let kids = Audience { max_rating: 6, ..adult() };
    assert_eq!(may_watch(&film(), &kids, bought(&own), NOW), Err(Refusal::RatingTooHigh));
}

#[test]
fn a_title_brings_a_stream_where_no_plan_does_and_its_best_picture() {
    let (own, rent) = (grant(PurchaseKind::Buy, None), grant(PurchaseKind::Rent, Some(NOW + Duration::SECOND)));
    let with = |plan, title| Paid { plan, title: Some(title) };
    let (paid, over) = (paid(), Entitlement { valid_to: NOW, grace_to: NOW, max_streams: 9, ..paid() });
    let got = |paid, basis| {
        let Limits { max_streams, max_height } = limits(paid, basis, NOW);
        (max_streams, max_height)
    };
    assert_eq!(got(with(None, &rent), Basis::Title), (TITLE_STREAMS, TITLE_MAX_HEIGHT));
    assert_eq!(got(with(Some(&over), &rent), Basis::Title), (TITLE_STREAMS, TITLE_MAX_HEIGHT));
    assert_eq!(got(with(Some(&paid), &rent), Basis::Title), (2, TITLE_MAX_HEIGHT));
    assert_eq!(got(with(Some(&paid), &rent), Basis::Plan), (2, 1080), "a rental that has not begun");
    assert_eq!(got(with(Some(&paid), &own), Basis::Plan), (2, TITLE_MAX_HEIGHT));
}

#[test]
fn a_window_opens_at_its_first_moment_and_closes_at_its_last() {
    let title = TitleRules { windows: vec![window(&[], 0, 10)], ..film() };
    assert_eq!(visibility(&title, &adult(), NOW), Visibility::Visible);
    assert_eq!(visibility(&title, &adult(), NOW + Duration::seconds(10)), Visibility::Hidden);
    assert_eq!(visibility(&title, &adult(), NOW - Duration::MILLISECOND), Visibility::Hidden);
}

#[test]
fn a_title_leaves_a_territory_with_its_last_window() {
    let at = |seconds: i64| Some(NOW + Duration::seconds(seconds));
    let leaving = |windows: Vec<Window>| leaving_at(&TitleRules { windows, ..film() }, &territory("DE"));
    assert_eq!(leaving(vec![]), None);
    assert_eq!(leaving(vec![window(&["FR"], 0, 9)]), None);
    assert_eq!(leaving(vec![window(&["DE"], 0, 9), window(&["FR"], 0, 99)]), at(9));
    assert_eq!(leaving(vec![window(&["DE", "FR"], -9, -5), window(&[], 50, 70)]), at(70));
    assert_eq!(leaving(vec![window(&["DE"], 0, 9), Window { until: None, ..window(&[], 9, 9) }]), None);
}

#[test]
fn soon_is_thirty_days_and_not_over() {
    let soon = |until: i64| {
        let title = TitleRules { windows: vec![window(&[], -9, until)], ..film() };
        leaving_soon_at(&title, &territory("DE"), NOW).is_some()
    };
    let days = LEAVING_SOON.whole_seconds();
    assert_eq!([soon(days), soon(days + 1), soon(1), soon(0), soon(-1)], [true, false, true, false, false]);
}

#[test]
fn whatever_can_be_watched_is_visible() {
    for publication in [Publication::Draft, Publication::Scheduled, Publication::Published, Publication::Withdrawn] {
        for rating in [None, Some(0), Some(12), Some(18)] {
            for windows in [vec![], vec![window(&["DE"], -5, 5)], vec![window(&["FR"], -5, 5)], vec![window(&[], 5, 9)]]
            {
                let title = TitleRules { publication, rating, windows, has_asset: true };
                for max_rating in [0, 12, 18] {
                    let audience = Audience { max_rating, ..adult() };
                    let own = grant(PurchaseKind::Buy, None);
                    let paid = paid();
                    let both = Paid { plan: Some(&paid), title: Some(&own) };
                    if may_watch(&title, &audience, both, NOW).is_ok() {
                        assert_eq!(visibility(&title, &audience, NOW), Visibility::Visible, "{title:?}");
                    }
                }
            }
        }
    }
}
