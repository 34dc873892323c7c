use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
};

use events::Outcome;
use serde_json::{Value, json};
use time::Duration;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    instrument::WithSubscriber as _,
    span::{Attributes, Id, Record},
};

use crate::stage::Stage;

/// Writes down what is said as an error.
#[derive(Clone, Default)]
struct Alarms(Arc<Mutex<Vec<String>>>);

impl Subscriber for Alarms {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

/// What a run of the reconciliation calls a person for.
async fn alarms(stage: &Stage) -> Vec<String> {
    let alarms = Alarms::default();
    assert_eq!(stage.reconcile().with_subscriber(alarms.clone()).await, Some(Outcome::Done));
    alarms.0.lock().unwrap().clone()
}

/// Everything that money is.
async fn books(stage: &Stage) -> Value {
    sqlx::query_scalar(
        "select jsonb_build_array((select jsonb_agg(l order by id) from ledger_entries l), (select jsonb_agg(p order by id) from payments p), \
         (select jsonb_agg(r order by id) from refunds r), (select jsonb_agg(i order by id) from invoices i), (select count(*) from outbox))",
    )
    .fetch_one(&stage.service.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn a_difference_of_one_minor_unit_is_an_alarm_and_nothing_is_corrected() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 999, 0).await;
    let customer = stage.paying(&price).await;
    let title = stage.film(399, 999).await;
    stage.purchase(customer, title, "rent").await.expect(201);
    let payments = stage.get(customer, "/v1/payments").await.expect(200);
    let of = |minor: i64| {
        let items = payments["items"].as_array().unwrap();
        items.iter().find(|it| it["amount"]["amount"] == minor).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let (plan, rental) = (of(999), of(399));
    let path = format!("/v1/admin/payments/{plan}/refund");
    stage.app.post(&path, &json!({"amount": 100})).token(&stage.staff("support")).send().await.expect(201);

    // The day itself is not over yet; a day later both sides agree.
    stage.advance(Duration::DAY);
    assert_eq!(alarms(&stage).await, Vec::<String>::new());

    let (before, calls) = (books(&stage).await, stage.bank.calls());
    stage.bank.change_amount(&rental, 398);
    for _ in 0..2 {
        let said = alarms(&stage).await;
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(&format!("Payment {rental}: 399 EUR here, 398 EUR there")), "{said:?}");
        assert!(said[0].contains("a person must look"), "{said:?}");
    }
    assert_eq!(
        (books(&stage).await, stage.bank.calls()),
        (before, calls),
        "nothing was corrected, nothing was asked for"
    );

    // Right again, nobody is called any more.
    stage.bank.change_amount(&rental, 399);
    assert_eq!(alarms(&stage).await, Vec::<String>::new());
    stage.check_books().await;
}
