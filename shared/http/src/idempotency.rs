//! `Idempotency-Key`: the same key and body give the stored answer for 24 hours; the key's row commits with the effect.

use std::fmt::Display;

use axum::{
    Json as Body,
    extract::{FromRequestParts, MatchedPath},
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use events::Transaction;
use kernel::sha256;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sqlx::{PgConnection, PgExecutor};
use time::{Duration, OffsetDateTime};

use crate::Problem;

const KEEP: Duration = Duration::hours(24);
/// Of a key: visible ASCII characters.
pub const MAX_CHARACTERS: usize = 255;

/// The header's value, if the client sent one, for the route that it was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    key: Option<String>,
    /// Method and matched path.
    route: String,
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let route = format!("{} {path}", parts.method);
        let Some(header) = parts.headers.get("idempotency-key") else { return Ok(Self { key: None, route }) };
        match header.to_str() {
            Ok(key) if (1..=MAX_CHARACTERS).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Ok(Self { key: Some(key.to_owned()), route })
            }
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
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        Ok(replayed((status, Body(self.body_for(fingerprint)?)).into_response()))
    }

    fn body_for(self, fingerprint: &[u8]) -> Result<Value, Problem> {
        if self.fingerprint == fingerprint { Ok(self.body) } else { Err(reused()) }
    }
}

/// 422: the key was used with another body.
pub fn reused() -> Problem {
    let detail = "This Idempotency-Key was used for another request. Choose a new one.";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
}

/// Marks an answer as the repetition of an earlier one.
pub fn replayed(mut answer: Response) -> Response {
    answer.headers_mut().insert("idempotent-replayed", HeaderValue::from_static("true"));
    answer
}

/// A key as a DynamoDB item keeps it: the caller's store writes it in the transaction of the effect, with a time to live of 24 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemClaim {
    /// Digest of principal, route and key, hexadecimal: the item's key.
    pub id: String,
    /// Digest of the request, hexadecimal.
    pub fingerprint: String,
}

impl ItemClaim {
    /// 422 unless the stored item was made by the same request.
    ///
    /// # Errors
    /// `idempotency_key_reused`.
    pub fn check(&self, stored_fingerprint: &str) -> Result<(), Problem> {
        if self.fingerprint == stored_fingerprint { Ok(()) } else { Err(reused()) }
    }
}

/// The fingerprint of a request's parsed body.
pub fn fingerprint(request: &impl Serialize) -> Vec<u8> {
    sha256(serde_json::to_vec(request).unwrap_or_default()).to_vec()
}

/// 409: the first request with this key has not ended.
pub fn in_flight() -> Problem {
    Problem::conflict(
        "request_in_flight",
        "A request with this Idempotency-Key is still being processed. Send it again in a second.",
    )
    .with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

/// The right to cause the effect once.
struct Ticket {
    scope: String,
    key: String,
    fingerprint: Vec<u8>,
    now: OffsetDateTime,
}

impl IdempotencyKey {
    /// Causes the effect once for each key of `principal` on this route; a repetition gets the stored answer. Without a header the effect is
    /// caused each time. The key's row commits with the effect.
    ///
    /// # Errors
    /// 409 in flight, 422 reused with another body, 503 when the store is down, and the effect's own.
    pub async fn once<T: Serialize>(
        &self,
        transaction: &mut Transaction<'_>,
        principal: impl Display,
        request: &impl Serialize,
        now: OffsetDateTime,
        effect: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<(StatusCode, T), Problem>,
    ) -> Result<Response, Problem> {
        let ticket = self.ticket(principal, request, now);
        if let Some(ticket) = &ticket
            && let Some(stored) = ticket.claim(transaction).await?
        {
            return stored.replay(&ticket.fingerprint);
        }
        let (status, answer) = effect(transaction).await?;
        if let Some(ticket) = ticket {
            ticket.finish(transaction, status, &answer).await?;
        }
        Ok((status, crate::Json::<T>(answer)).into_response())
    }

    /// Commits what an effect of more than one transaction has begun together with the key: a request with the same key that comes while this one is
    /// answered, or after a failure, goes on with it and begins nothing. The last transaction stores the answer with [`Self::once`].
    ///
    /// # Errors
    /// 409 in flight, 422 reused with another body, 503 when the store is down, and the effect's own.
    pub async fn begin<T: Serialize + DeserializeOwned>(
        &self,
        transaction: &mut Transaction<'_>,
        principal: impl Display,
        request: &impl Serialize,
        now: OffsetDateTime,
        effect: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        // Erasing an account looks at the first word.
        let ticket = self.ticket(format!("{principal} begins"), request, now);
        if let Some(ticket) = &ticket
            && let Some(stored) = ticket.claim(transaction).await?
        {
            let body = stored.body_for(&ticket.fingerprint)?;
            return serde_json::from_value(body).map_err(Problem::internal);
        }
        let begun = effect(transaction).await?;
        if let Some(ticket) = ticket {
            ticket.finish(transaction, StatusCode::ACCEPTED, &begun).await?;
        }
        Ok(begun)
    }

    /// The stored answer of an earlier request, for effects that are more than one transaction: they begin with this and end with [`Self::once`].
    /// Each step between must be safe to repeat by itself.
    ///
    /// # Errors
    /// 422 reused with another body, 503 when the store is down.
    pub async fn stored(
        &self,
        executor: impl PgExecutor<'_>,
        principal: impl Display,
        request: &impl Serialize,
        now: OffsetDateTime,
    ) -> Result<Option<Response>, Problem> {
        let Some(ticket) = self.ticket(principal, request, now) else { return Ok(None) };
        let stored = ticket.find(executor).await?;
        stored.map(|stored| stored.replay(&ticket.fingerprint)).transpose()
    }

    fn ticket(&self, principal: impl Display, request: &impl Serialize, now: OffsetDateTime) -> Option<Ticket> {
        let key = self.key.clone()?;
        Some(Ticket { scope: format!("{principal} {}", self.route), key, fingerprint: fingerprint(request), now })
    }

    /// The claim of a store that is no Postgres; `None` without a header.
    pub fn item_claim(&self, principal: impl Display, request: &impl Serialize) -> Option<ItemClaim> {
        let key = self.key.as_ref()?;
        let id = sha256(format!("{principal} {} {key}", self.route));
        Some(ItemClaim { id: hex::encode(&id[..16]), fingerprint: hex::encode(fingerprint(request)) })
    }
}

impl Ticket {
    /// Holds the key until the transaction ends; the stored answer, if there is one.
    async fn claim(&self, transaction: &mut PgConnection) -> Result<Option<Stored>, Problem> {
        let alone: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))")
            .bind(&self.scope)
            .bind(&self.key)
            .fetch_one(&mut *transaction)
            .await?;
        if !alone {
            return Err(in_flight());
        }
        self.find(transaction).await
    }

    async fn find(&self, executor: impl PgExecutor<'_>) -> Result<Option<Stored>, Problem> {
        let stored: Option<(Vec<u8>, i16, Value)> = sqlx::query_as(
            "select fingerprint, status, body from idempotency_keys where scope = $1 and key = $2 and created_at > $3",
        )
        .bind(&self.scope)
        .bind(&self.key)
        .bind(self.now - KEEP)
        .fetch_optional(executor)
        .await?;
        let stored_of = |(fingerprint, status, body): (Vec<u8>, i16, Value)| Stored {
            fingerprint,
            status: u16::try_from(status).unwrap_or(200),
            body,
        };
        Ok(stored.map(stored_of))
    }

    /// Stores the answer in the transaction of the effect.
    async fn finish(
        self,
        transaction: &mut PgConnection,
        status: StatusCode,
        body: &impl Serialize,
    ) -> Result<(), Problem> {
        sqlx::query(
            "insert into idempotency_keys (scope, key, fingerprint, status, body, created_at) values ($1, $2, $3, $4, $5, $6) \
             on conflict (scope, key) do update set fingerprint = excluded.fingerprint, status = excluded.status, \
             body = excluded.body, created_at = excluded.created_at",
        )
        .bind(self.scope)
        .bind(self.key)
        .bind(self.fingerprint)
        .bind(i16::try_from(status.as_u16()).unwrap_or(200))
        .bind(serde_json::to_value(body).map_err(Problem::internal)?)
        .bind(self.now)
        .execute(transaction)
        .await?;
        Ok(())
    }
}
