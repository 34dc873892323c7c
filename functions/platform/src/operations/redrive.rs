//! `POST /v1/admin/queues/{queue}/redrive`: moves the dead letters of a queue back into it, not faster than is said.

use cinema_http::{Admin, Json, Path, Problem, State, StatusCode};
use kernel::{AccountId, EventId, World};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::{
    Bucket, DeadLetterQueues,
    dead_letter_queues::{DeadLetterQueue, Move},
};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{dead_letters, view::RedriveView};

runtime::wire! {
    pub(super) struct Redrive {
        queues: DeadLetterQueues = runtime::Boot::redrive,
        records: Bucket = |boot| boot.bucket("events-dead", Access::Write),
        world: World,
    }
}

/// What a consumer that has just been mended can take beside its work.
const MESSAGES_PER_SECOND: u16 = 10;
const MOST_MESSAGES_PER_SECOND: u16 = 100;

/// How fast.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RedriveRequest {
    /// At most.
    #[serde(default = "messages_per_second")]
    #[schema(minimum = 1, maximum = 100, default = 10)]
    messages_per_second: u16,
}

fn messages_per_second() -> u16 {
    MESSAGES_PER_SECOND
}

/// What was begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RedriveAnswer {
    /// The letters go back into this queue.
    queue: &'static str,
    /// What waited, approximately. Letters that die meanwhile are moved as well.
    to_move: u64,
    /// At most.
    messages_per_second: u16,
}

/// Who moved what, kept as long as dead records are.
#[derive(Debug, Serialize)]
struct Record {
    actor: AccountId,
    queue: &'static str,
    to_move: u64,
    messages_per_second: u16,
    #[serde(with = "time::serde::rfc3339")]
    asked_at: OffsetDateTime,
}

/// Begins to move the dead letters of a queue back into it.
///
/// `GET /v1/admin/queues` tells how far it is. Mend what killed them first: what fails again dies again. Consumers take a copy as one, so a repetition
/// does no harm. 404 for a queue that there is not; 409 `redrive_running` while its letters are being moved, with that move; 422 `no_way_back` for dead letters of a
/// stream or an asynchronous call, which say where a record was and not what it was.
#[utoipa::path(
    post, path = "/v1/admin/queues/{queue}/redrive", tag = "platform",
    params(("queue" = String, Path, description = "As `GET /v1/admin/queues` calls it")),
    request_body = RedriveRequest, responses((status = 202, body = RedriveAnswer), Problem)
)]
pub(super) async fn redrive(
    State(Redrive { queues, records, world }): State<Redrive>,
    Admin(admin): Admin,
    Path(name): Path<String>,
    Json(RedriveRequest { messages_per_second }): Json<RedriveRequest>,
) -> Result<(StatusCode, Json<RedriveAnswer>), Problem> {
    if !(1..=MOST_MESSAGES_PER_SECOND).contains(&messages_per_second) {
        return Err(Problem::invalid(
            "/messages_per_second",
            format!("must be between 1 and {MOST_MESSAGES_PER_SECOND}"),
        ));
    }
    let letters = dead_letters::of(&name).ok_or_else(|| Problem::not_found("queue"))?;
    let queue = letters.source.ok_or_else(no_way_back)?;
    let dead = queues.find(letters.name).await?;
    refuse_running(queues.last_move(&dead).await?)?;

    let to_move = dead.messages;
    let record = Record { actor: admin.id, queue, to_move, messages_per_second, asked_at: world.now() };
    keep(&records, &world, &record).await?;
    begin(&queues, &dead, queue, messages_per_second).await?;
    tracing::info!(queue, to_move, messages_per_second, "dead letters are moved back");
    Ok((StatusCode::ACCEPTED, Json(RedriveAnswer { queue, to_move, messages_per_second })))
}

/// Written first: what nobody can be asked about is not moved.
async fn keep(records: &Bucket, world: &World, record: &Record) -> Result<(), Problem> {
    let body = serde_json::to_vec(record).map_err(Problem::internal)?;
    let key = format!("redrives/{}/{}.json", record.queue, world.id::<EventId>());
    Ok(records.put(&key, body, "application/json", None).await?)
}

async fn begin(queues: &DeadLetterQueues, from: &DeadLetterQueue, to: &str, rate: u16) -> Result<(), Problem> {
    let Err(error) = queues.begin_move(from, to, rate).await else { return Ok(()) };
    // SQS has no word of its own for this: somebody else may have been faster.
    refuse_running(queues.last_move(from).await?)?;
    Err(error.into())
}

fn refuse_running(last: Option<Move>) -> Result<(), Problem> {
    match last.filter(|last| last.status.is_under_way()) {
        Some(running) => {
            let detail = "The dead letters of this queue are being moved already. Wait until that has ended.";
            Err(Problem::conflict("redrive_running", detail).with("redrive", RedriveView::of(running)))
        }
        None => Ok(()),
    }
}

fn no_way_back() -> Problem {
    let detail = "These dead letters come from a stream or an asynchronous call: there is no queue that they could go back to. The runbook on dead letters says how to send the records again.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_way_back", detail)
}
