//! The payment provider whose money is not real.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use crate::packages::Component;
use crate::process::Launch;
use crate::setup::Setup;

/// Answers as soon as anybody can pay.
pub(super) const HEALTH: &str = "/health";
/// What the functions call it: `/v1/webhooks/sandbox`.
const NAME: &str = "sandbox";
/// What the functions call the provider of metadata.
const TMDB: &str = "tmdb";

pub(super) fn launch(setup: &Setup<'_>, port: u16) -> Result<Launch> {
    // What was paid is kept here.
    let folder = setup.home.run().join(NAME);
    fs::create_dir_all(&folder)?;
    let program = setup.installed.folder(Component::Sandbox).join("sandbox.mjs");
    Ok(Launch {
        command: vec![
            setup.installed.tools().node().into(),
            program.into(),
            port.to_string().into(),
            folder.clone().into(),
        ],
        environment: vec![
            ("HOME".into(), folder.clone().into()),
            ("PATH".into(), "/usr/bin:/bin".into()),
            ("LANG".into(), "C.UTF-8".into()),
        ],
        folder,
        log: setup.home.log(NAME),
        dies_with_parent: setup.dies_with_parent("KILL"),
    })
}

/// The setting `PAYMENT_PROVIDERS` with this sandbox behind the developer's own.
pub fn with_sandbox(providers: &str, url: &str) -> Result<String> {
    let mut providers: Vec<Value> = serde_json::from_str(providers)?;
    providers.retain(|provider| provider["provider"] != NAME);
    providers.push(json!({ "provider": NAME, "url": url }));
    Ok(serde_json::to_string(&providers)?)
}

/// The setting `METADATA_PROVIDERS` with what stands in for The Movie Database, unless a developer asks the real one.
pub fn with_stand_in(providers: &str, url: &str) -> Result<String> {
    let mut providers: Vec<Value> = serde_json::from_str(providers)?;
    providers.retain(|provider| provider["provider"] != TMDB || provider["url"].is_null());
    if providers.iter().all(|provider| provider["provider"] != TMDB) {
        providers.push(json!({ "provider": TMDB, "url": format!("{url}/{TMDB}") }));
    }
    Ok(serde_json::to_string(&providers)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_developers_own_providers_stay_in_front() {
        let own = r#"[{"provider":"sandbox","url":"http://127.0.0.1:1"},{"provider":"stripe"}]"#;
        let all: Value = serde_json::from_str(&with_sandbox(own, "http://127.0.0.1:2").unwrap()).unwrap();
        assert_eq!(all, json!([{ "provider": "stripe" }, { "provider": "sandbox", "url": "http://127.0.0.1:2" }]));
        assert!(with_sandbox("{}", "x").is_err());
    }

    #[test]
    fn a_developers_own_provider_of_metadata_has_no_stand_in() {
        let placed =
            |own: &str| -> Value { serde_json::from_str(&with_stand_in(own, "http://127.0.0.1:2").unwrap()).unwrap() };
        let stand_in = json!([{ "provider": "tmdb", "url": "http://127.0.0.1:2/tmdb" }]);
        assert_eq!(placed("[]"), stand_in);
        assert_eq!(placed(r#"[{"provider":"tmdb","url":"http://127.0.0.1:1/tmdb"}]"#), stand_in);
        assert_eq!(placed(r#"[{"provider":"tmdb"}]"#), json!([{ "provider": "tmdb" }]));
        assert!(with_stand_in("{}", "x").is_err());
    }
}
