//! A service with accounts in it.

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{AccountId, ProfileId, World};
use proto::{auth::AccountVerified, types};
use testkit::{App, Service, Token};
use time::OffsetDateTime;

/// A service under test.
pub struct Home {
    pub service: Service,
    pub app: App,
}

/// What auth tells about a new account.
#[derive(Debug, Clone)]
pub struct Person {
    pub account: AccountId,
    pub profile: ProfileId,
}

impl Person {
    pub fn new() -> Self {
        let world = World::system();
        Self { account: world.id(), profile: world.id() }
    }

    pub fn verified(&self, sequence: i64, email: &str) -> Event {
        let data = AccountVerified {
            account_id: self.account.to_string(),
            email: email.to_owned(),
            locale: "ru".to_owned(),
            default_profile_id: self.profile.to_string(),
            verified_at: "2026-01-01T12:00:00Z".to_owned(),
        };
        Event::new(&World::system(), types::ACCOUNT_VERIFIED, self.account, sequence, &data)
    }

    pub fn token(&self) -> Token {
        Token::account(self.account)
    }

    /// Signed in an hour ago.
    pub fn stale(&self) -> Token {
        let mut token = self.viewer();
        token.0.auth_time -= 3600;
        token
    }

    /// With the default profile.
    pub fn viewer(&self) -> Token {
        self.token().profile(self.profile)
    }
}

pub fn unlimited() -> Deadline {
    Deadline::unlimited(World::system())
}

impl Home {
    pub async fn start() -> Self {
        let service = Service::start("user").await;
        let app = service.app(user::operations::routes);
        Self { service, app }
    }

    /// With queues and buckets that no other test sees.
    pub async fn start_alone() -> Self {
        let service = Service::start_alone("user").await;
        let app = service.app(user::operations::routes);
        Self { service, app }
    }

    /// A person whose account has arrived.
    pub async fn person(&self) -> Person {
        let person = Person::new();
        assert_eq!(self.project_account(person.verified(1, "anna@example.com")).await, Outcome::Done);
        person
    }

    pub async fn project_account(&self, event: Event) -> Outcome {
        let consumer = user::operations::consumers::project_accounts(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    pub async fn project_subscription(&self, event: Event) -> Outcome {
        let consumer = user::operations::consumers::project_subscriptions(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    pub async fn project_purchase(&self, event: Event) -> Outcome {
        let consumer = user::operations::consumers::project_purchases(&self.service.boot()).unwrap();
        consumer.consume(event, &unlimited()).await
    }

    /// Tells that the login session of a token has ended.
    pub async fn end_session(&self, token: &Token, ended_at: OffsetDateTime) {
        let consumer = user::operations::consumers::project_sessions(&self.service.boot()).unwrap();
        assert_eq!(consumer.consume(token.session_ended(ended_at), &unlimited()).await, Outcome::Done);
    }

    pub async fn outbox_rows(&self) -> i64 {
        sqlx::query_scalar("select count(*) from outbox").fetch_one(&self.service.pool()).await.unwrap()
    }
}
