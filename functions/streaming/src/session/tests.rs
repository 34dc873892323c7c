use kernel::Id;
use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

use super::*;

const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn session() -> Session {
    Session {
        id: PlaybackId::from_uuid(Uuid::from_u128(1)),
        account: AccountId::from_uuid(Uuid::from_u128(2)),
        profile: ProfileId::from_uuid(Uuid::from_u128(3)),
        title: TitleId::from_uuid(Uuid::from_u128(4)),
        asset: AssetId::from_uuid(Uuid::from_u128(5)),
        device_id: "tv".to_owned(),
        fence: 1,
        territory: "DE".parse().unwrap(),
        max_rating: 18,
        version: 1,
        state: State::Playing,
        position: 0.0,
        watched: 0.0,
        duration: 6000.0,
        started_at: START,
        at: START,
        client_at: START,
        lease_ends_at: START + LEASE,
        rental: None,
        rental_begun_at: None,
    }
}

fn report(position: f64, client_time: Option<OffsetDateTime>) -> PlayerReport {
    PlayerReport { position, state: PlayerState::Playing, client_time }
}

fn after(seconds: i64) -> OffsetDateTime {
    START + Duration::seconds(seconds)
}

#[test]
fn playing_counts_and_jumping_does_not() {
    let played = session().report(&report(30.0, None), after(30));
    assert_eq!((played.position, played.watched, played.version), (30.0, 30.0, 2));
    let jumped = played.report(&report(3000.0, None), after(60));
    assert_eq!((jumped.position, jumped.watched), (3000.0, 30.0));
    let back = jumped.report(&report(10.0, None), after(90));
    assert_eq!((back.position, back.watched), (10.0, 30.0));
    let double = back.report(&report(73.0, None), after(120));
    assert_eq!(double.watched, 90.0, "double speed and jitter: no more than twice the time");
}

#[test]
fn a_paused_player_watches_nothing() {
    let paused = session().report(&PlayerReport { state: PlayerState::Paused, ..report(10.0, None) }, after(30));
    let scrubbed = paused.report(&PlayerReport { state: PlayerState::Paused, ..report(20.0, None) }, after(60));
    assert_eq!((scrubbed.position, scrubbed.watched, scrubbed.state), (20.0, 10.0, State::Paused));
}

#[test]
fn a_late_report_keeps_the_lease_and_changes_nothing_else() {
    let now = session().report(&report(60.0, Some(after(60))), after(60));
    let late = now.report(&report(30.0, Some(after(30))), after(70));
    assert_eq!((late.position, late.watched, late.lease_ends_at), (60.0, 60.0, after(70) + LEASE));
}

#[test]
fn a_wrong_clock_cannot_block_later_reports() {
    let far = datetime!(2099-01-01 00:00 UTC);
    let ahead = session().report(&report(30.0, Some(far)), after(30));
    assert_eq!(ahead.client_at, after(30));
    assert_eq!(ahead.report(&report(60.0, Some(after(60))), after(60)).position, 60.0);
    let past = datetime!(2001-01-01 00:00 UTC);
    let mut behind = session();
    for n in 1..=6 {
        behind = behind.report(&report(30.0 * n as f64, Some(past)), after(30 * n));
    }
    assert!(behind.position >= 150.0, "a clock that is years behind is only {}", behind.position);
}

#[test]
fn it_ends_once_and_says_why() {
    assert_eq!(session().check_live(after(89)), Ok(()));
    assert_eq!(session().check_live(after(90)), Err(Ended::Expired));
    let stopped = session().stop(Some(40.0), after(30));
    assert_eq!((stopped.check_live(after(31)), stopped.position, stopped.watched), (Err(Ended::Stopped), 40.0, 40.0));
    let kicked = session().report(&report(20.0, None), after(20)).kick(after(30));
    assert_eq!((kicked.check_live(after(31)), kicked.position, kicked.at), (Err(Ended::Kicked), 20.0, after(30)));
    let expired = session().expire();
    assert_eq!((expired.check_live(after(1)), expired.at), (Err(Ended::Expired), after(90)));
}

fn rented(id: u128) -> Option<PurchaseId> {
    Some(PurchaseId::from_uuid(uuid::Uuid::from_u128(id)))
}

#[test]
fn a_rental_begins_with_the_first_second_that_is_played_and_only_once() {
    let paused = PlayerReport { state: PlayerState::Paused, ..report(0.0, None) };
    let still = session().report(&paused, after(3_000)).on_rental(rented(1), &session());
    assert_eq!(still.rental_begun_at, None, "a picture that stands is not watched");
    let live = session().report(&report(20.0, None), after(30)).on_rental(rented(1), &session());
    assert_eq!(live.rental_begun_at, Some(after(10)));
    let fast = session().report(&report(40.0, None), after(30)).on_rental(rented(1), &session());
    assert_eq!(fast.rental_begun_at, Some(after(0)), "never before the last report");
    let more = live.report(&report(50.0, None), after(60)).on_rental(rented(1), &live);
    assert_eq!(more.rental_begun_at, Some(after(10)));
    let stopped = session().stop(Some(5.0), after(5)).on_rental(rented(1), &session());
    assert_eq!(stopped.rental_begun_at, Some(after(0)));
}

#[test]
fn another_rental_has_a_beginning_of_its_own_and_a_plan_has_none() {
    let live = session().report(&report(20.0, None), after(30)).on_rental(rented(1), &session());
    let again = live.report(&report(50.0, None), after(60)).on_rental(rented(2), &live);
    assert_eq!((again.rental, again.rental_begun_at), (rented(2), Some(after(30))));
    let plan = live.report(&report(50.0, None), after(60)).on_rental(None, &live);
    assert_eq!((plan.rental, plan.rental_begun_at), (None, None));
}

proptest! {
    #[test]
    fn watched_time_never_exceeds_double_speed_and_positions_stay_inside_the_film(
        reports in proptest::collection::vec((0i64..120_000, -100.0f64..9000.0, 0u8..3, proptest::option::of(-200_000i64..200_000)), 1..40)
    ) {
        let (mut state, mut now) = (session(), START);
        for (wait, position, player, skew) in reports {
            now += Duration::milliseconds(wait);
            let player = [PlayerState::Playing, PlayerState::Paused, PlayerState::Buffering][usize::from(player)];
            let client_time = skew.map(|skew| now + Duration::milliseconds(skew));
            let next = state.report(&PlayerReport { position, state: player, client_time }, now);
            prop_assert!(next.watched >= state.watched && next.version == state.version + 1);
            prop_assert!(next.client_at >= state.client_at && next.client_at <= now);
            prop_assert!((0.0..=6000.0).contains(&next.position));
            state = next;
        }
        let most = (now - START).as_seconds_f64() * MAX_RATE + 0.001 * 40.0;
        prop_assert!(state.watched <= most, "{} of {most}", state.watched);
    }

    #[test]
    fn reports_of_a_true_clock_end_in_the_same_place_in_any_order(order in Just((1i64..8).collect::<Vec<_>>()).prop_shuffle()) {
        let now = after(80);
        let end = order.iter().fold(session(), |state, n| state.report(&report(*n as f64 * 10.0, Some(after(n * 10))), now));
        prop_assert_eq!((end.position, end.client_at), (70.0, after(70)));
    }
}
