use kernel::{Id, World};
use proptest::prelude::*;

use super::*;

fn start() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::days(20_000)
}

fn session() -> SessionId {
    SessionId::from_parts(start(), [7; 10])
}

fn begin() -> (Family, RefreshToken) {
    Family::begin(session(), [1; 32], [2; 32], start())
}

/// The store with its one row, and what a server does with it.
#[derive(Clone)]
struct Server(Family);

impl Server {
    /// `None`: refused.
    fn refresh(&mut self, token: &RefreshToken, now: OffsetDateTime) -> Option<RefreshToken> {
        match self.0.present(token, now) {
            Decision::Rotate(family, leaf) => {
                self.0 = *family;
                Some(leaf)
            }
            Decision::Repeat(leaf) => Some(leaf),
            Decision::Reused => {
                self.0.revoked_at = Some(now);
                None
            }
            _ => None,
        }
    }
}

#[test]
fn a_token_survives_its_way_through_a_client_and_nothing_else_parses() {
    let (_, token) = begin();
    assert_eq!(RefreshToken::parse(&token.reveal()), Some(token.clone()));
    let text = token.reveal();
    for wrong in [
        "",
        ".",
        "ses_.AAAA",
        &text[..text.len() - 1],
        &text.replace('.', ""),
        &format!("{text}AAAA"),
        &text.replacen("ses", "acc", 1),
    ] {
        assert_eq!(RefreshToken::parse(wrong), None, "{wrong}");
    }
    assert!(!format!("{token:?}").contains(&text[30..50]));
}

#[test]
fn current_rotates_previous_repeats_and_anything_older_ends_the_family() {
    let (family, first) = begin();
    let mut server = Server(family);
    let second = server.refresh(&first, start()).unwrap();
    assert_eq!(server.refresh(&first, start() + GRACE), Some(second.clone()));
    let third = server.refresh(&second, start() + GRACE).unwrap();
    assert_ne!(second, third);
    assert_eq!(server.0.present(&first, start() + GRACE), Decision::Reused);
    assert_eq!(server.refresh(&first, start() + GRACE), None);
    assert_eq!(server.0.present(&third, start() + GRACE), Decision::Revoked);
}

#[test]
fn the_previous_token_after_its_grace_ends_the_family() {
    let (family, first) = begin();
    let mut server = Server(family);
    server.refresh(&first, start()).unwrap();
    let late = start() + GRACE + Duration::milliseconds(1);
    assert_eq!(server.0.present(&first, late), Decision::Reused);
}

#[test]
fn a_made_up_token_does_not_end_a_family_whose_id_is_known() {
    let (family, _) = begin();
    let forged = FamilyKey([9; 32]).token(session(), [3; 32]);
    assert_eq!(family.present(&forged, start()), Decision::Unknown);
    let (_, foreign) = Family::begin(SessionId::from_parts(start(), [8; 10]), [1; 32], [2; 32], start());
    assert_eq!(family.present(&foreign, start()), Decision::Unknown);
}

#[test]
fn a_family_ends_after_idling_and_after_its_longest_life() {
    let (family, token) = begin();
    assert_eq!(family.present(&token, start() + IDLE), Decision::Expired);
    let mut server = Server(family);
    let (mut token, mut now) = (token, start());
    while now < start() + ABSOLUTE {
        token = server.refresh(&token, now).unwrap();
        now += IDLE - Duration::HOUR;
    }
    assert_eq!(server.0.present(&token, now), Decision::Expired);
}

#[test]
fn what_is_stored_does_not_lead_to_a_token() {
    let (family, token) = begin();
    let stored = [family.key.0, family.current];
    assert!(!stored.contains(&token.secret) && !stored.contains(&family.key.successor(&token).secret));
}

/// One round of an honest client: several tabs send the token in storage, each until it gets an answer, the last within the grace.
#[derive(Debug, Clone)]
struct Round {
    pause_seconds: i64,
    /// Per call in sending order: milliseconds after the call before, and whether its answer is lost.
    calls: Vec<(i64, bool)>,
}

fn round() -> impl Strategy<Value = Round> {
    let calls = proptest::collection::vec((0i64..3_000, any::<bool>()), 1..9);
    (0i64..90_000, calls).prop_map(|(pause_seconds, calls)| Round { pause_seconds, calls })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Tabs, lost answers and crashes of the server after its commit (which are lost answers) never end an honest client's session, and all
    /// tabs of a round get the same token.
    #[test]
    fn no_honest_client_is_signed_out(rounds in proptest::collection::vec(round(), 1..40)) {
        let (family, mut stored) = begin();
        let mut server = Server(family);
        let mut now = start();
        for round in rounds {
            now += Duration::seconds(round.pause_seconds);
            let mut answers = Vec::new();
            for (later, lost) in round.calls {
                now += Duration::milliseconds(later);
                let leaf = server.refresh(&stored, now);
                prop_assert!(leaf.is_some(), "signed out");
                answers.push((leaf.unwrap(), lost));
            }
            prop_assert!(answers.windows(2).all(|pair| pair[0].0 == pair[1].0));
            // A client whose answers are all lost tries again, within the grace, and then gets one.
            if answers.iter().all(|(_, lost)| *lost) {
                let retry = server.refresh(&stored, now);
                prop_assert_eq!(retry.as_ref(), Some(&answers[0].0));
            }
            stored = answers.remove(0).0;
        }
    }

    /// A thief copies a token at any time and uses it at any time. As soon as both have refreshed past each other's grace, nobody is
    /// signed in: a theft never stays unnoticed.
    #[test]
    fn a_thief_and_a_client_cannot_both_stay(steps in proptest::collection::vec((any::<bool>(), 31i64..9_000), 2..60)) {
        let (family, token) = begin();
        let (mut client, mut thief) = (token.clone(), token);
        let mut server = Server(family);
        let mut now = start();
        for (is_thief, later) in &steps {
            now += Duration::seconds(*later);
            let holder = if *is_thief { &mut thief } else { &mut client };
            if let Some(next) = server.refresh(holder, now) {
                *holder = next;
            }
        }
        let changes = steps.windows(2).filter(|pair| pair[0].0 != pair[1].0).count();
        prop_assert_eq!(changes > 0, server.0.revoked_at.is_some());
        if changes > 0 {
            prop_assert_eq!(server.refresh(&client, now), None);
            prop_assert_eq!(server.refresh(&thief, now), None);
        }
    }

    /// Any history of any tokens: the family's live token is the only one that rotates, and a revoked family stays revoked.
    #[test]
    fn only_one_token_rotates(history in proptest::collection::vec((0usize..8, 0i64..60_000), 1..60)) {
        let (family, token) = begin();
        let mut server = Server(family);
        let mut made = vec![token];
        let mut now = start();
        for (back, later) in history {
            now += Duration::milliseconds(later);
            let presented = made[made.len().saturating_sub(back + 1)].clone();
            let is_live = presented.digest() == server.0.current;
            let was_revoked = server.0.revoked_at.is_some();
            match server.0.present(&presented, now) {
                Decision::Rotate(..) => prop_assert!(is_live && !was_revoked),
                Decision::Repeat(leaf) => prop_assert!(leaf.digest() == server.0.current && !was_revoked),
                Decision::Reused => prop_assert!(!is_live && !was_revoked),
                Decision::Revoked => prop_assert!(was_revoked),
                other => prop_assert!(false, "{:?}", other),
            }
            if let Some(leaf) = server.refresh(&presented, now) && !made.contains(&leaf) {
                made.push(leaf);
            }
        }
    }

    /// Two calls that read the row at the same time: one write wins, the other reads again and gets the same token.
    #[test]
    fn parallel_calls_get_the_same_token(calls in 2usize..20, seed: u64) {
        let (family, token) = begin();
        let (world, _) = World::replay(start(), seed);
        let snapshot = family.clone();
        let mut stored = family;
        let mut leaves = Vec::new();
        for _ in 0..calls {
            // Each call read either the row before the change or the one after it; its write counts only if the row is still what it read.
            let mut read = if world.below(2) == 0 { snapshot.clone() } else { stored.clone() };
            loop {
                match read.present(&token, start()) {
                    Decision::Rotate(next, leaf) if read.current == stored.current => {
                        stored = *next;
                        leaves.push(leaf);
                        break;
                    }
                    Decision::Rotate(..) => read = stored.clone(),
                    Decision::Repeat(leaf) => {
                        leaves.push(leaf);
                        break;
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
        prop_assert!(leaves.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
