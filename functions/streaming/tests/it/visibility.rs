use std::collections::BTreeSet;

use cinema_http::Problem;
use events::{Event, Outcome};
use kernel::{
    World,
    policy::{Audience, Entitlement, Paid, Publication, TitleGrant, TitleRules, may_watch},
};
use proto::types;
use serde_json::{Value, json};
use testkit::{Token, titles};
use time::OffsetDateTime;

use crate::fixture::{Film, Fixture, Person, id};

const TITLES: usize = 60;
/// As many at the most until enough has been seen.
const MOST_TITLES: usize = 4 * TITLES;
/// Starts that only the title's own grant allows.
const BY_TITLE: usize = 6;

/// Somebody who looks from somewhere and has paid for something.
#[derive(Clone)]
struct Watcher {
    person: Person,
    audience: Audience,
    entitlement: Option<Entitlement>,
    /// What it has paid for the title that it looks at.
    title: Option<TitleGrant>,
    /// By the clock of the service, which stands still while the test runs.
    now: OffsetDateTime,
}

impl Watcher {
    async fn join(fixture: &Fixture, audience: Audience, entitlement: Option<Entitlement>) -> Self {
        let person = Person::new();
        let paid = titles::paid(person.account, entitlement.as_ref(), &[]);
        let event = Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, person.account, 1, &paid);
        assert_eq!(fixture.project_grant(event).await, Outcome::Done);
        Self { person, audience, entitlement, title: None, now: fixture.world.now() }
    }

    /// Rents or buys a title, or gives up the one that it had.
    async fn buy(&mut self, fixture: &Fixture, sequence: i64, title: Option<TitleGrant>) {
        let paid = titles::paid(self.person.account, self.entitlement.as_ref(), title.as_slice());
        let event = Event::new(&World::system(), types::ENTITLEMENTS_CHANGED, self.person.account, sequence, &paid);
        assert_eq!(fixture.project_grant(event).await, Outcome::Done);
        self.title = title;
    }

    fn token(&self) -> Token {
        self.person.token().max_rating(self.audience.max_rating).at(self.now)
    }

    async fn post(&self, fixture: &Fixture, path: &str, body: &Value) -> (u16, Value) {
        let call = fixture.app.post(path, body).token(&self.token()).territory(&self.audience.territory);
        let answer = call.send().await;
        (answer.status.as_u16(), answer.json())
    }

    async fn start(&self, fixture: &Fixture, film: &Film) -> (u16, Value) {
        self.post(fixture, "/v1/playback/sessions", &json!({ "title_id": film.title, "device_id": "tv" })).await
    }

    /// What the predicate says to it: the problem that a start is refused with.
    fn refusal(&self, fixture: &Fixture, rules: &TitleRules) -> Option<Problem> {
        let now = fixture.world.now();
        let paid = Paid { plan: self.entitlement.as_ref(), title: self.title.as_ref() };
        may_watch(rules, &self.audience, paid, now).err().map(Problem::from)
    }
}

async fn tell(fixture: &Fixture, film: &Film, sequence: i64, rules: &TitleRules) {
    let told = titles::under(rules, film.published());
    assert_eq!(fixture.project_title(film.changed(sequence, &told)).await, Outcome::Done);
}

/// Whether playback starts, and the reason why not, follow from the predicate for random titles, audiences and plans.
#[tokio::test]
async fn every_start_agrees_with_the_predicate() {
    let fixture = Fixture::new().await;
    let now = fixture.world.now();
    let mut watchers = Vec::new();
    let audiences = titles::audiences();
    let entitlements = titles::drawn(titles::entitlement(now), audiences.len());
    for (audience, entitlement) in audiences.into_iter().zip(entitlements) {
        watchers.push(Watcher::join(&fixture, audience, entitlement).await);
    }
    let (mut started, mut by_title, mut reasons) = (0, 0, BTreeSet::new());
    for (sequence, rules) in (2..).zip(titles::drawn(titles::rules(now), MOST_TITLES)) {
        // Such starts are rare, and how many there are depends on the ids: sixty titles had three once.
        if sequence as usize > TITLES + 1 && by_title >= BY_TITLE {
            break;
        }
        let film = Film::new();
        tell(&fixture, &film, 1, &rules).await;
        // What one has bought is of no use for the next title.
        let grants = titles::drawn(titles::grant(now, film.title), watchers.len() + MOST_TITLES + 2)
            .split_off(sequence as usize);
        for (watcher, grant) in watchers.iter_mut().zip(grants) {
            if sequence % 2 == 0 {
                watcher.buy(&fixture, sequence, grant).await;
            }
            let title = watcher.title.filter(|grant| grant.title == film.title);
            let watcher = &Watcher { title, ..watcher.clone() };
            let (status, said) = watcher.start(&fixture, &film).await;
            let about = format!("{rules:?} for {:?} with {:?} and {title:?}", watcher.audience, watcher.entitlement);
            let Some(problem) = watcher.refusal(&fixture, &rules) else {
                assert_eq!(status, 201, "{about}: {said}");
                started += 1;
                let without = Watcher { title: None, ..watcher.clone() };
                by_title += usize::from(without.refusal(&fixture, &rules).is_some());
                continue;
            };
            assert_eq!((status, &said["code"]), (problem.status().as_u16(), &json!(problem.code())), "{about}");
            reasons.insert(problem.code().to_owned());
        }
    }
    assert!(started > TITLES / 2 && reasons.len() == 7, "the random titles say little: {started}, {reasons:?}");
    assert!(by_title >= BY_TITLE, "hardly anybody watches by the title alone: {by_title}");
}

/// Whether playback goes on follows from the predicate whatever becomes of a title that somebody is watching.
#[tokio::test]
async fn every_report_agrees_with_the_predicate() {
    let fixture = Fixture::new().await;
    let now = fixture.world.now();
    let open = TitleRules { publication: Publication::Published, rating: Some(0), windows: vec![], has_asset: true };
    let paid = |plan: &str| Entitlement {
        plan: plan.to_owned(),
        max_streams: 1,
        max_height: 1080,
        valid_to: now + time::Duration::DAY,
        grace_to: now + time::Duration::DAY,
    };
    let mut watchers = Vec::new();
    for (audience, plan) in
        titles::audiences().into_iter().step_by(3).zip([titles::DEAR_PLAN, titles::CHEAP_PLAN].iter().cycle())
    {
        watchers.push(Watcher::join(&fixture, audience, Some(paid(plan))).await);
    }
    let (mut continued, mut stopped) = (0, BTreeSet::new());
    for rules in titles::drawn(titles::rules(now), TITLES) {
        let film = Film::new();
        tell(&fixture, &film, 1, &open).await;
        let mut sessions = Vec::new();
        for watcher in &watchers {
            let (status, started) = watcher.start(&fixture, &film).await;
            assert_eq!(status, 201, "{started}");
            sessions.push(id(&started));
        }
        tell(&fixture, &film, 2, &rules).await;
        for (watcher, session) in watchers.iter().zip(sessions) {
            let report = json!({ "position": 1.0, "state": "playing" });
            let (status, said) =
                watcher.post(&fixture, &format!("/v1/playback/sessions/{session}/heartbeat"), &report).await;
            assert_eq!(status, 200, "{said}");
            let expected = match watcher.refusal(&fixture, &rules) {
                None => json!({ "action": "continue", "heartbeat_interval": 30 }),
                Some(problem) => json!({ "action": "stop", "reason": problem.code() }),
            };
            assert_eq!(said, expected, "{rules:?} for {:?}", watcher.audience);
            match said["reason"].as_str() {
                None => continued += 1,
                Some(reason) => drop(stopped.insert(reason.to_owned())),
            }
        }
    }
    assert!(continued > TITLES / 4 && stopped.len() >= 5, "the random titles say little: {continued}, {stopped:?}");
}
