//! Refresh-token families.

use cinema_http::Origin;
use events::{Event, Letter, Outbox, outbox::Posted};
use kernel::{AccountId, ProfileId, SessionId, World};
use sqlx::{PgPool, Row, postgres::PgRow};
use time::OffsetDateTime;

use super::{Person, Proof, parsed, profile};
use crate::{
    profile::Profile,
    session::{Digest, Family, FamilyKey},
};

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
pub struct Device<'a> {
    /// As the client calls it.
    pub name: Option<&'a str>,
    /// Address and territory.
    pub origin: &'a Origin,
}

impl Sessions {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// Stores a new family.
    pub async fn begin(
        &self,
        account: AccountId,
        family: &Family,
        chosen: Option<ProfileId>,
        proof: &Proof,
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
        .execute(&self.0)
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

    /// Stores the family's next state if the present one is still `from`; `false`: somebody was faster.
    pub async fn rotate(&self, from: &Family, to: &Family) -> Result<bool, sqlx::Error> {
        let done = sqlx::query(
            "update sessions set current = $3, previous = $4, rotated_at = $5 where id = $1 and current = $2 and revoked_at is null",
        )
        .bind(from.session.to_string())
        .bind(from.current.as_slice())
        .bind(to.current.as_slice())
        .bind(to.previous.as_ref().map(Digest::as_slice))
        .bind(to.rotated_at)
        .execute(&self.0)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Ends a family of which an old token was used; tells once.
    pub async fn revoke_reused(&self, outbox: &Outbox, login: &Login, world: &World) -> Result<Posted, sqlx::Error> {
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
            let event = Event::new(world, proto::types::REFRESH_REUSED, session, 1, &state);
            posted = outbox.post(&mut transaction, [Letter::event(&event)]).await?;
        }
        transaction.commit().await?;
        Ok(posted)
    }

    /// Ends a session of an account; one that is unknown or ended stays so.
    pub async fn log_out(
        &self,
        account: AccountId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "update sessions set revoked_at = $3, revoke_reason = 'log_out' where id = $1 and account_id = $2 and revoked_at is null",
        )
        .bind(session.to_string())
        .bind(account.to_string())
        .bind(now)
        .execute(&self.0)
        .await?;
        Ok(())
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
