use kernel::{Id, Names, Period, PriceId};
use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const START: OffsetDateTime = datetime!(2027-01-31 10:00 UTC);

fn terms(number: u8, amount: i64, period: Period) -> Terms {
    Terms {
        price: PriceId::from_parts(START, [number; 10]),
        plan: format!("plan-{number}"),
        names: Names { original: format!("Plan {number}"), ..Names::default() },
        amount: Money::new(amount, "EUR".parse().unwrap()),
        period,
        tax_basis_points: 1_900,
        seller: "cinema".to_owned(),
        max_streams: 2,
        max_height: 1_080,
    }
}

fn basic() -> Terms {
    terms(1, 1_000, Period::Month)
}

fn days(count: i64) -> Duration {
    Duration::days(count)
}

/// Paid for from the start.
fn active() -> Subscription {
    let mut subscription = Subscription::begin(basic(), 0, None, START);
    subscription.paid(1, &basic(), 0, START).unwrap();
    subscription
}

fn renew(subscription: &mut Subscription, now: OffsetDateTime) {
    let bill = subscription.bill().unwrap();
    subscription.paid(bill.period, &bill.terms, bill.percent_off, now).unwrap();
}

#[test]
fn periods_keep_the_day_they_began_on() {
    let mut subscription = active();
    let mut ends = vec![subscription.to];
    for _ in 0..2 {
        renew(&mut subscription, START);
        ends.push(subscription.to);
    }
    let expected = [datetime!(2027-02-28 10:00 UTC), datetime!(2027-03-31 10:00 UTC), datetime!(2027-04-30 10:00 UTC)];
    assert_eq!(ends, expected);
    assert_eq!((subscription.period, subscription.from), (3, expected[1]));
}

#[test]
fn a_trial_that_nobody_paid_for_and_that_is_cancelled_is_told_as_over() {
    let mut trial = Subscription::begin(basic(), 7, None, START);
    let end = trial.to;
    assert!(trial.declined(1, end));
    trial.cancel(end + days(1)).unwrap();
    assert_eq!(trial.access(), Some((SubscriptionStatus::Ended, end, end)));
}

#[test]
fn a_trial_of_another_price_is_announced_anew() {
    let mut trial = Subscription::begin(basic(), 7, None, START);
    let now = trial.to - days(2);
    trial.is_announced = true;
    assert!(!trial.is_to_be_announced(now));
    trial.change(terms(2, 2_000, Period::Month), When::Now);
    assert!(trial.is_to_be_announced(now));
}

#[test]
fn a_period_is_paid_once_and_in_its_turn() {
    let mut subscription = active();
    let before = subscription.clone();
    for period in [0, 1, 3] {
        assert_eq!(subscription.paid(period, &basic(), 0, START), Err(Surplus));
    }
    assert_eq!(subscription, before);
    subscription.end(START);
    assert_eq!(subscription.paid(2, &basic(), 0, START), Err(Surplus));
}

#[test]
fn a_trial_ends_in_a_paid_period_that_begins_with_its_end() {
    let mut subscription = Subscription::begin(basic(), 14, None, START);
    assert_eq!((subscription.status, subscription.due(START + days(13))), (Status::Trialing, Due::Nothing));
    let end = START + days(14);
    assert_eq!(subscription.due(end), Due::Bill);
    assert_eq!(subscription.access(), Some((SubscriptionStatus::Trialing, end, end + TRIAL_GRACE)));
    // Somebody who pays early loses nothing of the trial.
    renew(&mut subscription, START + days(2));
    assert_eq!((subscription.status, subscription.from, subscription.period), (Status::Active, end, 1));
    assert_eq!(subscription.to, Period::Month.anniversary(end, 1));
}

#[test]
fn a_trial_is_not_cut_by_paying_for_something_else() {
    let mut trial = Subscription::begin(terms(2, 2_000, Period::Month), 14, None, START);
    trial.change(basic(), When::PeriodEnd);
    let (before, end) = (trial.clone(), trial.to);
    assert_eq!(trial.paid(1, &basic(), 0, end - Duration::SECOND), Err(Surplus));
    assert_eq!(trial, before);
    trial.paid(1, &basic(), 0, end).unwrap();
    assert_eq!((trial.terms.plan.as_str(), trial.from, &trial.next_terms), ("plan-1", end, &None));
}

#[test]
fn a_trial_whose_first_payment_goes_back_runs_to_its_end() {
    let discount = Discount { percent_off: 50, periods_left: 1 };
    let mut paid = Subscription::begin(basic(), 14, Some(discount), START);
    let (end, now) = (paid.to, START + days(3));
    renew(&mut paid, START + days(2));
    paid.change(terms(2, 2_000, Period::Month), When::PeriodEnd);
    assert_eq!((paid.percent_off, paid.discount, paid.cost().minor), (50, None, 500));
    paid.give_back(now);
    assert_eq!((paid.status, paid.cost().minor, paid.next_terms.is_some()), (Status::Trialing, 0, true));
    assert_eq!(paid.access(), Some((SubscriptionStatus::Cancelled, end, end)));
    assert_eq!((paid.due(end - Duration::SECOND), paid.due(end)), (Due::Nothing, Due::End));
    // Taken up again it is a trial like any other, with its promo, and what is paid then is the next period from its end.
    paid.resume(now).unwrap();
    assert_eq!(paid.access(), Some((SubscriptionStatus::Trialing, end, end + TRIAL_GRACE)));
    assert!(paid.is_to_be_announced(end - days(1)));
    let mut late = paid.clone();
    assert!(late.declined(2, end));
    assert_eq!(late.access(), Some((SubscriptionStatus::PastDue, end, end + TRIAL_GRACE)));
    assert_eq!((paid.bill().unwrap().period, paid.bill().unwrap().amount.minor), (2, 1_000));
    renew(&mut paid, end);
    assert_eq!((paid.period, paid.from, paid.to), (2, end, Period::Month.anniversary(end, 1)));
    // Of a period that has begun nothing is left.
    paid.give_back(end);
    assert_eq!((paid.status, paid.to), (Status::Ended, end));
}

#[test]
fn a_trial_is_announced_once_within_three_days() {
    let mut subscription = Subscription::begin(basic(), 14, None, START);
    assert!(!subscription.is_to_be_announced(START + days(10)));
    assert!(subscription.is_to_be_announced(START + days(11)));
    assert!(!subscription.is_to_be_announced(START + days(14)));
    subscription.is_announced = true;
    assert!(!subscription.is_to_be_announced(START + days(12)));
}

#[test]
fn declines_climb_the_ladder_and_a_payment_ends_it() {
    let mut subscription = active();
    let end = subscription.to;
    assert!(!subscription.declined(2, end - Duration::SECOND), "nothing is late before the period's end");
    assert!(subscription.declined(2, end));
    assert_eq!(subscription.access(), Some((SubscriptionStatus::PastDue, end, end + GRACE)));
    for (number, day) in LADDER.into_iter().enumerate() {
        assert_eq!(subscription.due(end + days(day) - Duration::SECOND), Due::Nothing);
        assert_eq!(subscription.due(end + days(day)), Due::Bill, "day {day}");
        if number == 1 {
            let mut paid = subscription.clone();
            renew(&mut paid, end + days(day));
            assert_eq!((paid.status, paid.dunning, paid.from), (Status::Active, None, end));
            assert_eq!(paid.to, datetime!(2027-03-31 10:00 UTC), "late payers pay for the days of grace");
        }
        assert!(subscription.declined(2, end + days(day)));
    }
    assert_eq!(subscription.status, Status::Suspended);
    assert_eq!(subscription.access(), Some((SubscriptionStatus::PastDue, end, end)));
    assert_eq!(subscription.due(end + days(36)), Due::Nothing);
    assert_eq!(subscription.due(end + days(37)), Due::End);
    // Who pays then pays for what begins then.
    let later = end + days(20);
    renew(&mut subscription, later);
    assert_eq!((subscription.status, subscription.from), (Status::Active, later));
}

#[test]
fn a_decline_out_of_its_time_means_nothing() {
    let mut subscription = active();
    let end = subscription.to;
    assert!(!subscription.declined(1, end), "that period was paid");
    assert!(subscription.declined(2, end));
    let before = subscription.clone();
    assert!(!subscription.declined(2, end + Duration::HOUR), "the same decline, told twice");
    assert_eq!(subscription, before);
}

#[test]
fn a_first_payment_that_fails_ends_it_without_a_word() {
    let mut subscription = Subscription::begin(basic(), 0, None, START);
    assert_eq!((subscription.due_at(), subscription.access()), (None, None));
    assert!(subscription.declined(1, START));
    assert_eq!((subscription.status, subscription.access()), (Status::Ended, None));
    let mut trial = Subscription::begin(basic(), 7, None, START);
    trial.end(START + days(7));
    assert_eq!(trial.access(), Some((SubscriptionStatus::Ended, START + days(7), START + days(7))));
    trial = Subscription::begin(basic(), 7, None, START);
    trial.end(START);
    assert!(trial.access().is_some(), "it was told of, however short it was");
}

#[test]
fn cancelling_keeps_what_was_paid_and_can_be_undone_until_the_end() {
    let mut subscription = active();
    let end = subscription.to;
    subscription.cancel(START).unwrap();
    assert_eq!(subscription.access(), Some((SubscriptionStatus::Cancelled, end, end)));
    let mut undone = subscription.clone();
    undone.resume(START + days(1)).unwrap();
    assert_eq!(undone, active());
    assert_eq!(subscription.due(end), Due::End);
    subscription.end(end);
    assert_eq!(subscription.resume(end), Err(NotNow::Ended));
    assert_eq!(subscription.cancel(end), Err(NotNow::Ended));
    // With nothing left that was paid for, it ends at once.
    let mut late = active();
    late.declined(2, end);
    late.cancel(end + days(1)).unwrap();
    assert_eq!(late.status, Status::Ended);
}

#[test]
fn a_pause_costs_nothing_and_begins_anew() {
    let mut subscription = active();
    let end = subscription.to;
    subscription.leave_for(2, START).unwrap();
    assert_eq!(subscription.due(end), Due::Pause);
    let until = Period::Month.anniversary(end, 2);
    assert_eq!((subscription.resumes_at(), active().resumes_at()), (Some(until), None));
    subscription.pause();
    assert_eq!(subscription.resumes_at(), Some(until));
    assert_eq!((subscription.status, subscription.due_at()), (Status::Paused, Some(until)));
    assert_eq!(subscription.access(), Some((SubscriptionStatus::Cancelled, end, end)));
    let mut sooner = subscription.clone();
    sooner.resume(end + days(3)).unwrap();
    assert_eq!(sooner.due(end + days(3)), Due::Bill);
    renew(&mut subscription, until + Duration::HOUR);
    assert_eq!((subscription.status, subscription.from), (Status::Active, until + Duration::HOUR));
    let mut trial = Subscription::begin(basic(), 14, None, START);
    assert_eq!(trial.leave_for(1, START), Err(NotNow::NotRunning));
}

#[test]
fn a_promo_counts_for_its_periods() {
    let half = Discount { percent_off: 50, periods_left: 2 };
    let mut subscription = Subscription::begin(basic(), 0, Some(half), START);
    let mut amounts = vec![];
    for _ in 0..3 {
        amounts.push(subscription.bill().unwrap().amount.minor);
        renew(&mut subscription, START);
    }
    assert_eq!(amounts, [500, 500, 1_000]);
}

#[test]
fn a_change_costs_the_difference_for_the_rest() {
    let subscription = active();
    let better = terms(2, 2_000, Period::Month);
    let half = subscription.from + (subscription.to - subscription.from) / 2;
    let price = |to: &Terms, when, now| subscription.price_of_change(to, when, now).map(|money| money.minor);
    assert_eq!(price(&better, When::Now, START), Ok(1_000));
    assert_eq!(price(&better, When::Now, half), Ok(500));
    assert_eq!(price(&better, When::PeriodEnd, half), Ok(0));
    assert_eq!(price(&terms(3, 500, Period::Month), When::Now, half), Err(NotNow::OnlyAtPeriodEnd));
    assert_eq!(price(&terms(3, 500, Period::Month), When::PeriodEnd, half), Ok(0));
    assert_eq!(price(&terms(4, 9_000, Period::Year), When::Now, half), Err(NotNow::OnlyAtPeriodEnd));
    assert_eq!(price(&basic(), When::Now, half), Err(NotNow::Same));
    assert_eq!(price(&better, When::Now, subscription.to), Err(NotNow::NotRunning));
    let roubles = Terms { amount: Money::new(1, "RUB".parse().unwrap()), ..better.clone() };
    assert_eq!(price(&roubles, When::PeriodEnd, half), Err(NotNow::OtherCurrency));
    let mut leaving = subscription.clone();
    leaving.cancel(START).unwrap();
    assert_eq!(leaving.price_of_change(&better, When::Now, half), Err(NotNow::NotRunning));
    // Half price stays half price.
    let discounted = Subscription { percent_off: 50, ..subscription.clone() };
    assert_eq!(discounted.price_of_change(&better, When::Now, START).unwrap().minor, 500);
    let trial = Subscription::begin(basic(), 14, None, START);
    assert_eq!(trial.price_of_change(&better, When::Now, START).unwrap().minor, 0);
}

#[test]
fn a_change_is_rounded_once_and_costs_a_period_at_most() {
    let subscription = active();
    let half = subscription.from + (subscription.to - subscription.from) / 2;
    let price = |subscription: &Subscription, amount, now| {
        let better = terms(2, amount, Period::Month);
        subscription.price_of_change(&better, When::Now, now).map(|money| money.minor)
    };
    // 19 * 1/2 * 67/100 is 6.365; rounded for the time first it would be 10, and then 7.
    let discounted = Subscription { percent_off: 33, ..subscription.clone() };
    assert_eq!(price(&discounted, 1_019, half), Ok(6));
    // A clock that is behind, or a period that begins later.
    assert_eq!(price(&subscription, 2_000, subscription.from - days(3)), Ok(1_000));
    // What rounds to nothing is not given away.
    assert_eq!(price(&subscription, 2_000, subscription.to - Duration::SECOND), Err(NotNow::OnlyAtPeriodEnd));
    let free = Subscription { percent_off: 100, ..subscription.clone() };
    assert_eq!(price(&free, 2_000, half), Err(NotNow::OnlyAtPeriodEnd));
    let late = Subscription { status: Status::PastDue, ..subscription };
    assert_eq!(price(&late, 2_000, half), Err(NotNow::NotRunning));
}

#[test]
fn what_was_chosen_for_the_next_period_is_what_another_choice_is_held_against() {
    let mut subscription = active();
    let better = terms(2, 2_000, Period::Month);
    subscription.change(better.clone(), When::PeriodEnd);
    let price = |to: &Terms, when| subscription.price_of_change(to, when, START).map(|money| money.minor);
    assert_eq!(price(&better, When::PeriodEnd), Err(NotNow::Same));
    assert_eq!(price(&basic(), When::PeriodEnd), Ok(0));
    assert_eq!(price(&better, When::Now), Ok(1_000));
    assert_eq!(price(&basic(), When::Now), Ok(0), "what was to come is taken back at once");
}

#[test]
fn a_paid_change_counts_only_within_its_period() {
    let mut subscription = active();
    let better = terms(2, 2_000, Period::Month);
    subscription.changed(1, better.clone(), START + days(1)).unwrap();
    assert_eq!(&subscription.terms, &better);
    let end = subscription.to;
    assert_eq!(subscription.changed(1, basic(), end), Err(Surplus));
    renew(&mut subscription, end);
    assert_eq!(subscription.changed(1, basic(), end), Err(Surplus));
    assert_eq!(subscription.terms, better);
}

#[test]
fn a_change_of_period_begins_with_the_next_one() {
    let mut subscription = active();
    let yearly = terms(4, 9_000, Period::Year);
    subscription.change(yearly.clone(), When::PeriodEnd);
    let end = subscription.to;
    assert_eq!(subscription.bill().unwrap().amount.minor, 9_000);
    renew(&mut subscription, end);
    assert_eq!((subscription.from, subscription.to), (end, Period::Year.anniversary(end, 1)));
    assert_eq!((&subscription.terms, &subscription.next_terms), (&yearly, &None));
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Pay,
    PayAgain,
    Decline,
    Cancel,
    Pause,
    Resume,
    Next(u8),
    Due,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1i64..40 * 24).prop_map(Step::Wait),
        4 => Just(Step::Pay),
        1 => Just(Step::PayAgain),
        3 => Just(Step::Decline),
        1 => Just(Step::Cancel),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => (1u8..4).prop_map(Step::Next),
        3 => Just(Step::Due),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn no_history_bills_a_period_twice_or_takes_paid_time_away(trial in 0u16..20, steps in steps()) {
        let mut now = START;
        let mut subscription = Subscription::begin(basic(), trial, None, now);
        let mut paid = Vec::new();
        for step in steps {
            let before = subscription.clone();
            let is_payment = matches!(step, Step::Pay);
            match step {
                Step::Wait(hours) => now += Duration::hours(hours),
                Step::Pay => {
                    let bill = subscription.bill().unwrap();
                    let cuts_trial = before.status == Status::Trialing && now < before.to && before.next_terms.is_some();
                    let is_unwanted = before.status == Status::Ended || cuts_trial;
                    prop_assert_eq!(subscription.paid(bill.period, &bill.terms, 0, now).is_err(), is_unwanted);
                    if !is_unwanted {
                        paid.push((subscription.period, subscription.from, subscription.to));
                    }
                }
                Step::PayAgain => prop_assert!(subscription.paid(before.period, &basic(), 0, now).is_err()),
                Step::Decline => {
                    let _ = subscription.declined(before.period + 1, now);
                }
                Step::Cancel => {
                    let _ = subscription.cancel(now);
                }
                Step::Pause => {
                    let _ = subscription.leave_for(2, now);
                }
                Step::Resume => {
                    let _ = subscription.resume(now);
                }
                Step::Next(number) => if subscription.price_of_change(&terms(number, 500, Period::Month), When::PeriodEnd, now).is_ok() {
                    subscription.change(terms(number, 500, Period::Month), When::PeriodEnd);
                },
                Step::Due => match subscription.due(now) {
                    Due::End => subscription.end(now),
                    Due::Pause => subscription.pause(),
                    Due::Nothing | Due::Bill => {}
                },
            }
            // What is over stays over; only a payment moves the period on; nothing that was paid is taken back while it runs.
            prop_assert!(before.status != Status::Ended || subscription.status == Status::Ended);
            prop_assert!(subscription.period == before.period || subscription.period == before.period + 1);
            if subscription.status != Status::Ended {
                prop_assert!(subscription.to >= before.to);
            }
            if let Some((_, valid_to, grace_to)) = subscription.access() {
                prop_assert!(grace_to >= valid_to && grace_to - valid_to <= GRACE);
                // Nobody pays for being given less.
                prop_assert!(!is_payment || before.status != Status::Trialing || now >= before.to || subscription.terms == before.terms);
            }
            prop_assert_eq!(subscription.status == Status::PastDue || subscription.status == Status::Suspended, subscription.dunning.is_some());
        }
        for pair in paid.windows(2) {
            let ((first, _, end), (second, begin, _)) = (pair[0], pair[1]);
            prop_assert_eq!(second, first + 1);
            prop_assert!(begin >= end, "paid twice for one moment");
        }
    }

    #[test]
    fn no_chain_of_changes_costs_more_than_its_worth(parts in proptest::collection::vec((1i64..100, 1i64..500), 1..8)) {
        // Changing upwards at several moments costs, within a unit for each change, what each stretch is worth by itself.
        let mut subscription = active();
        let whole = (subscription.to - subscription.from).whole_seconds();
        let (mut now, mut charged, mut exact, mut changes) = (subscription.from, 0i128, 0i128, 1i128);
        for (number, (hours, more)) in parts.iter().enumerate() {
            now += Duration::hours(*hours / 2);
            let to = terms(u8::try_from(number).unwrap() + 10, subscription.terms.amount.minor + more, Period::Month);
            match subscription.price_of_change(&to, When::Now, now) {
                Ok(price) => {
                    charged += i128::from(price.minor);
                    exact += i128::from(*more) * i128::from((subscription.to - now).whole_seconds());
                    subscription.changed(1, to, now).unwrap();
                    changes += 1;
                }
                Err(NotNow::OnlyAtPeriodEnd | NotNow::NotRunning) => {}
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        let error = (charged * i128::from(whole) - exact).abs();
        prop_assert!(error <= i128::from(whole) * changes);
    }
}

#[test]
fn states_have_the_words_that_rows_and_answers_use() {
    use Status::{Active, Ended, PastDue, Paused, Pending, Suspended, Trialing};
    let all = [Pending, Trialing, Active, PastDue, Suspended, Paused, Ended];
    for status in all {
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
}

#[test]
fn a_promo_that_is_used_up_takes_nothing_off_and_one_that_rests_is_not_used() {
    let discount = |periods_left| Some(Discount { percent_off: 50, periods_left });
    let mut subscription = Subscription { discount: discount(0), ..active() };
    assert_eq!((subscription.bill().unwrap().percent_off, subscription.bill().unwrap().amount.minor), (0, 1_000));
    subscription.discount = discount(1);
    // Billed before the promo was there: what is paid at the full price uses nothing of it.
    subscription.paid(2, &basic(), 0, START).unwrap();
    assert_eq!(subscription.discount, discount(1));
    renew(&mut subscription, START);
    assert_eq!((subscription.percent_off, subscription.discount), (50, None));
}

#[test]
fn the_last_moment_of_a_period_belongs_to_the_next() {
    let end = active().to;
    let before = end - Duration::SECOND;
    let mut subscription = active();
    subscription.cancel(before).unwrap();
    assert_eq!((subscription.status, subscription.leaving), (Status::Active, Some(Leaving::Cancel)));
    let mut subscription = active();
    subscription.cancel(end).unwrap();
    assert_eq!(subscription.status, Status::Ended);
    assert_eq!(active().leave_for(1, before), Ok(()));
    assert_eq!(active().leave_for(1, end), Err(NotNow::NotRunning));
    let better = terms(2, 2_000, Period::Month);
    assert_eq!(active().price_of_change(&better, When::PeriodEnd, before), Ok(Money::zero(better.amount.currency)));
    assert_eq!(active().price_of_change(&better, When::PeriodEnd, end), Err(NotNow::NotRunning));
    assert_eq!(active().changed(1, better.clone(), before), Ok(()));
    assert_eq!(active().changed(1, better, end), Err(Surplus));
}

#[test]
fn what_has_ended_says_so() {
    let mut ended = active();
    ended.end(START);
    let better = terms(2, 2_000, Period::Month);
    assert_eq!(ended.clone().cancel(START), Err(NotNow::Ended));
    assert_eq!(ended.clone().leave_for(1, START), Err(NotNow::Ended));
    assert_eq!(ended.clone().resume(START), Err(NotNow::Ended));
    assert_eq!(ended.price_of_change(&better, When::PeriodEnd, START), Err(NotNow::Ended));
    assert!(!ended.take_back(1, &better));
}

#[test]
fn a_pause_that_cannot_be_paid_for_is_suspended_when_it_is_over() {
    let mut paused = active();
    paused.leave_for(1, START).unwrap();
    paused.pause();
    let until = paused.paused_until.unwrap();
    let before = paused.clone();
    assert!(!paused.declined(2, until - Duration::SECOND));
    assert_eq!(paused, before);
    assert!(paused.declined(2, until));
    let dunning = Some(Dunning { since: until, declines: 1 });
    assert_eq!((paused.status, paused.dunning, paused.paused_until), (Status::Suspended, dunning, None));
}

#[test]
fn a_change_begins_now_or_with_the_next_period() {
    let half = START + days(14);
    assert_eq!(active().begin_of_change(When::Now, half), half);
    assert_eq!(active().begin_of_change(When::PeriodEnd, half), active().to);
}

#[test]
fn a_change_that_goes_back_leaves_what_is_paid_for() {
    let (better, other) = (terms(2, 2_000, Period::Month), terms(3, 3_000, Period::Month));
    let mut changed = active();
    changed.changed(1, better.clone(), START).unwrap();
    let before = changed.clone();
    assert!(!changed.take_back(2, &basic()) && !changed.take_back(1, &better));
    assert_eq!(changed, before);
    changed.next_terms = Some(other.clone());
    assert!(changed.take_back(1, &basic()));
    assert_eq!((&changed.terms, &changed.next_terms), (&basic(), &Some(other)));
    let mut back = Subscription { next_terms: Some(basic()), ..before };
    assert!(back.take_back(1, &basic()));
    assert_eq!((back.terms, back.next_terms), (basic(), None));
}

#[test]
fn only_a_trial_that_goes_on_is_announced() {
    let trial = Subscription::begin(basic(), 7, None, START);
    let soon = trial.to - days(1);
    assert!(trial.is_to_be_announced(soon));
    let paid = Subscription { status: Status::Active, ..trial.clone() };
    let leaving = Subscription { leaving: Some(Leaving::Cancel), ..trial.clone() };
    assert!(!paid.is_to_be_announced(soon) && !leaving.is_to_be_announced(soon));
}

#[test]
fn what_goes_on_is_what_runs_and_is_not_about_to_end() {
    let subscription = active();
    let expected = Entitlement {
        plan: "plan-1".to_owned(),
        max_streams: 2,
        max_height: 1_080,
        valid_to: subscription.to,
        grace_to: subscription.to + GRACE,
    };
    assert_eq!(subscription.going_on(), Some(expected));
    assert!(Subscription::begin(basic(), 7, None, START).going_on().is_some());
    let leaving = Subscription { leaving: Some(Leaving::Cancel), ..subscription.clone() };
    let late = Subscription { status: Status::PastDue, ..subscription };
    let waiting = Subscription::begin(basic(), 0, None, START);
    assert_eq!([leaving, late, waiting].map(|it| it.going_on()), [None, None, None]);
}

#[test]
fn an_end_is_told_only_of_what_has_begun() {
    let end = |mut subscription: Subscription| {
        subscription.end(START);
        subscription.access().map(|(status, ..)| status)
    };
    assert_eq!(end(Subscription::begin(basic(), 0, None, START)), None);
    assert_eq!(end(Subscription::begin(basic(), 7, None, START)), Some(SubscriptionStatus::Ended));
    assert_eq!(end(active()), Some(SubscriptionStatus::Ended));
}

#[test]
fn a_trial_costs_nothing_and_a_period_what_is_left_of_its_price() {
    let trial = Subscription::begin(basic(), 7, None, START);
    let half = Subscription { percent_off: 50, ..active() };
    assert_eq!([trial, active(), half].map(|it| it.cost().minor), [0, 1_000, 500]);
}

#[test]
fn nothing_is_tried_behind_the_end_of_the_ladder() {
    let next = |declines| (Dunning { since: START, declines }.next() - START).whole_days();
    assert_eq!([0, 1, 2, 3, 4, 200].map(next), [3, 3, 5, 7, 7, 7]);
}
