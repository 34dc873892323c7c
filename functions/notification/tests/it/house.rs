//! The service with people in it, and what other services tell of them.

use std::collections::HashMap;

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{
    AccountId, InvoiceId, MessageId, PaymentId, ProfileId, PurchaseId, SessionId, SubscriptionId, TitleId, World,
};
use notification::operations::{self, consumers};
use proto::{
    auth,
    payment::{PaymentChanged, PurchaseChanged, RentalAnnounced, SubscriptionChanged, TrialAnnounced},
    types, user,
};
use runtime::{Boot, SqsMessage, Tick};
use serde_json::Value;
use testkit::{App, Service, Token};

pub struct House {
    pub service: Service,
    pub app: App,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub account: AccountId,
    pub profile: ProfileId,
    pub subscription: SubscriptionId,
}

/// In both languages and for everybody else.
pub fn names(english: &str, russian: &str) -> HashMap<String, String> {
    [("en", english), ("ru", russian), ("", english)].map(|(locale, name)| (locale.to_owned(), name.to_owned())).into()
}

impl Person {
    pub fn new() -> Self {
        let world = World::system();
        Self { account: world.id(), profile: world.id(), subscription: world.id() }
    }

    /// An address of their own.
    pub fn email(&self) -> String {
        format!("{}@example.com", self.account)
    }

    pub fn token(&self) -> Token {
        Token::account(self.account)
    }

    pub fn verified(&self, sequence: i64, email: &str) -> Event {
        let data = auth::AccountVerified {
            account_id: self.account.to_string(),
            email: email.to_owned(),
            locale: "en".to_owned(),
            default_profile_id: self.profile.to_string(),
            verified_at: "2026-01-01T12:00:00Z".to_owned(),
        };
        Event::new(&World::system(), types::ACCOUNT_VERIFIED, self.account, sequence, &data)
    }

    pub fn speaks(&self, sequence: i64, locale: &str) -> Event {
        let data = user::ProfileChanged {
            profile_id: self.profile.to_string(),
            account_id: self.account.to_string(),
            name: "Anna".to_owned(),
            locale: locale.to_owned(),
            max_rating: 18,
            is_default: true,
            ..Default::default()
        };
        Event::new(&World::system(), types::PROFILE_CHANGED, self.profile, sequence, &data)
    }

    pub fn subscribed(&self, sequence: i64, status: &str, valid_to: &str) -> Event {
        let data = SubscriptionChanged {
            account_id: self.account.to_string(),
            subscription_id: self.subscription.to_string(),
            status: status.to_owned(),
            plan: "standard".to_owned(),
            max_streams: 2,
            max_height: 1080,
            valid_to: valid_to.to_owned(),
            // Longer than any of its periods, where it goes on.
            grace_to: if matches!(status, "cancelled" | "ended") { valid_to } else { "2099-12-31T12:00:00Z" }
                .to_owned(),
            plan_names: names("Standard", "Стандарт"),
            ..SubscriptionChanged::default()
        };
        Event::new(&World::system(), types::SUBSCRIPTION_CHANGED, self.subscription, sequence, &data)
    }

    /// A state with another plan, or with a pause.
    pub fn subscribed_to(&self, sequence: i64, status: &str, plan: &str, resumes_at: &str) -> Event {
        let mut event = self.subscribed(sequence, status, "2026-12-24T12:00:00Z");
        event.data["plan"] = plan.into();
        event.data["resumes_at"] = resumes_at.into();
        event
    }

    /// A state with what begins with the next period, or that is suspended.
    pub fn renewed_as(&self, sequence: i64, status: &str, plan: &str, next: Option<(&str, i64)>) -> Event {
        let mut event = self.subscribed_to(sequence, status, plan, "");
        event.data["currency"] = "EUR".into();
        if status == "past_due" {
            event.data["grace_to"] = event.data["valid_to"].clone();
        }
        if let Some((next, amount)) = next {
            event.data["next_plan"] = next.into();
            event.data["next_plan_names"] = serde_json::json!(names("Premium", "Премиум"));
            event.data["next_amount"] = amount.to_string().into();
            event.data["next_period"] = "month".into();
        }
        event
    }

    pub fn trial_ends(&self, sequence: i64, ends_at: &str) -> Event {
        let data = TrialAnnounced {
            account_id: self.account.to_string(),
            subscription_id: self.subscription.to_string(),
            plan: "standard".to_owned(),
            ends_at: ends_at.to_owned(),
            amount: 999,
            currency: "EUR".to_owned(),
            plan_names: names("Standard", "Стандарт"),
            period: "month".to_owned(),
            ..TrialAnnounced::default()
        };
        Event::new(&World::system(), types::TRIAL_ANNOUNCED, self.subscription, sequence, &data)
    }

    pub fn rental_ends(
        &self,
        (purchase, title): (PurchaseId, TitleId),
        sequence: i64,
        ends_at: &str,
        has_begun: bool,
    ) -> Event {
        let data = RentalAnnounced {
            account_id: self.account.to_string(),
            purchase_id: purchase.to_string(),
            title_id: title.to_string(),
            ends_at: ends_at.to_owned(),
            has_begun,
        };
        Event::new(&World::system(), types::RENTAL_ANNOUNCED, purchase, sequence, &data)
    }

    /// A payment of 9.99 EUR, of which something was given back: for a subscription, or for a single title.
    pub fn paid(&self, payment: PaymentId, sequence: i64, status: &str, refunded: i64, is_for_plan: bool) -> Event {
        let invoice: InvoiceId = World::system().id();
        let data = PaymentChanged {
            account_id: self.account.to_string(),
            payment_id: payment.to_string(),
            invoice_id: invoice.to_string(),
            invoice_number: if status == "failed" { String::new() } else { "DE-2026-000042".to_owned() },
            subscription_id: if is_for_plan { self.subscription.to_string() } else { String::new() },
            status: status.to_owned(),
            amount: 999,
            refunded,
            currency: "EUR".to_owned(),
            description: "Tom & <b>Jerry</b>, rent".to_owned(),
            goods_names: names("Tom & <b>Jerry</b>", "Том и Джерри"),
            ..PaymentChanged::default()
        };
        Event::new(&World::system(), types::PAYMENT_CHANGED, payment, sequence, &data)
    }

    pub fn purchased(
        &self,
        (purchase, title): (PurchaseId, TitleId),
        sequence: i64,
        status: &str,
        valid_to: &str,
    ) -> Event {
        let data = PurchaseChanged {
            account_id: self.account.to_string(),
            purchase_id: purchase.to_string(),
            title_id: title.to_string(),
            kind: if valid_to.is_empty() { "buy" } else { "rent" }.to_owned(),
            status: status.to_owned(),
            valid_to: valid_to.to_owned(),
        };
        Event::new(&World::system(), types::PURCHASE_CHANGED, purchase, sequence, &data)
    }

    pub fn reused(&self) -> Event {
        let session: SessionId = World::system().id();
        let data = auth::RefreshReused { account_id: self.account.to_string(), session_id: session.to_string() };
        Event::new(&World::system(), types::REFRESH_REUSED, session, 1, &data)
    }

    pub fn export(&self) -> Event {
        let export: kernel::ExportId = World::system().id();
        let data = user::ExportRequested {
            export_id: export.to_string(),
            account_id: self.account.to_string(),
            profile_ids: vec![self.profile.to_string()],
            requested_at: "2026-01-01T12:00:00Z".to_owned(),
        };
        Event::new(&World::system(), types::EXPORT_REQUESTED, export, 1, &data)
    }

    pub fn export_is_ready(&self, kept_until: &str) -> Event {
        let export: kernel::ExportId = World::system().id();
        let data = user::ExportReady {
            export_id: export.to_string(),
            account_id: self.account.to_string(),
            ready_at: "2026-01-01T12:00:00Z".to_owned(),
            kept_until: kept_until.to_owned(),
        };
        Event::new(&World::system(), types::EXPORT_READY, export, 1, &data)
    }

    pub fn erased(&self) -> Event {
        let world = World::system();
        let erasure = events::Erasure { id: world.id(), account: self.account, profiles: vec![self.profile] };
        erasure.receipt(&world, types::USER_ACCOUNT_ERASED, 1, world.now())
    }
}

impl House {
    pub async fn start() -> Self {
        Self::of(Service::start("notification").await)
    }

    /// With queues that no other test empties.
    pub async fn start_alone() -> Self {
        Self::of(Service::start_alone("notification").await)
    }

    fn of(service: Service) -> Self {
        let app = service.app(operations::routes);
        Self { service, app }
    }

    /// Somebody whose address has arrived.
    pub async fn person(&self) -> Person {
        let person = Person::new();
        assert_eq!(self.route(person.verified(1, &person.email())).await, Outcome::Done);
        person
    }

    pub fn boot(&self, world: &World) -> Boot {
        self.service.boot().with_world(world.clone())
    }

    pub async fn route(&self, event: Event) -> Outcome {
        self.route_in(&World::system(), event).await
    }

    pub async fn route_in(&self, world: &World, event: Event) -> Outcome {
        consumers::route_events(&self.boot(world)).unwrap().consume(event, &Deadline::unlimited(world.clone())).await
    }

    /// Tells whatever matters to who hears that a title leaves.
    pub async fn announce(&self, event: Event) -> Outcome {
        self.announce_in(&World::system(), event).await
    }

    pub async fn announce_in(&self, world: &World, event: Event) -> Outcome {
        let consumer = consumers::announce_leaving(&self.boot(world)).unwrap();
        consumer.consume(event, &Deadline::unlimited(world.clone())).await
    }

    pub async fn release(&self, world: &World) -> Outcome {
        consumers::release_quiet(&self.boot(world))
            .unwrap()
            .consume(Tick { time: None }, &Deadline::unlimited(world.clone()))
            .await
    }

    pub async fn send_digests(&self, world: &World) -> Outcome {
        consumers::send_digest(&self.boot(world))
            .unwrap()
            .consume(Tick { time: None }, &Deadline::unlimited(world.clone()))
            .await
    }

    pub async fn relay(&self, world: &World) -> Outcome {
        consumers::relay_outbox(&self.boot(world))
            .unwrap()
            .consume(Tick { time: None }, &Deadline::unlimited(world.clone()))
            .await
    }

    pub async fn run_campaigns(&self, world: &World) -> Outcome {
        consumers::run_campaigns(&self.boot(world))
            .unwrap()
            .consume(Tick { time: None }, &Deadline::unlimited(world.clone()))
            .await
    }

    pub async fn erase(&self, event: Event) -> Outcome {
        let consumer = consumers::erase_account(&self.service.boot()).unwrap();
        consumer.consume(event, &Deadline::unlimited(World::system())).await
    }

    pub async fn send(&self, world: &World, job: &Value) -> Outcome {
        let consumer = consumers::send_email(&self.boot(world)).unwrap();
        consumer.consume(message(job), &Deadline::unlimited(world.clone())).await
    }

    /// Lets somebody change what they want to be told.
    pub async fn wish(&self, person: &Person, change: impl FnOnce(&mut Value)) {
        let path = "/v1/notifications/preferences";
        let mut wishes = self.app.get(path).token(&person.token()).send().await.expect(200);
        change(&mut wishes);
        self.app.put(path, &wishes).token(&person.token()).send().await.expect(200);
    }

    /// What the account's deliveries came to: template and status, in their order.
    pub async fn deliveries(&self, person: &Person) -> Vec<(String, String)> {
        sqlx::query_as("select template, status from deliveries where account_id = $1 order by created_at, message_id")
            .bind(person.account)
            .fetch_all(&self.service.pool())
            .await
            .unwrap()
    }

    /// The jobs of an account's deliveries, as the queue carries them.
    pub async fn jobs(&self, person: &Person) -> Vec<Value> {
        let rows: Vec<(MessageId, Value)> = sqlx::query_as(
            "select d.message_id, n.template from deliveries d join notifications n on n.id = d.notification_id \
             where d.account_id = $1 and d.status <> 'held' order by d.created_at, d.message_id",
        )
        .bind(person.account)
        .fetch_all(&self.service.pool())
        .await
        .unwrap();
        let job = |(id, mut job): (MessageId, Value)| {
            job["message_id"] = id.to_string().into();
            job["account_id"] = person.account.to_string().into();
            job
        };
        rows.into_iter().map(job).collect()
    }

    /// The kinds in the inbox, newest first.
    pub async fn kinds(&self, person: &Person) -> Vec<String> {
        let page = self.app.get("/v1/notifications?limit=100").token(&person.token()).send().await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn message(job: &Value) -> SqsMessage {
    SqsMessage { id: "1".into(), body: job.to_string(), receive_count: 1, trace: None }
}
