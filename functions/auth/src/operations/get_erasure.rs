//! `GET /v1/auth/erasures/{id}`: which service has erased how much, for whoever knows the address that the request was answered with.

use cinema_http::{
    Json, Path, Problem, Query, State,
    axum::{extract::FromRequestParts, http::request::Parts},
};
use kernel::ErasureId;
use password::Pepper;
use runtime::Key;
use serde::Deserialize;
use stores::PgPool;

use crate::{
    erasure::{self, Progress},
    store::erasures,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenQuery {
    #[serde(default)]
    token: String,
}

/// Made together with the address; 403 `token_required` without one.
pub(super) struct UrlToken(String);

impl<S: Send + Sync> FromRequestParts<S> for UrlToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(TokenQuery { token }) = Query::from_request_parts(parts, state).await?;
        if token.is_empty() {
            return Err(Problem::forbidden(
                "token_required",
                "This address lacks its token. Use the whole address that deleting the account gave you.",
            ));
        }
        Ok(Self(token))
    }
}

runtime::wire! {
    pub(super) struct GetErasure {
        pool: PgPool,
        pepper: Key<Pepper>,
    }
}

/// How far the erasure has come; 404 with a wrong token, 403 `token_required` without one.
#[utoipa::path(get, path = "/v1/auth/erasures/{id}", tag = "auth",
    params(("id" = ErasureId, Path), ("token" = String, Query)), responses((status = 200, body = Progress), Problem))]
pub(super) async fn get_erasure(
    State(state): State<GetErasure>,
    UrlToken(token): UrlToken,
    Path(id): Path<ErasureId>,
) -> Result<Json<Progress>, Problem> {
    let is_right = erasure::is_token(state.pepper.get().await?, id, &token);
    let times = if is_right { erasures::times(&state.pool, id).await? } else { None };
    let (requested_at, done_at) = times.ok_or_else(|| Problem::not_found("erasure"))?;
    let receipts = erasures::receipts(&state.pool, id).await?;
    Ok(Json(Progress::of(id, (requested_at, done_at), receipts)))
}
