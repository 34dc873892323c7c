//! Years of billing under one seed: the real operations and consumers on the real Postgres, under virtual time, with a bank that declines, is silent,
//! kills its callers, and tells late, twice or never. See docs/architecture/0032-simulation.md.
//!
//! `CINEMA_SEED` begins with another seed, `CINEMA_SEEDS` runs more of them.

use std::fmt;

use events::{Event, Outcome};
use kernel::{
    Id as _, PlaybackId, TitleId, World,
    policy::{Publication, TitleRules},
};
use proto::{streaming::RentalBegun, types};
use serde_json::{Value, json};
use simulation::{Agenda, Chance, Transport};
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
/// Events come late, twice and in any order, but they come.
const EVENTS: Transport = Transport { lost_percent: 0, repeated_percent: 25, latest: Duration::days(2) };
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
    /// Every first second that playback ever told of.
    begun: Vec<(String, OffsetDateTime)>,
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
        let mut films = Vec::new();
        for (rent, buy) in FILMS {
            films.push(Film { id: stage.film(rent, buy).await, version: 1, is_offered: true });
        }
        let people = (0..PEOPLE).map(|_| Customer(stage.world.id(), stage.world.id())).collect();
        let (mut agenda, mut chance) = (Agenda::default(), Chance::new(seed));
        agenda.add(START, Happening::Schedules, &mut chance);
        for person in 0..PEOPLE {
            let at = START + chance.between(Duration::ZERO, Duration::days(40));
            agenda.add(at, Happening::Act(person), &mut chance);
        }
        for film in 0..FILMS.len() {
            let at = START + chance.between(Duration::DAY, Duration::days(60));
            agenda.add(at, Happening::Withdraw(film), &mut chance);
        }
        Self { stage, chance, agenda, people, prices, films, begun: Vec::new(), is_calm: false, steps: 0 }
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
                self.stage.end_rentals().await;
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
                self.stage.process(&event).await;
            }
        }
        self.visits();
    }

    /// Schedules run every few minutes; nothing happens in those of them that find nothing due.
    async fn next_schedule(&mut self) -> OffsetDateTime {
        let next: Option<OffsetDateTime> = sqlx::query_scalar(
            "select min(at) from (select min(due_at) as at from subscriptions union all select min(check_at) from payments \
             union all select min(check_at) from refunds union all select min(valid_to) from purchases where status = 'active') x",
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

    /// Playback lets somebody watch who has an active grant, and tells of the first second, late and twice.
    async fn watch(&mut self, purchase: String) {
        let valid_to: Option<Option<OffsetDateTime>> =
            sqlx::query_scalar("select valid_to from purchases where id = $1 and status = 'active'")
                .bind(&purchase)
                .fetch_optional(&self.stage.service.pool())
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
                .fetch_one(&self.stage.service.pool())
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

    /// Somebody rents or buys, and what they have rented they play some time.
    async fn buy(&mut self, customer: Customer) {
        let kind = if self.chance.percent(70) { "rent" } else { "buy" };
        let place = usize::try_from(self.chance.below(FILMS.len() as u64)).unwrap();
        let film = self.films[place].id;
        let answer = Box::pin(self.stage.survive(self.stage.purchase(customer, film, kind))).await;
        let Some(begun) = answer.filter(|answer| answer.status == 201) else { return };
        let purchase = begun.json()["purchase"]["id"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            let at = self.now() + self.chance.between(Duration::HOUR, Duration::days(32));
            self.agenda.add(at, Happening::Watch(purchase.clone()), &mut self.chance);
        }
    }

    async fn act(&mut self, customer: Customer) {
        if self.chance.percent(35) {
            return self.buy(customer).await;
        }
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
        none("purchases that still wait", "select count(*) from purchases where status = 'pending'").await;
        none(
            "titles that were had without being paid, or paid and not had",
            "select count(*) from purchases p where (p.status in ('active', 'ended')) <> (select count(*) = 1 from invoices i \
             join payments y on y.invoice_id = i.id where i.purchase_id = p.id and i.kind = 'purchase' and i.status = 'paid' \
             and y.status = 'succeeded' and not y.is_surplus and y.refunded < y.amount)",
        )
        .await;
        none(
            "purchases that were charged twice",
            "select count(*) from (select from invoices i join payments y on y.invoice_id = i.id and y.status = 'succeeded' \
             and not y.is_surplus where i.kind = 'purchase' group by i.purchase_id having count(*) > 1) x",
        )
        .await;
        none(
            "titles that were rented or bought twice at once",
            "select count(*) from purchases a join purchases b on a.account_id = b.account_id and a.title_id = b.title_id \
             and a.id < b.id and a.kind = b.kind and a.status in ('active', 'ended') and b.status in ('active', 'ended') \
             and tstzrange(a.paid_at, a.valid_to) && tstzrange(b.paid_at, b.valid_to) \
             and not (a.status = 'ended' and a.begun_at > a.paid_at + interval '28 days') \
             and not (b.status = 'ended' and b.begun_at > b.paid_at + interval '28 days')",
        )
        .await;
        none(
            "rentals whose time is not what was sold",
            "select count(*) from purchases where kind = 'rent' and paid_at is not null and valid_to <> \
             coalesce(begun_at + interval '48 hours', paid_at + interval '30 days')",
        )
        .await;
        none(
            "purchases of which the last event does not tell",
            "select count(*) from purchases p left join lateral (select body from outbox where body->>'subject' = p.id \
             order by (body->>'sequence')::bigint desc limit 1) o on true where coalesce(o.body->'data'->>'status', 'ended') <> \
             case p.status when 'active' then 'active' else 'ended' end",
        )
        .await;
        self.check_beginnings().await;
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

    /// The earliest first second that was ever told of is the beginning, whatever came late, twice or in another order.
    async fn check_beginnings(&self) {
        let kept: Vec<(String, Option<OffsetDateTime>)> =
            sqlx::query_as("select id, begun_at from purchases where kind = 'rent' and status in ('active', 'ended')")
                .fetch_all(&self.stage.service.pool())
                .await
                .unwrap();
        for (purchase, begun_at) in kept {
            let told = self.begun.iter().filter(|(of, _)| *of == purchase).map(|(_, at)| at.unix_timestamp());
            assert_eq!(begun_at.map(OffsetDateTime::unix_timestamp), told.min(), "{purchase}");
        }
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
