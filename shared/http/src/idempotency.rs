//! `Idempotency-Key`: the same key and body give the stored answer for 24 hours; the key's row commits with the effect.

use axum::{
    Json as Body,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::Problem;

const KEEP: Duration = Duration::hours(24);
const MAX_CHARACTERS: usize = 255;

/// The header's value, if the client sent one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self(None)) };
        match header.to_str() {
            Ok(key) if (1..=MAX_CHARACTERS).contains(&key.len()) => Ok(Self(Some(key.to_owned()))),
            _ => Err(Problem::bad_request(
                "invalid_idempotency_key",
                format!("Idempotency-Key must be 1 to {MAX_CHARACTERS} visible ASCII characters."),
            )),
        }
    }
}

/// What the store says about a key; for stores other than Postgres.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// SHA-256 of the first request.
    pub fingerprint: Vec<u8>,
    /// The first answer's status.
    pub status: u16,
    /// The first answer's body.
    pub body: Value,
}

impl Stored {
    /// The stored answer for the same request.
    ///
    /// # Errors
    /// 422 when the key was used with another body.
    pub fn replay(self, fingerprint: &[u8]) -> Result<Response, Problem> {
        if self.fingerprint != fingerprint {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key was used for another request.",
            ));
        }
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        Ok((status, [("idempotent-replayed", "true")], Body(self.body)).into_response())
    }
}

/// The fingerprint of a request's parsed body.
pub fn fingerprint(request: &impl Serialize) -> Vec<u8> {
    Sha256::digest(serde_json::to_vec(request).unwrap_or_default()).to_vec()
}

/// 409: the first request with this key has not ended.
pub fn in_flight() -> Problem {
    Problem::conflict("request_in_flight", "A request with this Idempotency-Key is still being processed.")
        .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The right to cause the effect once.
pub struct Ticket(Option<Claim>);

struct Claim {
    scope: String,
    key: String,
    fingerprint: Vec<u8>,
    now: OffsetDateTime,
}

/// How a request with a key goes on.
pub enum Begun {
    /// Cause the effect in the same transaction, then [`Ticket::finish`].
    Fresh(Ticket),
    /// Answer this and do nothing.
    Replay(Response),
}

impl IdempotencyKey {
    /// Claims the key for `principal` on `route` until the transaction ends. Without a header everything is fresh.
    ///
    /// # Errors
    /// 409 in flight, 422 reused with another body, 503 when the store is down.
    pub async fn begin(
        &self,
        transaction: &mut PgConnection,
        (principal, route): (impl std::fmt::Display, &str),
        request: &impl Serialize,
        now: OffsetDateTime,
    ) -> Result<Begun, Problem> {
        let Some(key) = &self.0 else { return Ok(Begun::Fresh(Ticket(None))) };
        let scope = format!("{principal} {route}");
        let alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))")
            .bind(&scope)
            .bind(key)
            .fetch_one(&mut *transaction)
            .await?;
        if !alone {
            return Err(in_flight());
        }
        let fingerprint = fingerprint(request);
        let stored: Option<(Vec<u8>, i16, Value)> = sqlx::query_as(
            "select fingerprint, status, body from idempotency_keys where scope = $1 and key = $2 and created_at > $3",
        )
        .bind(&scope)
        .bind(key)
        .bind(now - KEEP)
        .fetch_optional(transaction)
        .await?;
        match stored {
            Some((stored, status, body)) => {
                let status = u16::try_from(status).unwrap_or(200);
                Stored { fingerprint: stored, status, body }.replay(&fingerprint).map(Begun::Replay)
            }
            None => Ok(Begun::Fresh(Ticket(Some(Claim { scope, key: key.clone(), fingerprint, now })))),
        }
    }
}

impl Ticket {
    /// Stores the answer in the transaction of the effect.
    pub async fn finish(
        self,
        transaction: &mut PgConnection,
        status: StatusCode,
        body: &impl Serialize,
    ) -> Result<(), Problem> {
        let Some(claim) = self.0 else { return Ok(()) };
        sqlx::query(
            "insert into idempotency_keys (scope, key, fingerprint, status, body, created_at) values ($1, $2, $3, $4, $5, $6) \
             on conflict (scope, key) do update set fingerprint = excluded.fingerprint, status = excluded.status, \
             body = excluded.body, created_at = excluded.created_at",
        )
        .bind(claim.scope)
        .bind(claim.key)
        .bind(claim.fingerprint)
        .bind(i16::try_from(status.as_u16()).unwrap_or(200))
        .bind(serde_json::to_value(body).map_err(Problem::internal)?)
        .bind(claim.now)
        .execute(transaction)
        .await?;
        Ok(())
    }
}
