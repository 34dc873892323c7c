//! `GET /v1/recommendations/{impression_id}/why`: what decided a home page, and the page made once more from that.

use cinema_http::{Json, Path, Problem, State, Viewer};
use kernel::{Id, ImpressionId, TitleId, World};
use runtime::Access;
use serde::Serialize;
use stores::Table;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    home::{Row, RowKind},
    library::{Library, answered},
    millis,
    model::Reason,
    problems::{expired_impression, no_such_impression},
    store::impressions::{self, KEPT},
};

runtime::wire! {
    pub(super) struct Explain {
        table: Table = |boot| boot.table("tastes", Access::Read),
        library: Library,
        world: World,
    }
}

/// A title that spoke for others.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedSource {
    title_id: TitleId,
    /// 1: watched or liked; less: chosen at the beginning.
    weight: f32,
}

/// A title of the page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedTitle {
    title_id: TitleId,
    /// What its row was ordered by.
    score: f32,
    /// What spoke for it, the strongest first.
    evidence: Vec<Reason>,
}

/// A row of the page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExplainedRow {
    kind: RowKind,
    /// The title that a row `because` was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    title_id: Option<TitleId>,
    /// Slug of the genre that a row `genre` was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    genre: Option<String>,
    items: Vec<ExplainedTitle>,
}

/// Why a page was as it was.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Explanation {
    impression_id: ImpressionId,
    /// When it was shown.
    #[serde(with = "time::serde::rfc3339")]
    shown_at: OffsetDateTime,
    /// The version of the model; absent when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
    /// What was known of the profile, newest first.
    sources: Vec<ExplainedSource>,
    /// Genres that it had chosen.
    genres: Vec<String>,
    /// Computed again, from the sources and the version.
    rows: Vec<ExplainedRow>,
}

/// Why a page was as it was: the same list, computed again. 410 after a week.
#[utoipa::path(
    get, path = "/v1/recommendations/{impression_id}/why", tag = "recommendation",
    params(("impression_id" = inline(ImpressionId), Path)), responses((status = 200, body = Explanation), Problem)
)]
pub(super) async fn explain(
    State(Explain { table, library, world }): State<Explain>,
    viewer: Viewer,
    Path(impression_id): Path<ImpressionId>,
) -> Result<Json<Explanation>, Problem> {
    let now = world.now();
    let found = answered(impressions::get(&table, viewer.profile, impression_id, now)).await?;
    let inputs = found.ok_or_else(|| missing(impression_id, now))?;
    let model = match &inputs.model {
        Some(version) => Some(library.version(version, now).await?.ok_or_else(expired_impression)?),
        None => None,
    };
    let rows = inputs.rows(model.as_deref()).into_iter().map(ExplainedRow::from).collect();
    let source = |source: &crate::taste::Source| ExplainedSource { title_id: source.title, weight: source.weight };
    Ok(Json(Explanation {
        impression_id,
        shown_at: millis::time(inputs.at),
        sources: inputs.leaning.sources.iter().map(source).collect(),
        genres: inputs.leaning.genres,
        model_version: inputs.model,
        rows,
    }))
}

/// An id carries its time: whether there may have been one.
fn missing(impression: ImpressionId, now: OffsetDateTime) -> Problem {
    let millis = (impression.uuid().as_u128() >> 80) as i64;
    let shown_at = millis::time(millis);
    if shown_at + KEPT <= now { expired_impression() } else { no_such_impression() }
}

impl From<Row> for ExplainedRow {
    fn from(row: Row) -> Self {
        let items = row.picks.into_iter();
        let items =
            items.map(|pick| ExplainedTitle { title_id: pick.title, score: pick.score, evidence: pick.reasons });
        Self { kind: row.kind, title_id: row.because, genre: row.genre, items: items.collect() }
    }
}
