//! The projection of profiles, and the tries of their PINs.

use kernel::{AccountId, ProfileId};
use sqlx::{PgPool, Row};
use time::{Duration, OffsetDateTime};

use super::profile;
use crate::{profile::Profile, tries::Tries};

/// Profiles of all accounts.
#[derive(Clone)]
pub struct Profiles(PgPool);

impl Profiles {
    /// In the service's schema.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }

    /// A profile of an account that can be chosen, with the digest of its PIN (empty: none has arrived).
    pub async fn find(&self, account: AccountId, id: ProfileId) -> Result<Option<(Profile, String)>, sqlx::Error> {
        let row = sqlx::query(
            "select id as chosen_id, locale as chosen_locale, max_rating as chosen_max_rating, needs_pin as chosen_needs_pin, pin_digest \
             from live_profiles where id = $1 and account_id = $2",
        )
        .bind(id.to_string())
        .bind(account.to_string())
        .fetch_optional(&self.0)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let digest: String = row.try_get("pin_digest")?;
        Ok(profile(&row, "chosen")?.map(|profile| (profile, digest)))
    }

    /// Counts a try of a PIN before it is looked at; `Err` inside: how long the profile is locked.
    pub async fn count_pin_try(&self, id: ProfileId, now: OffsetDateTime) -> Result<Result<(), Duration>, sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let (tries, locked_until) =
            sqlx::query_as("select pin_tries, pin_locked_until from profiles where id = $1 for update")
                .bind(id.to_string())
                .fetch_one(&mut *transaction)
                .await?;
        let counted = match (Tries { tries, locked_until }).count(now) {
            Ok(counted) => counted,
            Err(wait) => return Ok(Err(wait)),
        };
        sqlx::query("update profiles set pin_tries = $2, pin_locked_until = $3 where id = $1")
            .bind(id.to_string())
            .bind(counted.tries)
            .bind(counted.locked_until)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(Ok(()))
    }

    /// The PIN was right.
    pub async fn forget_pin_tries(&self, id: ProfileId) -> Result<(), sqlx::Error> {
        sqlx::query("update profiles set pin_tries = 0, pin_locked_until = null where id = $1")
            .bind(id.to_string())
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// Takes over a profile's state unless a newer one is known, or its account is being erased.
    pub async fn project(&self, state: &proto::user::ProfileChanged, sequence: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into profiles (id, account_id, sequence, locale, max_rating, is_default, has_pin, deleted) \
             select $1, $2, $3, $4, $5, $6, $7, $8 where not exists (select from erasures \
             where account_digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) \
             on conflict (id) do update set sequence = excluded.sequence, \
             locale = excluded.locale, max_rating = excluded.max_rating, is_default = excluded.is_default, \
             has_pin = excluded.has_pin, deleted = excluded.deleted \
             where profiles.sequence < excluded.sequence and profiles.account_id = excluded.account_id",
        )
        .bind(&state.profile_id)
        .bind(&state.account_id)
        .bind(sequence)
        .bind(&state.locale)
        .bind(i16::try_from(state.max_rating).unwrap_or(0))
        .bind(state.is_default)
        .bind(state.has_pin)
        .bind(state.deleted)
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// Takes over a PIN's digest unless a newer one is known, or the account is being erased; a new PIN starts without tries.
    pub async fn project_secret(
        &self,
        state: &proto::user::ProfileSecretChanged,
        sequence: i64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "insert into profiles (id, account_id, secret_sequence, pin_digest) select $1, $2, $3, $4 \
             where not exists (select from erasures where account_digest = encode(sha256(convert_to($2, 'UTF8')), 'hex')) \
             on conflict (id) do update set secret_sequence = excluded.secret_sequence, pin_digest = excluded.pin_digest, \
             pin_tries = 0, pin_locked_until = null \
             where profiles.secret_sequence < excluded.secret_sequence and profiles.account_id = excluded.account_id",
        )
        .bind(&state.profile_id)
        .bind(&state.account_id)
        .bind(sequence)
        .bind(&state.pin_digest)
        .execute(&self.0)
        .await?;
        Ok(())
    }
}
