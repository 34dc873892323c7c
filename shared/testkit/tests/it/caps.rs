//! Nobody climbs: from a capped session no sequence of calls without a proof reaches a higher cap, or touches a profile that the session could
//! not use. Searched for in random sequences over the merged routers of auth and user, while what each tells the other comes late, twice and in
//! any order.

use std::collections::BTreeMap;

use cinema_http::axum::http::Method;
use events::Event;
use kernel::ProfileId;
use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner},
};
use serde_json::{Value, json};
use testkit::Answer;
use time::Duration;

use crate::household::{Household, ProfileState, SignedIn, claims};

/// Known to the parents alone.
const THEIR_PIN: &str = "4821";
/// Known to whoever holds the session.
const OWN_PIN: &str = "1111";
const LONGEST: usize = 24;
/// More with `PROPTEST_CASES`.
const CASES: u32 = 24;

/// A household before its session is handed over.
#[derive(Debug, Clone)]
struct Plan {
    default: Made,
    /// The first of them is the one that the session is handed over with.
    others: Vec<Made>,
    /// Whether it is handed over with the first of the others, or as it is after signing in.
    is_switched: bool,
    /// How long ago the person signed in by then.
    age_minutes: i64,
    steps: Vec<Step>,
}

/// How a parent makes a profile.
#[derive(Debug, Clone, Copy)]
struct Made {
    max_rating: u8,
    has_pin: bool,
}

/// One call, with what arrives before it.
#[derive(Debug, Clone)]
struct Step {
    call: Ask,
    /// With which of the tokens in hand, the newest first.
    token: usize,
    /// Which of the events on their way arrive, in this order.
    arriving: Vec<Index>,
    /// Which of those that arrived before arrive again.
    repeated: Vec<Index>,
}

#[derive(Debug, Clone)]
enum Ask {
    Create { max_rating: Option<u8>, has_pin: bool, is_repeatable: bool },
    Update { profile: Index, change: Change },
    Delete { profile: Index },
    Switch { profile: Index, pin: Option<&'static str> },
    Refresh { is_old: bool },
    Guess(Value),
    Look(&'static str),
    Export,
    Erase,
    EnrolAuthenticator,
    ConfirmAuthenticator,
    ProveByAuthenticator,
    ChangePassword,
    Wait { minutes: i64 },
}

/// Members of a merge patch; the inner `None` is null.
#[derive(Debug, Clone)]
struct Change {
    is_renamed: bool,
    avatar: Option<Option<&'static str>>,
    max_rating: Option<Option<u8>>,
    pin: Option<Option<&'static str>>,
}

impl Change {
    fn patch(&self) -> Value {
        let mut patch = json!({});
        if self.is_renamed {
            patch["name"] = json!("Mallory");
        }
        if let Some(avatar) = self.avatar {
            patch["avatar"] = json!(avatar);
        }
        if let Some(max_rating) = self.max_rating {
            patch["max_rating"] = json!(max_rating);
        }
        if let Some(pin) = self.pin {
            patch["pin"] = json!(pin);
        }
        patch
    }
}

fn cap() -> impl Strategy<Value = u8> {
    select(vec![0u8, 6, 12, 16, 18])
}

fn made() -> impl Strategy<Value = Made> {
    (cap(), any::<bool>()).prop_map(|(max_rating, has_pin)| Made { max_rating, has_pin })
}

fn change() -> impl Strategy<Value = Change> {
    let often_absent = 0.5;
    (
        any::<bool>(),
        prop::option::weighted(0.2, prop::option::of(Just("fox"))),
        prop::option::weighted(often_absent, prop::option::of(cap())),
        prop::option::weighted(often_absent, prop::option::of(Just(OWN_PIN))),
    )
        .prop_map(|(is_renamed, avatar, max_rating, pin)| Change { is_renamed, avatar, max_rating, pin })
}

fn ask() -> impl Strategy<Value = Ask> {
    let guesses = vec![json!({"password": "correct horse batter"}), json!({"code": "000000"}), json!({})];
    let looks = vec!["/v1/users/me/profiles", "/v1/users/me", "/v1/auth/sessions", "/v1/auth/security-events"];
    prop_oneof![
        4 => (prop::option::of(cap()), any::<bool>(), any::<bool>())
            .prop_map(|(max_rating, has_pin, is_repeatable)| Ask::Create { max_rating, has_pin, is_repeatable }),
        8 => (any::<Index>(), change()).prop_map(|(profile, change)| Ask::Update { profile, change }),
        4 => any::<Index>().prop_map(|profile| Ask::Delete { profile }),
        8 => (any::<Index>(), prop::option::weighted(0.7, select(vec![OWN_PIN, OWN_PIN, "0000"])))
            .prop_map(|(profile, pin)| Ask::Switch { profile, pin }),
        6 => prop::bool::weighted(0.1).prop_map(|is_old| Ask::Refresh { is_old }),
        1 => select(guesses).prop_map(Ask::Guess),
        1 => select(looks).prop_map(Ask::Look),
        1 => Just(Ask::Export),
        1 => Just(Ask::Erase),
        2 => Just(Ask::EnrolAuthenticator),
        2 => Just(Ask::ConfirmAuthenticator),
        2 => Just(Ask::ProveByAuthenticator),
        1 => Just(Ask::ChangePassword),
        2 => (0i64..12).prop_map(|minutes| Ask::Wait { minutes }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    (ask(), prop_oneof![3 => Just(0), 1 => 0usize..4], vec(any::<Index>(), 0..4), vec(any::<Index>(), 0..2))
        .prop_map(|(call, token, arriving, repeated)| Step { call, token, arriving, repeated })
}

/// An authenticator of one's own, as far as one gets: single calls come in this order once in a hundred plans.
fn arming() -> impl Iterator<Item = Step> {
    let calls = [Ask::EnrolAuthenticator, Ask::ConfirmAuthenticator, Ask::ProveByAuthenticator];
    calls.into_iter().map(|call| Step { call, token: 0, arriving: Vec::new(), repeated: Vec::new() })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    (prop::bool::weighted(0.3), vec(step(), 1..LONGEST))
        .prop_map(|(arms, steps)| if arms { arming().chain(steps).collect() } else { steps })
}

fn plan() -> impl Strategy<Value = Plan> {
    let age = select(vec![11, 30, 59, 61, 24 * 60]);
    (made(), vec(made(), 1..4), prop::bool::weighted(0.8), age, steps()).prop_map(
        |(default, others, is_switched, age_minutes, steps)| Plan { default, others, is_switched, age_minutes, steps },
    )
}

/// A session on its way through a plan.
struct Sequence<'a> {
    household: &'a Household,
    address: String,
    /// The highest cap that may ever be seen.
    cap: u8,
    /// The oldest first.
    tokens: Vec<String>,
    /// Of the refresh family, the oldest first.
    refresh: Vec<String>,
    profiles: Vec<ProfileId>,
    /// What the session could not use when it began.
    guarded: BTreeMap<ProfileId, ProfileState>,
    on_their_way: Vec<Event>,
    arrived: Vec<Event>,
    authenticator: Option<String>,
}

impl<'a> Sequence<'a> {
    /// Plays the parents, who have just signed in, and hands their session over.
    async fn begin(household: &'a Household, plan: &Plan) -> Self {
        let mut person = Box::pin(household.sign_up()).await;
        let profiles = Box::pin(Self::furnish(household, &person, plan)).await;
        let arrived = Box::pin(household.deliver_all()).await;
        if plan.is_switched {
            let pin = plan.others[0].has_pin.then_some(THEIR_PIN);
            let body = json!({ "profile_id": profiles[1], "pin": pin });
            let switched =
                household.ask(&person.address, &person.access, Method::POST, "/v1/auth/profile", Some(&body)).await;
            switched.expect(200);
        } else {
            person = household.sign_in(person).await;
        }
        household.clock.advance(Duration::minutes(plan.age_minutes));
        let mut sequence = Self {
            household,
            address: person.address,
            cap: u8::MAX,
            tokens: Vec::new(),
            refresh: vec![person.refresh],
            profiles,
            guarded: BTreeMap::new(),
            on_their_way: Vec::new(),
            arrived,
            authenticator: None,
        };
        Box::pin(sequence.ask(&Ask::Refresh { is_old: false }, 0)).await.unwrap();
        let first = claims(&sequence.tokens[0]);
        sequence.cap = first.cap();
        let made = [plan.default].into_iter().chain(plan.others.iter().copied());
        for (id, made) in sequence.profiles.iter().zip(made) {
            if first.pid != Some(*id) && (made.has_pin || made.max_rating > sequence.cap) {
                sequence.guarded.insert(*id, household.state(*id).await);
            }
        }
        sequence
    }

    /// The profiles of the plan, the default one first.
    async fn furnish(household: &Household, person: &SignedIn, plan: &Plan) -> Vec<ProfileId> {
        const PROFILES: &str = "/v1/users/me/profiles";
        let ask = async |method: Method, path: &str, body: Option<&Value>| {
            household.ask(&person.address, &person.access, method, path, body).await
        };
        let listed = ask(Method::GET, PROFILES, None).await.expect(200);
        let default = listed["items"][0]["id"].as_str().unwrap().to_owned();
        let patch = json!({ "max_rating": plan.default.max_rating, "pin": plan.default.has_pin.then_some(THEIR_PIN) });
        ask(Method::PATCH, &format!("{PROFILES}/{default}"), Some(&patch)).await.expect(200);
        let mut profiles = vec![default.parse().unwrap()];
        for made in &plan.others {
            let pin = made.has_pin.then_some(THEIR_PIN);
            let body = json!({ "name": "Made", "max_rating": made.max_rating, "pin": pin });
            let created = ask(Method::POST, PROFILES, Some(&body)).await.expect(201);
            profiles.push(created["id"].as_str().unwrap().parse().unwrap());
        }
        profiles
    }

    async fn go(&mut self, step: &Step) -> Result<(), TestCaseError> {
        for index in &step.repeated {
            if !self.arrived.is_empty() {
                self.household.deliver(index.get(&self.arrived).clone()).await;
            }
        }
        for index in &step.arriving {
            self.arrive(index).await;
        }
        self.ask(&step.call, step.token).await?;
        self.on_their_way.extend(self.household.told().await);
        Ok(())
    }

    async fn arrive(&mut self, index: &Index) {
        if self.on_their_way.is_empty() {
            return;
        }
        let event = self.on_their_way.remove(index.index(self.on_their_way.len()));
        self.arrived.push(event.clone());
        self.household.deliver(event).await;
        self.on_their_way.extend(self.household.told().await);
    }

    async fn ask(&mut self, ask: &Ask, token: usize) -> Result<(), TestCaseError> {
        let profiles = "/v1/users/me/profiles";
        let of = |profile: &Index| format!("{profiles}/{}", profile.get(&self.profiles));
        let (method, path, body) = match ask {
            Ask::Create { max_rating, has_pin, is_repeatable } => {
                return self.create(*max_rating, *has_pin, *is_repeatable, token).await;
            }
            Ask::Update { profile, change } => (Method::PATCH, of(profile), Some(change.patch())),
            Ask::Delete { profile } => (Method::DELETE, of(profile), None),
            Ask::Switch { profile, pin } => {
                let body = json!({ "profile_id": profile.get(&self.profiles), "pin": pin });
                (Method::POST, "/v1/auth/profile".to_owned(), Some(body))
            }
            Ask::Refresh { is_old } => {
                let at = self.refresh.len() - 1;
                let body = json!({ "refresh_token": self.refresh[at.saturating_sub(usize::from(*is_old))] });
                (Method::POST, "/v1/auth/refresh".to_owned(), Some(body))
            }
            Ask::Guess(body) => (Method::POST, "/v1/auth/step-up".to_owned(), Some(body.clone())),
            Ask::Look(path) => (Method::GET, (*path).to_owned(), None),
            Ask::Export => (Method::POST, "/v1/users/me/export".to_owned(), None),
            Ask::Erase => (Method::DELETE, "/v1/auth/account".to_owned(), None),
            Ask::EnrolAuthenticator => (Method::POST, "/v1/auth/mfa/totp".to_owned(), None),
            Ask::ConfirmAuthenticator => {
                let body = json!({ "code": self.shown() });
                (Method::POST, "/v1/auth/mfa/totp/confirm".to_owned(), Some(body))
            }
            Ask::ProveByAuthenticator => {
                // The code that confirmed it is used up.
                self.household.clock.advance(Duration::minutes(1));
                (Method::POST, "/v1/auth/step-up".to_owned(), Some(json!({ "code": self.shown() })))
            }
            Ask::ChangePassword => {
                let body = json!({ "current": "correct horse batter", "new": "another horse battery" });
                (Method::POST, "/v1/auth/password/change".to_owned(), Some(body))
            }
            Ask::Wait { minutes } => {
                self.household.clock.advance(Duration::minutes(*minutes));
                return Ok(());
            }
        };
        let token = if matches!(ask, Ask::Refresh { .. }) { String::new() } else { self.token(token) };
        let answer = self.household.ask(&self.address, &token, method, &path, body.as_ref()).await;
        if matches!(ask, Ask::Export | Ask::Erase) {
            prop_assert!(matches!(answer.status.as_u16(), 401 | 403), "without a proof: {}", answer.text());
        }
        self.note(&answer)
    }

    async fn create(
        &mut self,
        max_rating: Option<u8>,
        has_pin: bool,
        is_repeatable: bool,
        token: usize,
    ) -> Result<(), TestCaseError> {
        let mut body = json!({ "name": "Own" });
        if let Some(max_rating) = max_rating {
            body["max_rating"] = json!(max_rating);
        }
        if has_pin {
            body["pin"] = json!(OWN_PIN);
        }
        let call = self.household.user_app.post("/v1/users/me/profiles", &body).bearer(&self.token(token));
        let call = if is_repeatable { call.header("idempotency-key", "again") } else { call };
        let answer = call.send().await;
        if answer.status == 201 {
            let id = answer.json()["id"].as_str().unwrap().parse().unwrap();
            if !self.profiles.contains(&id) {
                self.profiles.push(id);
            }
        }
        self.note(&answer)
    }

    /// The token that is used: `0` is the newest.
    fn token(&self, back: usize) -> String {
        let newest = self.tokens.len() - 1;
        self.tokens[newest.saturating_sub(back)].clone()
    }

    /// What the session's own authenticator shows, if it has one.
    fn shown(&self) -> String {
        let Some(secret) = &self.authenticator else { return "123456".to_owned() };
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        let totp = totp_rs::Builder::new().with_secret(secret).build().unwrap();
        totp.generate(self.household.world.now().unix_timestamp().unsigned_abs()).to_string()
    }

    /// Looks for what may not be in an answer, and keeps what it gives.
    fn note(&mut self, answer: &Answer) -> Result<(), TestCaseError> {
        let status = answer.status.as_u16();
        // 503: the PIN of a profile is late.
        prop_assert!(status < 500 || status == 503, "{}", answer.text());
        if status >= 300 || answer.body.is_empty() {
            return Ok(());
        }
        let said = answer.json();
        if let Some(access) = said["access_token"].as_str() {
            let cap = claims(access).cap();
            prop_assert!(cap <= self.cap, "from cap {} to {cap}: {said}", self.cap);
            self.tokens.push(access.to_owned());
        }
        if let Some(refresh) = said["refresh_token"].as_str() {
            self.refresh.push(refresh.to_owned());
        }
        if let Some(secret) = said["secret"].as_str() {
            self.authenticator = Some(secret.to_owned());
        }
        Ok(())
    }

    /// Everything arrives; then nothing has happened to what was guarded, and both services know the same.
    async fn end(mut self) -> Result<(), TestCaseError> {
        while let Some(event) = self.on_their_way.pop() {
            self.arrived.push(event.clone());
            self.household.deliver(event).await;
            self.on_their_way.extend(self.household.told().await);
        }
        for event in self.arrived.iter().rev() {
            self.household.deliver(event.clone()).await;
        }
        self.ask(&Ask::Refresh { is_old: false }, 0).await?;
        for (id, before) in &self.guarded {
            prop_assert_eq!(&self.household.state(*id).await, before, "a profile that the session could not use");
        }
        let (user, auth) = self.household.both_views(claims(&self.tokens[0]).sub).await;
        prop_assert_eq!(user, auth);
        Ok(())
    }
}

async fn play(household: &Household, plan: &Plan) -> Result<(), TestCaseError> {
    let mut sequence = Box::pin(Sequence::begin(household, plan)).await;
    for step in &plan.steps {
        sequence.go(step).await?;
    }
    sequence.end().await
}

#[test]
fn no_sequence_of_calls_without_a_proof_climbs() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let household = runtime.block_on(Household::open());
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let config = Config { cases, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&plan(), |plan| runtime.block_on(play(&household, &plan)));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
