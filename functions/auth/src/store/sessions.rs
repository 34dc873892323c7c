//! Login sessions: refresh-token families.

use kernel::{AccountId, ProfileId, SessionId, Territory};
use sqlx::{PgConnection, PgExecutor, Row, postgres::PgRow};
use time::OffsetDateTime;

use crate::{
    person::{Person, default_profile, person_columns, profile},
    profile::{Profile, without_asking},
    proof::Proof,
    session::{self, Digest, Family, FamilyKey},
};

/// Most sessions in a list.
const MOST_LISTED: i64 = 200;

/// A session with all that a token needs.
#[derive(Debug, Clone)]
pub(crate) struct Login {
    /// Its refresh tokens.
    pub family: Family,
    pub person: Person,
    /// The profile that was chosen in it, unless that was deleted.
    chosen: Option<Profile>,
    /// The cap of the chosen profile, if that was deleted.
    cap_of_deleted: Option<u8>,
    /// How it began, or was last renewed.
    pub proof: Proof,
}

/// Where a session is used.
#[derive(Clone, Copy)]
pub(crate) struct Device<'a> {
    /// As the client calls it, or else itself.
    pub name: Option<&'a str>,
    /// Network address.
    pub address: &'a str,
    pub territory: &'a Territory,
}

/// A session as its owner sees it.
pub(crate) struct Listed {
    pub session: SessionId,
    pub device_name: Option<String>,
    pub created_at: OffsetDateTime,
    /// When it was last refreshed.
    pub last_used_at: OffsetDateTime,
    /// From where, then.
    pub address: String,
    pub territory: String,
}

/// Stores a new family.
pub(crate) async fn add(
    connection: &mut PgConnection,
    account: AccountId,
    family: &Family,
    (chosen, proof): (Option<ProfileId>, &Proof),
    device: Device<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into sessions (id, account_id, family_key, current, rotated_at, profile_id, authenticated_at, amr, device_name, \
         address, territory, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(family.session)
    .bind(account)
    .bind(family.key.0.as_slice())
    .bind(family.current.as_slice())
    .bind(family.rotated_at)
    .bind(chosen)
    .bind(proof.at)
    .bind(&proof.methods)
    .bind(device.name)
    .bind(device.address)
    .bind(device.territory)
    .bind(family.created_at)
    .execute(connection)
    .await
    .map(drop)
}

/// A session, ended ones included.
pub(crate) async fn find(database: impl PgExecutor<'_>, session: SessionId) -> Result<Option<Login>, sqlx::Error> {
    let row = sqlx::query(concat!(
        "select s.id, s.family_key, s.current, s.previous, s.rotated_at, s.created_at, s.revoked_at, s.authenticated_at, s.amr, \
         p.id, p.locale, p.max_rating, p.needs_pin, ",
        person_columns!(),
        ", case when s.profile_id is not null and p.id is null \
         then coalesce((select q.max_rating from profiles q where q.id = s.profile_id), 0)::smallint end \
         from sessions s join accounts a on a.id = s.account_id \
         left join live_profiles p on p.id = s.profile_id and p.account_id = a.id",
        default_profile!(),
        "where s.id = $1",
    ))
    .bind(session)
    .fetch_optional(database)
    .await?;
    row.as_ref().map(Login::read).transpose()
}

/// A session of an account, unless it has ended.
pub(crate) async fn live(
    database: impl PgExecutor<'_>,
    (account, session): (AccountId, SessionId),
    now: OffsetDateTime,
) -> Result<Option<Login>, sqlx::Error> {
    let login = find(database, session).await?;
    Ok(login.filter(|login| login.person.account == account && login.family.is_live(now)))
}

/// Whether the account of a live session has an authenticator; `None`: the session has ended.
pub(crate) async fn has_authenticator(
    database: impl PgExecutor<'_>,
    session: SessionId,
    now: OffsetDateTime,
) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar(
        "select exists(select 1 from totp t where t.account_id = s.account_id and t.confirmed_at is not null) from sessions s \
         where s.id = $1 and s.revoked_at is null and s.rotated_at > $2 and s.created_at > $3",
    )
    .bind(session)
    .bind(now - session::IDLE)
    .bind(now - session::ABSOLUTE)
    .fetch_optional(database)
    .await
}

/// Stores the family's next state if what is stored is still `from`; `false`: somebody was faster.
pub(crate) async fn rotate(
    database: impl PgExecutor<'_>,
    from: &Family,
    to: &Family,
    (address, territory): (&str, &Territory),
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update sessions set current = $3, previous = $4, rotated_at = $5, address = $6, territory = $7 \
         where id = $1 and current = $2 and revoked_at is null",
    )
    .bind(from.session)
    .bind(from.current.as_slice())
    .bind(to.current.as_slice())
    .bind(to.previous.as_ref().map(Digest::as_slice))
    .bind(to.rotated_at)
    .bind(address)
    .bind(territory)
    .execute(database)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends a session of an account; `false`: it is unknown, or has ended before.
pub(crate) async fn end(
    connection: &mut PgConnection,
    account: AccountId,
    session: SessionId,
    reason: &str,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "update sessions set revoked_at = $3, revoke_reason = $4 where id = $1 and account_id = $2 and revoked_at is null",
    )
    .bind(session)
    .bind(account)
    .bind(now)
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of an account but one; which they were.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    account: AccountId,
    (kept, reason): (Option<SessionId>, &str),
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, sqlx::Error> {
    sqlx::query_scalar(
        "update sessions set revoked_at = $3, revoke_reason = $4 \
         where account_id = $1 and id is distinct from $2 and revoked_at is null returning id",
    )
    .bind(account)
    .bind(kept)
    .bind(now)
    .bind(reason)
    .fetch_all(connection)
    .await
}

/// Keeps which provider's account a session was begun with.
pub(crate) async fn set_provider(
    connection: &mut PgConnection,
    session: SessionId,
    provider: &str,
) -> Result<(), sqlx::Error> {
    let kept = "update sessions set provider = $2 where id = $1";
    sqlx::query(kept).bind(session).bind(provider).execute(connection).await.map(drop)
}

/// Ends all sessions of an account that were begun with a provider's; which they were.
pub(crate) async fn end_provider(
    connection: &mut PgConnection,
    account: AccountId,
    (provider, reason): (&str, &str),
    now: OffsetDateTime,
) -> Result<Vec<SessionId>, sqlx::Error> {
    sqlx::query_scalar(
        "update sessions set revoked_at = $3, revoke_reason = $4 \
         where account_id = $1 and provider = $2 and revoked_at is null returning id",
    )
    .bind(account)
    .bind(provider)
    .bind(now)
    .bind(reason)
    .fetch_all(connection)
    .await
}

/// The live sessions of an account, the last used first.
pub(crate) async fn list(
    database: impl PgExecutor<'_>,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<Listed>, sqlx::Error> {
    let rows: Vec<(SessionId, Option<String>, OffsetDateTime, OffsetDateTime, String, String)> = sqlx::query_as(
        "select id, device_name, created_at, rotated_at, address, territory from sessions where account_id = $1 \
         and revoked_at is null and rotated_at > $2 and created_at > $3 order by rotated_at desc, id desc limit $4",
    )
    .bind(account)
    .bind(now - session::IDLE)
    .bind(now - session::ABSOLUTE)
    .bind(MOST_LISTED)
    .fetch_all(database)
    .await?;
    let listed = |(session, device_name, created_at, last_used_at, address, territory)| Listed {
        session,
        device_name,
        created_at,
        last_used_at,
        address,
        territory,
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// Whether a session, ended or not, is one of an account.
pub(crate) async fn belongs(
    database: impl PgExecutor<'_>,
    session: SessionId,
    account: AccountId,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists(select 1 from sessions where id = $1 and account_id = $2)")
        .bind(session)
        .bind(account)
        .fetch_one(database)
        .await
}

/// The person has proven once more who they are; `false`: the session has ended.
pub(crate) async fn renew_proof(
    connection: &mut PgConnection,
    session: SessionId,
    proof: &Proof,
) -> Result<bool, sqlx::Error> {
    let renewed = "update sessions set authenticated_at = $2, amr = $3 where id = $1 and revoked_at is null";
    let done = sqlx::query(renewed).bind(session).bind(proof.at).bind(&proof.methods).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the chosen profile for the tokens to come; `false`: the session has ended.
pub(crate) async fn choose(
    database: impl PgExecutor<'_>,
    session: SessionId,
    profile: ProfileId,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update sessions set profile_id = $2 where id = $1 and revoked_at is null")
        .bind(session)
        .bind(profile)
        .execute(database)
        .await?;
    Ok(done.rows_affected() == 1)
}

impl Login {
    /// The profile of the next token. Where the chosen one was deleted it is the default one, unless that takes a PIN or may see more: a
    /// session does not climb by deleting its profile.
    pub(crate) fn profile(&self) -> Option<Profile> {
        let default = || without_asking(self.person.default.clone());
        let reaches = |profile: &Profile| self.cap_of_deleted.is_none_or(|cap| profile.max_rating <= cap);
        self.chosen.clone().or_else(|| default().filter(reaches))
    }

    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let previous: Option<&[u8]> = row.try_get(3)?;
        Ok(Self {
            family: Family {
                session: row.try_get(0)?,
                key: FamilyKey(bytes(row.try_get(1)?)?),
                current: bytes(row.try_get(2)?)?,
                previous: previous.map(bytes).transpose()?,
                rotated_at: row.try_get(4)?,
                created_at: row.try_get(5)?,
                revoked_at: row.try_get(6)?,
            },
            proof: Proof { at: row.try_get(7)?, methods: row.try_get(8)? },
            chosen: profile(row, 9)?,
            person: Person::read(row, 13)?,
            cap_of_deleted: row.try_get::<Option<i16>, _>(20)?.map(|cap| u8::try_from(cap).unwrap_or(0)),
        })
    }
}

fn bytes(column: &[u8]) -> Result<[u8; 32], sqlx::Error> {
    column.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
