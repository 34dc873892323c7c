//! Years of billing under one seed: the real operations and consumers on the real Postgres, under virtual time, with a bank that declines, is silent,
//! kills its callers, and tells late, twice or never. See docs/architecture/0032-simulation.md.
//!
//! `CINEMA_SEED` begins with another seed, `CINEMA_SEEDS` runs more of them.

use std::fmt;

use kernel::World;
use serde_json::{Value, json};
use simulation::{Agenda, Chance, Transport};
use time::{Duration, OffsetDateTime};

use crate::{
    bank::Mood,
    stage::{Customer, START, Stage},
};

const PEOPLE: usize = 4;
const YEARS: i64 = 3;
/// Long enough for every ladder, suspension and schedule of questions to end.
const AFTERWARDS: Duration = Duration::days(60);
const NOTICES: Transport = Transport { lost_percent: 15, repeated_percent: 25, latest: Duration::days(2) };

#[derive(Debug, Clone)]
enum Happening {
    /// Schedules run.
    Schedules,
    /// Somebody does something.
    Act(usize),
    /// Somebody pays on a page, or has gone away.
    Visit(String),
    /// The bank tells something.
    Notice(String),
}

struct Run {
    stage: Stage,
    chance: Chance,
    agenda: Agenda<Happening>,
    people: Vec<Customer>,
    prices: Vec<String>,
    is_calm: bool,
    steps: usize,
}

impl Run {
    async fn new(seed: u64) -> Self {
        let stage = Stage::seeded(seed).await;
        let mut prices = Vec::new();
        for (key, amount, trial_days) in [("basic", 999, 0), ("standard", 1_499, 14), ("premium", 2_001, 7)] {
            prices.push(stage.plan(key, amount, trial_days).await);
        }
        let people = (0..PEOPLE).map(|_| Customer(stage.world.id())).collect();
        let (mut agenda, mut chance) = (Agenda::default(), Chance::new(seed));
        agenda.add(START, Happening::Schedules, &mut chance);
        for person in 0..PEOPLE {
            let at = START + chance.between(Duration::ZERO, Duration::days(40));
            agenda.add(at, Happening::Act(person), &mut chance);
        }
        Self { stage, chance, agenda, people, prices, is_calm: false, steps: 0 }
    }

    fn now(&self) -> OffsetDateTime {
        self.stage.world.now()
    }

    /// What the bank does with the next call, mostly what it should.
    fn mood(&mut self) {
        let mood = match self.chance.below(100) {
            _ if self.is_calm => None,
            0..12 => Some(Mood::Decline),
            12..15 => Some(Mood::Busy),
            15..19 => Some(Mood::LostBefore),
            19..24 => Some(Mood::LostAfter),
            24..27 => Some(Mood::CrashBefore),
            27..31 => Some(Mood::CrashAfter),
            _ => None,
        };
        let before = self.chance.below(3);
        // Not always the first call of a run.
        self.stage.bank.expect_after(usize::try_from(before).unwrap(), mood);
    }

    async fn until(&mut self, end: OffsetDateTime) {
        while let Some(at) = self.agenda.next_at().filter(|at| *at < end) {
            let Some((_, what)) = self.agenda.pop() else { return };
            self.stage.advance((at - self.now()).max(Duration::ZERO));
            self.mood();
            self.happen(what).await;
            self.steps += 1;
            if self.steps.is_multiple_of(10) {
                self.stage.check_books().await;
            }
        }
        self.stage.advance((end - self.now()).max(Duration::ZERO));
    }

    async fn happen(&mut self, what: Happening) {
        match what {
            Happening::Schedules => {
                self.stage.renew().await;
                self.mood();
                self.stage.dun().await;
                self.mood();
                self.stage.resolve().await;
                self.stage.announce().await;
                let next = self.next_schedule().await;
                self.agenda.add(next, Happening::Schedules, &mut self.chance);
            }
            // Nobody does anything any more once it is to come to rest.
            Happening::Act(_) if self.is_calm => {}
            Happening::Act(person) => {
                self.act(self.people[person]).await;
                let next = self.now() + self.chance.between(Duration::HOUR, Duration::days(45));
                self.agenda.add(next, Happening::Act(person), &mut self.chance);
            }
            Happening::Visit(reference) => {
                if self.stage.bank.open_pages().contains(&reference) && self.chance.percent(75) {
                    let id = self.stage.bank.pay(&reference);
                    let now = self.now();
                    NOTICES.send(&mut self.agenda, now, &Happening::Notice(id), &mut self.chance);
                }
            }
            Happening::Notice(id) => {
                let event = format!("evt_{}", hex::encode(self.stage.world.bytes::<6>()));
                self.stage.deliver(&event, "payment.succeeded", &id).await.expect(200);
                self.stage.process(&event).await;
            }
        }
        self.visits();
    }

    /// Schedules run every few minutes; nothing happens in those of them that find nothing due.
    async fn next_schedule(&mut self) -> OffsetDateTime {
        let next: Option<OffsetDateTime> = sqlx::query_scalar(
            "select min(at) from (select min(due_at) as at from subscriptions union all select min(check_at) from payments \
             union all select min(check_at) from refunds) x",
        )
        .fetch_one(&self.stage.service.pool())
        .await
        .unwrap();
        let delay = self.chance.between(Duration::MINUTE, Duration::HOUR);
        let soon = self.now() + Duration::minutes(5);
        next.unwrap_or(soon).clamp(soon, self.now() + Duration::days(2)) + delay
    }

    /// Whoever got a page goes there, or not.
    fn visits(&mut self) {
        let now = self.now();
        for reference in self.stage.bank.open_pages() {
            if self.chance.percent(30) {
                let at = now + self.chance.between(Duration::MINUTE, Duration::minutes(110));
                self.agenda.add(at, Happening::Visit(reference), &mut self.chance);
            }
        }
    }

    async fn act(&mut self, customer: Customer) {
        let price = self.chance.pick(&self.prices).cloned().unwrap();
        let (choice, when) = (self.chance.below(12), if self.chance.percent(60) { "now" } else { "period_end" });
        let me = "/v1/subscriptions/me";
        let stage = &self.stage;
        let work = async {
            match choice {
                0..5 => drop(stage.subscribe(customer, &price).await),
                5 => drop(stage.post(customer, &format!("{me}/cancel"), &json!({})).await),
                6 => drop(stage.post(customer, &format!("{me}/cancel"), &json!({"pause_for_months": 1})).await),
                7 | 8 => drop(stage.post_empty(customer, &format!("{me}/resume")).await),
                9 | 10 => {
                    let wanted = json!({"price_id": price, "when": when});
                    let preview = stage.post(customer, &format!("{me}/change/preview"), &wanted).await;
                    if preview.status == 200 {
                        let agreed = preview.json();
                        let changed = stage.post(customer, &format!("{me}/change"), &agreed).await;
                        assert!(!changed.text().contains("stale_preview"), "previewed and refused: {}", changed.text());
                    }
                }
                _ => {
                    let payments = stage.get(customer, "/v1/payments").await.expect(200);
                    if let Some(payment) = payments["items"].as_array().and_then(|items| items.first()) {
                        let path = format!("/v1/admin/payments/{}/refund", payment["id"].as_str().unwrap());
                        let call = stage.app.post(&path, &json!({"amount": 100})).token(&stage.staff("support"));
                        drop(call.send().await);
                    }
                }
            }
        };
        Box::pin(stage.survive(work)).await;
    }

    /// What must hold when everything has come to rest.
    async fn check(&self) {
        let stage = &self.stage;
        stage.check_books().await;
        let none =
            async |what: &'static str, statement: &'static str| assert_eq!(stage.number(statement).await, 0, "{what}");
        none(
            "outcomes that were never found out",
            "select count(*) from payments where status in ('pending', 'unknown')",
        )
        .await;
        none(
            "refunds that were never found out",
            "select count(*) from refunds where status in ('pending', 'unknown')",
        )
        .await;
        none(
            "surplus that was kept",
            "select coalesce(sum(amount), 0)::bigint from ledger_entries where account = 'surplus'",
        )
        .await;
        none(
            "periods that were not billed, or twice",
            "select count(*) from (select s.id from subscriptions s left join invoices i on i.subscription_id = s.id and i.kind = 'period' \
             and i.status = 'paid' group by s.id having count(distinct i.period) <> (s.document->>'period')::int \
             or count(i.id) <> count(distinct i.period) or coalesce(max(i.period), 0) <> (s.document->>'period')::int) x",
        )
        .await;
        none(
            "moments that were paid twice",
            "select count(*) from invoices a join invoices b on a.subscription_id = b.subscription_id and a.kind = 'period' \
             and b.kind = 'period' and a.status = 'paid' and b.status = 'paid' and b.period = a.period + 1 and b.covers_from < a.covers_to",
        )
        .await;
        none(
            "access that was not paid for",
            "select count(*) from subscriptions s where s.status = 'active' and (s.document->>'to')::timestamptz <> \
             (select max(covers_to) from invoices i where i.subscription_id = s.id and i.kind = 'period' and i.status = 'paid')",
        )
        .await;
        none(
            "accounts with two live subscriptions",
            "select count(*) from (select from subscriptions where status <> 'ended' group by account_id having count(*) > 1) x",
        )
        .await;
        none(
            "versions that were told twice",
            "select count(*) from (select from outbox where body->>'type' = 'cinema.payment.subscription_changed.v1' \
             group by body->>'subject', body->>'sequence' having count(*) > 1) x",
        )
        .await;
        let theirs: i64 = stage.bank.captured().iter().filter_map(|payment| payment["amount"]["amount"].as_i64()).sum();
        let ours =
            stage.number("select coalesce(sum(amount), 0)::bigint from payments where status = 'succeeded'").await;
        assert_eq!(ours, theirs, "what the bank took is not what was booked");
        let back =
            stage.number("select coalesce(sum(amount), 0)::bigint from refunds where status = 'succeeded'").await;
        assert_eq!(back, stage.bank.given_back(), "what the bank gave back is not what was booked");
    }

    /// Everything that was decided, to compare two runs by.
    async fn history(&self) -> Vec<Value> {
        let statement = "select jsonb_build_array(kind, status, amount, tax, year, number, issued_at) from invoices \
                         order by created_at, amount, number nulls last";
        sqlx::query_scalar(statement).fetch_all(&self.stage.service.pool()).await.unwrap()
    }
}

/// Names the seed when a run fails.
struct Named(u64);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CINEMA_SEED={} replays it", self.0)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{self}");
        }
    }
}

async fn simulate(seed: u64, years: i64) -> Run {
    let _named = Named(seed);
    let mut run = Run::new(seed).await;
    let end = START + Duration::days(365 * years);
    Box::pin(run.until(end)).await;
    run.is_calm = true;
    Box::pin(run.until(end + AFTERWARDS)).await;
    run.check().await;
    run
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn years_of_billing_stay_true() {
    let first = setting("CINEMA_SEED").unwrap_or_else(|| u64::from(World::system().below(1_000_000)));
    for seed in first..first + setting("CINEMA_SEEDS").unwrap_or(1) {
        println!("seed {seed}");
        let run = simulate(seed, YEARS).await;
        println!(
            "{} steps, {} calls of the bank, {} payments",
            run.steps,
            run.stage.bank.calls(),
            run.stage.bank.captured().len()
        );
    }
}

#[tokio::test]
async fn one_seed_is_one_history() {
    let (one, two) = (simulate(4_711, 1).await, simulate(4_711, 1).await);
    assert_eq!(one.steps, two.steps);
    assert_eq!(one.history().await, two.history().await);
}
