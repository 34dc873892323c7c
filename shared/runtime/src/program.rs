//! A consumer that is ready to be served, whatever it consumes.

use std::{process::ExitCode, sync::Arc};

use events::{Consumer, DeadLetters, Deadline, Outcome, Record};
use futures::{FutureExt, future::BoxFuture};
use kernel::World;
use lambda_runtime::{Error, LambdaEvent};
use manifest::Payload;
use serde_json::{Value, value::RawValue};
use time::OffsetDateTime;
use tracing::Instrument;

use crate::{Boot, BootError};

/// A [`Consumer`] behind a pointer: what it does with a batch is compiled where it is written, not with the program that serves it.
pub trait AnyConsumer<R: Record>: Send + Sync {
    /// See [`Consumer::consume_all`].
    fn consume_all<'a>(&'a self, records: Vec<R>, deadline: &'a Deadline) -> BoxFuture<'a, Vec<Outcome>>;
    /// See [`Consumer::dead_letters`].
    fn dead_letters(&self) -> Option<&DeadLetters>;
}

impl<R: Record + 'static, C: Consumer<R>> AnyConsumer<R> for C {
    fn consume_all<'a>(&'a self, records: Vec<R>, deadline: &'a Deadline) -> BoxFuture<'a, Vec<Outcome>> {
        Consumer::consume_all(self, records, deadline).boxed()
    }

    fn dead_letters(&self) -> Option<&DeadLetters> {
        Consumer::dead_letters(self)
    }
}

/// A record that a trigger delivers.
pub trait Delivered: Record + Sized + 'static {
    /// What it comes in.
    const PAYLOAD: Payload;

    /// From a payload to the answer that the trigger understands.
    fn answer<'a>(
        consumer: &'a dyn AnyConsumer<Self>,
        payload: &'a RawValue,
        deadline: &'a Deadline,
    ) -> BoxFuture<'a, Result<Value, Error>>;
}

trait AnyProgram: Send + Sync {
    fn payload(&self) -> Payload;
    fn answer<'a>(&'a self, payload: &'a RawValue, deadline: &'a Deadline) -> BoxFuture<'a, Result<Value, Error>>;
}

struct Served<R>(Box<dyn AnyConsumer<R>>);

impl<R: Delivered> AnyProgram for Served<R> {
    fn payload(&self) -> Payload {
        R::PAYLOAD
    }

    fn answer<'a>(&'a self, payload: &'a RawValue, deadline: &'a Deadline) -> BoxFuture<'a, Result<Value, Error>> {
        R::answer(&*self.0, payload, deadline)
    }
}

/// A wired consumer of whatever records.
pub struct Program(Box<dyn AnyProgram>);

impl Program {
    /// Of the one kind of records that `consumer` consumes.
    pub fn of<R: Delivered, C: Consumer<R>>(consumer: C) -> Self {
        Self(Box::new(Served::<R>(Box::new(consumer))))
    }

    /// What it has to be invoked with.
    pub fn payload(&self) -> Payload {
        self.0.payload()
    }
}

/// Serves a consumer: one log span per invocation.
pub fn serve(wire: fn(&Boot) -> Result<Program, BootError>) -> ExitCode {
    crate::run(wire, |program, boot| async move {
        let (program, world) = (Arc::new(program), boot.world());
        let handle = move |invocation: LambdaEvent<Box<RawValue>>| {
            let span = tracing::info_span!("invocation", request_id = invocation.context.request_id);
            let deadline = deadline_of(&world, invocation.context.deadline);
            let program = program.clone();
            let answer = async move {
                let answer = program.0.answer(&invocation.payload, &deadline).await;
                telemetry::spans::flush().await;
                answer
            };
            answer.instrument(span)
        };
        lambda_runtime::run(lambda_runtime::service_fn(handle)).await
    })
}

fn deadline_of(world: &World, millis: u64) -> Deadline {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000);
    Deadline::new(world.clone(), at.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}
