use kernel::{AssetId, Id};
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::assets::failure::{MOST_ATTEMPTS, MOST_TOOL_ATTEMPTS};

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn row(job: Job) -> JobRow {
    JobRow::new(AssetId::from_uuid(uuid::Uuid::from_u128(1)), job, NOW)
}

fn claimed(row: &JobRow, owner: &str, now: OffsetDateTime) -> JobRow {
    match row.lease(owner, now) {
        Lease::Granted(row) => *row,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_job_is_worked_on_by_one_at_a_time() {
    let first = claimed(&row(Job::Chunk(0)), "a", NOW);
    assert_eq!(first.lease("b", NOW + LEASE / 2), Lease::Held);
    assert_eq!(first.renew("b", NOW), None);
    assert_eq!(first.finish("b", None, None, NOW), None);
    let renewed = first.renew("a", NOW + LEASE / 2).unwrap();
    assert_eq!(renewed.lease("b", NOW + LEASE), Lease::Held, "a renewed lease is alive");
    let done = renewed.finish("a", Some("key".into()), None, NOW + LEASE).unwrap();
    assert_eq!(done.lease("b", NOW + LEASE), Lease::Unneeded);
    assert_eq!((done.status, done.due_at, done.owner), (Status::Done, None, None));
}

#[test]
fn a_dead_worker_loses_its_job_and_cannot_finish_it_later() {
    let first = claimed(&row(Job::Chunk(0)), "a", NOW);
    let second = claimed(&first, "b", NOW + LEASE);
    assert_eq!(second.attempts, 2);
    assert_eq!(second.finish("a", Some("late".into()), None, NOW + LEASE), None);
    assert!(second.renew("a", NOW + LEASE).is_none() && second.renew("b", NOW + LEASE).is_some());
}

#[test]
fn a_dead_worker_is_found_when_its_lease_ends_and_not_before() {
    let working = claimed(&row(Job::Chunk(0)), "a", NOW);
    assert_eq!(working.due_at, Some(NOW + LEASE), "then the reconciler looks");
    assert_eq!(working.abandon(NOW + LEASE / 2), None);
    let Some(FailureOutcome::Continues(waiting)) = working.abandon(NOW + LEASE) else { panic!("it goes on") };
    assert_eq!(waiting.status, Status::Waiting);
    assert!(matches!(waiting.lease("b", NOW + LEASE), Lease::Granted(_)));
}

/// Lets `attempts` attempts fail one after the other.
fn failing(job: Job, failure: &Failure, attempts: u32) -> Option<FailureOutcome> {
    let mut row = row(job);
    for attempt in 1..=attempts {
        row = claimed(&row, "a", NOW);
        match row.fail("a", failure, NOW) {
            Some(FailureOutcome::Continues(next)) if attempt < attempts => row = *next,
            verdict => return verdict,
        }
    }
    None
}

#[test]
fn tools_may_fail_twice_and_engines_more_often() {
    let tool = Failure::Tool { detail: "ffmpeg failed".into() };
    assert!(matches!(failing(Job::Chunk(3), &tool, MOST_TOOL_ATTEMPTS - 1), Some(FailureOutcome::Continues(_))));
    let Some(FailureOutcome::FailsAsset(error)) = failing(Job::Chunk(3), &tool, MOST_TOOL_ATTEMPTS) else {
        panic!("it is over")
    };
    assert_eq!(error.code, "chunk_failed");
    assert!(
        error.detail.starts_with("chunk-000003 failed 3 times: the picture could not be encoded; upload"),
        "{error:?}"
    );
    assert!(!error.detail.contains("ffmpeg"), "no tool's words: {error:?}");
    let passing = Failure::Transient { detail: "s3 is down".into() };
    assert!(matches!(failing(Job::Chunk(3), &passing, MOST_ATTEMPTS - 1), Some(FailureOutcome::Continues(_))));
    assert!(matches!(failing(Job::Chunk(3), &passing, MOST_ATTEMPTS), Some(FailureOutcome::FailsAsset(_))));
}

#[test]
fn a_refusal_is_final_and_sprites_never_block() {
    let refused = Failure::refused("empty", "the file is empty");
    assert!(
        matches!(failing(Job::Probe, &refused, 1), Some(FailureOutcome::FailsAsset(error)) if error.code == "empty")
    );
    let tool = Failure::Tool { detail: "no key pictures".into() };
    let Some(FailureOutcome::Continues(row)) = failing(Job::Sprites, &tool, MOST_TOOL_ATTEMPTS) else {
        panic!("it goes on")
    };
    assert_eq!((row.status, row.is_over(), row.due_at), (Status::Skipped, true, None));
}

#[test]
fn messages_are_sent_again_ever_more_rarely() {
    let mut row = row(Job::Chunk(0));
    let mut last = Duration::ZERO;
    for _ in 0..12 {
        row = row.sent_again(NOW);
        let wait = row.due_at.unwrap() - NOW;
        assert!(wait >= last && wait <= LONGEST_RESEND);
        last = wait;
    }
    assert_eq!(last, LONGEST_RESEND);
}

/// What happens to a job in the model.
#[derive(Debug, Clone)]
enum Happening {
    Claim(usize),
    Renew(usize),
    Finish(usize),
    Fail(usize),
    Wait(i64),
    Reconcile,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0..3usize).prop_map(Happening::Claim),
        (0..3usize).prop_map(Happening::Renew),
        (0..3usize).prop_map(Happening::Finish),
        (0..3usize).prop_map(Happening::Fail),
        (1..90i64).prop_map(Happening::Wait),
        Just(Happening::Reconcile),
    ]
}

proptest! {
    /// Whatever three workers, the clock and the reconciler do: one lease at a time, and a job that is over stays as it is.
    #[test]
    fn nobody_works_on_what_another_holds(happenings in proptest::collection::vec(happening(), 1..60)) {
        const WORKERS: [&str; 3] = ["a", "b", "c"];
        let failure = Failure::Transient { detail: "down".into() };
        let (mut row, mut now) = (row(Job::Chunk(0)), NOW);
        for happening in happenings {
            let before = row.clone();
            let holder = before.owner.clone().filter(|_| !before.is_abandoned(now));
            let next = match &happening {
                Happening::Claim(who) => match row.lease(WORKERS[*who], now) {
                    Lease::Granted(next) => {
                        prop_assert!(holder.is_none(), "{:?} took what {:?} holds", WORKERS[*who], holder);
                        Some(*next)
                    }
                    Lease::Held => { prop_assert!(holder.is_some()); None }
                    Lease::Unneeded => { prop_assert!(row.is_over()); None }
                },
                Happening::Renew(who) => row.renew(WORKERS[*who], now),
                Happening::Finish(who) => row.finish(WORKERS[*who], Some("key".into()), None, now),
                Happening::Fail(who) => match row.fail(WORKERS[*who], &failure, now) {
                    Some(FailureOutcome::Continues(next)) => Some(*next),
                    Some(FailureOutcome::FailsAsset(_)) => { prop_assert!(row.attempts >= MOST_ATTEMPTS); break; }
                    None => None,
                },
                Happening::Wait(seconds) => { now += Duration::seconds(*seconds); None }
                Happening::Reconcile => match row.abandon(now) {
                    Some(FailureOutcome::Continues(next)) => { prop_assert!(holder.is_none()); Some(*next) }
                    Some(FailureOutcome::FailsAsset(_)) => { prop_assert!(row.attempts >= MOST_ATTEMPTS); break; }
                    None => None,
                },
            };
            if let Some(next) = next {
                prop_assert!(!before.is_over(), "{happening:?} changed a job that was over");
                row = next;
            }
            // Whatever is not over is somebody's duty.
            prop_assert_eq!(row.is_over(), row.due_at.is_none());
        }
    }
}
