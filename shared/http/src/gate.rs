//! What extractors need beside the request; built once and carried by every request.

use std::sync::Arc;

use axum::http::request::Parts;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::{CursorKey, Territory, World};
use runtime::{Boot, BootError};

use crate::{Problem, origin_secret::OriginSecret, token::Verifier};

/// Verifies tokens, signs cursors and knows the edge.
pub struct Gate {
    /// Verifies access tokens.
    pub verifier: Verifier,
    /// Signs cursors.
    pub cursors: CursorKey,
    /// Clock and entropy.
    pub world: World,
    pub(crate) default_territory: Territory,
    pub(crate) origin_verify: Option<OriginSecret>,
}

impl Gate {
    pub(crate) fn new(boot: &Boot) -> Result<Self, BootError> {
        let invalid = |error: base64::DecodeError| BootError::Invalid {
            name: "CURSOR_KEY".to_owned(),
            reason: error.to_string(),
        };
        let key = BASE64_STANDARD.decode(boot.required("CURSOR_KEY")?).map_err(invalid)?;
        Ok(Self {
            verifier: Verifier::new(boot)?,
            cursors: CursorKey::new(&key),
            world: boot.world(),
            default_territory: boot.default_territory()?,
            origin_verify: boot.var("ORIGIN_VERIFY").map(|secret| OriginSecret::new(&secret, &key)),
        })
    }

    pub(crate) fn of(parts: &Parts) -> Result<Arc<Self>, Problem> {
        parts.extensions.get::<Arc<Self>>().cloned().ok_or_else(|| Problem::internal("the router was not finished"))
    }
}
