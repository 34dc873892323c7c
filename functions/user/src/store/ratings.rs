//! What profiles think of titles.

use kernel::{AccountId, ProfileId, TitleId};
use sqlx::{PgConnection, PgExecutor};

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

/// What a profile of the account thinks of a title, if it has said so.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    (account, profile): (AccountId, ProfileId),
    title: TitleId,
) -> Result<Option<Stars>, sqlx::Error> {
    let value: Option<i16> = sqlx::query_scalar(
        "select r.value from ratings r join profiles p on p.id = r.profile_id \
         where r.profile_id = $1 and p.account_id = $2 and r.title_id = $3",
    )
    .bind(profile)
    .bind(account)
    .bind(title)
    .fetch_optional(executor)
    .await?;
    value.map(|value| Stars::try_from(value).map_err(|error| sqlx::Error::Decode(error.into()))).transpose()
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
