//! From a Lambda invocation to an operation: configuration, clients built once in INIT, logs, deadlines and the bookkeeping of batches.

mod boot;
mod events;
mod key;
mod keys;
mod metrics;
mod program;
mod records;
mod references;
mod vars;
mod wire;

pub use boot::{Access, Boot, BootError, Needs};
pub use events::answer_dynamodb;
pub use key::{FromSecret, Key};
pub use keys::Keys;
pub use lambda_runtime::{Error as InvocationError, LambdaEvent};
pub use metrics::{Figure, Unit, put_metrics};
pub use program::{AnyConsumer, Delivered, Program, serve};
pub use records::{Change, KinesisRecord, S3Object, SqsMessage, Tick, relay_changes};
pub use vars::Vars;
pub use wire::{PublicUrl, Wire};

use std::{future::Future, process::ExitCode};

/// Wires an operation and serves it until the environment ends. Bad configuration ends the process with its reason in the log; an engine that
/// is down does not.
pub fn run<S, F>(wire: impl FnOnce(&Boot) -> Result<S, BootError>, serve: impl FnOnce(S, Boot) -> F) -> ExitCode
where
    F: Future<Output = Result<(), InvocationError>>,
{
    telemetry::logs::init();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "no async runtime");
            return ExitCode::FAILURE;
        }
    };
    let ended = runtime.block_on(async {
        let boot = Boot::new(Vars::from_process()).resolved().await?;
        let service = wire(&boot)?;
        boot.warm().await;
        serve(service, boot).await
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the function cannot start");
            ExitCode::FAILURE
        }
    }
}
