//! What profiles think of titles.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::PgConnection;

use super::lists::{self, CONDITION, ListError};
use crate::{rating::Stars, viewpoint::Viewpoint};

/// Rates a title, or rates it anew; `false`: it is rated so. A rating that an import brought is the person's from now on. The profile is locked then.
pub(crate) async fn put(
    connection: &mut PgConnection,
    viewpoint: &Viewpoint,
    title: TitleId,
    stars: Stars,
) -> Result<bool, ListError> {
    lists::lock(connection, (viewpoint.account, viewpoint.profile)).await?;
    let insert = format!(
        "insert into ratings (profile_id, title_id, rated_at, value) select $4, $6, $3, $7 where {CONDITION} \
         on conflict (profile_id, title_id) do update set value = excluded.value, rated_at = excluded.rated_at, import_id = null \
         where ratings.value <> excluded.value or ratings.import_id is not null"
    );
    lists::insert(connection, &insert, viewpoint, title, Some(stars.into())).await
}

/// Takes a rating back; `false`: there is none. The profile is locked then.
pub(crate) async fn remove(
    connection: &mut PgConnection,
    owner: (AccountId, ProfileId),
    title: TitleId,
) -> Result<bool, ListError> {
    lists::lock(connection, owner).await?;
    lists::remove(connection, "ratings", owner, title).await
}
