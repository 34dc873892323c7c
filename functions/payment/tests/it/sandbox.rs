//! The sandbox of the local platform, in a process of its own: it speaks what `providers/sandbox.rs` reads, and goes wrong as it is told.

use std::{
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration as Patience, Instant},
};

use aws_sdk_secretsmanager::Client;
use bytes::Bytes;
use cinema_http::axum::{self, Router};
use http::{HeaderMap, Request, Response, StatusCode};
use kernel::{Id, Money, PaymentId, RefundId, World};
use payment::providers::{
    Charge, Order, Payment, PaymentQuery, PaymentStatus, Provider, ProviderError, Providers, RefundOrder, RefundQuery,
    RefundStatus, ReportKind,
    notice::{Delivery, Notice, NoticeKind, WebhookError},
    webhook::Webhooks,
};
use runtime::{Boot, Vars, Wire};
use serde_json::{Value, json};
use stores::{Aws, Fetch, aws::Keys};
use time::{Duration, OffsetDateTime};

const KEY: &str = "a key of the sandbox's shop";
const SECRET: &str = "a secret that signs its notices";
const GOOD: &str = "4242424242424242";

/// A sandbox, the shop that it knows, and what reaches the shop.
struct Shop {
    url: String,
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
    inbox: Inbox,
    providers: Providers,
    webhooks: Webhooks,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What was delivered, and what is answered.
#[derive(Clone, Default)]
struct Inbox(Arc<Mutex<(Vec<Received>, u16)>>);

/// A notice: its headers and its body.
type Received = (HeaderMap, Vec<u8>);

impl Inbox {
    async fn listen(&self) -> String {
        let inbox = self.clone();
        let take = move |headers: HeaderMap, body: Bytes| async move {
            let mut inner = inbox.0.lock().unwrap();
            inner.0.push((headers, body.to_vec()));
            StatusCode::from_u16(inner.1).unwrap()
        };
        self.0.lock().unwrap().1 = 200;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1/webhooks/sandbox", listener.local_addr().unwrap());
        let router = Router::new().route("/v1/webhooks/sandbox", axum::routing::post(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    }
}

fn start(port: u16, folder: &Path) -> Child {
    let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../localstack/engines/programs/sandbox.mjs");
    Command::new(testkit::engines::node())
        .arg(program)
        .arg(port.to_string())
        .arg(folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn money(minor: i64) -> Money {
    Money::new(minor, "RUB".parse().unwrap())
}

fn reference<T: Id>() -> String {
    World::system().id::<T>().to_string()
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}");
        let inbox = Inbox::default();
        let webhook_url = inbox.listen().await;
        let (providers, webhooks) = wired(&url).await;
        let shop = Self { process: start(port, folder.path()), url, folder, port, inbox, providers, webhooks };
        shop.wait().await;
        let known = json!({ "key": KEY, "webhook_secret": SECRET, "webhook_url": webhook_url });
        assert_eq!(shop.admin("PUT", "shop", &known).await.0, 200);
        shop
    }

    async fn wait(&self) {
        for _ in 0..200 {
            if Fetch::default().get(&format!("{}/health", self.url)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Patience::from_millis(50)).await;
        }
        panic!("the sandbox does not start");
    }

    /// Kills it as a crash would, and starts it again in the same folder.
    async fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = start(self.port, self.folder.path());
        self.wait().await;
    }

    fn provider(&self) -> &dyn Provider {
        self.providers.first().unwrap()
    }

    async fn admin(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}/admin/{path}", self.url);
        let answer = send(method, &url, &[("content-type", "application/json")], &body.to_string()).await;
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap())
    }

    async fn mode(&self, mode: Value) {
        assert_eq!(self.admin("PUT", "mode", &mode).await.0, 200, "{mode}");
    }

    fn order(&self, save_method: bool) -> Order {
        Order {
            reference: reference::<PaymentId>(),
            customer: "acc_1".to_owned(),
            amount: money(29_900),
            description: "Кино <на> месяц".to_owned(),
            save_method,
            return_url: "http://localhost:8080/#/account".to_owned(),
            expires_at: World::system().now() + Duration::hours(1),
        }
    }

    /// The page's hidden field.
    async fn form(&self, url: &str) -> String {
        let page = text(&send("GET", url, &[], "").await);
        assert!(page.contains("Кино &#60;на&#62; месяц"), "{page}");
        page.split_once("name=\"form\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
    }

    async fn send_form(
        &self,
        url: &str,
        form: &str,
        number: &str,
        action: &str,
        site: Option<(&str, &str)>,
    ) -> (u16, String) {
        let body = format!("form={form}&number={number}&expires=12%2F34&action={action}");
        let headers: Vec<_> = [("content-type", "application/x-www-form-urlencoded")].into_iter().chain(site).collect();
        let answer = send("POST", url, &headers, &body).await;
        let location = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (answer.status().as_u16(), location.unwrap_or_else(|| text(&answer)))
    }

    /// Pays a new order with this card; the order's payment.
    async fn buy(&self, number: &str) -> Payment {
        let order = self.order(true);
        let checkout = self.provider().create_checkout(&order.reference, &order).await.unwrap();
        let form = self.form(&checkout.url).await;
        let (status, place) = self.send_form(&checkout.url, &form, number, "pay", None).await;
        assert_eq!((status, place.as_str()), (303, "http://localhost:8080/#/account"));
        self.provider().payment(PaymentQuery::Checkout(&checkout.id)).await.unwrap().unwrap()
    }

    fn charge(&self, method: &str) -> Charge {
        Charge {
            reference: reference::<PaymentId>(),
            method: method.to_owned(),
            amount: money(29_900),
            description: "December".to_owned(),
        }
    }

    async fn by_reference(&self, reference: &str) -> Option<Payment> {
        let called_at = World::system().now();
        self.provider().payment(PaymentQuery::Reference { reference, called_at }).await.unwrap()
    }

    /// The first `count` notices, once they have come.
    async fn notices(&self, count: usize) -> Vec<Notice> {
        let begun = Instant::now();
        loop {
            let delivered = self.inbox.0.lock().unwrap().0.clone();
            if delivered.len() >= count {
                let mut notices = Vec::new();
                for (headers, body) in &delivered {
                    notices.push(self.read(headers, body, World::system().now()).await.unwrap());
                }
                return notices;
            }
            assert!(begun.elapsed() < Patience::from_secs(20), "{} notices of {count}", delivered.len());
            tokio::time::sleep(Patience::from_millis(50)).await;
        }
    }

    async fn read(&self, headers: &HeaderMap, body: &[u8], now: OffsetDateTime) -> Result<Notice, WebhookError> {
        self.webhooks.read("sandbox", &Delivery { headers, body, source: None, now }).await
    }
}

async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let request = headers
        .iter()
        .fold(Request::builder().method(method).uri(url), |request, (name, value)| request.header(*name, *value));
    let request = request.body(Bytes::from(body.to_owned())).unwrap();
    Fetch::default().send(request, Patience::from_secs(5)).await.unwrap()
}

fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8(answer.body().to_vec()).unwrap()
}

/// Providers as a function has them, with their keys in Secrets Manager.
async fn wired(url: &str) -> (Providers, Webhooks) {
    let endpoint = testkit::engines::Engines::from_env().aws;
    let keys = Keys { id: "test".to_owned(), secret: "test".to_owned(), session: None };
    let client = Client::new(Aws::new("eu-central-1".to_owned(), keys, Some(endpoint.clone())).config());
    let mut variables =
        vec![("PAYMENT_PROVIDERS".to_owned(), json!([{ "provider": "sandbox", "url": url }]).to_string())];
    for (variable, value) in [("SECRET_PAYMENT_KEYS", KEY), ("SECRET_WEBHOOK_SECRETS", SECRET)] {
        let name = format!("{}-{}", variable.to_lowercase(), reference::<PaymentId>());
        client.create_secret().name(&name).secret_string(json!({ "sandbox": value }).to_string()).send().await.unwrap();
        variables.push((variable.to_owned(), name));
    }
    for (name, value) in [
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL", &endpoint),
    ] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    let boot = Boot::new(Vars::from_iter(variables));
    (Providers::wire(&boot).unwrap(), Webhooks::wire(&boot).unwrap())
}

#[tokio::test]
async fn a_person_pays_on_the_page_and_the_card_is_charged_later() {
    let shop = Shop::open().await;
    let order = shop.order(true);
    let checkout = shop.provider().create_checkout(&order.reference, &order).await.unwrap();
    let pending = shop.provider().payment(PaymentQuery::Checkout(&checkout.id)).await.unwrap().unwrap();
    assert_eq!((pending.status, pending.reference.as_deref()), (PaymentStatus::Pending, Some(&*order.reference)));

    // Another card after a declined one; a number that is no card is no error of ours.
    let form = shop.form(&checkout.url).await;
    for (number, said) in
        [("4000000000009995", "insufficient_funds"), ("1234", "incorrect_number"), ("toString", "incorrect_number")]
    {
        let (status, page) = shop.send_form(&checkout.url, &form, number, "pay", None).await;
        assert!(status == 402 && page.contains(said), "{status}: {page}");
    }
    let still = shop.provider().payment(PaymentQuery::Checkout(&checkout.id)).await.unwrap().unwrap();
    assert_eq!(still.status, PaymentStatus::Pending);
    assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "pay", None).await.0, 303);
    // Whoever presses twice, or comes back, is led on and pays once.
    assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "pay", None).await.0, 303);
    assert_eq!(send("GET", &checkout.url, &[], "").await.status(), 303);

    let paid = shop.provider().payment(PaymentQuery::Id(&pending.id)).await.unwrap().unwrap();
    assert_eq!((paid.status, paid.amount, paid.refunded), (PaymentStatus::Succeeded, money(29_900), 0));
    let method = paid.method.unwrap();
    assert_eq!(
        (method.brand.as_str(), method.last4.as_deref(), method.expires),
        ("visa", Some("4242"), Some((2034, 12)))
    );

    let charge = shop.charge(&method.token);
    let charged = shop.provider().charge("key-1", &charge).await.unwrap();
    assert_eq!(shop.provider().charge("key-1", &charge).await.unwrap(), charged);
    let other = Charge { amount: money(1), ..charge.clone() };
    assert!(matches!(shop.provider().charge("key-1", &other).await, Err(ProviderError::Refused(_))));
    assert_eq!(shop.by_reference(&charge.reference).await.unwrap().id, charged.id);

    assert_eq!(shop.provider().method(&method.token).await.unwrap().as_ref(), Some(&method));
    for _ in 0..2 {
        shop.provider().detach(&method.token).await.unwrap();
    }
    assert_eq!(shop.provider().method(&method.token).await.unwrap(), None);
    let gone = ProviderError::Declined { code: "method_gone".to_owned(), retriable: false };
    assert_eq!(shop.provider().charge("key-2", &shop.charge(&method.token)).await, Err(gone));
}

#[tokio::test]
async fn a_card_may_pay_once_and_be_declined_later() {
    let shop = Shop::open().await;
    for (number, code, retriable) in
        [("4000000000000341", "insufficient_funds", true), ("4000000000000259", "lost_card", false)]
    {
        let method = shop.buy(number).await.method.unwrap();
        let declined = ProviderError::Declined { code: code.to_owned(), retriable };
        let charge = shop.charge(&method.token);
        assert_eq!(shop.provider().charge(&charge.reference, &charge).await, Err(declined.clone()));
        // The same key gives the same decline; the card may have money by then under another.
        let changed = shop.admin("PUT", &format!("methods/{}", method.token), &json!({ "decline": null })).await;
        assert_eq!(changed.0, 200);
        assert_eq!(shop.provider().charge(&charge.reference, &charge).await, Err(declined));
        let failed = shop.by_reference(&charge.reference).await.unwrap();
        assert_eq!(failed.status, PaymentStatus::Failed { code: code.to_owned(), retriable });
        assert!(shop.provider().charge(&format!("another {number}"), &charge).await.is_ok());
        assert_eq!(shop.by_reference(&charge.reference).await.unwrap().status, PaymentStatus::Succeeded);
    }
}

#[tokio::test]
async fn going_away_and_coming_too_late_cost_nothing() {
    let shop = Shop::open().await;
    let left = shop.order(false);
    let checkout = shop.provider().create_checkout("left", &left).await.unwrap();
    let form = shop.form(&checkout.url).await;
    assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "cancel", None).await.0, 303);
    assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "pay", None).await.0, 303);
    let payment = shop.provider().payment(PaymentQuery::Checkout(&checkout.id)).await.unwrap().unwrap();
    assert_eq!(payment.status, PaymentStatus::Expired);

    let late = Order { expires_at: World::system().now() + Duration::seconds(1), ..shop.order(false) };
    let checkout = shop.provider().create_checkout("late", &late).await.unwrap();
    let form = shop.form(&checkout.url).await;
    tokio::time::sleep(Patience::from_millis(1_100)).await;
    assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "pay", None).await.0, 303);
    let payment = shop.provider().payment(PaymentQuery::Checkout(&checkout.id)).await.unwrap().unwrap();
    assert_eq!(payment.status, PaymentStatus::Expired);
    let kinds: Vec<NoticeKind> = shop.notices(2).await.into_iter().map(|notice| notice.kind).collect();
    assert_eq!(kinds, [NoticeKind::Checkout, NoticeKind::Checkout]);
}

#[tokio::test]
async fn no_more_is_given_back_than_was_paid() {
    let shop = Shop::open().await;
    let payment = shop.buy(GOOD).await;
    let refund = |minor: i64| RefundOrder {
        reference: reference::<RefundId>(),
        payment: payment.id.clone(),
        amount: money(minor),
    };
    let first = refund(10_000);
    let given = shop.provider().refund(&first.reference, &first).await.unwrap();
    assert_eq!((&given.status, given.amount), (&RefundStatus::Succeeded, money(10_000)));
    assert_eq!(shop.provider().refund(&first.reference, &first).await.unwrap(), given);
    assert!(matches!(shop.provider().refund("too much", &refund(19_901)).await, Err(ProviderError::Refused(_))));
    shop.mode(json!({ "refunds": "failed" })).await;
    let failed = shop.provider().refund("failed", &refund(19_900)).await.unwrap();
    assert_eq!(failed.status, RefundStatus::Failed { code: "card_gone".to_owned() });
    shop.mode(json!({ "refunds": "pending", "late_seconds": 1 })).await;
    let rest = refund(19_900);
    assert_eq!(shop.provider().refund("rest", &rest).await.unwrap().status, RefundStatus::Pending);
    tokio::time::sleep(Patience::from_millis(2_500)).await;
    let which = RefundQuery::Reference { reference: &rest.reference, payment: &payment.id };
    assert_eq!(shop.provider().find_refund(which).await.unwrap().unwrap().status, RefundStatus::Succeeded);
    let whole = shop.provider().payment(PaymentQuery::Id(&payment.id)).await.unwrap().unwrap();
    assert_eq!(whole.refunded, 29_900);

    // The day's report says the same, to the minor unit.
    let lines = shop.provider().report(World::system().now().date()).await.unwrap();
    let sum = |kind| lines.iter().filter(|line| line.kind == kind).map(|line| line.amount.minor).sum::<i64>();
    assert_eq!((sum(ReportKind::Payment), sum(ReportKind::Refund)), (29_900, 29_900));
    assert_eq!(shop.provider().report(World::system().now().date().previous_day().unwrap()).await.unwrap(), []);
}

#[tokio::test]
async fn whatever_becomes_of_an_answer_a_key_charges_once() {
    let shop = Shop::open().await;
    let method = shop.buy(GOOD).await.method.unwrap();
    let charge = shop.charge(&method.token);
    shop.mode(json!({ "answers": "unavailable" })).await;
    // Nothing in the answer says so: a gateway in between might have said it.
    assert!(matches!(shop.provider().charge("key", &charge).await, Err(ProviderError::Unknown(_))));
    shop.mode(json!({ "answers": "normal" })).await;
    assert_eq!(shop.by_reference(&charge.reference).await, None);

    shop.mode(json!({ "answers": "error_after_success" })).await;
    assert!(matches!(shop.provider().charge("key", &charge).await, Err(ProviderError::Unknown(_))));
    shop.mode(json!({ "answers": "timeout_after_success" })).await;
    let silence = shop.provider().charge("key", &charge);
    assert!(tokio::time::timeout(Patience::from_secs(1), silence).await.is_err(), "an answer came");
    shop.mode(json!({ "answers": "normal" })).await;
    let charged = shop.by_reference(&charge.reference).await.unwrap();
    assert_eq!(charged.status, PaymentStatus::Succeeded);
    assert_eq!(shop.provider().charge("key", &charge).await.unwrap().id, charged.id);
    let lines = shop.provider().report(World::system().now().date()).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.reference.as_ref() == Some(&charge.reference)).count(), 1);
}

#[tokio::test]
async fn notices_are_signed_and_come_again_until_they_are_taken() {
    let shop = Shop::open().await;
    shop.inbox.0.lock().unwrap().1 = 503;
    let payment = shop.buy(GOOD).await;
    let first = shop.notices(1).await.remove(0);
    assert_eq!((first.kind, first.object_id.as_str()), (NoticeKind::Payment, payment.id.as_str()));
    shop.inbox.0.lock().unwrap().1 = 200;
    assert_eq!(shop.notices(2).await[1], first);

    let (headers, body) = shop.inbox.0.lock().unwrap().0[1].clone();
    let now = World::system().now();
    let is_forged = |read: Result<Notice, WebhookError>| matches!(read, Err(WebhookError::Forged(_)));
    assert!(is_forged(shop.read(&headers, &[&body[..], b" "].concat(), now).await));
    assert!(is_forged(shop.read(&headers, &body, now + Duration::seconds(320)).await));
    assert!(is_forged(shop.read(&HeaderMap::new(), &body, now).await));
}

#[tokio::test]
async fn notices_come_twice_late_in_the_wrong_order_and_never() {
    let shop = Shop::open().await;
    shop.mode(json!({ "deliveries": "duplicate" })).await;
    shop.buy(GOOD).await;
    let twice = shop.notices(2).await;
    assert_eq!(twice[0], twice[1]);

    shop.mode(json!({ "deliveries": "out_of_order" })).await;
    let (first, second) = (shop.buy(GOOD).await, shop.buy(GOOD).await);
    let objects: Vec<String> = shop.notices(4).await.into_iter().skip(2).map(|notice| notice.object_id).collect();
    assert_eq!(objects, [second.id, first.id]);

    shop.mode(json!({ "deliveries": "late", "late_seconds": 2 })).await;
    let begun = Instant::now();
    let late = shop.buy(GOOD).await;
    assert_eq!(shop.notices(5).await[4].object_id, late.id);
    assert!(begun.elapsed() >= Patience::from_secs(2));

    shop.mode(json!({ "deliveries": "lost" })).await;
    let lost = shop.buy(GOOD).await;
    tokio::time::sleep(Patience::from_secs(2)).await;
    assert_eq!(shop.notices(5).await.len(), 5);
    assert_eq!(shop.by_reference(lost.reference.as_deref().unwrap()).await.unwrap().status, PaymentStatus::Succeeded);
}

#[tokio::test]
async fn a_crash_forgets_nothing() {
    let mut shop = Shop::open().await;
    shop.mode(json!({ "deliveries": "late", "late_seconds": 3 })).await;
    let payment = shop.buy(GOOD).await;
    let method = payment.method.clone().unwrap();
    let charge = shop.charge(&method.token);
    let charged = shop.provider().charge("key", &charge).await.unwrap();
    shop.crash().await;
    assert_eq!(shop.provider().payment(PaymentQuery::Id(&payment.id)).await.unwrap(), Some(payment.clone()));
    assert_eq!(shop.provider().charge("key", &charge).await.unwrap().id, charged.id);
    let mut objects: Vec<String> = shop.notices(2).await.into_iter().map(|notice| notice.object_id).collect();
    objects.sort();
    let mut expected = [payment.id, charged.id];
    expected.sort();
    assert_eq!(objects, expected);
}

#[tokio::test]
async fn neither_another_sites_page_nor_another_name_reaches_it() {
    let shop = Shop::open().await;
    let checkout = shop.provider().create_checkout("key", &shop.order(false)).await.unwrap();
    let form = shop.form(&checkout.url).await;
    for site in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        assert_eq!(shop.send_form(&checkout.url, &form, GOOD, "pay", Some(site)).await.0, 403, "{site:?}");
        let mode =
            send("PUT", &format!("{}/admin/mode", shop.url), &[("content-type", "application/json"), site], "{}").await;
        assert_eq!(mode.status(), 403, "{site:?}");
    }
    for wrong in ["", "0", &form[1..]] {
        assert_eq!(shop.send_form(&checkout.url, wrong, GOOD, "pay", None).await.0, 403, "{wrong}");
    }
    // A form of another page cannot say that it is JSON.
    let sent = send("PUT", &format!("{}/admin/mode", shop.url), &[("content-type", "text/plain")], "{}").await;
    assert_eq!(sent.status(), 415);
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example"] {
        let named = send("GET", &checkout.url, &[("host", host)], "").await;
        assert_eq!(named.status(), 421, "{host}");
    }
    let page = send("GET", &checkout.url, &[], "").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
    let own = shop.send_form(&checkout.url, &form, GOOD, "pay", Some(("origin", &shop.url))).await;
    assert_eq!(own.0, 303);
    // No key, no call.
    for key in ["", "Bearer ", "Bearer another key of a shop"] {
        let url = format!("{}/v1/report?day=2026-11-28", shop.url);
        assert_eq!(send("GET", &url, &[("authorization", key)], "").await.status(), 401, "{key:?}");
    }
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    let shop = Shop::open().await;
    // The whole of 127.0.0.0/8 is this machine: whoever listens everywhere answers there too.
    let reached = |ip: [u8; 4]| TcpStream::connect_timeout(&(ip, shop.port).into(), Patience::from_secs(1));
    assert!(reached([127, 0, 0, 1]).is_ok());
    assert!(reached([127, 0, 0, 2]).is_err(), "it listens on other addresses too");
}
