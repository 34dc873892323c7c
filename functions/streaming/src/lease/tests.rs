use std::collections::BTreeMap;

use kernel::Id;
use proptest::prelude::*;
use time::macros::datetime;
use uuid::Uuid;

use super::*;

const START: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn request(session: u128, device: u8) -> LeaseRequest {
    LeaseRequest {
        session: PlaybackId::from_uuid(Uuid::from_u128(session)),
        device_id: format!("device-{device}"),
        device_name: None,
        title: TitleId::from_uuid(Uuid::from_u128(1)),
        profile: ProfileId::from_uuid(Uuid::from_u128(2)),
    }
}

#[test]
fn the_second_device_gets_the_second_slot_and_the_third_gets_a_list() {
    let slots = Slots::default().acquire(request(1, 1), 2, START).unwrap().slots;
    let slots = slots.acquire(request(2, 2), 2, START).unwrap().slots;
    let SlotsFull(active) = slots.acquire(request(3, 3), 2, START).unwrap_err();
    assert_eq!(active.iter().map(|lease| lease.device_id.as_str()).collect::<Vec<_>>(), ["device-1", "device-2"]);
}

#[test]
fn a_device_that_starts_again_replaces_its_own_lease_with_a_higher_fence() {
    let first = Slots::default().acquire(request(1, 1), 1, START).unwrap();
    let second = first.slots.acquire(request(2, 1), 1, START + Duration::SECOND).unwrap();
    assert_eq!(second.replaced.as_ref(), Some(&first.lease));
    assert!(second.lease.fence > first.lease.fence);
    assert_eq!(second.slots.leases, std::slice::from_ref(&second.lease));
    assert_eq!(second.slots.renew(first.lease.session, START + Duration::SECOND), None);
}

#[test]
fn a_lease_past_its_end_is_free_and_cannot_be_renewed() {
    let first = Slots::default().acquire(request(1, 1), 1, START).unwrap();
    let late = START + LEASE;
    assert!(first.slots.acquire(request(2, 2), 1, late - Duration::MILLISECOND).is_err());
    assert_eq!(first.slots.renew(first.lease.session, late), None);
    let second = first.slots.acquire(request(2, 2), 1, late).unwrap();
    assert_eq!((second.expired, second.replaced), (vec![first.lease], None));
}

#[test]
fn a_plan_that_shrank_lets_nobody_new_in() {
    let slots =
        (1..=3).fold(Slots::default(), |slots, n| slots.acquire(request(u128::from(n), n), 3, START).unwrap().slots);
    assert!(slots.acquire(request(9, 9), 2, START).is_err());
    assert!(slots.acquire(request(9, 1), 2, START).is_ok());
    assert!(Slots::default().acquire(request(1, 1), 0, START).is_err());
}

/// What a person can do, with a snapshot that may be stale: each writer works on what it has read.
#[derive(Debug, Clone)]
enum Step {
    Read { writer: usize },
    Start { writer: usize, device: u8 },
    Beat { writer: usize, session: usize },
    Stop { writer: usize, session: usize },
    Wait { seconds: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let writer = 0usize..4;
    let step = prop_oneof![
        2 => writer.clone().prop_map(|writer| Step::Read { writer }),
        4 => (writer.clone(), 0u8..5).prop_map(|(writer, device)| Step::Start { writer, device }),
        3 => (writer.clone(), 0usize..20).prop_map(|(writer, session)| Step::Beat { writer, session }),
        1 => (writer, 0usize..20).prop_map(|(writer, session)| Step::Stop { writer, session }),
        2 => (1i64..120).prop_map(|seconds| Step::Wait { seconds }),
    ];
    proptest::collection::vec(step, 1..80)
}

/// The model: what each admitted session was promised.
#[derive(Default)]
struct Model {
    live: BTreeMap<PlaybackId, (String, i64, OffsetDateTime)>,
    last_fence: i64,
}

/// The item, and what each writer has last read of it.
struct Table {
    stored: Slots,
    read: Vec<Slots>,
}

impl Table {
    /// A write that holds only for the version that the writer has read; a writer that loses reads again.
    fn swap(&mut self, writer: usize, next: Slots) -> bool {
        let wins = self.read[writer].version == self.stored.version;
        if wins {
            self.stored = next;
        }
        self.read[writer] = self.stored.clone();
        wins
    }
}

proptest! {
    /// Four writers with stale snapshots, compare-and-swap on the version: never more live sessions than slots, one per device, fences grow.
    #[test]
    fn slots_are_never_oversold(steps in steps(), limit in 1u32..4) {
        let mut table = Table { stored: Slots::default(), read: vec![Slots::default(); 4] };
        let (mut model, mut now, mut sessions) = (Model::default(), START, Vec::new());
        for step in steps {
            match step {
                Step::Wait { seconds } => now += Duration::seconds(seconds),
                Step::Read { writer } => table.read[writer] = table.stored.clone(),
                Step::Start { writer, device } => {
                    let request = request(100 + sessions.len() as u128, device);
                    let id = request.session;
                    let Ok(acquired) = table.read[writer].acquire(request, limit, now) else { continue };
                    if table.swap(writer, acquired.slots) {
                        prop_assert!(acquired.lease.fence > model.last_fence, "fences grow");
                        model.last_fence = acquired.lease.fence;
                        model.live.retain(|_, (on, _, ends)| *on != acquired.lease.device_id && now < *ends);
                        model.live.insert(id, (acquired.lease.device_id, acquired.lease.fence, now + LEASE));
                        sessions.push(id);
                    }
                }
                Step::Beat { writer, session } => {
                    let Some(id) = sessions.get(session).copied() else { continue };
                    let promised = model.live.get(&id).is_some_and(|(_, _, ends)| now < *ends);
                    let is_fresh = table.read[writer].version == table.stored.version;
                    let Some(next) = table.read[writer].renew(id, now) else {
                        prop_assert!(!(is_fresh && promised), "a live session is not thrown out");
                        continue;
                    };
                    if table.swap(writer, next) {
                        prop_assert!(promised, "only a live session is renewed");
                        model.live.entry(id).and_modify(|(_, _, ends)| *ends = now + LEASE);
                    }
                }
                Step::Stop { writer, session } => {
                    let Some(id) = sessions.get(session).copied() else { continue };
                    let next = table.read[writer].release(id);
                    if table.swap(writer, next) {
                        model.live.remove(&id);
                    }
                }
            }
            model.live.retain(|_, (_, _, ends)| now < *ends);
            let live: Vec<_> = table.stored.live(now).collect();
            prop_assert!(live.len() <= limit as usize, "oversold: {live:?}");
            let expected: Vec<_> = model.live.iter().map(|(id, (device, fence, ends))| (*id, device.as_str(), *fence, *ends)).collect();
            let mut found: Vec<_> = live.iter().map(|lease| (lease.session, lease.device_id.as_str(), lease.fence, lease.ends_at)).collect();
            found.sort();
            prop_assert_eq!(found, expected);
        }
    }
}
