//! What profiles have on record of titles apart from playing them here, as others hear of it.

use events::{Event, Transaction};
use kernel::{AccountId, ProfileId, TitleId, World};
use proto::{types, user::TitleRecordChanged};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Tells what is on record of each of the titles now. Needs the profile to be locked.
pub(crate) async fn tell(
    tx: &mut Transaction<'_>,
    world: &World,
    (account, profile): (AccountId, ProfileId),
    titles: &[TitleId],
) -> Result<(), sqlx::Error> {
    if titles.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(titles.len()).unwrap_or(i64::MAX);
    let last: i64 = sqlx::query_scalar(
        "update profiles set record_changes = record_changes + $2 where id = $1 returning record_changes",
    )
    .bind(profile)
    .bind(count)
    .fetch_one(&mut **tx)
    .await?;
    let titles: Vec<String> = titles.iter().map(TitleId::to_string).collect();
    let records: Vec<(TitleId, Option<i16>, Option<OffsetDateTime>)> = sqlx::query_as(
        "select t.id, r.value, i.watched_at from unnest($2::text[]) t(id) \
         left join ratings r on r.profile_id = $1 and r.title_id = t.id \
         left join imported_viewings i on i.profile_id = $1 and i.title_id = t.id order by t.id",
    )
    .bind(profile)
    .bind(titles)
    .fetch_all(&mut **tx)
    .await?;
    for (sequence, (title, stars, seen_at)) in (last - count + 1..).zip(records) {
        let data = TitleRecordChanged {
            profile_id: profile.to_string(),
            account_id: account.to_string(),
            title_id: title.to_string(),
            stars: stars.and_then(|stars| u32::try_from(stars).ok()).unwrap_or_default(),
            seen_elsewhere_at: seen_at.and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default(),
        };
        tx.emit(&Event::new(world, types::TITLE_RECORD_CHANGED, profile, sequence, &data)).await?;
    }
    Ok(())
}
