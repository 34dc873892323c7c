//! Rotation of the signing keys, and the published set.

use auth::{
    keyring::{KeyRing, PERIOD},
    operations,
};
use cinema_http::token::Jwks;
use events::Outcome;
use kernel::{World, world::ManualClock};
use runtime::Boot;
use secrecy::ExposeSecret;
use std::sync::Arc;
use stores::{Bucket, SecretHandle};
use testkit::Service;
use time::Duration;

use crate::stage::{fresh_email, rotate};

const DOCUMENT: &str = ".well-known/jwks.json";

/// A secret and a bucket of its own.
struct Vault {
    service: Service,
    world: World,
    clock: Arc<ManualClock>,
}

impl Vault {
    async fn open() -> Self {
        let service = Service::start("auth").await;
        let name = fresh_email().split('@').next().unwrap().replace('_', "-");
        let secrets = aws_sdk_secretsmanager::Client::new(service.aws().config());
        secrets.create_secret().name(format!("keys-{name}")).send().await.unwrap();
        let bucket = format!("web-{name}");
        let place = stores::aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint(stores::aws_sdk_s3::types::BucketLocationConstraint::EuCentral1)
            .build();
        let client = Bucket::new(service.aws(), bucket.clone()).client;
        client.create_bucket().bucket(&bucket).create_bucket_configuration(place).send().await.unwrap();
        let service = service.with("SECRET_SIGNING_KEYS", &format!("keys-{name}")).with("BUCKET_WEB", &bucket);
        let (world, clock) = World::replay(World::system().now(), u64::from_le_bytes(World::system().bytes()));
        Self { service, world, clock }
    }

    fn boot(&self) -> Boot {
        self.service.boot().with_world(self.world.clone())
    }

    fn bucket(&self) -> Bucket {
        Bucket::new(self.service.aws(), self.service.var("BUCKET_WEB"))
    }

    async fn ring(&self) -> Option<KeyRing> {
        let secret =
            SecretHandle::new(self.service.aws(), self.service.var("SECRET_SIGNING_KEYS")).get().await.unwrap();
        secret.map(|secret| KeyRing::parse(secret.expose_secret()).unwrap())
    }

    async fn published(&self) -> Vec<String> {
        let document = self.bucket().get(DOCUMENT).await.unwrap().unwrap();
        let set: Jwks = serde_json::from_slice(&document).unwrap();
        set.keys.into_iter().map(|key| key.kid).collect()
    }
}

#[tokio::test]
async fn the_first_run_creates_and_a_second_one_changes_nothing() {
    let vault = Vault::open().await;
    assert_eq!(rotate(&vault.boot()).await, Outcome::Done);
    let ring = vault.ring().await.unwrap();
    assert_eq!(vault.published().await, [ring.next.kid.clone(), ring.current.kid.clone()]);
    let head = vault.bucket().head(DOCUMENT).await.unwrap().unwrap();
    assert_eq!((head.content_type(), head.cache_control()), (Some("application/json"), Some("public, max-age=300")));
    let text = String::from_utf8(vault.bucket().get(DOCUMENT).await.unwrap().unwrap()).unwrap();
    assert!(!text.contains("pkcs8") && !text.contains("\"d\""));
    // `up` runs it every time; the published set is healed.
    vault.bucket().put(DOCUMENT, b"{}".to_vec(), "application/json", None).await.unwrap();
    assert_eq!(rotate(&vault.boot()).await, Outcome::Done);
    assert_eq!(vault.ring().await, Some(ring.clone()));
    assert_eq!(vault.published().await, [ring.next.kid, ring.current.kid]);
}

#[tokio::test]
async fn each_week_the_next_key_signs_and_the_one_before_still_verifies() {
    let vault = Vault::open().await;
    rotate(&vault.boot()).await;
    let first = vault.ring().await.unwrap();
    vault.clock.advance(Duration::days(7));
    assert_eq!(rotate(&vault.boot()).await, Outcome::Done);
    let second = vault.ring().await.unwrap();
    assert_eq!((&second.current, second.previous.as_ref()), (&first.next, Some(&first.current)));
    let kids = vault.published().await;
    assert_eq!(kids, [second.next.kid.clone(), first.next.kid.clone(), first.current.kid]);
    vault.clock.advance(PERIOD - Duration::SECOND);
    rotate(&vault.boot()).await;
    assert_eq!(vault.ring().await, Some(second));
}

#[tokio::test]
async fn a_crash_between_the_steps_leaves_every_token_valid() {
    let vault = Vault::open().await;
    rotate(&vault.boot()).await;
    let ring = vault.ring().await.unwrap();
    vault.clock.advance(Duration::days(7));
    // Before anything is published: nothing has changed.
    let no_bucket = vault.boot_with("BUCKET_WEB", "there-is-no-such-bucket");
    assert!(matches!(rotate(&no_bucket).await, Outcome::Retry(_)));
    assert_eq!((vault.ring().await.unwrap(), vault.published().await.len()), (ring.clone(), 2));
    // After publishing, before storing: the set holds the keys that sign, and one that nobody will use.
    let steps = auth::keyring::steps(Some(ring.clone()), vault.world.now(), || {
        auth::keyring::SigningKey::generate("lost".into(), vault.world.now())
    });
    let auth::keyring::Step::Publish(planned) = &steps.unwrap()[0] else { panic!("publishing comes first") };
    let set = serde_json::to_vec(&planned.public().unwrap()).unwrap();
    vault.bucket().put(DOCUMENT, set, "application/json", None).await.unwrap();
    let kids = vault.published().await;
    assert!(kids.contains(&ring.current.kid) && kids.contains(&ring.next.kid));
    // The next run goes on from what is stored.
    assert_eq!(rotate(&vault.boot()).await, Outcome::Done);
    let after = vault.ring().await.unwrap();
    assert_eq!(after.current, ring.next);
    let kids = vault.published().await;
    assert!(
        kids.contains(&ring.current.kid) && kids.contains(&after.current.kid) && !kids.contains(&"lost".to_owned())
    );
}

#[tokio::test]
async fn a_crash_in_the_first_run_signs_nothing() {
    let vault = Vault::open().await;
    // The secret cannot be stored: the set is published, nothing can be signed with it.
    let boot = vault.boot_with("SECRET_SIGNING_KEYS", "there-is-no-such-secret");
    assert!(matches!(rotate(&boot).await, Outcome::Retry(_)));
    assert_eq!(vault.published().await.len(), 2);
    assert_eq!(rotate(&vault.boot()).await, Outcome::Done);
    let ring = vault.ring().await.unwrap();
    assert!(vault.published().await.contains(&ring.current.kid));
}

#[tokio::test]
async fn an_unreadable_secret_is_not_overwritten() {
    let vault = Vault::open().await;
    let secret = SecretHandle::new(vault.service.aws(), vault.service.var("SECRET_SIGNING_KEYS"));
    secret.put("{\"current\": 1}").await.unwrap();
    assert!(matches!(rotate(&vault.boot()).await, Outcome::Retry(_)));
    assert_eq!(secret.get().await.unwrap().unwrap().expose_secret(), "{\"current\": 1}");
}

impl Vault {
    fn boot_with(&self, name: &str, value: &str) -> Boot {
        Boot::new(self.service.vars().clone().set(name, value)).with_world(self.world.clone())
    }
}

#[tokio::test]
async fn the_set_is_served_cacheable_and_outlives_the_bucket() {
    let vault = Vault::open().await;
    let path = "/v1/auth/.well-known/jwks.json";
    let app = vault.service.app_with(&vault.boot(), operations::routes);
    app.get(path).send().await.expect_problem(503, "keys_unavailable");
    rotate(&vault.boot()).await;
    let answer = app.get(path).send().await;
    let keys = answer.expect(200)["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 2);
    for key in &keys {
        assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&"EC".into(), &"ES256".into(), &"sig".into()));
        assert!(key.get("d").is_none());
    }
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let tag = answer.header("etag").unwrap();
    assert_eq!(app.get(path).header("if-none-match", tag).send().await.status, 304);
    // The document is gone; the last good one is still sent.
    let bucket = vault.bucket();
    bucket.client.delete_object().bucket(&bucket.name).key(DOCUMENT).send().await.unwrap();
    vault.clock.advance(Duration::minutes(10));
    assert_eq!(app.get(path).send().await.expect(200)["keys"], serde_json::Value::from(keys));
}
