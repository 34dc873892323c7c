//! `GET /v1/users/me/imports` and `/{id}`: how far an import is, and line by line what it will write and what not.

use cinema_http::{Json, Page, PageParams, Pages, Path, Problem, State, Viewer};
use kernel::{HistoryImportId, World};
use runtime::PublicUrl;
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::viewpoint;
use crate::{
    card::Card,
    import::{
        summary::Import,
        words::{Reason, What},
    },
    store::{
        import_lines::{self, LineRow},
        imports,
    },
};

runtime::wire! { pub(super) struct GetImport { pool: PgPool, world: World, public_url: PublicUrl } }

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct LineFilter {
    /// Only those with a title, or only those without.
    #[param(inline)]
    show: Option<Shown>,
}

/// Which lines are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Shown {
    /// What will be written.
    Matches,
    /// What will not.
    Misses,
}

/// What came of a line: a title, or a reason why there is none.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportLine {
    /// Line of the file, or place in its lists, from 1.
    line: i32,
    /// What it says, as far as it may be shown; what a spreadsheet would take for a formula begins with an apostrophe.
    text: String,
    /// Absent where nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<What>,
    /// Which title it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Card>,
    /// Why it is none. A title that the profile may not see is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// When it was watched, rated or listed.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    at: Option<OffsetDateTime>,
    /// What the profile thought of it, 1–10.
    #[serde(skip_serializing_if = "Option::is_none")]
    rating: Option<i16>,
}

/// An import with a page of its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "import": {
        "id": "him_01jd3k5m7n9pqrstvwxyz01234", "source": "letterboxd", "status": "ready", "created_at": "2026-01-01T12:00:00Z",
        "counts": {"lines": 3, "matched": 1, "missed": 1, "duplicates": 1, "skipped": 0}
    },
    "lines": {"items": [
        {"line": 2, "text": "Alien (1979)", "what": "rated", "at": "2023-01-02T00:00:00Z", "rating": 9, "title": {
            "id": "ttl_01jd3k5m7n9pqrstvwxyz01234", "kind": "film", "slug": "alien", "name": "Alien", "year": 1979, "rating": 16
        }},
        {"line": 4, "text": "'=cmd|' /C calc'!A0 (2001)", "what": "rated", "reason": "unknown_title"}
    ]}
}))]
pub(super) struct GetImportAnswer {
    import: Import,
    /// In the order of the file; none until it was read.
    #[schema(inline)]
    lines: Page<ImportLine>,
}

fn line_of(row: LineRow, public_url: &PublicUrl) -> ImportLine {
    ImportLine {
        line: row.line,
        text: row.text,
        what: row.what.as_deref().and_then(What::of),
        title: row.card.map(|card| Card::of(card, public_url)),
        reason: row.reason.as_deref().and_then(Reason::of),
        at: row.at,
        rating: row.value,
    }
}

/// How far an import is, and what came of each of its lines. A line that says once more what another one says is counted, not shown.
#[utoipa::path(
    get, path = "/v1/users/me/imports/{id}", tag = "user", params(("id" = HistoryImportId, Path), LineFilter, PageParams),
    responses((status = 200, body = GetImportAnswer), Problem)
)]
pub(super) async fn get_import(
    State(GetImport { pool, world, public_url }): State<GetImport>,
    viewer: Viewer,
    Path(id): Path<HistoryImportId>,
    pages: Pages<LineFilter>,
) -> Result<Json<GetImportAnswer>, Problem> {
    let viewpoint = viewpoint(viewer, &world);
    let after: Option<i32> = pages.after()?;
    let import = imports::list(&pool, &viewpoint, Some(id)).await?.pop().ok_or_else(|| Problem::not_found("import"))?;
    let is_match = pages.filter.show.map(|show| show == Shown::Matches);
    let rows = import_lines::list(&pool, &viewpoint, id, is_match, (after.unwrap_or_default(), pages.rows())).await?;
    let lines = pages.page(rows, |row: &LineRow| row.place, |row| line_of(row, &public_url));
    Ok(Json(GetImportAnswer { import, lines }))
}

/// The imports of the profile, the newest first: all of them, on one page.
#[utoipa::path(
    get, path = "/v1/users/me/imports", tag = "user", responses((status = 200, body = Page<Import>), Problem)
)]
pub(super) async fn list_imports(
    State(GetImport { pool, world, .. }): State<GetImport>,
    viewer: Viewer,
) -> Result<Json<Page<Import>>, Problem> {
    let items = imports::list(&pool, &viewpoint(viewer, &world), None).await?;
    Ok(Json(Page { items, next_cursor: None }))
}
