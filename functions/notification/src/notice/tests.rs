use std::collections::BTreeSet;

use SubscriptionStatus::{Active, Cancelled, Ended, PastDue, Trialing};
use events::NextTerms;
use kernel::{Currency, Names, PurchaseKind, World};
use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const PAID_TO: OffsetDateTime = datetime!(2026-12-24 18:30 UTC);
/// Before everything else.
const START: OffsetDateTime = datetime!(2026-11-01 12:00 UTC);
/// The first moment of a day in Moscow, while it is the day before in New York.
const MIDNIGHT: OffsetDateTime = datetime!(2026-12-24 21:00 UTC);
const MONTH: Duration = Duration::days(30);
const GRACE: Duration = Duration::days(8);

/// A plan and its price.
type Offer = (&'static str, i64);
/// Status, plan, paid to, end of a pause, and what begins with the next period.
type State = (SubscriptionStatus, &'static str, OffsetDateTime, Option<OffsetDateTime>, Option<Offer>);

fn zone(name: &str) -> TimeZone {
    name.parse().unwrap()
}

fn rub() -> Currency {
    "RUB".parse().unwrap()
}

fn names(english: &str) -> Names {
    Names { by_locale: [(kernel::Locale::english(), english.to_owned())].into(), original: String::new() }
}

fn subscription(sequence: i64, (status, plan, valid_to, resumes_at, next): State) -> Subscription {
    let world = World::replay(PAID_TO, 1).0;
    let goes_on = matches!(status, Trialing | Active | PastDue);
    let grace_to = if goes_on { valid_to + GRACE } else { valid_to };
    let terms = Entitlement { plan: plan.to_owned(), max_streams: 2, max_height: 1080, valid_to, grace_to };
    let price = |minor| {
        let amount = Money::new(minor, rub());
        Renewal { amount, due: amount, period: Period::Month }
    };
    let next =
        next.map(|(plan, minor)| NextTerms { plan: plan.to_owned(), plan_names: names(plan), price: price(minor) });
    let renewal = next.as_ref().map(|next| next.price).or(goes_on.then(|| price(29_900)));
    let (id, account, plan_names) = (world.id(), world.id(), names(plan));
    Subscription { id, sequence, account, status, terms, resumes_at, plan_names, next, renewal, needs_method: false }
}

/// One of which all tries to collect a payment were declined.
fn suspended(sequence: i64, valid_to: OffsetDateTime) -> Subscription {
    let mut state = subscription(sequence, (PastDue, "a", valid_to, None, None));
    state.terms.grace_to = valid_to;
    state
}

/// What is told of states that follow each other, each as it is committed with what was told before.
fn heard(states: impl IntoIterator<Item = Subscription>) -> Vec<Notice> {
    let (mut before, mut facts, mut newest) = (None, BTreeSet::new(), 0);
    let mut all = Vec::new();
    for state in states {
        // As the store does with what was overtaken.
        if state.sequence <= newest {
            continue;
        }
        newest = state.sequence;
        let notices = subscribed(before.as_ref(), &state, &TimeZone::utc(), START);
        before = Some(Outlook::of(&state));
        for notice in notices {
            assert!(facts.insert(notice.fact.clone()), "{} is told twice", notice.fact);
            all.push(notice);
        }
    }
    all
}

fn kinds(notices: &[Notice]) -> Vec<&'static str> {
    notices.iter().map(|notice| notice.template.name()).collect()
}

fn told(states: &[(SubscriptionStatus, &'static str, OffsetDateTime, Option<OffsetDateTime>)]) -> Vec<&'static str> {
    let states =
        states.iter().map(|(status, plan, valid_to, resumes_at)| (*status, *plan, *valid_to, *resumes_at, None));
    kinds(&heard((1..).zip(states).map(|(sequence, state)| subscription(sequence, state))))
}

/// With what is to begin with the next period.
fn told_with_next(states: &[(SubscriptionStatus, &'static str, OffsetDateTime, Option<Offer>)]) -> Vec<&'static str> {
    let states = states.iter().map(|(status, plan, valid_to, next)| (*status, *plan, *valid_to, None, *next));
    kinds(&heard((1..).zip(states).map(|(sequence, state)| subscription(sequence, state))))
}

#[test]
fn what_will_happen_is_told_each_time_it_changes() {
    let (month, later) = (MONTH, PAID_TO + Duration::hours(2));
    let next = PAID_TO + month;
    let pause = Some(next + month);
    let histories: [(&[_], &[&str]); 9] = [
        (&[(Active, "a", PAID_TO, None), (Active, "a", later, None)], &["subscription_active"]),
        (
            &[(Active, "a", PAID_TO, None), (Active, "a", next, None), (Active, "b", next + month, None)],
            &["subscription_active"; 2],
        ),
        (
            &[(Trialing, "a", PAID_TO, None), (Trialing, "b", PAID_TO, None), (Trialing, "a", PAID_TO, None)],
            &["trial_started", "plan_changed", "plan_changed"],
        ),
        (
            &[(Trialing, "a", PAID_TO, None), (Cancelled, "a", PAID_TO, None), (Trialing, "a", PAID_TO, None)],
            &["trial_started", "subscription_cancelled", "subscription_resumed"],
        ),
        (
            &[
                (Active, "a", PAID_TO, None),
                (Cancelled, "a", PAID_TO, None),
                (Active, "a", PAID_TO, None),
                (Cancelled, "a", PAID_TO, None),
                (Ended, "a", PAID_TO, None),
                (Ended, "", next, None),
            ],
            &[
                "subscription_active",
                "subscription_cancelled",
                "subscription_resumed",
                "subscription_cancelled",
                "subscription_ended",
            ],
        ),
        (
            &[
                (Active, "a", PAID_TO, None),
                (Cancelled, "a", PAID_TO, pause),
                (Cancelled, "a", PAID_TO, pause),
                (Active, "a", next, None),
            ],
            &["subscription_active", "subscription_paused", "subscription_active"],
        ),
        (
            &[(Cancelled, "a", PAID_TO, pause), (Cancelled, "a", PAID_TO, None), (Active, "a", PAID_TO, None)],
            &["subscription_paused", "subscription_cancelled", "subscription_resumed"],
        ),
        (
            &[(Active, "b", PAID_TO, None), (Cancelled, "b", PAID_TO, None), (Cancelled, "a", PAID_TO, None)],
            &["subscription_active", "subscription_cancelled", "plan_changed"],
        ),
        (
            &[(PastDue, "a", PAID_TO, None), (PastDue, "a", PAID_TO, None), (Active, "a", PAID_TO, None)],
            &["payment_failed", "subscription_active"],
        ),
    ];
    for (states, expected) in histories {
        assert_eq!(told(states), expected, "{states:?}");
    }
}

#[test]
fn a_change_with_the_next_period_is_told_when_it_comes_changes_or_goes() {
    let next = PAID_TO + MONTH;
    let (scheduled, withdrawn, active) = ("plan_change_scheduled", "plan_change_withdrawn", "subscription_active");
    let histories: [(&[_], &[&str]); 14] = [
        (&[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("b", 1)))], &[active, scheduled]),
        // The same once more; another price of the same plan; back to it.
        (
            &[
                (Active, "a", PAID_TO, None),
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Active, "a", PAID_TO, Some(("a", 2))),
                (Active, "a", PAID_TO, None),
                (Active, "a", PAID_TO, Some(("a", 2))),
            ],
            &[active, scheduled, scheduled, withdrawn, scheduled],
        ),
        // It begins with the period that is paid: one mail, not two.
        (
            &[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("b", 1))), (Active, "b", next, None)],
            &[active, scheduled, active],
        ),
        // Another price of the same plan: of the period the receipt tells.
        (
            &[(Active, "a", PAID_TO, None), (Active, "a", PAID_TO, Some(("a", 2))), (Active, "a", next, None)],
            &[active, scheduled],
        ),
        // It was paid as before, and the change comes a period later.
        (
            &[
                (Active, "a", PAID_TO, None),
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Active, "a", next, Some(("b", 1))),
            ],
            &[active, scheduled, scheduled],
        ),
        // What comes takes effect at once instead.
        (&[(Active, "a", PAID_TO, Some(("b", 1))), (Active, "c", PAID_TO, None)], &[active, scheduled, "plan_changed"]),
        (&[(Trialing, "a", PAID_TO, None), (Trialing, "a", PAID_TO, Some(("b", 1)))], &["trial_started", scheduled]),
        (
            &[(Trialing, "a", PAID_TO, Some(("b", 1))), (Trialing, "a", PAID_TO, None), (Active, "a", next, None)],
            &["trial_started", scheduled, withdrawn, active],
        ),
        (&[(Trialing, "a", PAID_TO, Some(("b", 1))), (Active, "b", next, None)], &["trial_started", scheduled, active]),
        // Only the cancellation is told, whatever becomes of the change; with the plan it comes back.
        (
            &[
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Cancelled, "a", PAID_TO, Some(("b", 1))),
                (Cancelled, "a", PAID_TO, None),
                (Active, "a", PAID_TO, None),
            ],
            &[active, scheduled, "subscription_cancelled", "subscription_resumed"],
        ),
        (
            &[
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Cancelled, "a", PAID_TO, Some(("b", 1))),
                (Active, "a", PAID_TO, Some(("b", 1))),
            ],
            &[active, scheduled, "subscription_cancelled", "subscription_resumed"],
        ),
        // A payment that is late is told as such, and as nothing else.
        (
            &[
                (Active, "a", PAID_TO, Some(("b", 1))),
                (PastDue, "a", PAID_TO, Some(("b", 1))),
                (PastDue, "a", PAID_TO, None),
                (Active, "b", next, None),
            ],
            &[active, scheduled, "payment_failed", active],
        ),
        (&[(PastDue, "a", PAID_TO, None), (PastDue, "a", PAID_TO, Some(("b", 1)))], &["payment_failed"]),
        (
            &[
                (Active, "a", PAID_TO, Some(("b", 1))),
                (Ended, "a", PAID_TO, Some(("b", 1))),
                (Ended, "a", PAID_TO, None),
            ],
            &[active, scheduled, "subscription_ended"],
        ),
    ];
    for (states, expected) in histories {
        assert_eq!(told_with_next(states), expected, "{states:?}");
    }
}

#[test]
fn a_scheduled_change_says_what_begins_and_when() {
    let state = subscription(1, (Active, "a", MIDNIGHT, None, Some(("b", 29_900))));
    for (name, day) in [("UTC", "2026-12-24"), ("Europe/Moscow", "2026-12-25"), ("America/New_York", "2026-12-24")] {
        let notices = subscribed(None, &state, &zone(name), START);
        let Template::PlanChangeScheduled(scheduled) = &notices[1].template else { panic!("another template") };
        let PlanChangeScheduled { plan, begins_on, amount, period, plan_names, then } = scheduled;
        assert_eq!(then, "");
        assert_eq!((&**plan, &**begins_on, &**amount, &**period), ("b", day, "299.00 RUB", "month"), "{name}");
        assert_eq!((&*plan_names["en"], &*plan_names[""]), ("b", "b"));
    }
}

#[test]
fn a_payment_that_nobody_tries_any_more_is_told_as_such() {
    let state = |sequence, status| subscription(sequence, (status, "a", PAID_TO, None, None));
    let paid = subscription(9, (Active, "a", PAID_TO + MONTH, None, None));
    let suspension = "subscription_suspended";
    for (states, expected) in [
        (
            vec![state(1, Active), state(2, PastDue), suspended(3, PAID_TO)],
            vec!["subscription_active", "payment_failed", suspension],
        ),
        // The first try after a pause.
        (vec![state(1, Cancelled), suspended(2, PAID_TO)], vec!["subscription_cancelled", suspension]),
        (vec![suspended(2, PAID_TO), suspended(3, PAID_TO), state(1, PastDue)], vec![suspension]),
        (vec![suspended(2, PAID_TO), paid.clone()], vec![suspension, "subscription_active"]),
        (vec![suspended(2, PAID_TO), state(3, Ended)], vec![suspension, "subscription_ended"]),
    ] {
        assert_eq!(kinds(&heard(states)), expected);
    }
    // Whoever was told before the difference was kept heard that it is tried again.
    let before = Outlook::of(&state(1, PastDue));
    assert!(!before.is_suspended);
    assert_eq!(kinds(&subscribed(Some(&before), &suspended(2, PAID_TO), &TimeZone::utc(), START)), [suspension]);
}

#[test]
fn days_are_those_of_the_person_and_the_last_ones_of_what_ends() {
    let until = |status, moment: OffsetDateTime, name: &str| {
        let (valid_to, resumes_at) = match status {
            // Its day is the end of the grace.
            PastDue => (moment - GRACE, None),
            _ => (moment, (status == Cancelled).then_some(moment)),
        };
        let state = subscription(2, (status, "a", valid_to, resumes_at, None));
        let notice = subscribed(None, &state, &zone(name), START).remove(0);
        let value =
            serde_json::to_value(proto::mail::Mail { template: Some(notice.template.clone()), ..Default::default() });
        let value = value.unwrap()[notice.template.name()].take();
        (value["until"].as_str().unwrap().to_owned(), value["resumes_on"].as_str().map(str::to_owned))
    };
    // Midnight in Moscow: the last day is the one before, and what goes on does so on the new one.
    for status in [Trialing, Active, PastDue, Cancelled] {
        let resumes_on = |day: &str| (status == Cancelled).then(|| day.to_owned());
        for (moment, name, day, next) in [
            (MIDNIGHT, "Europe/Moscow", "2026-12-24", "2026-12-25"),
            (MIDNIGHT + Duration::SECOND, "Europe/Moscow", "2026-12-25", "2026-12-25"),
            (MIDNIGHT, "UTC", "2026-12-24", "2026-12-24"),
            (MIDNIGHT + Duration::hours(3), "UTC", "2026-12-24", "2026-12-25"),
            (MIDNIGHT + Duration::hours(4), "America/New_York", "2026-12-24", "2026-12-24"),
            (MIDNIGHT + Duration::hours(8), "America/New_York", "2026-12-24", "2026-12-25"),
        ] {
            assert_eq!(until(status, moment, name), (day.to_owned(), resumes_on(next)), "{status} {moment} {name}");
        }
    }
    let resumed = |name: &str| {
        let before = Outlook::of(&subscription(1, (Cancelled, "a", MIDNIGHT, None, None)));
        let state = subscription(2, (Active, "a", MIDNIGHT, None, None));
        match subscribed(Some(&before), &state, &zone(name), START).remove(0).template {
            Template::SubscriptionResumed(resumed) => resumed.until,
            other => panic!("{}", other.name()),
        }
    };
    assert_eq!((resumed("Europe/Moscow"), resumed("America/New_York")), ("2026-12-25".into(), "2026-12-24".into()));
}

#[test]
fn days_that_are_compared_are_the_same_wherever_the_person_is() {
    let state = subscription(1, (Active, "a", MIDNIGHT, None, None));
    let before = Outlook::of(&state);
    assert_eq!(before.until.map(|day| day.to_string()), Some("2026-12-24".to_owned()));
    for name in ["UTC", "Europe/Moscow", "America/New_York"] {
        assert!(
            subscribed(Some(&before), &Subscription { sequence: 2, ..state.clone() }, &zone(name), START).is_empty()
        );
    }
}

fn trial(ends_at: OffsetDateTime) -> Trial {
    let world = World::replay(PAID_TO, 1).0;
    let (amount, period) = (Money::new(29_900, rub()), Some(Period::Month));
    let (plan, plan_names) = ("standard".to_owned(), names("Standard"));
    Trial {
        subscription: world.id(),
        sequence: 4,
        account: world.id(),
        plan,
        plan_names,
        ends_at,
        amount,
        period_amount: amount,
        period,
        needs_method: false,
    }
}

#[test]
fn a_trial_that_ends_is_told_once_for_each_end_unless_there_is_none_any_more() {
    let now = MIDNIGHT - Duration::days(3);
    let notice = |ends_at, name: &str| trial_ending(&trial(ends_at), false, &zone(name), now).unwrap();
    for (name, day) in [("UTC", "2026-12-24"), ("Europe/Moscow", "2026-12-25"), ("America/New_York", "2026-12-24")] {
        let Template::TrialEnding(ending) = notice(MIDNIGHT, name).template else { panic!("another template") };
        assert_eq!((&*ending.ends_on, &*ending.amount, &*ending.period), (day, "299.00 RUB", "month"));
        assert_eq!((&*ending.plan, &*ending.plan_names["en"]), ("standard", "Standard"));
    }
    assert_eq!(notice(MIDNIGHT, "UTC").fact, notice(MIDNIGHT, "Europe/Moscow").fact);
    assert_ne!(notice(MIDNIGHT, "UTC").fact, notice(MIDNIGHT + Duration::SECOND, "UTC").fact);
    let none = [(true, now), (false, MIDNIGHT), (false, MIDNIGHT + Duration::DAY)];
    for (has_left, now) in none {
        assert!(trial_ending(&trial(MIDNIGHT), has_left, &TimeZone::utc(), now).is_none(), "{has_left} {now}");
    }
    let bare = Trial { plan_names: Names::default(), period: None, ..trial(MIDNIGHT) };
    let Template::TrialEnding(ending) = trial_ending(&bare, false, &TimeZone::utc(), now).unwrap().template else {
        panic!("another template")
    };
    assert!(ending.plan_names.is_empty() && ending.period.is_empty());
}

fn rental(ends_at: OffsetDateTime, has_begun: bool) -> EndingRental {
    let world = World::replay(PAID_TO, 1).0;
    EndingRental { purchase: world.id(), sequence: 2, account: world.id(), title: world.id(), ends_at, has_begun }
}

#[test]
fn a_rental_that_ends_is_told_once_for_each_end_until_it_is_over() {
    let now = MIDNIGHT - Duration::days(1);
    let id = rental(MIDNIGHT, false).purchase;
    let heard = |ending: &EndingRental, told: &[String], name: &str, now| {
        rental_ending(ending, HashMap::new(), told, &zone(name), now)
    };
    let (whole, begun) = (rental(MIDNIGHT, false), rental(MIDNIGHT - Duration::hours(2), true));
    let first = heard(&whole, &[], "Europe/Moscow", now).unwrap();
    let Template::RentalEnding(ending) = &first.template else { panic!("another template") };
    assert_eq!((&*ending.at, ending.has_begun), ("2026-12-25T00:00:00+03:00", false));
    assert_eq!(first.fact, heard(&whole, &[], "America/New_York", now).unwrap().fact);
    let second = heard(&begun, std::slice::from_ref(&first.fact), "America/New_York", now).unwrap();
    let Template::RentalEnding(ending) = &second.template else { panic!("another template") };
    assert_eq!((&*ending.at, ending.has_begun), ("2026-12-24T14:00:00-05:00", true));
    // The older word comes last.
    assert!(heard(&whole, &[second.fact], "UTC", now).is_none());
    // What is begun on its last day ends after it.
    let late = rental(MIDNIGHT + Duration::hours(8), true);
    let third = heard(&late, std::slice::from_ref(&first.fact), "UTC", now).unwrap();
    assert!(heard(&whole, &[third.fact], "UTC", now).is_none());
    assert!(heard(&whole, &[format!("{id} ended")], "UTC", now).is_none(), "given back");
    assert!(heard(&whole, &[format!("{id} active")], "UTC", now).is_some());
    assert!(heard(&whole, &[], "UTC", MIDNIGHT).is_none() && heard(&begun, &[], "UTC", MIDNIGHT).is_none());
}

#[test]
fn a_title_is_there_whether_its_end_was_told_before_or_not() {
    let ending = rental(MIDNIGHT, false);
    let (id, valid_to) = (ending.purchase, Some(MIDNIGHT));
    let grant = TitleGrant { title: ending.title, purchase: id, kind: PurchaseKind::Rent, valid_to };
    let purchase = Purchase { sequence: 1, account: ending.account, grant, status: PurchaseStatus::Active };
    let heard = |told: &[String], name: &str| purchased(&purchase, HashMap::new(), told, &zone(name), PAID_TO);
    let fact = rental_ending(&ending, HashMap::new(), &[], &TimeZone::utc(), PAID_TO).unwrap().fact;
    for (name, day) in
        [("Europe/Moscow", "2026-12-24"), ("America/New_York", "2026-12-24"), ("Asia/Tokyo", "2026-12-25")]
    {
        let Template::TitlePurchased(there) = heard(std::slice::from_ref(&fact), name).unwrap().template else {
            panic!("another template")
        };
        assert_eq!(there.until, day, "{name}");
    }
    for told in ["active", "ended"] {
        assert!(heard(&[fact.clone(), format!("{id} {told}")], "UTC").is_none(), "{told}");
    }
}

#[test]
fn a_copy_can_be_fetched_until_the_day_before_it_goes() {
    let world = World::replay(PAID_TO, 1).0;
    let (id, account) = (world.id(), world.id());
    let news = News::ExportReady(FinishedExport { id, account, ready_at: PAID_TO, kept_until: MIDNIGHT });
    for (name, day) in
        [("Europe/Moscow", "2026-12-24"), ("America/New_York", "2026-12-24"), ("Asia/Tokyo", "2026-12-25")]
    {
        let notice = Notice::of(&news, &zone(name), PAID_TO).unwrap();
        assert!(
            notice.template == DataExportReady { until: day.to_owned() }.into() && notice.fact == format!("{id} ready")
        );
    }
    assert_eq!(news.account(), account);
}

fn state() -> impl Strategy<Value = Subscription> {
    let status = proptest::sample::select(vec![Trialing, Active, PastDue, Cancelled, Ended]);
    let next = proptest::option::of(proptest::sample::select(vec![("a", 1), ("b", 1), ("b", 2)]));
    (status, proptest::sample::select(vec!["a", "b"]), 0..2i64, any::<bool>(), next).prop_map(
        |(status, plan, months, rests, next)| {
            let valid_to = PAID_TO + MONTH * i32::try_from(months).unwrap();
            let resumes_at = (status == Cancelled && rests).then_some(valid_to + MONTH);
            let mut state = subscription(1, (status, plan, valid_to, resumes_at, next));
            if status == PastDue && rests {
                state.terms.grace_to = valid_to;
            }
            state
        },
    )
}

proptest! {
    /// Whatever the history, its copies and its order: each fact once, nothing without a difference, and the last word counts.
    #[test]
    fn histories_tell_each_fact_once_in_any_order(
        (ordered, shuffled) in proptest::collection::vec(state(), 1..8).prop_flat_map(|mut states| {
            // Nothing follows an end.
            let ends = states.iter().position(|state| state.status == Ended);
            states.truncate(ends.map_or(states.len(), |end| end + 1));
            for (sequence, state) in (1..).zip(&mut states) {
                state.sequence = sequence;
            }
            let copies = [states.clone(), states.clone()].concat();
            (Just(states), Just(copies).prop_shuffle())
        }),
    ) {
        // `heard` refuses a fact that comes twice.
        heard(shuffled);
        let doubled = ordered.iter().flat_map(|state| [state.clone(), state.clone()]);
        prop_assert!(heard(doubled) == heard(ordered.clone()));
        let mut before: Option<Outlook> = None;
        for state in &ordered {
            let notices = subscribed(before.as_ref(), state, &TimeZone::utc(), START);
            let now = Outlook::of(state);
            let names = kinds(&notices);
            prop_assert!(names.len() <= 2 && (before.as_ref() != Some(&now) || names.is_empty()));
            if matches!(now.status, Cancelled | Ended | PastDue) {
                prop_assert!(!names.iter().any(|name| name.starts_with("plan_change_")), "{:?} {:?}", now, names);
            }
            let is_told = |name| names.contains(&name);
            prop_assert_eq!(is_told("payment_failed"), is_told("payment_failed") && !now.is_suspended);
            prop_assert_eq!(is_told("subscription_suspended"), is_told("subscription_suspended") && now.is_suspended);
            // Whoever is told of a change is told of it until it begins or is taken back.
            let news_of_next = before.as_ref().is_none_or(|before| before.next != now.next);
            if now.is_running() && now.next.is_some() && news_of_next {
                prop_assert!(is_told("plan_change_scheduled") || is_told("subscription_resumed"));
            }
            before = Some(now);
        }
    }
}
