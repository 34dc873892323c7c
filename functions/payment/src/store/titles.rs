//! Titles as the catalogue tells them.

use events::Title;
use kernel::{Names, TitleId, TitleKind, policy::TitleRules};
use sqlx::{PgExecutor, Row, types::Json};

/// What selling must know of a title.
#[derive(Debug, Clone)]
pub(crate) struct StoredTitle {
    pub kind: TitleKind,
    pub names: Names,
    pub rules: TitleRules,
}

/// Keeps the newest state of a title.
pub(crate) async fn put(executor: impl PgExecutor<'_>, title: &Title) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into titles (id, sequence, kind, names, publication, rating, windows, has_asset) \
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (id) do update set sequence = excluded.sequence, kind = excluded.kind, \
         names = excluded.names, publication = excluded.publication, rating = excluded.rating, windows = excluded.windows, \
         has_asset = excluded.has_asset where titles.sequence < excluded.sequence",
    )
    .bind(title.id)
    .bind(title.sequence)
    .bind(title.kind)
    .bind(title.names.column())
    .bind(title.rules.publication)
    .bind(title.rules.rating.map(i16::from))
    .bind(Json(&title.rules.windows))
    .bind(title.rules.has_asset)
    .execute(executor)
    .await
    .map(drop)
}

/// A title, if the catalogue has told of it.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: TitleId) -> Result<Option<StoredTitle>, sqlx::Error> {
    let statement = "select kind, names, publication, rating, windows, has_asset from titles where id = $1";
    let row = sqlx::query(statement).bind(id).fetch_optional(executor).await?;
    row.map(|row| {
        let rating: Option<i16> = row.try_get(3)?;
        let rating = rating.map(u8::try_from).transpose().map_err(|error| sqlx::Error::Decode(error.into()))?;
        let Json(windows) = row.try_get(4)?;
        Ok(StoredTitle {
            kind: row.try_get(0)?,
            names: Names::of_column(row.try_get(1)?),
            rules: TitleRules { publication: row.try_get(2)?, rating, windows, has_asset: row.try_get(5)? },
        })
    })
    .transpose()
}
