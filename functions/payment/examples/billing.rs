//! How long a provider's notice takes until it is kept, and renewals per CPU-second, through the processes of their functions:
//! `cargo cinema bench billing`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench fails by panicking")]

#[allow(dead_code, reason = "tests need more of it")]
#[path = "../tests/it/bank.rs"]
mod bank;

use std::time::{Duration, Instant};

use bank::Bank;
use kernel::{AccountId, EventId, Id as _, MethodId, Money, Period, PriceId, SubscriptionId, World};
use payment::{subscription::Subscription, terms::Terms};
use serde_json::json;
use sqlx::types::Json;
use stores::SecretHandle;
use testkit::{Costs, Function, Service, gateway, golden, lambda::pairs};

const WEBHOOK_SECRET: &str = "whsec-0123456789abcdef";
/// Calls before any is counted.
const WARM_UP: usize = 20;
const NOTICES: usize = 2_000;
/// Subscriptions that are due at once.
const DUE: usize = 50;
/// Runs of the schedule, of which the first is not counted.
const RUNS: usize = 11;

/// The header of a notice, as the sandbox signs it.
fn signature(body: &str, world: &World) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, WEBHOOK_SECRET.as_bytes());
    let time = world.now().unix_timestamp().to_string();
    let tag = ring::hmac::sign(&key, format!("{time}.{body}").as_bytes());
    format!("t={time},v1={}", hex::encode(tag.as_ref()))
}

async fn notices(service: &Service, world: &World) {
    let mut receive = Function::start("payment-receive-webhook", &pairs(service.vars())).await;
    let mut costs = Costs::default();
    for call in 0..WARM_UP + NOTICES {
        if call == WARM_UP {
            costs = Costs::default();
        }
        let (event, object) = (format!("evt_{call}"), format!("sp_{}", world.id::<EventId>()));
        let body = json!({"id": event, "type": "payment.succeeded", "object": {"id": object}}).to_string();
        let signature = signature(&body, world);
        let headers = [("content-type", "application/json"), ("sandbox-signature", signature.as_str())];
        let event = gateway::event("POST", "/v1/webhooks/sandbox", &headers, Some(&body));
        costs.call(&mut receive, &event).await.unwrap_or_else(|error| panic!("{error}"));
    }
    let kept: i64 =
        sqlx::query_scalar("select count(*) from webhooks").fetch_one(&service.pool()).await.expect("a number");
    assert_eq!(kept, i64::try_from(WARM_UP + NOTICES).expect("a number"));
    println!("{}", costs.row("notice kept", &[50, 95, 99]));
}

/// Somebody whose month is over, and whose card is saved.
async fn add_due(service: &Service, world: &World) {
    let (pool, account) = (service.pool(), world.id::<AccountId>());
    let terms = Terms {
        price: PriceId::derived("bench"),
        plan: "standard".to_owned(),
        names: kernel::Names::default(),
        amount: Money::new(999, "EUR".parse().expect("a currency")),
        period: Period::Month,
        tax_basis_points: 1_900,
        seller: "cinema".to_owned(),
        max_streams: 2,
        max_height: 1_080,
    };
    let begun = world.now() - time::Duration::days(32);
    let mut state = Subscription::begin(terms.clone(), 0, None, begun);
    state.paid(1, &terms, 0, begun).expect("the first period");
    sqlx::query("insert into subscriptions (id, account_id, status, due_at, version, document, created_at) values ($1, $2, $3, $4, 2, $5, $6)")
        .bind(world.id::<SubscriptionId>())
        .bind(account)
        .bind(state.status.as_str())
        .bind(state.due_at())
        .bind(Json(&state))
        .bind(begun)
        .execute(&pool)
        .await
        .expect("a subscription");
    sqlx::query(
        "insert into methods (id, account_id, provider, token, brand, last4, expires_year, expires_month, is_default, created_at) \
         values ($1, $2, 'sandbox', $3, 'visa', '4242', 2035, 12, true, $4)",
    )
    .bind(world.id::<MethodId>())
    .bind(account)
    .bind(format!("sm_{account}"))
    .bind(begun)
    .execute(&pool)
    .await
    .expect("a method");
}

async fn renewals(service: &Service, world: &World, bank: &Bank) {
    let mut renew = Function::start("payment-renew", &pairs(service.vars())).await;
    let mut costs = Costs::default();
    for run in 0..RUNS {
        for _ in 0..DUE {
            add_due(service, world).await;
        }
        if run == 1 {
            costs = Costs::default();
        }
        let (before, begun) = (renew.cpu(), Instant::now());
        renew.invoke(&golden("payment-renew")).await.expect("an answer");
        // How long each took on the average of its run.
        let each = begun.elapsed() / u32::try_from(DUE).expect("few");
        (0..DUE).for_each(|_| costs.add(each, Duration::ZERO));
        costs.spend(renew.cpu() - before);
        assert_eq!(bank.captured().len(), (run + 1) * DUE);
    }
    println!("{}", costs.row("renewal", &[50, 95, 99]));
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let world = World::system();
    let bank = Bank::open(world.clone()).await;
    let providers = json!([{"provider": "sandbox", "url": bank.url}]).to_string();
    let service = Service::start("payment").await.with("PAYMENT_PROVIDERS", &providers);
    for (variable, secret) in
        [("SECRET_PAYMENT_KEYS", "sandbox-key-0123456789"), ("SECRET_WEBHOOK_SECRETS", WEBHOOK_SECRET)]
    {
        let handle = SecretHandle::new(service.aws(), service.var(variable));
        handle.put(&json!({ "sandbox": secret }).to_string()).await.expect("a secret");
    }
    println!("| what | per CPU-second | CPU ms | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|");
    notices(&service, &world).await;
    renewals(&service, &world, &bank).await;
}
