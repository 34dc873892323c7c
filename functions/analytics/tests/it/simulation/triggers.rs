//! The consumers, each started as its trigger starts it: with a payload of many records, and an answer that says which must come again.

use analytics::operations::{self, consumers};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use events::{Consumer, Deadline, Event, Outcome};
use kernel::World;
use runtime::{Boot, Delivered, Tick};
use serde_json::{Value, json, value::to_raw_value};
use testkit::golden;
use time::OffsetDateTime;

/// What starts a consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trigger {
    /// The stream of the playback events, for `ingest`.
    Stream,
    /// The queue of titles and payments, for `ingest`.
    Queue,
    /// The queue of `erase_account`.
    EraseAccount,
    /// The queue of `erase_history`.
    EraseHistory,
    /// The schedule of `roll_up_hour`.
    Hourly,
    /// The schedule of `roll_up_day`.
    Daily,
}

/// What one invocation is to do.
#[derive(Debug, Clone)]
pub struct Work {
    pub trigger: Trigger,
    /// Events as they travel; none for a schedule.
    pub records: Vec<Vec<u8>>,
    /// When a schedule was due.
    pub due_at: Option<OffsetDateTime>,
}

/// Every consumer that writes figures, wired once.
pub struct Consumers {
    ingest: operations::ingest::Ingest,
    erase_account: operations::erase_account::EraseAccount,
    erase_history: operations::erase_history::EraseHistory,
    hourly: operations::roll_up_hour::RollUpHour,
    daily: operations::roll_up_day::RollUpDay,
}

impl Consumers {
    pub fn wire(boot: &Boot) -> Self {
        Self {
            ingest: consumers::ingest(boot).unwrap(),
            erase_account: consumers::erase_account(boot).unwrap(),
            erase_history: consumers::erase_history(boot).unwrap(),
            hourly: consumers::roll_up_hour(boot).unwrap(),
            daily: consumers::roll_up_day(boot).unwrap(),
        }
    }

    /// The places of the records that must come again; `[0]` for a schedule that failed.
    pub async fn run(&self, work: &Work) -> Vec<usize> {
        let deadline = Deadline::unlimited(World::system());
        let tick = Tick { time: work.due_at };
        let answer = match work.trigger {
            Trigger::Stream | Trigger::Queue => answer(&self.ingest, work, &deadline).await,
            Trigger::EraseAccount => answer(&self.erase_account, work, &deadline).await,
            Trigger::EraseHistory => answer(&self.erase_history, work, &deadline).await,
            Trigger::Hourly => return failed(&self.hourly.consume(tick, &deadline).await),
            Trigger::Daily => return failed(&self.daily.consume(tick, &deadline).await),
        };
        let failures = answer["batchItemFailures"].as_array().unwrap().iter();
        let places: Vec<usize> =
            failures.map(|failure| failure["itemIdentifier"].as_str().unwrap().parse().unwrap()).collect();
        match (work.trigger, places.first()) {
            // A stream goes on from there.
            (Trigger::Stream, Some(first)) => (*first..work.records.len()).collect(),
            _ => places,
        }
    }
}

fn failed(outcome: &Outcome) -> Vec<usize> {
    if *outcome == Outcome::Done { vec![] } else { vec![0] }
}

/// From a payload to the answer, through the code that the shipped program runs.
async fn answer(consumer: &impl Consumer<Event>, work: &Work, deadline: &Deadline) -> Value {
    let name = if work.trigger == Trigger::Stream { "analytics-ingest" } else { "analytics-erase-account" };
    let sample = golden(name)["Records"][0].take();
    let record = |(place, data): (usize, &Vec<u8>)| {
        let mut record = sample.clone();
        if work.trigger == Trigger::Stream {
            record["kinesis"]["sequenceNumber"] = json!(place.to_string());
            record["kinesis"]["data"] = json!(BASE64_STANDARD.encode(data));
        } else {
            record["messageId"] = json!(place.to_string());
            record["body"] = json!(String::from_utf8_lossy(data));
        }
        record
    };
    let records: Vec<Value> = work.records.iter().enumerate().map(record).collect();
    let payload = to_raw_value(&json!({"Records": records})).unwrap();
    Event::answer(consumer, &payload, deadline).await.unwrap()
}
