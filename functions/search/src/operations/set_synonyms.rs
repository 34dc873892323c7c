//! `PUT /v1/admin/search/synonyms`: words that stand for each other.

use cinema_http::{Admin, Json, Problem, State};
use kernel::{VisibleLine, World};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{store, synonyms::fault};

runtime::wire! { pub(super) struct SetSynonyms { pool: PgPool, world: World } }

/// All synonyms there are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SynonymGroups {
    /// At most 1,000 groups of 2 to 20 words or phrases of at most six words, of which one is a word. Case and accents do not matter.
    #[schema(value_type = Vec<Vec<String>>, example = json!([["lotr", "lord of the rings"], ["ссср", "советский союз"]]))]
    groups: Vec<Vec<VisibleLine<60>>>,
}

/// Replaces all synonyms: a word of a search also finds names with every other entry of its groups. Known everywhere after a minute, without a new
/// index. An empty list removes them.
#[utoipa::path(
    put, path = "/v1/admin/search/synonyms", tag = "search", request_body = SynonymGroups,
    responses((status = 200, body = SynonymGroups), Problem)
)]
pub(super) async fn set_synonyms(
    State(state): State<SetSynonyms>,
    _: Admin,
    Json(request): Json<SynonymGroups>,
) -> Result<Json<SynonymGroups>, Problem> {
    let text = |group: &Vec<VisibleLine<60>>| group.iter().map(ToString::to_string).collect();
    let groups: Vec<Vec<String>> = request.groups.iter().map(text).collect();
    if let Some((place, reason)) = fault(&groups) {
        return Err(Problem::invalid(&place, reason));
    }
    let now = state.world.now();
    let replaced = async |connection: &mut sqlx::PgConnection| store::synonyms::replace(connection, &groups, now).await;
    postgres::transact(&state.pool, replaced).await?;
    Ok(Json(request))
}
