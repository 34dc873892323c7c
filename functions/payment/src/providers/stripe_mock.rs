//! Every request to Stripe against stripe-mock, which holds them against Stripe's own description of its API and answers with its examples:
//!
//! ```sh
//! go install github.com/stripe/stripe-mock@latest && stripe-mock -http-addr 127.0.0.1:12111 &
//! cargo test -p cinema-payment --lib stripe_mock -- --ignored
//! ```

use std::fmt::Debug;

use kernel::{Money, World};
use serde_json::json;
use time::macros::date;

use super::{
    Charge, Order, PaymentQuery, Provider, ProviderError, RefundOrder, RefundQuery,
    api::Api,
    stripe::{NAME, Stripe},
};

const URL: &str = "http://127.0.0.1:12111";

/// An example may be of something that the service never makes; a request that it understood is never refused.
fn is_understood<T: Debug>(what: &str, outcome: Result<T, ProviderError>) {
    println!("{what}: {outcome:?}");
    assert!(!matches!(outcome, Err(ProviderError::Refused(_))), "{what}: {outcome:?}");
}

#[tokio::test]
#[ignore = "needs stripe-mock, see above"]
async fn stripe_understands_every_request() {
    let stripe =
        Stripe::at(Api::new(URL), runtime::Keys::fixed(&json!({ NAME: "sk_test_0123456789abcdef" }).to_string()));
    let now = World::system().now();
    let money = Money::new(999, "EUR".parse().unwrap());
    for amount in [money, Money::new(0, money.currency)] {
        let order = Order {
            reference: "pay_1".to_owned(),
            customer: "acc_1".to_owned(),
            amount,
            description: "Premium, a month".to_owned(),
            save_method: true,
            return_url: "https://cinema.example/#/plans".to_owned(),
            expires_at: now + time::Duration::HOUR,
        };
        let checkout = stripe.create_checkout("key-1", &order).await.unwrap();
        assert!(!checkout.id.is_empty(), "{checkout:?}");
    }
    is_understood("close_checkout", stripe.close_checkout("cs_test_1").await);
    let charge = Charge {
        reference: "pay_2".to_owned(),
        method: "cus_1:pm_1".to_owned(),
        amount: money,
        description: "December".to_owned(),
    };
    is_understood("charge", stripe.charge("key-2", &charge).await);
    for query in [
        PaymentQuery::Id("pi_1"),
        PaymentQuery::Id("cs_test_1"),
        PaymentQuery::Checkout("cs_test_1"),
        PaymentQuery::Reference { reference: "pay_1", called_at: now },
    ] {
        is_understood("payment", stripe.payment(query).await);
    }
    let refund = RefundOrder { reference: "ref_1".to_owned(), payment: "pi_1".to_owned(), amount: money };
    is_understood("refund", stripe.refund("key-3", &refund).await);
    for query in [RefundQuery::Id("re_1"), RefundQuery::Reference { reference: "ref_1", payment: "pi_1" }] {
        is_understood("find_refund", stripe.find_refund(query).await);
    }
    is_understood("method", stripe.method("cus_1:pm_1").await);
    is_understood("detach", stripe.detach("cus_1:pm_1").await);
    is_understood("report", stripe.report(date!(2026 - 11 - 28)).await);
}
