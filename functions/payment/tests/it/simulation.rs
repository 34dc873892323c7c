//! Years of billing under one seed: the real operations and consumers on the real Postgres, under virtual time, with a bank that declines, is silent,
//! kills its callers, and tells late, twice, never or what is not so. See docs/architecture/0032-simulation.md.
//!
//! `CINEMA_SEED` begins with another seed, `CINEMA_SEEDS` runs more of them, `CINEMA_MINUTES` begins
//! new ones for so long, `CINEMA_YEARS` makes histories shorter or longer.

mod commits;
mod people;
mod rest;
mod steps;

use std::time::Instant;

use commits::Commits;
use events::{Event, Outcome};
use kernel::{
    Id as _, PlaybackId, TitleId, World,
    policy::{Publication, TitleRules},
};
use proto::{streaming::RentalBegun, types};
use serde_json::{Value, json};
use simulation::{Agenda, Chance, Transport, named, run_histories, setting};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    bank::Mood,
    stage::{Customer, START, Stage, open},
};

const PEOPLE: usize = 4;
const YEARS: i64 = 3;
/// Long enough for every ladder, suspension and schedule of questions to end.
const AFTERWARDS: Duration = Duration::days(60);
/// Films that are for sale by themselves, with what they cost to rent and to buy.
const FILMS: [(i64, i64); 2] = [(399, 999), (499, 1_501)];
/// Promo codes: what they take off, of how many periods, and how many may use each.
const CODES: [(&str, u8, u32, u32); 5] =
    [("THIRD", 33, 12, 3), ("HALF", 50, 6, 1), ("SEVEN", 7, 24, 2), ("MOST", 85, 3, 4), ("FREE", 100, 2, 1)];
/// Events come late, twice and in any order, but they come.
const EVENTS: Transport = Transport { lost_percent: 0, repeated_percent: 25, latest: Duration::days(2) };
const NOTICES: Transport = Transport { lost_percent: 15, repeated_percent: 25, latest: Duration::days(2) };

#[derive(Debug, Clone)]
enum Happening {
    /// Schedules run, unless this is not the newest plan of when.
    Schedules(u64),
    /// Somebody does something.
    Act(usize),
    /// Somebody pays on a page, or has gone away.
    Visit(String),
    /// The bank tells something.
    Notice(String),
    /// Somebody plays what they have rented.
    Watch(String),
    /// Playback tells of a first second: the purchase, and when.
    Begun(String, OffsetDateTime),
    /// A film is withdrawn, or offered again.
    Withdraw(usize),
}

struct Film {
    id: TitleId,
    version: i64,
    is_offered: bool,
}

struct Run {
    stage: Stage,
    chance: Chance,
    agenda: Agenda<Happening>,
    people: Vec<Customer>,
    prices: Vec<String>,
    films: Vec<Film>,
    commits: Commits,
    /// Whether something will go wrong, so that an operation may fail.
    is_disturbed: bool,
    /// Every first second that playback ever told of.
    begun: Vec<(String, OffsetDateTime)>,
    is_calm: bool,
    steps: usize,
    /// When schedules run next, and how often that was planned.
    schedules_at: Option<OffsetDateTime>,
    plans: u64,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let stage = Stage::seeded(seed).await;
        let mut prices = Vec::new();
        for (key, amount, trial_days) in [("basic", 999, 0), ("standard", 1_499, 14), ("premium", 2_001, 7)] {
            prices.push(stage.plan(key, amount, trial_days).await);
        }
        let mut films = Vec::new();
        for (rent, buy) in FILMS {
            films.push(Film { id: stage.film(rent, buy).await, version: 1, is_offered: true });
        }
        for (code, percent_off, periods, most_uses) in CODES {
            let body = json!({"code": code, "percent_off": percent_off, "periods": periods, "most_uses": most_uses});
            stage.app.post("/v1/admin/promos", &body).token(&stage.staff("admin")).send().await.expect(201);
        }
        let commits = Commits::watch(stage.pool.clone()).await;
        let people = (0..PEOPLE).map(|_| Customer(stage.world.id(), stage.world.id())).collect();
        let (mut agenda, mut chance) = (Agenda::default(), Chance::new(seed));
        agenda.add(START, Happening::Schedules(0), &mut chance);
        for person in 0..PEOPLE {
            let at = START + chance.between(Duration::ZERO, Duration::days(40));
            agenda.add(at, Happening::Act(person), &mut chance);
        }
        for film in 0..FILMS.len() {
            let at = START + chance.between(Duration::DAY, Duration::days(60));
            agenda.add(at, Happening::Withdraw(film), &mut chance);
        }
        Self {
            stage,
            chance,
            agenda,
            people,
            prices,
            films,
            commits,
            is_disturbed: false,
            begun: Vec::new(),
            is_calm: false,
            steps: 0,
            schedules_at: None,
            plans: 0,
        }
    }

    fn now(&self) -> OffsetDateTime {
        self.stage.world.now()
    }

    /// What the bank and Postgres do next, mostly what they should.
    async fn mood(&mut self) {
        let mood = match self.chance.below(100) {
            _ if self.is_calm => None,
            0..12 => Some(Mood::Decline),
            12..15 => Some(Mood::Busy),
            15..19 => Some(Mood::LostBefore),
            19..24 => Some(Mood::LostAfter),
            24..27 => Some(Mood::CrashBefore),
            27..31 => Some(Mood::CrashAfter),
            31..39 => Some(Mood::Late),
            _ => None,
        };
        let before = self.chance.below(3);
        // Not always the first call of a run.
        self.stage.bank.expect_after(usize::try_from(before).unwrap(), mood);
        let row = (!self.is_calm && self.chance.percent(20)).then(|| i64::try_from(self.chance.below(12)).unwrap());
        self.commits.fail_after(row).await;
        self.is_disturbed = mood.is_some() || row.is_some();
    }

    /// Whatever fails when nothing goes wrong is broken.
    fn expect_done(&self, what: &str, outcome: Option<Outcome>) {
        let is_done = outcome.as_ref().is_none_or(|outcome| *outcome == Outcome::Done);
        assert!(is_done || self.is_disturbed, "{what} failed although nothing went wrong: {outcome:?}");
    }

    async fn until(&mut self, end: OffsetDateTime) {
        while let Some(at) = self.agenda.next_at().filter(|at| *at < end) {
            let Some((_, what)) = self.agenda.pop() else { return };
            self.stage.advance((at - self.now()).max(Duration::ZERO));
            self.mood().await;
            self.happen(what).await;
            self.plan_schedules().await;
            self.steps += 1;
            if self.steps.is_multiple_of(10) {
                steps::check(&self.stage).await;
            }
        }
        self.stage.advance((end - self.now()).max(Duration::ZERO));
    }

    async fn happen(&mut self, what: Happening) {
        match what {
            Happening::Schedules(plan) if plan != self.plans => return,
            Happening::Schedules(_) => {
                self.schedules_at = None;
                self.expect_done("renew", self.stage.renew().await);
                self.mood().await;
                self.expect_done("dun", self.stage.dun().await);
                self.mood().await;
                self.expect_done("resolve-unknown", self.stage.resolve().await);
                self.expect_done("announce-trial-end", self.stage.announce().await);
                self.expect_done("announce-rental-end", self.stage.announce_rentals().await);
                self.expect_done("end-rentals", self.stage.end_rentals().await);
            }
            // Nobody does anything any more once it is to come to rest.
            Happening::Act(_) if self.is_calm => {}
            Happening::Act(person) => {
                self.act(self.people[person]).await;
                let next = self.now() + self.chance.between(Duration::HOUR, Duration::days(45));
                let next = self.at_times_the_last_day(next);
                self.agenda.add(next, Happening::Act(person), &mut self.chance);
            }
            Happening::Visit(reference) => {
                if self.stage.bank.open_pages().contains(&reference) && self.chance.percent(75) {
                    let id = self.stage.bank.pay(&reference);
                    let now = self.now();
                    NOTICES.send(&mut self.agenda, now, &Happening::Notice(id), &mut self.chance);
                }
            }
            Happening::Watch(purchase) => self.watch(purchase).await,
            Happening::Begun(purchase, at) => {
                let event = self.begun_event(&purchase, at).await;
                // Whoever dies over it gets it again.
                while self.stage.begin_rental(event.clone()).await != Some(Outcome::Done) {}
            }
            Happening::Withdraw(film) => self.withdraw(film).await,
            Happening::Notice(id) => {
                let event = format!("evt_{}", hex::encode(self.stage.world.bytes::<6>()));
                self.stage.deliver(&event, "payment.succeeded", &id).await.expect(200);
                self.expect_done("process-webhook", Some(self.stage.process(&event).await));
            }
        }
        self.visits().await;
    }

    /// Months differ in their last days alone.
    fn at_times_the_last_day(&mut self, at: OffsetDateTime) -> OffsetDateTime {
        let last = at.month().length(at.year());
        if self.chance.percent(30) { at.replace_day(last).unwrap() } else { at }
    }

    /// Schedules run every few minutes; nothing happens in those of them that find nothing due. At times nobody runs them for a day or two.
    async fn plan_schedules(&mut self) {
        let next = self.next_schedule().await;
        let is_planned = self.schedules_at.is_some_and(|at| at <= next || self.chance.percent(8));
        if !is_planned {
            self.plans += 1;
            self.schedules_at = Some(next);
            self.agenda.add(next, Happening::Schedules(self.plans), &mut self.chance);
        }
    }

    async fn next_schedule(&mut self) -> OffsetDateTime {
        let next: Option<OffsetDateTime> = sqlx::query_scalar(
            "select min(at) from (select min(due_at) as at from subscriptions union all select min(check_at) from payments \
             union all select min(check_at) from refunds union all select min(valid_to) from purchases where status = 'active') x",
        )
        .fetch_one(&self.stage.pool)
        .await
        .unwrap();
        let delay = self.chance.between(Duration::MINUTE, Duration::HOUR);
        let (soon, late) = (self.now() + Duration::minutes(5), self.now() + Duration::days(2));
        next.map_or(late, |next| next.clamp(soon, late)) + delay
    }

    /// Whoever got a page goes there, or not. The bank, or somebody who can sign for it, may tell that it was paid before it is.
    async fn visits(&mut self) {
        let now = self.now();
        // Nobody goes to a page that nobody was told of.
        let handed_out: Vec<String> = sqlx::query_scalar("select id from payments where checkout_id is not null")
            .fetch_all(&self.stage.pool)
            .await
            .unwrap();
        for reference in self.stage.bank.open_pages() {
            if !handed_out.contains(&reference) {
                continue;
            }
            if self.chance.percent(5) {
                let id = self.stage.bank.id_of(&reference);
                NOTICES.send(&mut self.agenda, now, &Happening::Notice(id), &mut self.chance);
            }
            if self.chance.percent(30) {
                let at = now + self.chance.between(Duration::MINUTE, Duration::minutes(110));
                self.agenda.add(at, Happening::Visit(reference), &mut self.chance);
            }
        }
    }

    /// Playback lets somebody watch who has an active grant, and tells of the first second, late and twice.
    async fn watch(&mut self, purchase: String) {
        let valid_to: Option<Option<OffsetDateTime>> =
            sqlx::query_scalar("select valid_to from purchases where id = $1 and status = 'active'")
                .bind(&purchase)
                .fetch_optional(&self.stage.pool)
                .await
                .unwrap();
        let now = self.now();
        if valid_to.is_some_and(|valid_to| valid_to.is_none_or(|valid_to| now < valid_to)) {
            self.begun.push((purchase.clone(), now));
            EVENTS.send(&mut self.agenda, now, &Happening::Begun(purchase, now), &mut self.chance);
        }
    }

    async fn begun_event(&self, purchase: &str, at: OffsetDateTime) -> Event {
        let (account, title): (String, String) =
            sqlx::query_as("select account_id, title_id from purchases where id = $1")
                .bind(purchase)
                .fetch_one(&self.stage.pool)
                .await
                .unwrap();
        let session = PlaybackId::derived(&format!("{purchase} {at}"));
        let data = RentalBegun {
            session_id: session.to_string(),
            account_id: account,
            title_id: title,
            purchase_id: purchase.to_owned(),
            begun_at: at.format(&Rfc3339).unwrap(),
        };
        Event::new(&self.stage.world, types::RENTAL_BEGUN, session, 2, &data)
    }

    async fn withdraw(&mut self, film: usize) {
        if self.is_calm {
            return;
        }
        let (next, film) = (self.now() + self.chance.between(Duration::DAY, Duration::days(60)), &mut self.films[film]);
        (film.version, film.is_offered) = (film.version + 1, !film.is_offered);
        let publication = if film.is_offered { Publication::Published } else { Publication::Withdrawn };
        let (id, version) = (film.id, film.version);
        self.stage.tell_title(id, version, &TitleRules { publication, ..open() }).await;
        let place = self.films.iter().position(|film| film.id == id).unwrap();
        self.agenda.add(next, Happening::Withdraw(place), &mut self.chance);
    }

    /// Everything that was decided, to compare two runs by.
    async fn history(&self) -> Vec<Value> {
        let statement = "select jsonb_build_array(kind, status, amount, tax, year, number, issued_at) from invoices \
                         order by created_at, amount, number nulls last";
        sqlx::query_scalar(statement).fetch_all(&self.stage.pool).await.unwrap()
    }
}

async fn simulate(seed: u64, years: i64) -> Run {
    let mut run = Run::new(seed).await;
    let end = START + Duration::days(365 * years);
    Box::pin(run.until(end)).await;
    run.is_calm = true;
    Box::pin(run.until(end + AFTERWARDS)).await;
    rest::check(&run.stage, &run.begun).await;
    run.rush().await;
    run
}

/// One history, and what it was.
async fn tell(seed: u64, years: i64) -> String {
    let begun = Instant::now();
    let run = simulate(seed, years).await;
    let (calls, payments) = (run.stage.bank.calls(), run.stage.bank.captured().len());
    let pace = years as f64 * 60.0 / begun.elapsed().as_secs_f64();
    format!("{} steps, {calls} calls of the bank, {payments} payments; {pace:.1} years a minute", run.steps)
}

#[tokio::test]
async fn years_of_billing_stay_true() {
    let years = setting("CINEMA_YEARS").map_or(YEARS, |years| i64::try_from(years).unwrap());
    // Every run of all tests gives them some.
    let minutes = setting("CINEMA_MINUTES").or(setting("CINEMA_BILLING_MINUTES"));
    run_histories(World::system().below(1_000_000).into(), minutes, |seed| tell(seed, years)).await;
}

#[tokio::test]
async fn one_seed_is_one_history() {
    let (one, two) = (named(4_711, simulate(4_711, 1)).await, named(4_711, simulate(4_711, 1)).await);
    assert_eq!(one.steps, two.steps);
    assert_eq!(one.history().await, two.history().await);
}
