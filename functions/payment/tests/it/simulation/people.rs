//! What people do, and what they find out by it.

use std::collections::BTreeSet;

use cinema_http::axum::http::Method;
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::{Answer, http::Call};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use super::{CODES, FILMS, Happening, Run, steps};
use crate::{
    bank::Mood,
    stage::{Customer, Stage},
};

/// How many come for a code at once that few may use.
const RUSH: usize = 6;
const FEW: usize = 2;

impl Run {
    /// Somebody asks for something, and asks for the same again when there is no good answer, under the same key and at once.
    async fn insist(&mut self, ask: impl Fn(&Stage) -> Call) -> Option<Answer> {
        let key = hex::encode(self.stage.world.bytes::<8>());
        loop {
            let call = ask(&self.stage).header("idempotency-key", &key);
            let answer = Box::pin(self.stage.survive(call.send())).await;
            if let Some(answer) = answer {
                let is_fault = answer.status == 500 || (answer.status == 503 && !self.is_disturbed);
                assert!(!is_fault, "a request failed although nothing went wrong: {}", answer.text());
                if answer.status != 503 {
                    return Some(answer);
                }
            }
            if self.chance.percent(40) {
                return None;
            }
            self.mood().await;
        }
    }

    /// Somebody rents or buys, and what they have rented they play some time.
    async fn buy(&mut self, customer: Customer) {
        let kind = if self.chance.percent(70) { "rent" } else { "buy" };
        let place = usize::try_from(self.chance.below(FILMS.len() as u64)).unwrap();
        let wanted = json!({"title_id": self.films[place].id, "kind": kind});
        let answer = self.insist(|stage| stage.app.post("/v1/purchases", &wanted).token(&stage.viewer(customer))).await;
        let Some(begun) = answer.filter(|answer| answer.status == 201) else { return };
        let purchase = begun.json()["purchase"]["id"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            let at = self.now() + self.chance.between(Duration::HOUR, Duration::days(32));
            self.agenda.add(at, Happening::Watch(purchase.clone()), &mut self.chance);
        }
    }

    pub(super) async fn act(&mut self, customer: Customer) {
        self.look_at_changes(customer).await;
        if self.chance.percent(35) {
            return self.buy(customer).await;
        }
        let me = |rest: &str| format!("/v1/subscriptions/me/{rest}");
        match self.chance.below(14) {
            0..5 => self.subscribe(customer).await,
            5 => self.ask(customer, &me("cancel"), &json!({})).await,
            6 => self.ask(customer, &me("cancel"), &json!({"pause_for_months": 1})).await,
            7 | 8 => {
                self.insist(|stage| stage.app.call(Method::POST, &me("resume")).token(&stage.token(customer))).await;
            }
            9 | 10 => self.change(customer).await,
            _ => self.refund(customer).await,
        }
    }

    async fn ask(&mut self, customer: Customer, path: &str, body: &Value) {
        self.insist(|stage| stage.app.post(path, body).token(&stage.token(customer))).await;
    }

    async fn subscribe(&mut self, customer: Customer) {
        let mut wanted = json!({"price_id": self.chance.pick(&self.prices)});
        if self.chance.percent(60) {
            wanted["promo_code"] = json!(self.chance.pick(&CODES).unwrap().0);
        }
        self.ask(customer, "/v1/subscriptions", &wanted).await;
        // A page may still be open then, and somebody may pay on it: nothing needs that money any more.
        if self.chance.percent(25) {
            self.ask(customer, "/v1/subscriptions/me/cancel", &json!({})).await;
        }
    }

    async fn change(&mut self, customer: Customer) {
        let when = if self.chance.percent(60) { "now" } else { "period_end" };
        let wanted = json!({"price_id": self.chance.pick(&self.prices), "when": when});
        let preview = self.stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await;
        if preview.status == 200 {
            let agreed = preview.json();
            let path = "/v1/subscriptions/me/change";
            let call = |stage: &Stage| stage.app.post(path, &agreed).token(&stage.token(customer));
            // What was paid on the page of before is heard of then, and the price is another one.
            let is_unheard = self.is_unheard().await;
            let changed = self.insist(call).await;
            // Also a repetition of a request that was done and had no answer.
            let is_stale = changed.is_some_and(|it| it.text().contains("stale_preview"));
            assert!(!is_stale || is_unheard, "previewed and refused");
        }
    }

    /// What changes would cost at once is reckoned to the second and rounded once, and no code of the service's says so.
    async fn look_at_changes(&mut self, customer: Customer) {
        for price in self.prices.clone() {
            let wanted = json!({"price_id": price, "when": "now"});
            let preview = self.stage.post(customer, "/v1/subscriptions/me/change/preview", &wanted).await;
            if preview.status != 200 {
                continue;
            }
            let (preview, running) = (preview.json(), self.stage.subscription(customer).await);
            let percent_off: i64 = sqlx::query_scalar(
                "select (document->>'percent_off')::bigint from subscriptions where account_id = $1 and status <> 'ended'",
            )
            .bind(customer.0)
            .fetch_one(&self.stage.pool)
            .await
            .unwrap();
            let moment = |value: &Value| OffsetDateTime::parse(value.as_str().unwrap(), &Rfc3339).unwrap();
            let minor = |value: &Value| i128::from(value["amount"].as_i64().unwrap());
            let (from, to) = (moment(&running["period_from"]), moment(&running["period_to"]));
            let left = (to - moment(&preview["previewed_at"]).max(from)).whole_seconds();
            let more = minor(&preview["period_amount"]) - minor(&running["running"]["amount"]);
            let page = self.open_page(customer, &price).await;
            let expected = if let Some(amount) = page {
                i128::from(amount)
            } else if running["status"] == "trialing" {
                0
            } else {
                let share = more * i128::from(left) * i128::from(100 - percent_off);
                rounded(share, i128::from((to - from).whole_seconds()) * 100)
            };
            assert_eq!(minor(&preview["amount"]), expected, "proration is not rounded once: {preview}, {running}");
        }
    }

    /// What a change that is open on a page costs there.
    async fn open_page(&self, customer: Customer, price: &str) -> Option<i64> {
        sqlx::query_scalar(
            "select i.amount from invoices i join payments p on p.invoice_id = i.id where i.account_id = $1 and i.kind = 'change' \
             and i.status = 'open' and p.way = 'checkout' and p.status in ('pending', 'unknown') and p.expires_at > $2 \
             and i.terms->'terms'->>'price' = $3",
        )
        .bind(customer.0)
        .bind(self.now())
        .bind(price)
        .fetch_optional(&self.stage.pool)
        .await
        .unwrap()
    }

    /// Whether somebody has paid on a page and nobody has told of it yet.
    async fn is_unheard(&self) -> bool {
        let waiting: Vec<String> =
            sqlx::query_scalar("select id from payments where way = 'checkout' and status in ('pending', 'unknown')")
                .fetch_all(&self.stage.pool)
                .await
                .unwrap();
        let paid = self.stage.bank.payments().into_iter().filter(|(_, status)| status == "succeeded");
        paid.into_iter().any(|(reference, _)| waiting.contains(&reference))
    }

    /// Support gives something back: a part, all of it, or more than there is.
    async fn refund(&mut self, customer: Customer) {
        let payments = self.stage.get(customer, "/v1/payments").await.expect(200);
        let Some(payment) = self.chance.pick(payments["items"].as_array().unwrap()).cloned() else { return };
        let amount = payment["amount"]["amount"].as_i64().unwrap();
        let body = match self.chance.below(4) {
            0 => json!({}),
            1 => json!({"amount": amount / 2}),
            2 => json!({"amount": amount + 1}),
            _ => json!({"amount": 100}),
        };
        let path = format!("/v1/admin/payments/{}/refund", payment["id"].as_str().unwrap());
        // Who asks again is the same agent.
        let agent = self.stage.staff("support");
        // Few calls give money back: without this, years go by in which none of them ends without an answer.
        if !self.is_calm && self.chance.percent(50) {
            let silent = self.chance.pick(&[Mood::LostAfter, Mood::CrashAfter, Mood::Late]).copied();
            self.stage.bank.expect_after(0, silent);
            self.is_disturbed = true;
        }
        self.insist(|stage| stage.app.post(&path, &body).token(&agent)).await;
    }

    /// Many come at once for a code that few may use. Who of them gets it is the only thing that a seed does not decide: it is the end of a history.
    pub(super) async fn rush(&mut self) {
        let stage = &self.stage;
        let body = json!({"code": "RUSH", "percent_off": 10, "periods": 1, "most_uses": FEW});
        stage.app.post("/v1/admin/promos", &body).token(&stage.staff("admin")).send().await.expect(201);
        let wanted = json!({"price_id": self.prices[0], "promo_code": "RUSH"});
        let customers: Vec<Customer> = (0..RUSH).map(|_| Customer(stage.world.id(), stage.world.id())).collect();
        let all = customers.iter().map(|customer| stage.post(*customer, "/v1/subscriptions", &wanted));
        let statuses: Vec<u16> = join_all(all).await.iter().map(|answer| answer.status.as_u16()).collect();
        let fits = statuses.iter().filter(|status| **status == 201).count();
        let others: BTreeSet<u16> = statuses.iter().copied().filter(|status| *status != 201).collect();
        assert_eq!((fits, others), (FEW, BTreeSet::from([422])), "a code that few may use: {statuses:?}");
        steps::check(stage).await;
    }
}

/// `part / whole`, a half to the even neighbour.
fn rounded(part: i128, whole: i128) -> i128 {
    let (down, rest) = (part.div_euclid(whole), part.rem_euclid(whole));
    down + i128::from(rest * 2 > whole || (rest * 2 == whole && down % 2 != 0))
}
