//! Where a client wants its refresh token: in the body, or for browsers in a cookie that no script can read.

use serde::Deserialize;
use utoipa::ToSchema;

/// Where the client wants its refresh token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// In the answer's body.
    #[default]
    Body,
    /// In the cookie `__Host-refresh`; takes an `Origin` header of this site.
    Cookie,
}

impl Transport {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Cookie => "cookie",
        }
    }
}
