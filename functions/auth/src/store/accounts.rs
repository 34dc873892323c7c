//! Accounts and their addresses.

use events::Event;
use kernel::{AccountId, Locale, ProfileId, World};
use proto::{auth::AccountVerified, types};
use sqlx::{PgConnection, PgExecutor, Row};
use time::OffsetDateTime;

use super::profiles;
use crate::{
    email::Email,
    person::{Person, default_profile, person_columns},
    rfc3339::rfc3339,
};

/// Who tries to sign in.
pub(crate) struct Candidate {
    /// Whom a token would be for.
    pub person: Person,
    /// PHC string.
    pub password_hash: String,
    /// Whether the address was proven.
    pub is_verified: bool,
    /// Whether the list of leaked passwords has yet to be asked.
    pub leak_unchecked: bool,
    /// Whether an authenticator is in use.
    pub has_second_factor: bool,
}

/// An account as support sees it.
pub(crate) struct Found {
    pub id: AccountId,
    pub email: Email,
    pub locale: Locale,
    pub created_at: OffsetDateTime,
    pub verified_at: Option<OffsetDateTime>,
    pub roles: Vec<String>,
    pub has_second_factor: bool,
    /// How many sessions have not been ended.
    pub sessions: i64,
}

/// Makes the account of an address, or finds it; only an unverified one takes the language over. Its id, and whether it is verified.
pub(crate) async fn register(
    connection: &mut PgConnection,
    (id, email, locale): (AccountId, &Email, &Locale),
    now: OffsetDateTime,
) -> Result<(AccountId, bool), sqlx::Error> {
    sqlx::query_as(
        "insert into accounts (id, email, locale, created_at) values ($1, $2, $3, $4) \
         on conflict (email) do update set locale = case when accounts.verified_at is null then excluded.locale else accounts.locale end \
         returning id, verified_at is not null",
    )
    .bind(id)
    .bind(email)
    .bind(locale)
    .bind(now)
    .fetch_one(connection)
    .await
}

/// Makes an account; `false`: the address has one.
pub(crate) async fn add(
    connection: &mut PgConnection,
    (id, email, locale): (AccountId, &Email, &Locale),
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "insert into accounts (id, email, locale, created_at) values ($1, $2, $3, $4) on conflict (email) do nothing",
    )
    .bind(id)
    .bind(email)
    .bind(locale)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nobody else changes the account before the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, id: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("select 1 from accounts where id = $1 for update").bind(id).execute(connection).await.map(drop)
}

/// Whoever locks the account waits until the transaction ends, and the other way round. What goes on to rows that hang on the account begins
/// with it: so nobody waits in a circle.
pub(crate) async fn share(connection: &mut PgConnection, id: AccountId) -> Result<(), sqlx::Error> {
    sqlx::query("select 1 from accounts where id = $1 for key share").bind(id).execute(connection).await.map(drop)
}

/// [`lock`] by the address.
pub(crate) async fn lock_by_email(connection: &mut PgConnection, email: &Email) -> Result<(), sqlx::Error> {
    sqlx::query("select 1 from accounts where email = $1 for update").bind(email).execute(connection).await.map(drop)
}

/// Whether the address of an account was ever proven, until the transaction ends; `None`: there is no such account.
pub(crate) async fn is_verified(connection: &mut PgConnection, id: AccountId) -> Result<Option<bool>, sqlx::Error> {
    sqlx::query_scalar("select verified_at is not null from accounts where id = $1 for key share")
        .bind(id)
        .fetch_optional(connection)
        .await
}

/// Whether there is such an account.
pub(crate) async fn exists(connection: &mut PgConnection, id: AccountId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("select exists(select 1 from accounts where id = $1)").bind(id).fetch_one(connection).await
}

/// The account of an address, its language, and whether the address was proven.
pub(crate) async fn holder(
    database: impl PgExecutor<'_>,
    email: &Email,
) -> Result<Option<(AccountId, Locale, bool)>, sqlx::Error> {
    sqlx::query_as("select id, locale, verified_at is not null from accounts where email = $1")
        .bind(email)
        .fetch_optional(database)
        .await
}

/// The account of an address with its password and all that a token needs.
pub(crate) async fn candidate(database: impl PgExecutor<'_>, email: &Email) -> Result<Option<Candidate>, sqlx::Error> {
    let row = sqlx::query(concat!(
        "select ",
        person_columns!(),
        ", c.password_hash, a.verified_at is not null, c.leak_unchecked, \
         exists(select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null) \
         from accounts a join credentials c on c.account_id = a.id",
        default_profile!(),
        "where a.email = $1",
    ))
    .bind(email)
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Candidate {
        person: Person::read(&row, 0)?,
        password_hash: row.try_get(7)?,
        is_verified: row.try_get(8)?,
        leak_unchecked: row.try_get(9)?,
        has_second_factor: row.try_get(10)?,
    }))
}

/// An account with all that a token needs.
pub(crate) async fn person(database: impl PgExecutor<'_>, id: AccountId) -> Result<Option<Person>, sqlx::Error> {
    let row =
        sqlx::query(concat!("select ", person_columns!(), " from accounts a", default_profile!(), "where a.id = $1"))
            .bind(id)
            .fetch_optional(database)
            .await?;
    row.as_ref().map(|row| Person::read(row, 0)).transpose()
}

/// Address and language of an account, for mails.
pub(crate) async fn contact(database: impl PgExecutor<'_>, id: AccountId) -> Result<(Email, Locale), sqlx::Error> {
    sqlx::query_as("select email, locale from accounts where id = $1").bind(id).fetch_one(database).await
}

/// The account of an address, for support.
pub(crate) async fn find(database: impl PgExecutor<'_>, email: &Email) -> Result<Option<Found>, sqlx::Error> {
    let row = sqlx::query(
        "select a.id, a.email, a.locale, a.created_at, a.verified_at, \
         array(select r.role from roles r where r.account_id = a.id order by r.role), \
         exists(select 1 from totp t where t.account_id = a.id and t.confirmed_at is not null), \
         (select count(*) from sessions s where s.account_id = a.id and s.revoked_at is null) \
         from accounts a where a.email = $1",
    )
    .bind(email)
    .fetch_optional(database)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Found {
        id: row.try_get(0)?,
        email: row.try_get(1)?,
        locale: row.try_get(2)?,
        created_at: row.try_get(3)?,
        verified_at: row.try_get(4)?,
        roles: row.try_get(5)?,
        has_second_factor: row.try_get(6)?,
        sessions: row.try_get(7)?,
    }))
}

/// The address is proven: the account gets its default profile. The account and the event for everybody; `None` when the account was verified
/// before.
pub(crate) async fn verify(
    connection: &mut PgConnection,
    email: &Email,
    world: &World,
) -> Result<Option<(AccountId, Event)>, sqlx::Error> {
    let (now, profile) = (world.now(), world.id::<ProfileId>());
    let verified: Option<(AccountId, Locale, i64)> = sqlx::query_as(
        "update accounts set verified_at = $2, default_profile_id = $3, version = version + 1 \
         where email = $1 and verified_at is null returning id, locale, version",
    )
    .bind(email)
    .bind(now)
    .bind(profile)
    .fetch_optional(&mut *connection)
    .await?;
    let Some((account, locale, version)) = verified else { return Ok(None) };
    profiles::add_default(connection, profile, account, &locale).await?;
    let state = AccountVerified {
        account_id: account.to_string(),
        email: email.as_str().to_owned(),
        locale: locale.to_string(),
        default_profile_id: profile.to_string(),
        verified_at: rfc3339(now),
    };
    Ok(Some((account, Event::new(world, types::ACCOUNT_VERIFIED, account, version, &state))))
}

/// Gives an account another address, which it has proven. The old one, and the event for everybody.
///
/// # Errors
/// A unique violation when somebody else has proven the address meanwhile.
pub(crate) async fn move_to(
    connection: &mut PgConnection,
    account: AccountId,
    new: &Email,
    world: &World,
) -> Result<(Email, Locale, Event), sqlx::Error> {
    let now = world.now();
    // Nobody has ever proven it there: such an account is nobody's.
    sqlx::query("delete from accounts where email = $1 and verified_at is null")
        .bind(new)
        .execute(&mut *connection)
        .await?;
    let (old, locale, version, profile): (Email, Locale, i64, Option<ProfileId>) = sqlx::query_as(
        "update accounts set email = $2, verified_at = $3, version = accounts.version + 1 \
         from (select id, email from accounts where id = $1 for update) before where accounts.id = before.id \
         returning before.email, accounts.locale, accounts.version, accounts.default_profile_id",
    )
    .bind(account)
    .bind(new)
    .bind(now)
    .fetch_one(connection)
    .await?;
    let state = AccountVerified {
        account_id: account.to_string(),
        email: new.as_str().to_owned(),
        locale: locale.to_string(),
        default_profile_id: profile.map(|id| id.to_string()).unwrap_or_default(),
        verified_at: rfc3339(now),
    };
    Ok((old, locale, Event::new(world, types::ACCOUNT_VERIFIED, account, version, &state)))
}
