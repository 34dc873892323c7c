//! The token in an address, for whoever can send no headers: a player that reads playlists.

use axum::{extract::FromRequestParts, http::request::Parts};
use serde::Deserialize;

use crate::{Problem, Query};

/// The query parameter `token`, for the operation to check; 403 without one. The `access: url-token` of the yaml.
#[derive(Debug, Clone)]
pub struct UrlToken(pub String);

/// Players add parameters of their own.
#[derive(Deserialize)]
struct TokenQuery {
    #[serde(default)]
    token: String,
}

impl<S: Send + Sync> FromRequestParts<S> for UrlToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(TokenQuery { token }) = Query::from_request_parts(parts, state).await?;
        if token.is_empty() {
            return Err(Problem::forbidden(
                "token_required",
                "This address lacks the token of its session. Use the whole address that starting the session gave you.",
            ));
        }
        Ok(Self(token))
    }
}
