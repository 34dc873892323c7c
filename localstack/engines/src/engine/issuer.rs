//! The OpenID Connect issuer that stands in for Google and its like.

use std::fs;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::packages::Component;
use crate::process::Launch;
use crate::setup::Setup;

/// Answers as soon as anybody can sign in.
pub(super) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// What the functions call it: `/v1/auth/oauth/local/start`.
const NAME: &str = "local";

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    let folder = setup.home.run().join("issuer");
    fs::create_dir_all(&folder)?;
    let program = setup.installed.folder(Component::Issuer).join("issuer.mjs");
    Ok(Launch {
        command: vec![setup.installed.tools().node().into(), program.into(), port.to_string().into()],
        environment: vec![
            ("HOME".into(), folder.clone().into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        folder,
        log: setup.home.log("issuer"),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}

/// The setting `OAUTH_PROVIDERS` with this issuer among the developer's own; see `programs/issuer.mjs` for its client.
pub fn with_local_provider(providers: &str, issuer: &str) -> Result<String> {
    let mut providers: Map<String, Value> = serde_json::from_str(providers)?;
    let client = json!({
        "display_name": "the local issuer", "issuer": issuer, "client_id": "cinema",
        "client_secret": "secret-of-the-local-cinema", "scopes": ["openid", "email"],
    });
    providers.insert(NAME.to_owned(), client);
    Ok(serde_json::to_string(&providers)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_developers_own_providers_stay() {
        let own = r#"{"google":{"issuer":"https://accounts.google.com"}}"#;
        let all: Value = serde_json::from_str(&with_local_provider(own, "http://127.0.0.1:1").unwrap()).unwrap();
        assert_eq!(all["google"]["issuer"], "https://accounts.google.com");
        assert_eq!(all["local"]["issuer"], "http://127.0.0.1:1");
        assert!(with_local_provider("[]", "x").is_err());
    }
}
