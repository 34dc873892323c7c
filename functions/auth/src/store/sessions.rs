//! Refresh-token families.

use cinema_http::{Account, Origin, Problem};
use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{AccountId, ProfileId, SessionId, World};
use sqlx::{PgConnection, PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{Person, Proof, SecurityLog, parsed, profile};
use crate::{
    profile::Profile,
    security_event::{Kind, SecurityEvent},
    session::{self, Digest, Family, FamilyKey},
};

/// Most sessions in a list.
const MOST_LISTED: i64 = 200;

/// Sessions of all accounts.
#[derive(Clone)]
pub struct Sessions(PgPool);

/// A session with all that a token needs.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its refresh tokens.
    pub family: Family,
    /// Whose it is.
    pub person: Person,
    /// The profile that was chosen in it, unless that was deleted.
    pub chosen: Option<Profile>,
    /// How it began.
    pub proof: Proof,
}

/// Where a session is used.
#[derive(Clone, Copy)]
pub struct Device<'a> {
    /// As the client calls it.
    pub name: Option<&'a str>,
    /// Address and territory.
    pub origin: &'a Origin,
}

/// A session as its owner sees it.
pub struct Listed {
    /// Its id.
    pub session: SessionId,
    /// As the client calls its device.
    pub device_name: Option<String>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When it was last refreshed.
    pub last_used_at: OffsetDateTime,
    /// From where, then.
    pub address: String,
    /// From which territory, then.
    pub territory: String,
}

impl Sessions {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Stores a new family.
    pub async fn begin(
        &self,
        transaction: &mut PgConnection,
        account: AccountId,
        family: &Family,
        (chosen, proof): (Option<ProfileId>, &Proof),
        device: Device<'_>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into sessions (id, account_id, family_key, current, rotated_at, profile_id, authenticated_at, amr, device_name, \
             address, territory, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(family.session.to_string())
        .bind(account.to_string())
        .bind(family.key.0.as_slice())
        .bind(family.current.as_slice())
        .bind(family.rotated_at)
        .bind(chosen.map(|id| id.to_string()))
        .bind(proof.at)
        .bind(&proof.methods)
        .bind(device.name)
        .bind(&device.origin.address)
        .bind(device.origin.territory.as_str())
        .bind(family.created_at)
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// A session, ended ones included.
    pub async fn find(&self, session: SessionId) -> Result<Option<Login>, sqlx::Error> {
        let row = sqlx::query(
            "select s.id as session_id, s.family_key, s.current, s.previous, s.rotated_at, s.revoked_at, s.authenticated_at, s.amr, \
             s.created_at, a.id as account_id, a.locale as account_locale, \
             array(select r.role from roles r where r.account_id = a.id order by r.role) as roles, \
             p.id as chosen_id, p.locale as chosen_locale, p.max_rating as chosen_max_rating, p.needs_pin as chosen_needs_pin, \
             d.id as default_id, d.locale as default_locale, d.max_rating as default_max_rating, d.needs_pin as default_needs_pin \
             from sessions s join accounts a on a.id = s.account_id \
             left join live_profiles p on p.id = s.profile_id and p.account_id = a.id left join lateral \
             (select * from live_profiles where account_id = a.id and is_default order by sequence desc, id limit 1) d on true \
             where s.id = $1",
        )
        .bind(session.to_string())
        .fetch_optional(&self.0)
        .await?;
        row.as_ref().map(Login::read).transpose()
    }

    /// The session of an access token: that outlives its session by minutes, but not in this service's own functions.
    ///
    /// # Errors
    /// 401 `session_revoked` when the session has ended.
    pub async fn live(&self, account: &Account, now: OffsetDateTime) -> Result<Login, Problem> {
        let login = self.find(account.session).await?;
        let is_live = |login: &Login| login.person.account == account.id && login.family.is_live(now);
        login.filter(is_live).ok_or_else(ended)
    }

    /// Stores the family's next state if the present one is still `from`; `false`: somebody was faster.
    pub async fn rotate(&self, from: &Family, to: &Family, origin: &Origin) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "update sessions set current = $3, previous = $4, rotated_at = $5, address = $6, territory = $7 \
             where id = $1 and current = $2 and revoked_at is null",
        )
        .bind(from.session.to_string())
        .bind(from.current.as_slice())
        .bind(to.current.as_slice())
        .bind(to.previous.as_ref().map(Digest::as_slice))
        .bind(to.rotated_at)
        .bind(&origin.address)
        .bind(origin.territory.as_str())
        .execute(&self.0)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a family of which an old token was used; tells once.
    pub async fn revoke_reused(
        &self,
        outbox: &Outbox,
        login: &Login,
        (world, origin): (&World, &Origin),
    ) -> Result<Posted, sqlx::Error> {
        let session = login.family.session;
        let mut transaction = self.0.begin().await?;
        let done = sqlx::query("update sessions set revoked_at = $2, revoke_reason = 'refresh_reused' where id = $1 and revoked_at is null")
            .bind(session.to_string())
            .bind(world.now())
            .execute(&mut *transaction)
            .await?;
        let mut posted = Posted::default();
        if done.rows_affected() == 1 {
            let state = proto::auth::RefreshReused {
                account_id: login.person.account.to_string(),
                session_id: session.to_string(),
            };
            let entry = SecurityEvent::new(world, login.person.account, Kind::RefreshReused, origin);
            self.log().record(&mut transaction, &entry.in_session(session)).await?;
            let event = Event::new(world, proto::types::REFRESH_REUSED, session, 1, &state);
            posted = outbox.post(&mut transaction, [Letter::event(&event)]).await?;
        }
        transaction.commit().await?;
        Ok(posted)
    }

    /// Ends a session of an account for a reason and says so in the log; one that is unknown or has ended stays as it is.
    pub async fn end(&self, session: SessionId, reason: &str, event: &SecurityEvent) -> Result<(), sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let done = sqlx::query(
            "update sessions set revoked_at = $3, revoke_reason = $4 where id = $1 and account_id = $2 and revoked_at is null",
        )
        .bind(session.to_string())
        .bind(event.account.map(|id| id.to_string()))
        .bind(event.at)
        .bind(reason)
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 1 {
            self.log().record(&mut transaction, event).await?;
        }
        transaction.commit().await
    }

    /// Ends all sessions of an account but one; returns how many there were.
    pub async fn end_all(
        &self,
        transaction: &mut PgConnection,
        account: AccountId,
        (keep, reason): (Option<SessionId>, &str),
        now: OffsetDateTime,
    ) -> Result<u64, sqlx::Error> {
        let done = sqlx::query(
            "update sessions set revoked_at = $3, revoke_reason = $4 \
             where account_id = $1 and id is distinct from $2 and revoked_at is null",
        )
        .bind(account.to_string())
        .bind(keep.map(|id| id.to_string()))
        .bind(now)
        .bind(reason)
        .execute(transaction)
        .await?;
        Ok(done.rows_affected())
    }

    /// The live sessions of an account, the last used first.
    pub async fn list(&self, account: AccountId, now: OffsetDateTime) -> Result<Vec<Listed>, sqlx::Error> {
        let rows = sqlx::query(
            "select id, device_name, created_at, rotated_at, address, territory from sessions where account_id = $1 \
             and revoked_at is null and rotated_at > $2 and created_at > $3 order by rotated_at desc, id desc limit $4",
        )
        .bind(account.to_string())
        .bind(now - session::IDLE)
        .bind(now - session::ABSOLUTE)
        .bind(MOST_LISTED)
        .fetch_all(&self.0)
        .await?;
        let read = |row: &PgRow| {
            Ok(Listed {
                session: parsed(row, "id")?,
                device_name: row.try_get("device_name")?,
                created_at: row.try_get("created_at")?,
                last_used_at: row.try_get("rotated_at")?,
                address: row.try_get("address")?,
                territory: row.try_get("territory")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Whether a session, ended or not, is one of an account.
    pub async fn belongs(&self, session: SessionId, account: AccountId) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("select exists(select 1 from sessions where id = $1 and account_id = $2)")
            .bind(session.to_string())
            .bind(account.to_string())
            .fetch_one(&self.0)
            .await
    }

    /// The person has proven once more who they are; `false`: the session has ended.
    pub async fn renew_proof(
        &self,
        transaction: &mut PgConnection,
        session: SessionId,
        proof: &Proof,
    ) -> Result<bool, sqlx::Error> {
        let renewed = "update sessions set authenticated_at = $2, amr = $3 where id = $1 and revoked_at is null";
        let done = sqlx::query(renewed)
            .bind(session.to_string())
            .bind(proof.at)
            .bind(&proof.methods)
            .execute(transaction)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Keeps the chosen profile for the tokens to come; `false`: the session has ended.
    pub async fn choose(&self, session: SessionId, profile: ProfileId) -> Result<bool, sqlx::Error> {
        let done = sqlx::query("update sessions set profile_id = $2 where id = $1 and revoked_at is null")
            .bind(session.to_string())
            .bind(profile.to_string())
            .execute(&self.0)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Sessions {
    fn log(&self) -> SecurityLog {
        SecurityLog::new(self.0.clone())
    }
}

/// 401: the session is no more.
pub fn ended() -> Problem {
    Problem::unauthorized("session_revoked", "The session was ended. Sign in again.")
}

impl Login {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        let previous: Option<&[u8]> = row.try_get("previous")?;
        Ok(Self {
            family: Family {
                session: parsed(row, "session_id")?,
                key: FamilyKey(bytes(row.try_get("family_key")?)?),
                current: bytes(row.try_get("current")?)?,
                previous: previous.map(bytes).transpose()?,
                rotated_at: row.try_get("rotated_at")?,
                created_at: row.try_get("created_at")?,
                revoked_at: row.try_get("revoked_at")?,
            },
            person: Person::read(row)?,
            chosen: profile(row, "chosen")?,
            proof: Proof { at: row.try_get("authenticated_at")?, methods: row.try_get("amr")? },
        })
    }
}

fn bytes(column: &[u8]) -> Result<[u8; 32], sqlx::Error> {
    column.try_into().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
