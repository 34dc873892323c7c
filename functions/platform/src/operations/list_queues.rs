//! `GET /v1/admin/queues`: what waits in the dead-letter queues.

use cinema_http::{Admin, Json, Page, Problem, State};
use futures::{StreamExt, TryStreamExt, stream};
use stores::{DeadLetterQueues, StoreError};

use crate::{
    dead_letters::{self, DeadLetters},
    view::QueueView,
};

/// SQS is asked about this many queues at a time.
const CONCURRENCY: usize = 16;

runtime::wire! { pub(super) struct ListQueues { dead_letters: DeadLetterQueues = runtime::Boot::dead_letter_queues } }

/// Every queue with its dead letters, by name; there is only one page.
///
/// Dead letters of streams and asynchronous calls are listed under the function that did not take them.
#[utoipa::path(
    get, path = "/v1/admin/queues", tag = "platform", responses((status = 200, body = Page<QueueView>), Problem)
)]
pub(super) async fn list_queues(
    State(ListQueues { dead_letters }): State<ListQueues>,
    _admin: Admin,
) -> Result<Json<Page<QueueView>>, Problem> {
    let counts = dead_letters::all().map(|letters| count(&dead_letters, letters));
    let items = stream::iter(counts).buffered(CONCURRENCY).try_collect().await?;
    Ok(Json(Page { items, next_cursor: None }))
}

async fn count(queues: &DeadLetterQueues, letters: DeadLetters) -> Result<QueueView, StoreError> {
    let queue = queues.find(letters.name).await?;
    let last = if letters.source.is_some() { queues.last_move(&queue).await? } else { None };
    Ok(QueueView::of(letters, queue.messages, last))
}
