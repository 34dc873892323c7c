//! The service with a bank, plans, customers and a clock that the test moves.

use std::sync::Arc;

use cinema_http::axum::http::Method;
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{
    AccountId, ProfileId, TitleId, World,
    policy::{Publication, TitleRules, Window},
    world::ManualClock,
};
use payment::operations::{self, consumers};
use proto::{catalog::TitleChanged, types};
use runtime::{Boot, SqsMessage, Tick};
use serde_json::{Value, json};
use stores::{PgPool, SecretHandle};
use testkit::{Answer, App, Service, Token, titles};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::bank::Bank;

pub const START: OffsetDateTime = datetime!(2027-01-31 10:00 UTC);
const KEY: &str = "sandbox-key-0123456789";
pub const WEBHOOK_SECRET: &str = "whsec-0123456789abcdef";

/// What schedules and queues start, wired once.
struct Consumers {
    renew: operations::renew::Renew,
    dun: operations::dun::Dun,
    resolve: operations::resolve_unknown::ResolveUnknown,
    announce: operations::announce_trial_end::AnnounceTrialEnd,
    announce_rentals: operations::announce_rental_end::AnnounceRentalEnd,
    reconcile: operations::reconcile::Reconcile,
    process: operations::process_webhook::ProcessWebhook,
    titles: operations::project_titles::ProjectTitles,
    begin_rental: operations::begin_rental::BeginRental,
    end_rentals: operations::end_rentals::EndRentals,
}

impl Consumers {
    fn wire(boot: &Boot) -> Self {
        Self {
            renew: consumers::renew(boot).unwrap(),
            dun: consumers::dun(boot).unwrap(),
            resolve: consumers::resolve_unknown(boot).unwrap(),
            announce: consumers::announce_trial_end(boot).unwrap(),
            announce_rentals: consumers::announce_rental_end(boot).unwrap(),
            reconcile: consumers::reconcile(boot).unwrap(),
            process: consumers::process_webhook(boot).unwrap(),
            titles: consumers::project_titles(boot).unwrap(),
            begin_rental: consumers::begin_rental(boot).unwrap(),
            end_rentals: consumers::end_rentals(boot).unwrap(),
        }
    }
}

pub struct Stage {
    consumers: Consumers,
    pub service: Service,
    /// The service's schema, for whoever looks at it.
    pub pool: PgPool,
    pub app: App,
    pub bank: Bank,
    pub world: World,
    pub clock: Arc<ManualClock>,
}

/// Somebody with an account.
#[derive(Debug, Clone, Copy)]
pub struct Customer(pub AccountId, pub ProfileId);

impl Customer {
    pub fn new() -> Self {
        Self(World::system().id(), World::system().id())
    }
}

impl Stage {
    pub async fn start() -> Self {
        Self::seeded(u64::from_le_bytes(World::system().bytes())).await
    }

    /// The same history for the same seed, but for the ids of people.
    pub async fn seeded(seed: u64) -> Self {
        let (world, clock) = World::replay(START, seed);
        let bank = Bank::open(world.clone()).await;
        let providers = json!([{"provider": "sandbox", "url": bank.url}]).to_string();
        // Nothing is published: what is told stays in the outbox, where a test reads it.
        let service = Service::start("payment").await.with("PAYMENT_PROVIDERS", &providers);
        for (variable, secret) in [("SECRET_PAYMENT_KEYS", KEY), ("SECRET_WEBHOOK_SECRETS", WEBHOOK_SECRET)] {
            let handle = SecretHandle::new(service.aws(), service.var(variable));
            handle.put(&json!({ "sandbox": secret }).to_string()).await.unwrap();
        }
        let service = service.with("STREAM_DOMAIN_EVENTS", "no-such-stream");
        let app = service.app_with(&service.boot().with_world(world.clone()), operations::routes);
        let consumers = Consumers::wire(&service.boot().with_world(world.clone()));
        let pool = service.pool();
        Self { consumers, service, pool, app, bank, world, clock }
    }

    pub fn boot(&self) -> Boot {
        self.service.boot().with_world(self.world.clone())
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Signed in at this moment.
    pub fn token(&self, customer: Customer) -> Token {
        self.at_this_moment(Token::account(customer.0))
    }

    pub fn staff(&self, role: &str) -> Token {
        self.at_this_moment(Token::role(role))
    }

    fn at_this_moment(&self, token: Token) -> Token {
        token.at(self.world.now())
    }

    pub async fn get(&self, customer: Customer, path: &str) -> Answer {
        self.app.get(path).token(&self.token(customer)).send().await
    }

    pub async fn post(&self, customer: Customer, path: &str, body: &Value) -> Answer {
        self.app.post(path, body).token(&self.token(customer)).send().await
    }

    pub async fn post_empty(&self, customer: Customer, path: &str) -> Answer {
        self.app.call(Method::POST, path).token(&self.token(customer)).send().await
    }

    /// Puts a plan with a monthly price in euro everywhere; returns the price's id.
    pub async fn plan(&self, key: &str, amount: i64, trial_days: u16) -> String {
        let price = json!({
            "period": "month", "amount": {"amount": amount, "currency": "EUR"}, "trial_days": trial_days, "tax_basis_points": 1900,
        });
        let plan = self.put_plan(key, &json!([price])).await.expect(200);
        plan["prices"][0]["id"].as_str().unwrap().to_owned()
    }

    pub async fn put_plan(&self, key: &str, prices: &Value) -> Answer {
        let body = json!({
            "names": {"en": key, "ru": "План"}, "max_streams": 2, "max_height": 1080, "is_offered": true, "prices": prices,
        });
        self.app.put(&format!("/v1/admin/plans/{key}"), &body).token(&self.staff("admin")).send().await
    }

    pub async fn subscribe(&self, customer: Customer, price: &str) -> Answer {
        self.post(customer, "/v1/subscriptions", &json!({ "price_id": price })).await
    }

    /// Somebody who has paid the first period on a page, and whose card is saved.
    pub async fn paying(&self, price: &str) -> Customer {
        let customer = Customer::new();
        let begun = self.subscribe(customer, price).await.expect(201);
        self.pay(&begun).await;
        assert_eq!(self.subscription(customer).await["status"], "active");
        customer
    }

    /// Pays on the page of an answer, and lets the bank tell.
    pub async fn pay(&self, begun: &Value) {
        assert!(begun["checkout_url"].is_string(), "{begun}");
        let reference = begun["payment"]["id"].as_str().unwrap();
        let id = self.bank.pay(reference);
        assert_eq!(self.notice("payment.succeeded", &id).await, Outcome::Done);
    }

    pub async fn subscription(&self, customer: Customer) -> Value {
        self.get(customer, "/v1/subscriptions/me").await.expect(200)["subscription"].clone()
    }

    /// The bank tells something once, and it is applied.
    pub async fn notice(&self, kind: &str, object: &str) -> Outcome {
        let event = format!("evt_{}", hex::encode(self.world.bytes::<8>()));
        self.deliver(&event, kind, object).await.expect(200);
        self.process(&event).await
    }

    /// As the bank sends it.
    pub async fn deliver(&self, event: &str, kind: &str, object: &str) -> Answer {
        let body = json!({"id": event, "type": kind, "object": {"id": object}}).to_string();
        let signature = sign(&body, self.world.now());
        self.deliver_signed(&body, &signature).await
    }

    pub async fn deliver_signed(&self, body: &str, signature: &str) -> Answer {
        let call = self.app.call(Method::POST, "/v1/webhooks/sandbox").header("content-type", "application/json");
        call.header("sandbox-signature", signature).bytes(body.to_owned()).send().await
    }

    /// As the queue delivers it.
    pub async fn process(&self, event: &str) -> Outcome {
        let body = json!({"provider": "sandbox", "event_id": event}).to_string();
        let message = SqsMessage { id: "1".into(), body, receive_count: 1, trace: None };
        let deadline = self.deadline();
        Box::pin(self.survive(self.consumers.process.consume(message, &deadline))).await.unwrap_or(Outcome::Done)
    }

    pub fn deadline(&self) -> Deadline {
        Deadline::unlimited(self.world.clone())
    }

    /// Runs something that the bank may kill; `None` when it did.
    pub async fn survive<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.bank.crashed.notified() => None,
            done = work => Some(done),
        }
    }

    async fn run(&self, consumer: &impl Consumer<Tick>) -> Option<Outcome> {
        let deadline = self.deadline();
        Box::pin(self.survive(consumer.consume(Tick { time: None }, &deadline))).await
    }

    pub async fn renew(&self) -> Option<Outcome> {
        self.run(&self.consumers.renew).await
    }

    pub async fn dun(&self) -> Option<Outcome> {
        self.run(&self.consumers.dun).await
    }

    pub async fn resolve(&self) -> Option<Outcome> {
        self.run(&self.consumers.resolve).await
    }

    pub async fn end_rentals(&self) -> Option<Outcome> {
        self.run(&self.consumers.end_rentals).await
    }

    /// The catalogue tells of a title under these rules.
    pub async fn tell_title(&self, title: TitleId, sequence: i64, rules: &TitleRules) {
        let told = TitleChanged {
            title_id: title.to_string(),
            kind: "film".to_owned(),
            original_title: "Clockwork".to_owned(),
            asset: Some(proto::catalog::Asset {
                asset_id: "ast_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
                duration_seconds: 600.0,
                ..Default::default()
            }),
            ..TitleChanged::default()
        };
        self.tell_title_as(&titles::under(rules, told), sequence).await;
    }

    pub async fn tell_title_as(&self, told: &TitleChanged, sequence: i64) {
        let event = Event::new(&self.world, types::TITLE_CHANGED, &told.title_id, sequence, told);
        assert_eq!(self.consumers.titles.consume(event, &self.deadline()).await, Outcome::Done);
    }

    /// A film that everybody may watch, at these prices in euro.
    pub async fn film(&self, rent: i64, buy: i64) -> TitleId {
        let title = self.world.id();
        let apart = Window { territories: vec![], plans: vec!["festival".to_owned()], from: None, until: None };
        self.tell_title(title, 1, &TitleRules { windows: vec![apart], ..open() }).await;
        let prices = json!([title_price(None, "rent", rent, "EUR"), title_price(None, "buy", buy, "EUR")]);
        self.price(title, &prices).await.expect(200);
        title
    }

    pub async fn price(&self, title: TitleId, prices: &Value) -> Answer {
        let (path, body) = (format!("/v1/admin/titles/{title}/prices"), json!({ "prices": prices }));
        self.app.put(&path, &body).token(&self.staff("admin")).send().await
    }

    /// With a profile that may watch everything.
    pub fn viewer(&self, customer: Customer) -> Token {
        self.token(customer).profile(customer.1).max_rating(18)
    }

    pub async fn purchase(&self, customer: Customer, title: TitleId, kind: &str) -> Answer {
        let body = json!({"title_id": title, "kind": kind});
        self.app.post("/v1/purchases", &body).token(&self.viewer(customer)).send().await
    }

    /// The caller's purchases, the newest first.
    pub async fn purchases(&self, customer: Customer) -> Vec<Value> {
        self.get(customer, "/v1/purchases").await.expect(200)["items"].as_array().unwrap().clone()
    }

    /// Playback tells of the first second of a rental.
    pub async fn begin_rental(&self, event: Event) -> Option<Outcome> {
        let deadline = self.deadline();
        Box::pin(self.survive(self.consumers.begin_rental.consume(event, &deadline))).await
    }

    pub async fn announce_rentals(&self) -> Option<Outcome> {
        self.run(&self.consumers.announce_rentals).await
    }

    pub async fn announce(&self) -> Option<Outcome> {
        self.run(&self.consumers.announce).await
    }

    pub async fn reconcile(&self) -> Option<Outcome> {
        self.run(&self.consumers.reconcile).await
    }

    /// What was told about an id, in its order: the data of the events.
    pub async fn told(&self, kind: &str, subject: &str) -> Vec<Value> {
        let rows: Vec<Value> = sqlx::query_scalar(
            "select body from outbox where body->>'type' = $1 and body->>'subject' = $2 order by (body->>'sequence')::bigint",
        )
        .bind(kind)
        .bind(subject)
        .fetch_all(&self.pool)
        .await
        .unwrap();
        rows.into_iter().map(|row| row["data"].clone()).collect()
    }

    /// One number of the database.
    pub async fn number(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(&self.pool).await.unwrap()
    }

    /// What must hold whenever nothing runs.
    pub async fn check_books(&self) {
        let unbalanced = "select count(*) from (select from ledger_entries group by transaction_id, currency having sum(amount) <> 0) x";
        assert_eq!(self.number(unbalanced).await, 0, "the ledger does not balance");
        let ours = "select coalesce(sum(amount), 0)::bigint from ledger_entries where account = 'provider:sandbox'";
        let captured = "select coalesce(sum(amount), 0)::bigint from payments where status = 'succeeded'";
        let back = "select coalesce(sum(amount), 0)::bigint from refunds where status = 'succeeded'";
        assert_eq!(self.number(ours).await, self.number(captured).await - self.number(back).await);
        let gaps = "select count(*) from (select from invoices where number is not null group by seller, year \
                    having max(number) <> count(*) or min(number) <> 1) x";
        assert_eq!(self.number(gaps).await, 0, "invoice numbers have a gap");
        assert_eq!(self.number("select count(*) from payments where refunded > amount").await, 0);
    }
}

/// Rules of a film that everybody may watch.
pub fn open() -> TitleRules {
    TitleRules { publication: Publication::Published, rating: Some(12), windows: vec![], has_asset: true }
}

pub fn title_price(territory: Option<&str>, kind: &str, amount: i64, currency: &str) -> Value {
    json!({"territory": territory, "kind": kind, "amount": {"amount": amount, "currency": currency}, "tax_basis_points": 1900})
}

/// A signature of the bank's.
pub fn sign(body: &str, at: OffsetDateTime) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let time = at.unix_timestamp().to_string();
    let tag = ring::hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(tag.as_ref()))
}
