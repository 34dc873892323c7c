//! `POST /v1/admin/search/reindex`: begins to build the index anew. ◆ `search-verify-index` does the work.

use cinema_http::{Admin, IdempotencyKey, Json, Problem, State, StatusCode};
use kernel::World;
use sqlx::PgPool;
use stores::postgres;

use crate::{index::Index, reindex, store::reindexes};

runtime::wire! {
    pub(super) struct Reindex { pool: PgPool, index: Index = |boot| Index::new(boot, super::PATIENCE), world: World }
}

/// Builds an index of the current mapping from Postgres, while searches go on in the live one and edits go to both. It becomes live once it has
/// every title in its newest version and finds what it should; the one before stays for a roll-back. While one is being built, this answers with it.
#[utoipa::path(
    post, path = "/v1/admin/search/reindex", tag = "search",
    params(("Idempotency-Key" = Option<String>, Header, description = "Begins once, however often it is sent")),
    responses((status = 202, body = reindex::Reindex), Problem)
)]
pub(super) async fn reindex(
    State(state): State<Reindex>,
    Admin(admin): Admin,
    key: IdempotencyKey,
) -> Result<(StatusCode, Json<reindex::Reindex>), Problem> {
    let claim = key.item_claim(admin.id, &());
    let name = state.index.next_name(&state.world);
    let begun = postgres::transact(&state.pool, async |connection| {
        let claim = claim.as_ref().map(|claim| (claim.id.as_str(), claim.fingerprint.as_str()));
        if let Some((id, _)) = claim
            && let Some(known) = reindexes::claimed(connection, id).await?
        {
            return Ok::<_, sqlx::Error>(Some(known));
        }
        reindexes::begin(connection, &name, state.world.now(), claim).await?;
        let building = reindexes::building(connection).await?;
        Ok(building
            .map(|building| (building, claim.map(|(_, fingerprint)| fingerprint.to_owned()).unwrap_or_default())))
    });
    match (begun.await?, claim) {
        (Some((known, fingerprint)), Some(claim)) => {
            claim.check(&fingerprint)?;
            Ok((StatusCode::ACCEPTED, Json(known)))
        }
        (Some((known, _)), None) => Ok((StatusCode::ACCEPTED, Json(known))),
        // Another ended between the two questions.
        (None, _) => Err(Problem::conflict("reindex_ended", "Another reindex has just ended. Try again.")),
    }
}
