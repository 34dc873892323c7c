//! `POST /v1/users/me/imports`: begins to bring the history of another service. ◆ The answer says where the file goes.

use cinema_http::{IdempotencyKey, Json, Problem, Response, State, StatusCode, Viewer};
use events::Outbox;
use kernel::{HistoryImportId, World, text::VisibleLine};
use runtime::Access;
use serde::{Deserialize, Serialize};
use stores::Bucket;
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::viewpoint;
use crate::{
    import::{
        contents::MAX_BYTES,
        options::Options,
        summary::LINK_LIFETIME,
        words::{DateOrder, List, Source, Status},
    },
    store::{import_files, imports},
};

runtime::wire! {
    pub(super) struct ImportHistory {
        outbox: Outbox,
        links: Bucket = |boot| boot.links("imports", Access::Write),
        world: World,
    }
}

/// What will be sent.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "netflix", "size": 48211, "date_order": "month_first"}))]
pub(super) struct ImportHistoryRequest {
    /// Whose file it is.
    source: Source,
    /// Bytes of the file: 1 to 20 MiB.
    #[schema(minimum = 1, maximum = 20971520)]
    size: u64,
    /// Letterboxd alone: `watchlist.csv` looks like `watched.csv`, which is assumed otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<List>,
    /// Netflix alone: how the account's country writes dates. Needed only if no line of the file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date_order: Option<DateOrder>,
    /// Netflix alone: whose lines to take from a table that tells of several profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source_profile: Option<VisibleLine<100>>,
}

/// Where the file goes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "him_01jd3k5m7n9pqrstvwxyz01234", "status": "waiting",
    "upload": {"url": "https://cinema.example/storage/imports/files/him_01jd3k5m7n9pqrstvwxyz01234?X-Amz-Signature=5f…", "expires_at": "2026-01-01T13:00:00Z"}
}))]
pub(super) struct ImportHistoryAnswer {
    id: HistoryImportId,
    /// Waits for the file.
    status: Status,
    upload: FileLink,
}

/// A link to send the file by.
#[derive(Debug, Serialize, ToSchema)]
struct FileLink {
    /// `PUT` the bytes here, as many as were announced.
    url: String,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

/// Begins an import: send the file, look at the preview, confirm it.
///
/// 409 `import_running` while another one of the profile is neither confirmed nor deleted; `import_id` names it. 409 `too_many_imports` when the
/// profile has confirmed 20 of them. Honours Idempotency-Key.
#[utoipa::path(
    post, path = "/v1/users/me/imports", tag = "user", request_body = ImportHistoryRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    responses((status = 201, description = "Waits for the file.", body = ImportHistoryAnswer), Problem)
)]
pub(super) async fn import_history(
    State(ImportHistory { outbox, links, world }): State<ImportHistory>,
    viewer: Viewer,
    key: IdempotencyKey,
    Json(request): Json<ImportHistoryRequest>,
) -> Result<Response, Problem> {
    let viewpoint = viewpoint(viewer, &world);
    let size = check(&request)?;
    outbox
        .transact(async |tx| {
            key.once(tx, viewpoint.profile, &request, viewpoint.now, async |tx| {
                let (id, options) = (world.id(), options(&request));
                imports::begin(tx, id, &viewpoint, &options).await?;
                let url = import_files::link(&links, id, size).await?;
                let upload = FileLink { url, expires_at: viewpoint.now + LINK_LIFETIME };
                Ok((StatusCode::CREATED, ImportHistoryAnswer { id, status: Status::Waiting, upload }))
            })
            .await
        })
        .await
}

fn options(request: &ImportHistoryRequest) -> Options {
    let ImportHistoryRequest { source, list, date_order, source_profile, .. } = request.clone();
    Options { source, list, date_order, source_profile: source_profile.map(VisibleLine::into_string) }
}

/// The size, if all is well.
fn check(request: &ImportHistoryRequest) -> Result<i64, Problem> {
    if !(1..=MAX_BYTES).contains(&request.size) {
        return Err(Problem::invalid("/size", "must be 1 to 20971520 bytes: send the list of titles alone"));
    }
    if request.list.is_some() && request.source != Source::Letterboxd {
        return Err(Problem::invalid("/list", "is for files of letterboxd"));
    }
    let is_netflix = request.source == Source::Netflix;
    if request.date_order.is_some() && !is_netflix {
        return Err(Problem::invalid("/date_order", "is for files of netflix"));
    }
    if request.source_profile.is_some() && !is_netflix {
        return Err(Problem::invalid("/source_profile", "is for files of netflix"));
    }
    i64::try_from(request.size).map_err(Problem::internal)
}
