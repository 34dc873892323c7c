//! The answer to every successful sign-in.

use kernel::ProfileId;
use serde::Serialize;
use utoipa::ToSchema;

/// An access token and, where one was asked for in the body, a refresh token.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// JWT (ES256).
    pub access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub token_type: &'static str,
    /// Seconds until the access token expires: 570 to 600.
    #[schema(example = 600)]
    pub expires_in: i64,
    /// Absent when it is in the cookie, or unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The profile that the access token carries; absent when one has to be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile_id: Option<ProfileId>,
}
