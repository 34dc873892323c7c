//! The platform's settings: made once, kept in a file that only its owner reads, never in the repository.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use engines::{private, with_local_provider, with_sandbox, with_stand_in};
use ring::hmac;

/// Name → value. The plan says which of them a function gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(BTreeMap<String, String>);

/// Everything derives from it that nobody has to know: passwords of the service roles.
const SEED: &str = "SEED";

/// Where passwords are looked up that have leaked somewhere; the edge knows a few by default.
const BREACHED_PASSWORDS_URL: &str = "BREACHED_PASSWORDS_URL";
/// Whose accounts can sign in, as JSON: name → issuer, client_id, client_secret, scopes.
const OAUTH_PROVIDERS: &str = "OAUTH_PROVIDERS";

/// With whom people pay, as a JSON list: provider and what it needs besides its key; the first takes new payments.
const PAYMENT_PROVIDERS: &str = "PAYMENT_PROVIDERS";

/// Who is asked what titles are, as a JSON list.
const METADATA_PROVIDERS: &str = "METADATA_PROVIDERS";

/// What a fresh platform begins with. A developer changes a line of the file and deploys again.
const DEFAULTS: [(&str, &str); 13] = [
    (BREACHED_PASSWORDS_URL, "http://localhost:8080/_breached"),
    ("CINEMA_ENVIRONMENT", "local"),
    ("DEFAULT_TERRITORY", "RU"),
    ("EMAIL_FROM", "Online Cinema <cinema@example.com>"),
    ("FIRST_ADMIN_EMAIL", "editor@example.com"),
    (METADATA_PROVIDERS, "[]"),
    (OAUTH_PROVIDERS, "{}"),
    // Who collects spans, over OTLP/HTTP, such as the edge itself at `/_otlp`; nobody if it is empty.
    ("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
    (PAYMENT_PROVIDERS, "[]"),
    ("PUBLIC_URL", "http://localhost:8080"),
    // Push services of one's own, by origins with commas: they may be inside of the network.
    ("PUSH_TRUSTED_ORIGINS", ""),
    ("RUST_LOG", "info"),
    // Of CloudFront; the edge has one key and takes any id.
    ("URL_KEY_PAIR_ID", ""),
];

impl Settings {
    /// Reads the file, adds what is missing and writes it back when something was.
    pub fn load(file: &Path) -> Result<Settings> {
        let known: BTreeMap<String, String> = private::read_json(file)?.unwrap_or_default();
        let mut settings = Settings(known.clone());
        settings.complete()?;
        if settings.0 != known {
            settings.save(file)?;
        }
        Ok(settings)
    }

    /// Settings for a throw-away platform, kept nowhere.
    pub fn fresh() -> Result<Settings> {
        let mut settings = Settings(BTreeMap::new());
        settings.complete()?;
        Ok(settings)
    }

    /// One setting.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Replaces one setting for this run.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Where this platform's edge, issuer and sandbox are; what a developer has set stays.
    pub fn place(&mut self, edge: &str, issuer: &str, sandbox: &str) -> Result<()> {
        self.set("PUBLIC_URL", edge);
        if DEFAULTS.iter().any(|(name, value)| *name == BREACHED_PASSWORDS_URL && self.get(name) == Some(value)) {
            self.set(BREACHED_PASSWORDS_URL, format!("{edge}/_breached"));
        }
        if !issuer.is_empty() {
            let own = self.get(OAUTH_PROVIDERS).unwrap_or("{}");
            let providers = with_local_provider(own, issuer).context("the setting OAUTH_PROVIDERS")?;
            self.set(OAUTH_PROVIDERS, providers);
        }
        if !sandbox.is_empty() {
            let own = self.get(PAYMENT_PROVIDERS).unwrap_or("[]");
            let providers = with_sandbox(own, sandbox).context("the setting PAYMENT_PROVIDERS")?;
            self.set(PAYMENT_PROVIDERS, providers);
            let own = self.get(METADATA_PROVIDERS).unwrap_or("[]");
            let providers = with_stand_in(own, sandbox).context("the setting METADATA_PROVIDERS")?;
            self.set(METADATA_PROVIDERS, providers);
        }
        Ok(())
    }

    /// The password of a service's role; the same every time.
    pub fn postgres_password(&self, service: &str) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.get(SEED).unwrap_or_default().as_bytes());
        hex::encode(&hmac::sign(&key, format!("postgres {service}").as_bytes()).as_ref()[..16])
    }

    /// The address in `EMAIL_FROM`, without the name in front.
    pub fn sender_address(&self) -> &str {
        let from = self.get("EMAIL_FROM").unwrap_or_default();
        from.split_once('<').map_or(from, |(_, rest)| rest.trim_end_matches('>')).trim()
    }

    fn complete(&mut self) -> Result<()> {
        for name in [SEED, "CURSOR_KEY", "ORIGIN_VERIFY"] {
            if !self.0.contains_key(name) {
                self.0.insert(name.to_owned(), private::key()?);
            }
        }
        for (name, value) in DEFAULTS {
            self.0.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        Ok(())
    }

    /// Writes them to a file that only its owner reads.
    pub fn save(&self, file: &Path) -> Result<()> {
        private::write_json(file, &self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn settings_are_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("run/settings.json");
        let first = Settings::load(&file).unwrap();
        assert_eq!(Settings::load(&file).unwrap(), first);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(first.postgres_password("auth").len(), 32);
        assert_ne!(first.postgres_password("auth"), first.postgres_password("user"));
        assert_eq!(first.sender_address(), "cinema@example.com");
    }

    #[test]
    fn places_follow_the_edge_unless_a_developer_named_others() {
        let mut settings = Settings::fresh().unwrap();
        settings.place("http://localhost:9", "http://127.0.0.1:1", "http://127.0.0.1:2").unwrap();
        assert_eq!(settings.get("PUBLIC_URL"), Some("http://localhost:9"));
        assert_eq!(settings.get(BREACHED_PASSWORDS_URL), Some("http://localhost:9/_breached"));
        assert!(settings.get(OAUTH_PROVIDERS).is_some_and(|providers| providers.contains("127.0.0.1:1")));
        assert!(settings.get(PAYMENT_PROVIDERS).is_some_and(|providers| providers.contains("127.0.0.1:2")));
        assert!(settings.get(METADATA_PROVIDERS).is_some_and(|providers| providers.contains("127.0.0.1:2/tmdb")));
        settings.set(BREACHED_PASSWORDS_URL, "https://api.pwnedpasswords.com");
        settings.place("http://localhost:9", "", "").unwrap();
        assert_eq!(settings.get(BREACHED_PASSWORDS_URL), Some("https://api.pwnedpasswords.com"));
    }

    #[test]
    fn a_changed_line_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        fs::write(&file, r#"{"DEFAULT_TERRITORY": "FR"}"#).unwrap();
        assert_eq!(Settings::load(&file).unwrap().get("DEFAULT_TERRITORY"), Some("FR"));
    }
}
