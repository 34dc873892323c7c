//! Auth and user side by side. Nothing leaves their outboxes by itself: the test says what arrives, when, in which order and how often.

use std::sync::Arc;

use auth::operations::project_profiles::ProjectProfiles;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cinema_http::{axum::http::Method, token::Claims};
use events::{Consumer, Deadline, Event, Outcome};
use kernel::{ProfileId, World, world::ManualClock};
use manifest::env;
use proto::types;
use runtime::Tick;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::{Answer, App, Service, http::Call};
use user::operations::{project_accounts::ProjectAccounts, project_sessions::ProjectSessions};

pub const PASSWORD: &str = "correct horse battery";

/// Both services on one clock.
pub struct Household {
    auth: PgPool,
    user: PgPool,
    auth_app: App,
    pub user_app: App,
    profiles: ProjectProfiles,
    accounts: ProjectAccounts,
    sessions: ProjectSessions,
    pub clock: Arc<ManualClock>,
    pub world: World,
}

/// What a profile is, apart from whether it is the default one: that moves when another is deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileState {
    name: String,
    avatar: String,
    max_rating: i16,
    has_pin: bool,
    is_deleted: bool,
    /// As auth keeps it; empty without a PIN.
    pin_digest: String,
}

/// What auth knows of a profile: cap, whether it asks for a PIN, whether it is gone.
type Known = (i16, bool, bool);

/// A new account's first session.
pub struct SignedIn {
    pub access: String,
    pub refresh: String,
    /// Where its client is; of its own, because limits are shared.
    pub address: String,
    email: String,
}

impl Household {
    pub async fn open() -> Self {
        let nowhere = |service: Service| {
            let queue = format!("{}/000000000000/nowhere", service.var("AWS_ENDPOINT_URL"));
            let service = service.with(&env::stream("domain-events"), "nowhere").with(&env::queue("email"), &queue);
            service.with(&env::queue("profile-secrets"), &queue)
        };
        let (auth, user) = (nowhere(Service::start("auth").await), nowhere(Service::start("user").await));
        let start = World::system().now().replace_nanosecond(0).unwrap();
        let (world, clock) = World::replay(start, u64::from_le_bytes(World::system().bytes()));
        let rotation = auth::operations::consumers::rotate_keys(&auth.boot().with_world(world.clone())).unwrap();
        assert_eq!(rotation.consume(Tick { time: None }, &Deadline::unlimited(world.clone())).await, Outcome::Done);
        let keys = format!("{}/{}/.well-known/jwks.json", auth.var("AWS_ENDPOINT_URL"), auth.var("BUCKET_WEB"));
        let (auth, user) = (auth.with("JWKS_URL", &keys), user.with("JWKS_URL", &keys));
        let boots = (auth.boot().with_world(world.clone()), user.boot().with_world(world.clone()));
        Self {
            auth: auth.pool(),
            user: user.pool(),
            auth_app: auth.app_with(&boots.0, auth::operations::routes),
            user_app: user.app_with(&boots.1, user::operations::routes),
            profiles: auth::operations::consumers::project_profiles(&boots.0).unwrap(),
            accounts: user::operations::consumers::project_accounts(&boots.1).unwrap(),
            sessions: user::operations::consumers::project_sessions(&boots.1).unwrap(),
            clock,
            world,
        }
    }

    /// What both have to tell since the last time.
    pub async fn told(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (destination, body) in self.outboxes().await {
            if destination != "sqs:email" {
                events.push(Event::parse(body.to_string().as_bytes()).unwrap());
            }
        }
        events
    }

    async fn outboxes(&self) -> Vec<(String, Value)> {
        let mut rows = Vec::new();
        for pool in [&self.auth, &self.user] {
            let taken = "with taken as (delete from outbox returning id, destination, body) \
                         select destination, body from taken order by id";
            rows.extend(sqlx::query_as::<_, (String, Value)>(taken).fetch_all(pool).await.unwrap());
        }
        rows
    }

    /// Hands an event to whichever of the two listens to it.
    pub async fn deliver(&self, event: Event) {
        let deadline = Deadline::unlimited(self.world.clone());
        let outcome = match event.kind.as_str() {
            types::PROFILE_CHANGED | types::PROFILE_SECRET_CHANGED => {
                Box::pin(self.profiles.consume(event, &deadline)).await
            }
            types::ACCOUNT_VERIFIED => Box::pin(self.accounts.consume(event, &deadline)).await,
            types::SESSION_ENDED => Box::pin(self.sessions.consume(event, &deadline)).await,
            _ => Outcome::Done,
        };
        assert_eq!(outcome, Outcome::Done);
    }

    /// Everything arrives at once, in order.
    pub async fn deliver_all(&self) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let told = self.told().await;
            if told.is_empty() {
                return all;
            }
            for event in told {
                all.push(event.clone());
                self.deliver(event).await;
            }
        }
    }

    /// A verified account that both know, just signed in.
    pub async fn sign_up(&self) -> SignedIn {
        let [a, b, c, _] = self.world.bytes::<4>();
        let address = format!("10.{a}.{b}.{c}");
        let email = format!("{}@example.com", self.world.id::<kernel::EventId>()).replace('_', "-");
        let post = |path: &str, body: Value| {
            let call = self.auth_app.post(path, &body);
            call.header("cloudfront-viewer-address", &format!("{address}:443")).send()
        };
        post("/v1/auth/register", json!({ "email": email, "password": PASSWORD })).await.expect(202);
        let mails = self.outboxes().await;
        let code = mails.iter().find_map(|(_, mail)| mail["verify_email"]["code"].as_str()).expect("a code");
        post("/v1/auth/verify-email", json!({ "email": email, "code": code, "password": PASSWORD })).await.expect(204);
        self.deliver_all().await;
        self.sign_in(SignedIn { access: String::new(), refresh: String::new(), address, email }).await
    }

    /// The same person in a new session.
    pub async fn sign_in(&self, person: SignedIn) -> SignedIn {
        let body = json!({ "email": person.email, "password": PASSWORD });
        let token = self.from(&person.address, self.auth_app.post("/v1/auth/login", &body)).send().await.expect(200);
        let text = |name: &str| token[name].as_str().unwrap().to_owned();
        SignedIn { access: text("access_token"), refresh: text("refresh_token"), ..person }
    }

    fn from(&self, address: &str, call: Call) -> Call {
        call.header("cloudfront-viewer-address", &format!("{address}:443"))
    }

    /// Asks whichever of the two has the path.
    pub async fn ask(&self, address: &str, access: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let app = if path.starts_with("/v1/auth/") { &self.auth_app } else { &self.user_app };
        let call = self.from(address, app.call(method, path));
        let call = if access.is_empty() { call } else { call.bearer(access) };
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// A profile in both services.
    pub async fn state(&self, id: ProfileId) -> ProfileState {
        let (name, avatar, max_rating, has_pin, is_deleted) =
            sqlx::query_as("select name, avatar, max_rating, has_pin, deleted from profiles where id = $1")
                .bind(id)
                .fetch_one(&self.user)
                .await
                .unwrap();
        let digest = "select coalesce((select pin_digest from profiles where id = $1), '')";
        let pin_digest = sqlx::query_scalar(digest).bind(id).fetch_one(&self.auth).await.unwrap();
        ProfileState { name, avatar, max_rating, has_pin, is_deleted, pin_digest }
    }

    /// All profiles of an account, as user has them and as auth knows them.
    pub async fn both_views(&self, account: kernel::AccountId) -> (Vec<(ProfileId, Known)>, Vec<(ProfileId, Known)>) {
        async fn view(pool: &PgPool, statement: &'static str, account: kernel::AccountId) -> Vec<(ProfileId, Known)> {
            let rows: Vec<(ProfileId, i16, bool, bool)> =
                sqlx::query_as(statement).bind(account).fetch_all(pool).await.unwrap();
            rows.into_iter().map(|(id, max_rating, has_pin, deleted)| (id, (max_rating, has_pin, deleted))).collect()
        }
        let user = "select id, max_rating, has_pin, deleted from profiles where account_id = $1 order by id";
        let auth = "select id, max_rating, pin_digest <> '', deleted from profiles where account_id = $1 order by id";
        (view(&self.user, user, account).await, view(&self.auth, auth, account).await)
    }
}

/// What an access token says, unverified.
pub fn claims(access: &str) -> Claims {
    let payload = access.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
