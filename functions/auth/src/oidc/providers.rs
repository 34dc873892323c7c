//! The providers of the setting `OAUTH_PROVIDERS`.

use std::{collections::BTreeMap, sync::Arc};

use runtime::{Boot, BootError, PublicUrl, Wire};
use stores::Fetch;

use super::{Provider, endpoint, provider::Config};

const SETTING: &str = "OAUTH_PROVIDERS";
/// A provider of such a name could not be told from what else is below `/v1/auth/oauth/`.
const TAKEN: [&str; 2] = ["links", "providers"];

/// All providers by name.
#[derive(Clone)]
pub struct Providers(Arc<BTreeMap<String, Provider>>);

/// There is no provider of this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoProvider;

/// From the setting: name → issuer, client_id, client_secret, scopes, display_name. Their documents are read with the first sign-in.
impl Wire for Providers {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let text = boot.setting(SETTING).unwrap_or_else(|| "{}".to_owned());
        let configs = parse(&text).map_err(|reason| BootError::Invalid { name: SETTING.to_owned(), reason })?;
        let origin = PublicUrl::wire(boot)?;
        let (fetch, world) = (Fetch::default(), boot.world());
        let provider = |(name, config): (String, Config)| {
            let redirect_uri = origin.join(&format!("/v1/auth/oauth/{name}/callback"));
            (name, Provider::new(config, redirect_uri, fetch.clone(), world.clone()))
        };
        Ok(Self(Arc::new(configs.into_iter().map(provider).collect())))
    }
}

impl Providers {
    /// One of them.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find(&self, name: &str) -> Result<&Provider, NoProvider> {
        self.0.get(name).ok_or(NoProvider)
    }

    /// All of them with their names, in alphabetical order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Provider)> {
        self.0.iter().map(|(name, provider)| (name.as_str(), provider))
    }
}

fn parse(text: &str) -> Result<BTreeMap<String, Config>, String> {
    let configs: BTreeMap<String, Config> = serde_json::from_str(text).map_err(|error| {
        // The parser's own text quotes values.
        format!(
            "not a map of name to issuer, client_id, client_secret, scopes, display_name: column {}",
            error.column()
        )
    })?;
    for (name, config) in &configs {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(is_plain) {
            return Err("a provider's name has lower-case letters, digits and dashes".to_owned());
        }
        if TAKEN.contains(&name.as_str()) {
            return Err(format!("a provider cannot be called {name}"));
        }
        if endpoint::reach(&config.issuer).is_none() {
            return Err(format!("{name}: an issuer's URL begins with https:// unless it is on this machine"));
        }
        if !config.scopes.iter().any(|scope| scope == "openid") {
            return Err(format!("{name}: the scope openid is missing"));
        }
    }
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_cannot_work_is_refused_without_repeating_it() {
        let of = |issuer: &str, more: &str| {
            format!(r#"{{"google":{{"issuer":"{issuer}","client_id":"id","client_secret":"hidden"{more}}}}}"#)
        };
        assert_eq!(parse("{}").unwrap().len(), 0);
        let google = parse(&of("https://accounts.google.com", "")).unwrap();
        assert_eq!(google["google"].scopes, ["openid", "email"]);
        assert!(parse(&of("http://issuer.localhost:9410", r#","scopes":["openid"]"#)).is_ok());
        for wrong in [
            "[]".to_owned(),
            of("http://accounts.google.com", ""),
            of("http://localhost.evil.example", ""),
            of("http://localhost:80@evil.example", ""),
            of("accounts.google.com", ""),
            of("https://a.example", r#","scopes":["email"]"#),
            of("https://a.example", r#","scope":["openid"]"#),
            of("https://a.example", "").replace("google", "Goo gle"),
            of("https://a.example", "").replace("google", "links"),
            of("https://a.example", "").replace("google", "providers"),
            of("https://a.example", r#","display_name":"\u200b""#),
        ] {
            let reason = parse(&wrong).unwrap_err();
            assert!(!reason.contains("hidden"), "{reason}");
        }
    }
}
