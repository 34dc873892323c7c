//! What profiles think of titles.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::PgPool;

use super::lists::{self, CONDITION, ListError};
use crate::{rating::Stars, viewpoint::Viewpoint};

/// Rates a title, or rates it anew. A rating that an import brought is the person's from now on.
pub(crate) async fn put(pool: &PgPool, viewpoint: &Viewpoint, title: TitleId, stars: Stars) -> Result<(), ListError> {
    let insert = format!(
        "insert into ratings (profile_id, title_id, rated_at, value) select $4, $6, $3, $7 where {CONDITION} \
         on conflict (profile_id, title_id) do update set value = excluded.value, rated_at = excluded.rated_at, import_id = null \
         where ratings.value <> excluded.value or ratings.import_id is not null"
    );
    lists::insert(pool, &insert, viewpoint, title, Some(stars.into())).await.map(drop)
}

/// Takes a rating back.
pub(crate) async fn remove(pool: &PgPool, owner: (AccountId, ProfileId), title: TitleId) -> Result<(), ListError> {
    lists::remove(pool, "ratings", owner, title).await.map(drop)
}
