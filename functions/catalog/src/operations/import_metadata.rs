//! `POST /v1/admin/import`: titles are filled in by a provider of metadata. ◆

use cinema_http::{Editor, IdempotencyKey, Json, Problem, Response, State, StatusCode};
use events::{Outbox, Transaction};
use kernel::World;

use crate::{
    import::{Import, ImportRequest},
    metadata::Providers,
    problems::provider_not_configured,
    store::{imports, imports_outbox, titles},
    violation::{InvalidDraft, Violation},
};

runtime::wire! {
    pub(super) struct ImportMetadata {
        outbox: Outbox = imports_outbox,
        providers: Providers,
        world: World,
    }
}

/// Asks a provider for films and series. Each becomes a draft, or fills in the title that is named, or the one that came of the same id before: what
/// is empty there, and what the provider wrote itself. What an editor has written or emptied stays. Look at the import to see what became of each.
///
/// A series brings its seasons with their episodes: each season becomes an item of the import once the series is done. They are found again by what
/// the provider calls them, else by their numbers.
///
/// 409 `provider_not_configured` while the platform has no key of the provider.
#[utoipa::path(
    post, path = "/v1/admin/import", tag = "catalog", request_body = ImportRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Begins one import, however often it is sent")),
    responses((status = 202, description = "The provider is asked", body = Import), Problem)
)]
pub(super) async fn import_metadata(
    State(ImportMetadata { outbox, providers, world }): State<ImportMetadata>,
    Editor(editor): Editor,
    key: IdempotencyKey,
    Json(request): Json<ImportRequest>,
) -> Result<Response, Problem> {
    let provider = providers.ready(request.provider).await?.ok_or_else(provider_not_configured)?;
    request.check(|id| provider.takes(id))?;
    let now = world.now();
    outbox
        .transact(async |tx| {
            key.once(tx, editor.id, &request, now, async |tx| {
                check_titles(tx, &request).await?;
                let items = request.items.iter().cloned().map(Into::into).collect();
                let import = Import { id: world.id(), provider: request.provider, created_at: now, items };
                imports::begin(tx, &import, editor.id).await?;
                Ok((StatusCode::ACCEPTED, import))
            })
            .await
        })
        .await
}

async fn check_titles(tx: &mut Transaction<'_>, request: &ImportRequest) -> Result<(), Problem> {
    let mut wrong = Vec::new();
    for (at, item) in request.items.iter().enumerate() {
        let Some(title) = item.title_id else { continue };
        if !titles::exists(tx, title, item.kind).await? {
            wrong.push(Violation::new(format!("/items/{at}/title_id"), format!("there is no such {}", item.kind)));
        }
    }
    Ok(InvalidDraft::unless_empty(wrong)?)
}
