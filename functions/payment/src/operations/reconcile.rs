//! Every day: each provider's report of the day before is held against what we know, to the minor unit. A difference is an alarm for a person;
//! nothing is ever corrected by itself.

use events::{Consumer, Deadline, Outcome};
use runtime::Tick;
use time::{Duration, Time};

use crate::{
    billing::Billing,
    providers::{Provider, ReportKind},
    reconciliation::{Booked, differences},
    store::{payments, refunds},
};

runtime::wire! { pub struct Reconcile { billing: Billing } }

impl Consumer<Tick> for Reconcile {
    async fn consume(&self, _: Tick, _: &Deadline) -> Outcome {
        for provider in self.billing.providers().all() {
            if let Err(reason) = self.compare(provider).await {
                return Outcome::Retry(reason);
            }
        }
        Outcome::Done
    }
}

impl Reconcile {
    async fn compare(&self, provider: &dyn Provider) -> Result<(), String> {
        let day = (self.billing.world().now() - Duration::DAY).date();
        let stretch =
            (day.with_time(Time::MIDNIGHT).assume_utc(), (day + Duration::DAY).with_time(Time::MIDNIGHT).assume_utc());
        let report = provider.report(day).await.map_err(|error| error.to_string())?;
        let (pool, name) = (self.billing.outbox().pool(), provider.name());
        let captured = payments::captured(pool, name, stretch).await.map_err(|error| error.to_string())?;
        let given_back = refunds::given_back(pool, name, stretch).await.map_err(|error| error.to_string())?;
        let booked = |kind| move |(reference, amount)| Booked { kind, reference, amount };
        let ours: Vec<Booked> = captured
            .into_iter()
            .map(booked(ReportKind::Payment))
            .chain(given_back.into_iter().map(booked(ReportKind::Refund)))
            .collect();
        let found = differences(&report, &ours);
        for difference in &found {
            tracing::error!(provider = name, %day, %difference, "the provider's report differs from the ledger: a person must look");
        }
        tracing::info!(provider = name, %day, lines = report.len(), differences = found.len(), "reconciled");
        Ok(())
    }
}
