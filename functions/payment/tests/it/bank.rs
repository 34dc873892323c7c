//! A bank for tests: the sandbox's protocol on a real socket. It keeps what it did by key, and fails as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use cinema_http::{
    IntoResponse, Response, StatusCode,
    axum::{
        self, Router,
        body::Bytes,
        http::{HeaderMap, Method, Uri},
    },
};
use kernel::World;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tokio::sync::Notify;

/// Nothing is on its way for longer: a provider that is asked a day later knows what it was asked for.
const LATEST: Duration = Duration::hours(3);

/// What happens to the next call that changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// The card is declined.
    Decline,
    /// Nothing is done, and it says so.
    Busy,
    /// Nothing is done, and it does not say so.
    LostBefore,
    /// It is done, and it does not say so.
    LostAfter,
    /// Nobody waits for it any more, and it arrives behind whoever asks what became of it.
    Late,
    /// The caller dies before it is done.
    CrashBefore,
    /// The caller dies when it is done.
    CrashAfter,
}

#[derive(Default)]
struct State {
    /// By the key that they were asked for with, which alone makes a repetition one.
    payments: BTreeMap<String, Value>,
    /// The same.
    refunds: BTreeMap<String, Value>,
    /// What was asked for with a key.
    asked: BTreeMap<String, Value>,
    /// The keys of payments by the id of their page.
    pages: BTreeMap<String, String>,
    moods: VecDeque<Option<Mood>>,
    /// Path, key and body of what is still on its way, and since when.
    late: Vec<(OffsetDateTime, (String, String, Value))>,
    /// Of each call that changes something.
    calls: Vec<String>,
    forgotten: Vec<String>,
    /// What a bank would not have let pass.
    complaints: Vec<String>,
}

impl State {
    fn payment(&mut self, reference: &str) -> &mut Value {
        self.payments.values_mut().rfind(|payment| payment["reference"] == reference).unwrap()
    }

    /// A key stands for one request; without one each is another.
    fn key(&mut self, headers: &HeaderMap, path: &str, asked: &Value) -> String {
        let Some(key) = headers.get("idempotency-key").and_then(|key| key.to_str().ok()) else {
            return format!("keyless{}", self.calls.len());
        };
        let told = self.asked.entry(format!("{path} {key}")).or_insert_with(|| asked.clone());
        if told != asked {
            let complaint = format!("{key} stood for {told} and stands for {asked}");
            self.complaints.push(complaint);
        }
        key.to_owned()
    }

    /// Nobody pays on a page any more that is closed; whoever has paid has.
    fn close(&mut self, page: &str) -> Response {
        let payment = self.pages.get(page).and_then(|key| self.payments.get_mut(key));
        let Some(payment) = payment else { return StatusCode::NOT_FOUND.into_response() };
        if payment["status"] == "pending" {
            payment["status"] = json!("expired");
        }
        answer(payment.clone())
    }

    /// Whatever a refund leaves below zero was never taken.
    fn look_at_refund(&mut self, payment: &Value) {
        let sum = |all: &BTreeMap<String, Value>, member: &str| -> i64 {
            let of = all.values().filter(|it| it[member] == *payment);
            of.filter(|it| it["status"] == "succeeded").filter_map(|it| it["amount"]["amount"].as_i64()).sum()
        };
        let (taken, back) = (sum(&self.payments, "id"), sum(&self.refunds, "payment"));
        if back > taken {
            self.complaints.push(format!("{payment} took {taken}, and {back} go back"));
        }
    }
}

/// The bank; it ends with the test's runtime.
#[derive(Clone)]
pub struct Bank {
    pub url: String,
    state: Arc<Mutex<State>>,
    /// Told when a caller is to die.
    pub crashed: Arc<Notify>,
    world: World,
}

fn text(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap()
}

impl Bank {
    pub async fn open(world: World) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bank = Self { url, state: Arc::default(), crashed: Arc::default(), world };
        let clerk = bank.clone();
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let clerk = clerk.clone();
            async move { clerk.serve(method, uri, headers, body).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        bank
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the next calls that change something meet, in this order.
    pub fn expect(&self, moods: impl IntoIterator<Item = Mood>) {
        self.state().moods = moods.into_iter().map(Some).collect();
    }

    /// The same, but for so many calls before it.
    pub fn expect_after(&self, calls: usize, mood: Option<Mood>) {
        self.state().moods = std::iter::repeat_n(None, calls).chain([mood]).collect();
    }

    /// How many calls changed something, or would have.
    pub fn calls(&self) -> usize {
        self.state().calls.len()
    }

    /// How many payments took money.
    pub fn captured(&self) -> Vec<Value> {
        let state = self.state();
        state.payments.values().filter(|payment| payment["status"] == "succeeded").cloned().collect()
    }

    /// Minor units that were given back.
    pub fn given_back(&self) -> i64 {
        self.state().refunds.values().filter_map(|refund| refund["amount"]["amount"].as_i64()).sum()
    }

    /// Our reference and the state of every payment.
    pub fn payments(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        self.state().payments.values().map(|payment| (text(&payment["reference"]), text(&payment["status"]))).collect()
    }

    /// What a bank would not have let pass.
    pub fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// The bank's id of a payment.
    pub fn id_of(&self, reference: &str) -> String {
        self.state().payment(reference)["id"].as_str().unwrap().to_owned()
    }

    /// The tokens of forgotten methods.
    pub fn forgotten(&self) -> Vec<String> {
        self.state().forgotten.clone()
    }

    /// Pages that can be paid, by our references.
    pub fn open_pages(&self) -> Vec<String> {
        let now = text(self.world.now());
        let state = self.state();
        let open = |payment: &&Value| {
            payment["status"] == "pending" && payment["expires_at"].as_str().is_some_and(|at| now.as_str() < at)
        };
        state.payments.values().filter(open).map(|payment| payment["reference"].as_str().unwrap().to_owned()).collect()
    }

    /// Somebody pays on a page. Returns the payment's id.
    pub fn pay(&self, reference: &str) -> String {
        let now = text(self.world.now());
        let mut state = self.state();
        let payment = state.payment(reference);
        payment["status"] = json!("succeeded");
        payment["captured_at"] = json!(now);
        if payment["save_method"] == true {
            let token = format!("sm_{}", payment["customer"].as_str().unwrap());
            payment["method"] =
                json!({"token": token, "brand": "visa", "last4": "4242", "expires": {"year": 2035, "month": 12}});
        }
        payment["id"].as_str().unwrap().to_owned()
    }

    /// The page's time is over.
    pub fn expire(&self, reference: &str) {
        self.state().payment(reference)["status"] = json!("expired");
    }

    /// The bank says another amount than was asked for.
    pub fn change_amount(&self, reference: &str, minor: i64) {
        self.state().payment(reference)["amount"]["amount"] = json!(minor);
    }

    /// Pages whose time is over take no payment any more.
    fn close_pages(&self) {
        let now = text(self.world.now());
        for payment in self.state().payments.values_mut() {
            if payment["status"] == "pending" && payment["expires_at"].as_str().is_some_and(|at| at <= now.as_str()) {
                payment["status"] = json!("expired");
            }
        }
    }

    async fn serve(self, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
        let path = uri.path().trim_start_matches("/v1/").to_owned();
        let query: BTreeMap<String, String> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        if method == Method::GET {
            self.close_pages();
            self.arrive_from_before(self.world.now() - LATEST);
            let answer = self.read(&path, &query);
            self.arrive();
            return answer;
        }
        if method == Method::DELETE {
            self.state().forgotten.push(path.trim_start_matches("methods/").to_owned());
            return StatusCode::NO_CONTENT.into_response();
        }
        let asked: Value = serde_json::from_slice(&body).unwrap();
        let (mood, key) = {
            let mut state = self.state();
            state.calls.push(format!("{path} {}", asked["reference"]));
            (state.moods.pop_front().flatten(), state.key(&headers, &path, &asked))
        };
        match mood {
            Some(Mood::Busy) => return StatusCode::TOO_MANY_REQUESTS.into_response(),
            Some(Mood::LostBefore) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Some(Mood::Late) => {
                let at = self.world.now();
                self.state().late.push((at, (path, key, asked)));
                return StatusCode::GATEWAY_TIMEOUT.into_response();
            }
            Some(Mood::CrashBefore) => self.crash().await,
            _ => {}
        }
        self.arrive();
        let answer = self.change(&path, &key, &asked, mood == Some(Mood::Decline));
        match mood {
            Some(Mood::LostAfter) => StatusCode::BAD_GATEWAY.into_response(),
            Some(Mood::CrashAfter) => {
                self.crash().await;
                answer
            }
            _ => answer,
        }
    }

    /// What was on its way is here.
    fn arrive(&self) {
        self.arrive_from_before(self.world.now() + LATEST);
    }

    fn arrive_from_before(&self, moment: OffsetDateTime) {
        let late: Vec<_> = self.state().late.extract_if(.., |(at, _)| *at < moment).collect();
        for (_, (path, key, asked)) in late {
            self.change(&path, &key, &asked, false);
        }
    }

    /// The caller is killed; it never gets an answer.
    async fn crash(&self) {
        self.crashed.notify_one();
        std::future::pending().await
    }

    fn change(&self, path: &str, key: &str, asked: &Value, declines: bool) -> Response {
        let now = text(self.world.now());
        let mut state = self.state();
        if let Some(page) = path.strip_prefix("checkouts/").and_then(|rest| rest.strip_suffix("/expire")) {
            return state.close(page);
        }
        let reference = asked["reference"].as_str().unwrap().to_owned();
        match path {
            "checkouts" => {
                let page = format!("co_{key}");
                state.pages.insert(page.clone(), key.to_owned());
                state.payments.entry(key.to_owned()).or_insert_with(|| {
                    json!({
                        "id": format!("sp_{key}"), "reference": reference, "amount": asked["amount"], "refunded": 0,
                        "status": "pending", "decline": null, "method": null, "customer": asked["customer"],
                        "save_method": asked["save_method"], "expires_at": asked["expires_at"],
                    })
                });
                answer(json!({"id": page, "url": format!("http://bank.test/{page}")}))
            }
            "payments" => {
                let payment = state.payments.entry(key.to_owned()).or_insert_with(|| {
                    let outcome = if declines { "failed" } else { "succeeded" };
                    json!({
                        "id": format!("sp_{key}"), "reference": reference, "amount": asked["amount"], "refunded": 0,
                        "status": outcome, "decline": declines.then(|| json!({"code": "card_declined", "retriable": true})),
                        "method": null, "captured_at": (!declines).then_some(&now),
                    })
                });
                if payment["status"] == "failed" {
                    let error = json!({"error": {"code": "card_declined", "retriable": true}});
                    return (StatusCode::PAYMENT_REQUIRED, axum::Json(error)).into_response();
                }
                answer(payment.clone())
            }
            "refunds" => {
                let refund = state.refunds.entry(key.to_owned()).or_insert_with(|| {
                    json!({
                        "id": format!("sr_{key}"), "payment": asked["payment"], "reference": reference,
                        "amount": asked["amount"], "status": "succeeded", "code": null, "at": now,
                    })
                });
                let refund = refund.clone();
                state.look_at_refund(&asked["payment"]);
                answer(refund)
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn read(&self, path: &str, query: &BTreeMap<String, String>) -> Response {
        let state = self.state();
        let parts: Vec<&str> = path.split('/').collect();
        let by_id = |all: &BTreeMap<String, Value>, id: &str| all.values().find(|it| it["id"] == id).cloned();
        let by_reference = |all: &BTreeMap<String, Value>| -> Vec<Value> {
            all.values().filter(|it| it["reference"] == query["reference"].as_str()).cloned().collect()
        };
        let one = |found: Option<Value>| found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), answer);
        match parts[..] {
            ["payments", id] => one(by_id(&state.payments, id)),
            ["refunds", id] => one(by_id(&state.refunds, id)),
            ["checkouts", id, "payment"] => one(state.pages.get(id).and_then(|at| state.payments.get(at)).cloned()),
            ["payments"] => answer(json!({"items": by_reference(&state.payments)})),
            ["refunds"] => answer(json!({"items": by_reference(&state.refunds)})),
            ["report"] => {
                let on_day = |at: &Value| at.as_str().is_some_and(|at| at.starts_with(&query["day"]));
                let line = |kind: &str, it: &Value, at: &Value| json!({"kind": kind, "id": it["id"], "reference": it["reference"], "amount": it["amount"], "at": at});
                let paid = state.payments.values().filter(|it| on_day(&it["captured_at"]));
                let back = state.refunds.values().filter(|it| on_day(&it["at"]));
                let lines: Vec<Value> = paid
                    .map(|it| line("payment", it, &it["captured_at"]))
                    .chain(back.map(|it| line("refund", it, &it["at"])))
                    .collect();
                answer(json!({ "items": lines }))
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

fn answer(document: Value) -> Response {
    axum::Json(document).into_response()
}
