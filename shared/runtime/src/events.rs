//! Batches: from a trigger's payload to a consumer and back to the partial failures that the trigger understands.

use std::{future::Future, process::ExitCode, sync::Arc};

use aws_lambda_events::event::{
    dynamodb::Event as DynamodbEvent,
    kinesis::KinesisEvent,
    s3::S3Event,
    sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent},
};
use events::{Consumer, DeadLetters, Deadline, Event, Outcome, Record};
use futures::FutureExt;
use kernel::World;
use lambda_runtime::{Error, LambdaEvent};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use time::OffsetDateTime;
use tracing::{Instrument, Span};

use crate::{Boot, BootError, Change, KinesisRecord, S3Object, SqsMessage, Tick};

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
pub async fn answer_sqs<C: Consumer<SqsMessage>>(
    consumer: &C,
    batch: SqsEvent,
    deadline: &Deadline,
) -> SqsBatchResponse {
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
pub async fn answer_kinesis<C: Consumer<KinesisRecord>>(
    consumer: &C,
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

/// Answers a batch of events, out of a queue or a stream.
pub async fn answer_events<C: Consumer<Event>>(
    consumer: &C,
    payload: Value,
    deadline: &Deadline,
) -> Result<Value, Error> {
    let source = payload.pointer("/Records/0/eventSource").and_then(Value::as_str).unwrap_or_default();
    if source == "aws:kinesis" {
        let batch: KinesisEvent = serde_json::from_value(payload)?;
        let records: Vec<KinesisRecord> = batch.records.into_iter().map(KinesisRecord::from).collect();
        let data = records.iter().map(|record| record.data.clone()).collect();
        let (spans, outcomes) = consume_parsed(consumer, data, deadline).await;
        let records = records.into_iter().zip(spans).collect();
        let answer = stream_answer(records, outcomes, consumer.dead_letters()).await;
        return Ok(serde_json::to_value(answer)?);
    }
    let batch: SqsEvent = serde_json::from_value(payload)?;
    let messages: Vec<SqsMessage> = batch.records.into_iter().map(SqsMessage::from).collect();
    let data = messages.iter().map(|message| message.body.clone().into_bytes()).collect();
    let (spans, outcomes) = consume_parsed(consumer, data, deadline).await;
    let places = messages.into_iter().map(|message| message.id).zip(spans).collect();
    Ok(serde_json::to_value(sqs_answer(places, outcomes))?)
}

/// One span and outcome per text; what is no event is poison, the others go to the consumer together and in order.
async fn consume_parsed<C: Consumer<Event>>(
    consumer: &C,
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

/// Answers S3's notification. The invocation is asynchronous: an error makes Lambda deliver the whole notification again.
pub async fn answer_s3<C: Consumer<S3Object>>(consumer: &C, batch: S3Event, deadline: &Deadline) -> Result<(), Error> {
    let objects = batch.records.into_iter().map(S3Object::from).collect();
    whole(consumer.consume_all(objects, deadline).await)
}

/// Answers a batch of a table's stream.
pub async fn answer_dynamodb<C: Consumer<Change>>(
    consumer: &C,
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

/// Answers a schedule.
pub async fn answer_tick<C: Consumer<Tick>>(consumer: &C, tick: Tick, deadline: &Deadline) -> Result<(), Error> {
    whole(consumer.consume_all(vec![tick], deadline).await)
}

fn whole(outcomes: Vec<Outcome>) -> Result<(), Error> {
    let mut again = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Done => {}
            Outcome::Retry(reason) => again = Some(reason),
            Outcome::Poison(reason) => tracing::error!(reason, "record cannot be applied"),
        }
    }
    again.map_or(Ok(()), |reason| Err(reason.into()))
}

/// Serves a consumer: one log span per invocation, `answer` for the payload.
fn serve<C, P, A, F>(
    wire: impl FnOnce(&Boot) -> Result<C, BootError>,
    answer: impl Fn(Arc<C>, P, Deadline) -> F + Send + Sync + 'static,
) -> ExitCode
where
    C: Send + Sync + 'static,
    P: DeserializeOwned + Send + 'static,
    A: Serialize + Send + 'static,
    F: Future<Output = Result<A, Error>> + Send + 'static,
{
    crate::run(wire, move |consumer, boot| async move {
        let consumer = Arc::new(consumer);
        let world = boot.world();
        let handle = move |invocation: LambdaEvent<P>| {
            let span = tracing::info_span!("invocation", request_id = invocation.context.request_id);
            let deadline = deadline_of(&world, invocation.context.deadline);
            // Boxed: the compiler gives up on the depth of the types otherwise.
            answer(consumer.clone(), invocation.payload, deadline).instrument(span).boxed()
        };
        lambda_runtime::run(lambda_runtime::service_fn(handle)).await
    })
}

fn deadline_of(world: &World, millis: u64) -> Deadline {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    Deadline::new(world.clone(), at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

/// Serves a queue.
pub fn sqs<C: Consumer<SqsMessage>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(wire, |consumer: Arc<C>, batch, deadline| async move { Ok(answer_sqs(&*consumer, batch, &deadline).await) })
}

/// Serves the function's own queue of events, or a stream of events, or both.
pub fn events<C: Consumer<Event>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(
        wire,
        |consumer: Arc<C>, payload, deadline| async move { answer_events(&*consumer, payload, &deadline).await },
    )
}

/// Serves a stream.
pub fn kinesis<C: Consumer<KinesisRecord>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(
        wire,
        |consumer: Arc<C>, batch, deadline| async move { Ok(answer_kinesis(&*consumer, batch, &deadline).await) },
    )
}

/// Serves a bucket's notifications.
pub fn s3<C: Consumer<S3Object>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(wire, |consumer: Arc<C>, batch, deadline| async move { answer_s3(&*consumer, batch, &deadline).await })
}

/// Serves a table's stream.
pub fn dynamodb<C: Consumer<Change>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(
        wire,
        |consumer: Arc<C>, batch, deadline| async move { Ok(answer_dynamodb(&*consumer, batch, &deadline).await) },
    )
}

/// Serves a schedule, or an invocation by hand.
pub fn schedule<C: Consumer<Tick>>(wire: impl FnOnce(&Boot) -> Result<C, BootError>) -> ExitCode {
    serve(wire, |consumer: Arc<C>, tick, deadline| async move { answer_tick(&*consumer, tick, &deadline).await })
}
