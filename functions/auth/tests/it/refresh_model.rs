//! Refresh rotation on the real database under real concurrency: several tabs, lost answers, a thief. The pure machine has its own model in
//! `src/session/tests.rs`; here reads, conditional writes and retries interleave as they do in production.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration as Pause,
};

use kernel::World;
use serde_json::json;
use testkit::App;
use time::Duration;

use crate::stage::{PASSWORD, Stage, text};

const HISTORIES: usize = 30;
const ROUNDS: usize = 8;
const TABS: u32 = 6;

/// Several environments of the function on one database, and the dice.
struct Field {
    stage: Stage,
    environments: Vec<App>,
    dice: World,
}

/// What each presented token was answered with.
#[derive(Default)]
struct Chain(BTreeMap<String, BTreeSet<String>>);

impl Chain {
    fn note(&mut self, presented: &str, answered: &[Option<String>]) {
        let successors = self.0.entry(presented.to_owned()).or_default();
        successors.extend(answered.iter().flatten().cloned());
    }

    /// Every token has one successor at most, and one token alone has none: there is one live leaf.
    fn check(&self) {
        let all: BTreeSet<&String> = self.0.keys().chain(self.0.values().flatten()).collect();
        for (token, successors) in &self.0 {
            assert!(successors.len() <= 1, "{} successors of {}", successors.len(), &token[..20]);
        }
        let leaves = all.iter().filter(|token| self.0.get(**token).is_none_or(BTreeSet::is_empty)).count();
        assert!(leaves <= 1, "{leaves} live leaves");
    }
}

impl Field {
    async fn open() -> (Self, String) {
        let stage = Stage::start().await;
        let environments = (0..3).map(|_| stage.service.app_with(&stage.boot(), auth::operations::routes)).collect();
        let email = stage.account().await;
        let seed = u64::from_le_bytes(World::system().bytes());
        println!("seed {seed}");
        let (dice, _) = World::replay(stage.world.now(), seed);
        (Self { stage, environments, dice }, email)
    }

    async fn sign_in(&self, email: &str) -> String {
        let token = self.stage.log_in(email, PASSWORD).await.expect(200);
        text(&token, "refresh_token").to_owned()
    }

    /// Presents a token in so many calls at the same time, each a moment later than planned; `None`: 401.
    async fn present(&self, token: &str, calls: u32) -> Vec<Option<String>> {
        let body = json!({ "refresh_token": token });
        let calls = (0..calls).map(|_| {
            let app = &self.environments[self.dice.below(3) as usize];
            let pause = Pause::from_micros(u64::from(self.dice.below(4_000)));
            let body = &body;
            async move {
                tokio::time::sleep(pause).await;
                let mut answer = app.post("/v1/auth/refresh", body).send().await;
                // Losing the race twice is 503, and the client comes again.
                while answer.status == 503 {
                    answer = app.post("/v1/auth/refresh", body).send().await;
                }
                match answer.status.as_u16() {
                    200 => Some(text(&answer.json(), "refresh_token").to_owned()),
                    _ => {
                        answer.expect_problem(401, "session_revoked");
                        None
                    }
                }
            }
        });
        futures::future::join_all(calls).await
    }
}

#[tokio::test]
async fn an_honest_client_is_never_signed_out_and_there_is_one_live_leaf() {
    let (field, email) = Field::open().await;
    for _ in 0..HISTORIES {
        let mut chain = Chain::default();
        let mut stored = field.sign_in(&email).await;
        for _ in 0..ROUNDS {
            field.stage.advance(Duration::seconds(i64::from(field.dice.below(90_000))));
            let answers = field.present(&stored, 1 + field.dice.below(TABS)).await;
            chain.note(&stored, &answers);
            assert!(answers.iter().all(Option::is_some), "signed out");
            // All answers may be lost; the retry comes within the grace, perhaps more than once.
            let mut kept = (field.dice.below(3) > 0).then(|| answers[0].clone()).flatten();
            let mut left = 29;
            while kept.is_none() {
                let later = field.dice.below(left + 1);
                left -= later;
                field.stage.advance(Duration::seconds(i64::from(later)));
                let retries = field.present(&stored, 1 + field.dice.below(3)).await;
                chain.note(&stored, &retries);
                assert!(retries.iter().all(Option::is_some), "signed out by a retry within the grace");
                kept = (field.dice.below(2) > 0).then(|| retries[0].clone()).flatten();
            }
            stored = kept.unwrap();
        }
        chain.check();
    }
}

#[tokio::test]
async fn a_thief_and_a_client_cannot_both_stay() {
    let (field, email) = Field::open().await;
    for _ in 0..HISTORIES {
        let mut chain = Chain::default();
        let token = field.sign_in(&email).await;
        let mut holders = [token.clone(), token];
        let mut last = None;
        let mut has_changed = false;
        for _ in 0..ROUNDS {
            // Beyond the grace of whatever was rotated before.
            field.stage.advance(Duration::seconds(31 + i64::from(field.dice.below(9_000))));
            let who = field.dice.below(2) as usize;
            has_changed |= last.is_some_and(|last| last != who);
            last = Some(who);
            let answers = field.present(&holders[who], 1 + field.dice.below(TABS)).await;
            chain.note(&holders[who], &answers);
            assert_eq!(
                answers.iter().all(Option::is_none),
                has_changed,
                "a theft stays unnoticed, or an honest client is out"
            );
            assert_eq!(answers.iter().all(Option::is_some), !has_changed);
            if let Some(next) = answers.into_iter().flatten().next() {
                holders[who] = next;
            }
        }
        chain.check();
        if has_changed {
            for holder in &holders {
                assert_eq!(field.present(holder, 1).await, [None]);
            }
        }
    }
}

#[tokio::test]
async fn a_thief_and_a_client_at_the_same_moment_still_make_one_leaf() {
    let (field, email) = Field::open().await;
    for _ in 0..HISTORIES {
        let mut chain = Chain::default();
        let first = field.sign_in(&email).await;
        let Some(second) = field.present(&first, 1).await.remove(0) else { panic!("signed out") };
        chain.note(&first, &[Some(second.clone())]);
        // Within the grace both the live token and the one before it are answered; together they may not fork the family.
        let (old, live) =
            futures::future::join(field.present(&first, 1 + field.dice.below(3)), field.present(&second, 3)).await;
        chain.note(&second, &live);
        // The old one either came first and was answered with the live one, or came after the rotation and ended the family.
        assert!(old.iter().flatten().all(|answer| *answer == second), "an old token was answered with another leaf");
        chain.check();
    }
}
