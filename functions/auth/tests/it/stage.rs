//! A service with signing keys of its own, a clock that the test moves, and a mailbox.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex as SyncMutex},
};

use auth::operations;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, World, world::ManualClock};
use proto::mail::Mail;
use runtime::{Boot, Tick};
use serde_json::{Value, json};
use testkit::{Answer, App, Service, http::Call};
use time::Duration;
use tokio::sync::{Mutex, OnceCell};

pub const PASSWORD: &str = "correct horse battery";

pub struct Stage {
    pub service: Service,
    pub app: App,
    pub clock: Arc<ManualClock>,
    pub world: World,
    /// Address of the client; of its own for every test.
    pub address: String,
}

/// A verified account that is signed in.
pub struct SignedIn {
    pub email: String,
    pub access: String,
    pub refresh: String,
    pub claims: Value,
}

impl SignedIn {
    pub fn account(&self) -> AccountId {
        self.claims["sub"].as_str().unwrap().parse().unwrap()
    }

    pub fn session(&self) -> String {
        self.claims["sid"].as_str().unwrap().to_owned()
    }
}

/// The service with a published key set, which its own tokens are verified with.
pub async fn service() -> Service {
    static KEYS: OnceCell<()> = OnceCell::const_new();
    let service = Service::start("auth").await;
    KEYS.get_or_init(|| async { assert_eq!(rotate(&service.boot()).await, Outcome::Done) }).await;
    let url = format!("{}/{}/.well-known/jwks.json", service.var("AWS_ENDPOINT_URL"), service.var("BUCKET_WEB"));
    service.with("JWKS_URL", &url)
}

pub async fn rotate(boot: &Boot) -> Outcome {
    let consumer = operations::consumers::rotate_keys(boot).unwrap();
    consumer.consume(Tick { time: None }, &Deadline::unlimited(boot.world())).await
}

impl Stage {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With changed variables.
    pub async fn with(vars: &[(&str, &str)]) -> Self {
        // All tests share one Redis, and their clocks are far apart: each counts as a deployment of its own.
        let service = service().await.with("CINEMA_ENVIRONMENT", &World::system().id::<AccountId>().to_string());
        let service = vars.iter().fold(service, |service, (name, value)| service.with(name, value));
        // Postgres keeps microseconds.
        let start = World::system().now().replace_nanosecond(0).unwrap();
        let (world, clock) = World::replay(start, u64::from_le_bytes(World::system().bytes()));
        let app = service.app_with(&service.boot().with_world(world.clone()), operations::routes);
        let address = fresh_address();
        Self { service, app, clock, world, address }
    }

    pub fn boot(&self) -> Boot {
        self.service.boot().with_world(self.world.clone())
    }

    /// The same service with one variable changed.
    pub fn app_with(&self, name: &str, value: &str) -> App {
        let vars = self.service.vars().clone().set(name, value);
        self.service.app_with(&Boot::new(vars).with_world(self.world.clone()), operations::routes)
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// POST as it comes from the edge.
    pub fn post(&self, path: &str, body: &Value) -> Call {
        self.post_from(&self.address, path, body)
    }

    pub fn post_from(&self, address: &str, path: &str, body: &Value) -> Call {
        from_the_edge(self.app.post(path, body), address)
    }

    /// POST without a body.
    pub fn post_empty(&self, path: &str) -> Call {
        from_the_edge(self.app.call(cinema_http::axum::http::Method::POST, path), &self.address)
    }

    pub async fn register(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/register", &json!({ "email": email, "password": password })).send().await
    }

    pub async fn verify(&self, email: &str, code: &str) -> Answer {
        self.verify_with(email, code, PASSWORD).await
    }

    pub async fn verify_with(&self, email: &str, code: &str, password: &str) -> Answer {
        let body = json!({ "email": email, "code": code, "password": password });
        self.post("/v1/auth/verify-email", &body).send().await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/v1/auth/login", &json!({ "email": email, "password": password })).send().await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/v1/auth/refresh", &json!({ "refresh_token": token })).send().await
    }

    /// The newest code that was mailed to an address.
    pub async fn code(&self, email: &str) -> String {
        let mail = self.mail(email).await;
        assert_eq!(mail["template"], "verify_email", "{mail}");
        mail["variables"]["code"].as_str().unwrap().to_owned()
    }

    /// The next mail to an address.
    pub async fn mail(&self, email: &str) -> Value {
        static MAILBOX: Mutex<Option<HashMap<String, Vec<Value>>>> = Mutex::const_new(None);
        let mut empty = 0;
        while empty < 3 {
            let mut mailbox = MAILBOX.lock().await;
            let mailbox = mailbox.get_or_insert_default();
            if let Some(mails) = mailbox.get_mut(email)
                && !mails.is_empty()
            {
                return mails.remove(0);
            }
            let taken = self.service.take_messages("email").await;
            // Tests that send hundreds of mails and read none share the queue.
            empty += usize::from(taken.is_empty());
            for mail in taken.into_iter().map(read) {
                mailbox.entry(mail["to"].as_str().unwrap().to_owned()).or_default().push(mail);
            }
        }
        panic!("no mail");
    }

    /// A registered address whose mail was read.
    pub async fn registered(&self) -> (String, String) {
        let email = fresh_email();
        self.register(&email, PASSWORD).await.expect(202);
        let code = self.code(&email).await;
        (email, code)
    }

    /// A verified account.
    pub async fn account(&self) -> String {
        let (email, code) = self.registered().await;
        self.verify(&email, &code).await.expect(204);
        email
    }

    /// A verified account with a session.
    pub async fn signed_in(&self) -> SignedIn {
        let email = self.account().await;
        let token = self.log_in(&email, PASSWORD).await.expect(200);
        let access = token["access_token"].as_str().unwrap().to_owned();
        let refresh = token["refresh_token"].as_str().unwrap().to_owned();
        SignedIn { email, claims: claims(&access), access, refresh }
    }

    /// Applies an event to the projection of profiles.
    pub async fn project(&self, event: Event) -> Outcome {
        let boot = self.boot();
        let consumer = operations::consumers::project_profiles(&boot).unwrap();
        consumer.consume(event, &Deadline::unlimited(boot.world())).await
    }
}

/// A mail of the contract, with the name of its template and what that says.
fn read(message: Value) -> Value {
    let mail: Mail = serde_json::from_value(message.clone()).unwrap();
    let template = mail.template.unwrap().name();
    let variables = &message[template];
    json!({ "message_id": mail.message_id, "to": mail.to, "locale": mail.locale, "template": template, "variables": variables })
}

pub fn from_the_edge(call: Call, address: &str) -> Call {
    call.header("x-origin-verify", "origin-secret-of-the-test")
        .header("cloudfront-viewer-address", &format!("{address}:443"))
}

pub fn fresh_address() -> String {
    let [a, b, c, d] = World::system().bytes::<4>();
    format!("10.{a}.{b}.{}", u16::from(c) * 256 % 250 + u16::from(d) % 4)
}

pub fn fresh_email() -> String {
    // Printable and unique: a session's id has the random part at its end.
    static NUMBER: SyncMutex<u32> = SyncMutex::new(0);
    let mut number = NUMBER.lock().unwrap();
    *number += 1;
    // Mails to one domain are limited as well, and all tests share one Redis.
    format!("v{number}-{}@m{}.example", World::system().id::<AccountId>(), hex::encode(World::system().bytes::<6>()))
}

/// What a token says, unverified.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// The value of a cookie that an answer sets.
pub fn cookie(answer: &Answer, name: &str) -> Option<String> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    let mut values = lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')?.split(';').next());
    values.next().map(str::to_owned)
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}
