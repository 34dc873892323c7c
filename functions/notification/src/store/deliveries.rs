//! The record of each delivery, which keeps a job that is delivered twice from being sent twice.

use kernel::{AccountId, MessageId, NotificationId};
use proto::mail::Template;
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use time::{Duration, OffsetDateTime};

use crate::{
    job::{MailJob, Recipient},
    preferences::{Channel, Departure},
    store::{erased_accounts, notifications},
    workflow::may_repeat,
};

/// Longer than one invocation (30 s): after it, whoever claimed the delivery has crashed.
const LEASE: Duration = Duration::seconds(60);

/// Who may send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// The caller, now.
    Claimed,
    /// Nobody: it was sent, or cannot be, or its account is erased.
    Finished,
    /// Somebody crashed while they sent it, and it is not one to be sent twice.
    Lost,
    /// Somebody else is sending it.
    Taken,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending<'a> {
    /// The provider has taken it under this id.
    Sent(&'a str),
    /// It can never be sent, for this reason.
    Failed(&'a str),
    /// Nobody knows whether the provider has taken it.
    Unknown,
    /// Mail does not reach the address.
    Suppressed,
    /// The person wants none of its kind.
    Unwanted,
    /// Its campaign was stopped.
    Stopped,
}

impl Ending<'_> {
    fn status(self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::Failed(_) => "failed",
            Self::Unknown => "unknown",
            Self::Suppressed => "suppressed",
            Self::Unwanted => "unwanted",
            Self::Stopped => "stopped",
        }
    }
}

/// A delivery that is handed out with its notification.
pub(crate) struct Handout<'a> {
    pub id: MessageId,
    pub account: AccountId,
    pub notification: NotificationId,
    pub template: &'a Template,
    pub channel: Channel,
    pub departure: Departure,
}

/// Hands a delivery out: from then on it is sent once, now or when it is released.
pub(crate) async fn add(
    connection: &mut PgConnection,
    handout: &Handout<'_>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (status, release_at) = match handout.departure {
        Departure::Now => ("queued", None),
        Departure::At(moment) | Departure::Together(moment) => ("held", Some(moment)),
    };
    sqlx::query(
        "insert into deliveries (message_id, account_id, notification_id, template, channel, status, release_at, is_for_digest, \
         attempts, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9)",
    )
    .bind(handout.id)
    .bind(handout.account)
    .bind(handout.notification)
    .bind(handout.template.name())
    .bind(handout.channel.as_str())
    .bind(status)
    .bind(release_at)
    .bind(matches!(handout.departure, Departure::Together(_)))
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// A delivery whose quiet hours are over.
pub(crate) struct Released {
    pub id: MessageId,
    pub account: AccountId,
    /// Otherwise it is a mail.
    pub is_push: bool,
    pub template: Option<Template>,
}

/// Releases up to `limit` deliveries whose quiet hours are over. Those that somebody else is releasing are left to them.
pub(crate) async fn release_due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Released>, sqlx::Error> {
    let rows: Vec<(MessageId, AccountId, bool, Json<Value>)> = sqlx::query_as(
        "update deliveries d set status = 'queued', release_at = null from notifications n where n.id = d.notification_id \
         and d.message_id in (select message_id from deliveries where status = 'held' and not is_for_digest and release_at <= $1 \
           order by release_at, message_id limit $2 for update skip locked) \
         returning d.message_id, d.account_id, d.channel = 'push', n.template",
    )
    .bind(now)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let released = |(id, account, is_push, Json(stored)): (_, _, _, Json<Value>)| {
        let template = notifications::template(stored);
        Released { id, account, is_push, template }
    };
    Ok(rows.into_iter().map(released).collect())
}

/// The next accounts, by id, that have something to be told together.
pub(crate) async fn due_digests(
    pool: &PgPool,
    after: Option<AccountId>,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<AccountId>, sqlx::Error> {
    sqlx::query_scalar(
        "select distinct account_id from deliveries where status = 'held' and is_for_digest and release_at <= $1 \
         and ($2::text is null or account_id > $2) order by account_id limit $3",
    )
    .bind(now)
    .bind(after)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// So many titles of one mail: with the names of some hundred more it would be too large for a queue.
const MOST_GATHERED: i64 = 100;

/// Takes what an account is to be told together and that is due, the oldest first: what else waits comes the next time.
///
/// A second run waits for the first one and finds nothing, or everything when the first one is rolled back. If it skipped what is locked, it would
/// send the rest of what another run is just taking row by row, or nothing of what a crash is about to give back.
pub(crate) async fn gather(
    connection: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<Template>, sqlx::Error> {
    let mut rows: Vec<(MessageId, Json<Value>)> = sqlx::query_as(
        "update deliveries d set status = 'gathered', release_at = null, finished_at = $2 from notifications n \
         where n.id = d.notification_id and d.message_id in (select message_id from deliveries where account_id = $1 \
           and status = 'held' and is_for_digest and release_at <= $2 order by message_id limit $3 for update) \
         returning d.message_id, n.template",
    )
    .bind(account)
    .bind(now)
    .bind(MOST_GATHERED)
    .fetch_all(connection)
    .await?;
    rows.sort_unstable_by_key(|(id, _)| *id);
    Ok(rows.into_iter().filter_map(|(_, Json(stored))| notifications::template(stored)).collect())
}

/// Adds the mail that gathers others; it belongs to no notification of its own.
pub(crate) async fn add_digest(
    connection: &mut PgConnection,
    id: MessageId,
    account: AccountId,
    template: &Template,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into deliveries (message_id, account_id, template, channel, status, attempts, created_at) \
         values ($1, $2, $3, 'email', 'queued', 0, $4)",
    )
    .bind(id)
    .bind(account)
    .bind(template.name())
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

/// Claims a mail for sending. From then on a crash leaves open whether it was sent.
pub(crate) async fn claim(
    connection: &mut PgConnection,
    job: &MailJob,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let account = match job.recipient {
        Recipient::Account(account) => Some(account),
        Recipient::Address(_) => None,
    };
    if let Some(account) = account
        && erased_accounts::contains(connection, account).await?
    {
        return Ok(Claim::Finished);
    }
    let claimed = sqlx::query(
        "insert into deliveries (message_id, account_id, template, status, attempts, leased_until, created_at) \
         values ($1, $2, $3, 'sending', 1, $4, $5) on conflict (message_id) do update \
         set status = 'sending', attempts = deliveries.attempts + 1, leased_until = excluded.leased_until \
         where deliveries.status in ('queued', 'held') or deliveries.status = 'sending' \
         and (deliveries.leased_until is null or $6 and deliveries.leased_until <= $5)",
    )
    .bind(job.message_id)
    .bind(account)
    .bind(job.template.name())
    .bind(now + LEASE)
    .bind(now)
    .bind(may_repeat(&job.template))
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Claimed);
    }
    let (is_sending, has_crashed): (bool, bool) = sqlx::query_as(
        "select status = 'sending', status = 'sending' and coalesce(leased_until <= $2, false) from deliveries \
         where message_id = $1",
    )
    .bind(job.message_id)
    .bind(now)
    .fetch_one(connection)
    .await?;
    Ok(match (is_sending, has_crashed) {
        (_, true) => Claim::Lost,
        (true, _) => Claim::Taken,
        _ => Claim::Finished,
    })
}

/// A notification that is to reach the browsers of an account.
pub(crate) struct Pushed {
    pub account: AccountId,
    pub notification: NotificationId,
    /// Absent where this version does not know it any more.
    pub template: Option<Template>,
}

/// What a push delivery is about; `None`: there is no such delivery, or not any more.
pub(crate) async fn find_push(pool: &PgPool, id: MessageId) -> Result<Option<Pushed>, sqlx::Error> {
    let row: Option<(AccountId, NotificationId, Json<Value>)> = sqlx::query_as(
        "select d.account_id, n.id, n.template from deliveries d join notifications n on n.id = d.notification_id \
         where d.message_id = $1 and d.channel = 'push'",
    )
    .bind(id)
    .fetch_optional(pool)
    .await?;
    let pushed = |(account, notification, Json(stored))| {
        let template = notifications::template(stored);
        Pushed { account, notification, template }
    };
    Ok(row.map(pushed))
}

/// Claims a push delivery. After a crash it is sent again: a browser shows one of two copies.
pub(crate) async fn claim_push(
    connection: &mut PgConnection,
    id: MessageId,
    now: OffsetDateTime,
) -> Result<Claim, sqlx::Error> {
    let claimed = sqlx::query(
        "update deliveries set status = 'sending', attempts = attempts + 1, leased_until = $2 where message_id = $1 \
         and (status in ('queued', 'held') or status = 'sending' and (leased_until is null or leased_until <= $3))",
    )
    .bind(id)
    .bind(now + LEASE)
    .bind(now)
    .execute(&mut *connection)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Claimed);
    }
    let is_sending: Option<bool> =
        sqlx::query_scalar("select status = 'sending' from deliveries where message_id = $1")
            .bind(id)
            .fetch_optional(connection)
            .await?;
    Ok(if is_sending == Some(true) { Claim::Taken } else { Claim::Finished })
}

/// Ends a delivery that somebody is sending. One that has ended keeps its end.
pub(crate) async fn finish(
    pool: &PgPool,
    id: MessageId,
    ending: Ending<'_>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let (provider_id, failure) = match ending {
        Ending::Sent(id) => (Some(id), None),
        Ending::Failed(reason) => (None, Some(reason)),
        _ => (None, None),
    };
    sqlx::query(
        "update deliveries set status = $2, provider_id = $3, failure = $4, leased_until = null, finished_at = $5 \
         where message_id = $1 and status = 'sending'",
    )
    .bind(id)
    .bind(ending.status())
    .bind(provider_id)
    .bind(failure)
    .bind(now)
    .execute(pool)
    .await
    .map(drop)
}

/// The mail was not sent this time.
pub(crate) async fn release(pool: &PgPool, id: MessageId) -> Result<(), sqlx::Error> {
    sqlx::query("update deliveries set leased_until = null where message_id = $1 and status = 'sending'")
        .bind(id)
        .execute(pool)
        .await
        .map(drop)
}

/// The provider tells of a mail of which nobody knew whether it has taken it.
pub(crate) async fn confirm(executor: impl PgExecutor<'_>, id: MessageId) -> Result<(), sqlx::Error> {
    sqlx::query("update deliveries set status = 'sent' where message_id = $1 and status = 'unknown'")
        .bind(id)
        .execute(executor)
        .await
        .map(drop)
}
