//! Batches: from a trigger's payload to a consumer and back to the partial failures that the trigger understands.

use aws_lambda_events::event::{
    dynamodb::Event as DynamodbEvent,
    kinesis::KinesisEvent,
    s3::S3Event,
    sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent},
};
use events::{DeadLetters, Deadline, Event, Outcome, Record};
use futures::{FutureExt, future::BoxFuture};
use lambda_runtime::Error;
use manifest::Payload;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use tracing::{Instrument, Span};

use crate::{
    Change, KinesisRecord, S3Object, SqsMessage, Tick,
    program::{AnyConsumer, Delivered},
};

type Answer<'a> = BoxFuture<'a, Result<Value, Error>>;

impl Delivered for SqsMessage {
    const PAYLOAD: Payload = Payload::Sqs;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        answer_with(payload, move |batch| answer_sqs(consumer, batch, deadline))
    }
}

impl Delivered for Event {
    const PAYLOAD: Payload = Payload::Events;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        answer_events(consumer, payload, deadline).boxed()
    }
}

impl Delivered for KinesisRecord {
    const PAYLOAD: Payload = Payload::Kinesis;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        answer_with(payload, move |batch| answer_kinesis(consumer, batch, deadline))
    }
}

impl Delivered for Change {
    const PAYLOAD: Payload = Payload::Dynamodb;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        answer_with(payload, move |batch| answer_dynamodb(consumer, batch, deadline))
    }
}

impl Delivered for S3Object {
    const PAYLOAD: Payload = Payload::S3;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        let objects = |batch: S3Event| batch.records.into_iter().map(Self::from).collect();
        answer_whole(payload, move |batch| consumer.consume_all(objects(batch), deadline))
    }
}

impl Delivered for Tick {
    const PAYLOAD: Payload = Payload::Schedule;

    fn answer<'a>(consumer: &'a dyn AnyConsumer<Self>, payload: &'a RawValue, deadline: &'a Deadline) -> Answer<'a> {
        answer_whole(payload, move |tick| consumer.consume_all(vec![tick], deadline))
    }
}

/// Parses a batch and names what failed of it.
fn answer_with<'a, B, F>(payload: &'a RawValue, answer: impl FnOnce(B) -> F + Send + 'a) -> Answer<'a>
where
    B: DeserializeOwned + Send + 'a,
    F: Future<Output: Serialize + Send> + Send + 'a,
{
    async move { Ok(serde_json::to_value(answer(serde_json::from_str(payload.get())?).await)?) }.boxed()
}

/// The same for an asynchronous invocation: an error makes Lambda deliver the whole of it again.
fn answer_whole<'a, B, F>(payload: &'a RawValue, consume: impl FnOnce(B) -> F + Send + 'a) -> Answer<'a>
where
    B: DeserializeOwned + Send + 'a,
    F: Future<Output = Vec<Outcome>> + Send + 'a,
{
    async move { whole(consume(serde_json::from_str(payload.get())?).await) }.boxed()
}

/// `batchItemFailures` of a stream: delivery resumes at the named record.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamAnswer {
    /// At most one: the first that must come again.
    pub batch_item_failures: Vec<StreamFailure>,
}

/// The record at which delivery resumes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamFailure {
    /// Its sequence number.
    pub item_identifier: String,
}

impl StreamAnswer {
    fn resume_at(sequence_number: String) -> Self {
        Self { batch_item_failures: vec![StreamFailure { item_identifier: sequence_number }] }
    }
}

/// Answers an SQS batch: what must come again is named; a poisoned message ends in the dead-letter queue after its last delivery.
async fn answer_sqs(consumer: &dyn AnyConsumer<SqsMessage>, batch: SqsEvent, deadline: &Deadline) -> SqsBatchResponse {
    let messages: Vec<SqsMessage> = batch.records.into_iter().map(SqsMessage::from).collect();
    let places: Vec<_> = messages.iter().map(|message| (message.id.clone(), message.span())).collect();
    let outcomes = consumer.consume_all(messages, deadline).await;
    sqs_answer(places, outcomes)
}

fn sqs_answer(places: Vec<(String, Span)>, outcomes: Vec<Outcome>) -> SqsBatchResponse {
    let mut answer = SqsBatchResponse::default();
    for ((id, span), outcome) in places.into_iter().zip(outcomes) {
        let _entered = span.enter();
        match outcome {
            Outcome::Done => {
                tracing::info!("done");
                continue;
            }
            Outcome::Retry(reason) => tracing::warn!(message_id = %id, reason, "message will come again"),
            Outcome::Poison(reason) => tracing::error!(message_id = %id, reason, "message cannot be applied"),
        }
        let mut failure = BatchItemFailure::default();
        failure.item_identifier = id;
        answer.batch_item_failures.push(failure);
    }
    answer
}

/// Answers a Kinesis batch: stops at the first record that must come again; keeps poisoned ones as dead letters.
async fn answer_kinesis(
    consumer: &dyn AnyConsumer<KinesisRecord>,
    batch: KinesisEvent,
    deadline: &Deadline,
) -> StreamAnswer {
    let records: Vec<KinesisRecord> = batch.records.into_iter().map(KinesisRecord::from).collect();
    let copies = records.iter().map(|record| (record.clone(), record.span())).collect();
    let outcomes = consumer.consume_all(records, deadline).await;
    stream_answer(copies, outcomes, consumer.dead_letters()).await
}

async fn stream_answer(
    records: Vec<(KinesisRecord, Span)>,
    outcomes: Vec<Outcome>,
    dead_letters: Option<&DeadLetters>,
) -> StreamAnswer {
    for ((record, span), outcome) in records.into_iter().zip(outcomes) {
        let sequence_number = record.sequence_number.clone();
        if !keep(record, outcome, dead_letters).instrument(span).await {
            return StreamAnswer::resume_at(sequence_number);
        }
    }
    StreamAnswer::default()
}

/// Whether delivery goes on behind the record.
async fn keep(record: KinesisRecord, outcome: Outcome, dead_letters: Option<&DeadLetters>) -> bool {
    let KinesisRecord { sequence_number, data } = record;
    match outcome {
        Outcome::Done => true,
        Outcome::Retry(reason) => {
            tracing::warn!(sequence_number, reason, "record will come again");
            false
        }
        Outcome::Poison(reason) => {
            tracing::error!(sequence_number, reason, "record cannot be applied");
            let kept = match dead_letters {
                Some(letters) => letters.put(data, &reason).await.map_err(|error| error.to_string()),
                None => Err("this consumer has no place for dead records".to_owned()),
            };
            if let Err(reason) = &kept {
                tracing::error!(sequence_number, reason, "dead record cannot be kept");
            }
            kept.is_ok()
        }
    }
}

/// Where a batch comes from.
#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "Records", default)]
    records: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(rename = "eventSource", default)]
    source: String,
}

/// Answers a batch of events, out of a queue or a stream.
async fn answer_events(
    consumer: &dyn AnyConsumer<Event>,
    payload: &RawValue,
    deadline: &Deadline,
) -> Result<Value, Error> {
    let sources: Sources = serde_json::from_str(payload.get())?;
    if sources.records.first().is_some_and(|first| first.source == "aws:kinesis") {
        let batch: KinesisEvent = serde_json::from_str(payload.get())?;
        let records: Vec<KinesisRecord> = batch.records.into_iter().map(KinesisRecord::from).collect();
        let data = records.iter().map(|record| record.data.clone()).collect();
        let (spans, outcomes) = consume_parsed(consumer, data, deadline).await;
        let records = records.into_iter().zip(spans).collect();
        let answer = stream_answer(records, outcomes, consumer.dead_letters()).await;
        return Ok(serde_json::to_value(answer)?);
    }
    let batch: SqsEvent = serde_json::from_str(payload.get())?;
    let messages: Vec<SqsMessage> = batch.records.into_iter().map(SqsMessage::from).collect();
    let data = messages.iter().map(|message| message.body.clone().into_bytes()).collect();
    let (spans, outcomes) = consume_parsed(consumer, data, deadline).await;
    let places = messages.into_iter().map(|message| message.id).zip(spans).collect();
    Ok(serde_json::to_value(sqs_answer(places, outcomes))?)
}

/// One span and outcome per text; what is no event is poison, the others go to the consumer together and in order.
async fn consume_parsed(
    consumer: &dyn AnyConsumer<Event>,
    texts: Vec<Vec<u8>>,
    deadline: &Deadline,
) -> (Vec<Span>, Vec<Outcome>) {
    let parsed: Vec<_> = texts.iter().map(|text| Event::parse(text)).collect();
    let span_of = |event: &Result<Event, _>| event.as_ref().map_or_else(|_| Span::none(), Record::span);
    let spans = parsed.iter().map(span_of).collect();
    let valid = parsed.iter().filter_map(|event| event.as_ref().ok().cloned()).collect();
    let mut outcomes = consumer.consume_all(valid, deadline).await.into_iter();
    let outcome_of = |event: Result<Event, _>| match event {
        Ok(_) => outcomes.next().unwrap_or_else(|| Outcome::retry("the consumer gave no outcome")),
        Err(error) => Outcome::poison(error),
    };
    (spans, parsed.into_iter().map(outcome_of).collect())
}

/// Answers a batch of a table's stream.
pub async fn answer_dynamodb(
    consumer: &dyn AnyConsumer<Change>,
    batch: DynamodbEvent,
    deadline: &Deadline,
) -> StreamAnswer {
    let changes: Vec<Change> = batch.records.into_iter().map(Change::from).collect();
    let record_of = |change: &Change| KinesisRecord {
        sequence_number: change.sequence_number.clone(),
        data: format!("{change:?}").into_bytes(),
    };
    let places = changes.iter().map(|change| (record_of(change), change.span())).collect();
    let outcomes = consumer.consume_all(changes, deadline).await;
    stream_answer(places, outcomes, consumer.dead_letters()).await
}

/// An error if any of it must come again.
fn whole(outcomes: Vec<Outcome>) -> Result<Value, Error> {
    let mut again = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Done => {}
            Outcome::Retry(reason) => again = Some(reason),
            Outcome::Poison(reason) => tracing::error!(reason, "record cannot be applied"),
        }
    }
    again.map_or(Ok(Value::Null), |reason| Err(reason.into()))
}
