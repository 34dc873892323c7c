//! Campaigns, how far each is, and whom it has still to reach.

use std::collections::BTreeMap;

use kernel::{AccountId, CampaignId, MessageId};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool, Row, postgres::PgRow, types::Json};
use time::{Duration, OffsetDateTime};

use crate::{
    campaign::{Campaign, CampaignState, Cap, Segment, fact},
    language::Language,
    store::erased_accounts,
};

impl FromRow<'_, PgRow> for Campaign {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            words: row.try_get::<Json<_>, _>("words")?.0,
            segment: row.try_get::<Json<_>, _>("segment")?.0,
            cap: Cap { at_most: row.try_get("cap_most")?, days: row.try_get("cap_days")? },
            starts_at: row.try_get("starts_at")?,
            state: CampaignState::of(row.try_get("state")?),
            told: row.try_get("told")?,
            capped: row.try_get("capped")?,
            editor: row.try_get("editor_id")?,
            created_at: row.try_get("created_at")?,
            ended_at: row.try_get("ended_at")?,
        })
    }
}

/// Adds a campaign. An access token outlives its account by minutes: what it writes then is nobody's.
pub(crate) async fn add(connection: &mut PgConnection, campaign: &Campaign) -> Result<(), sqlx::Error> {
    let editor = match campaign.editor {
        Some(editor) if erased_accounts::contains(connection, editor).await? => None,
        editor => editor,
    };
    sqlx::query(
        "insert into campaigns (id, name, words, segment, cap_most, cap_days, starts_at, state, editor_id, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(campaign.id)
    .bind(&campaign.name)
    .bind(Json(&campaign.words))
    .bind(Json(&campaign.segment))
    .bind(campaign.cap.at_most)
    .bind(campaign.cap.days)
    .bind(campaign.starts_at)
    .bind(campaign.state.as_str())
    .bind(editor)
    .bind(campaign.created_at)
    .execute(connection)
    .await
    .map(drop)
}

/// A campaign by its id.
pub(crate) async fn find(executor: impl PgExecutor<'_>, id: CampaignId) -> Result<Option<Campaign>, sqlx::Error> {
    sqlx::query_as("select * from campaigns where id = $1").bind(id).fetch_optional(executor).await
}

/// The newest `limit` campaigns that are older than `before`.
pub(crate) async fn list(pool: &PgPool, before: Option<CampaignId>, limit: i64) -> Result<Vec<Campaign>, sqlx::Error> {
    sqlx::query_as("select * from campaigns where $1::text is null or id < $1 order by id desc limit $2")
        .bind(before)
        .bind(limit)
        .fetch_all(pool)
        .await
}

/// What became of a campaign's mails and push messages: how many there are of each status.
pub(crate) async fn deliveries(pool: &PgPool, id: CampaignId) -> Result<BTreeMap<String, i64>, sqlx::Error> {
    let counts: Vec<(String, i64)> = sqlx::query_as(
        "select d.status, count(*) from notifications n join deliveries d on d.notification_id = n.id \
         where n.fact = $1 and n.workflow = 'marketing' group by d.status",
    )
    .bind(fact(id))
    .fetch_all(pool)
    .await?;
    Ok(counts.into_iter().collect())
}

/// Stops a campaign, whatever state it is in: a round that runs ends first, and no other begins. `None`: there is none.
pub(crate) async fn stop(
    executor: impl PgExecutor<'_>,
    id: CampaignId,
    now: OffsetDateTime,
) -> Result<Option<Campaign>, sqlx::Error> {
    sqlx::query_as(
        "update campaigns set ended_at = case when state = 'stopped' then ended_at else $2 end, state = 'stopped' where id = $1 returning *",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(executor)
    .await
}

/// Whether a delivery is one of a campaign that was stopped.
pub(crate) async fn has_stopped(executor: impl PgExecutor<'_>, delivery: MessageId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "select exists (select from deliveries d join notifications n on n.id = d.notification_id \
         join campaigns c on n.fact = 'campaign ' || c.id where d.message_id = $1 and c.state = 'stopped')",
    )
    .bind(delivery)
    .fetch_one(executor)
    .await
}

/// The campaigns that have somebody to tell now, the first to begin first.
pub(crate) async fn due(pool: &PgPool, now: OffsetDateTime) -> Result<Vec<CampaignId>, sqlx::Error> {
    sqlx::query_scalar(
        "select id from campaigns where state in ('scheduled', 'running') and starts_at <= $1 order by starts_at, id",
    )
    .bind(now)
    .fetch_all(pool)
    .await
}

/// A campaign that is due, and the last account that it looked at; nobody else goes on with it until the transaction ends. `None`: it has ended.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    id: CampaignId,
    now: OffsetDateTime,
) -> Result<Option<(Campaign, Option<AccountId>)>, sqlx::Error> {
    let row = sqlx::query(
        "select * from campaigns where id = $1 and state in ('scheduled', 'running') and starts_at <= $2 for update",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((Campaign::from_row(&row)?, row.try_get("position")?))).transpose()
}

/// The next accounts, by id, that agreed to marketing and fit the segment, with their languages. Only those whose address has arrived.
pub(crate) async fn audience(
    connection: &mut PgConnection,
    segment: &Segment,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<(AccountId, kernel::Locale)>, sqlx::Error> {
    let languages = segment.languages.as_ref();
    let languages: Option<Vec<&str>> = languages.map(|all| all.iter().map(|language| language.as_str()).collect());
    // A cancelled one runs until its last day, and one whose payment failed works for some days: then it ends.
    sqlx::query_as(
        "select id, locale from (select a.id, coalesce((select p.locale from profiles p where p.account_id = a.id and p.is_default \
           order by p.sequence desc limit 1), a.locale) as locale, \
           array(select s.plan from subscriptions s where s.account_id = a.id and s.status is not null and s.status <> 'ended') as plans \
           from preferences w join accounts a on a.id = w.account_id \
           where (w.workflows -> 'marketing' ->> 'email' = 'true' or w.workflows -> 'marketing' ->> 'push' = 'true') \
           and ($1::text is null or w.account_id > $1)) audience \
         where ($2::text[] is null or case when split_part(locale, '-', 1) = $5 then $5 else $6 end = any($2)) \
         and ($3::text[] is null or plans && $3) and ($4::boolean is null or $4 = (cardinality(plans) > 0)) \
         order by id limit $7",
    )
    .bind(after)
    .bind(languages)
    .bind(&segment.plans)
    .bind(segment.is_subscribed)
    .bind(Language::Ru.as_str())
    .bind(Language::En.as_str())
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Whether somebody was told so much of marketing lately that the cap leaves them out. Nobody tells them more of it until the transaction ends.
pub(crate) async fn is_capped(
    connection: &mut PgConnection,
    account: AccountId,
    cap: Cap,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('marketing ' || $1, 0))")
        .bind(account)
        .execute(&mut *connection)
        .await?;
    sqlx::query_scalar(
        "select count(*) >= $3 from notifications where account_id = $1 and workflow = 'marketing' and created_at > $2",
    )
    .bind(account)
    .bind(now - Duration::days(cap.days.into()))
    .bind(i64::from(cap.at_most))
    .fetch_one(connection)
    .await
}

/// What a round came to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Round {
    /// Accounts that were told.
    pub told: i64,
    /// Accounts that the cap left out.
    pub capped: i64,
}

/// Keeps how far a campaign is: it goes on after `position`, and without one everybody was told.
pub(crate) async fn advance(
    connection: &mut PgConnection,
    id: CampaignId,
    position: Option<AccountId>,
    round: Round,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update campaigns set position = coalesce($2, position), told = told + $3, capped = capped + $4, \
         state = case when $2::text is null then 'done' else 'running' end, ended_at = case when $2::text is null then $5 end where id = $1",
    )
    .bind(id)
    .bind(position)
    .bind(round.told)
    .bind(round.capped)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}
