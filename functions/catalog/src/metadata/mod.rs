//! Whoever knows what a title is: one trait, and a file for each provider. See docs/architecture/0065-imported-metadata.md.
//!
//! Whatever a provider answers is a stranger's: what cannot be kept is left out with a reason, and never a failure of ours.

mod merge;
mod tmdb;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use kernel::{Locale, Territory, TitleKind};
use runtime::{Boot, BootError, Keys, Wire};
use serde::{Deserialize, Serialize};
use stores::StoreError;
use utoipa::ToSchema;

use crate::{
    draft::Credit,
    text::{ExternalId, Name, Slug, Synopsis, Year},
};

/// Which providers there are, as JSON: `[{"provider": "tmdb"}]`.
const SETTING: &str = "METADATA_PROVIDERS";
/// The secret with their keys.
const SECRET: &str = "metadata-keys";
/// Most parts of one answer that are named as left out.
const MOST_LEFT_OUT: usize = 50;

/// A provider of metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderName {
    /// The Movie Database.
    Tmdb,
}

impl ProviderName {
    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tmdb => tmdb::NAME,
        }
    }

    /// The provider of this word.
    pub fn of(word: &str) -> Option<Self> {
        (word == tmdb::NAME).then_some(Self::Tmdb)
    }
}

/// Whoever can be asked what a title is.
pub trait Provider: Send + Sync {
    fn name(&self) -> ProviderName;

    /// Whether it has a key.
    ///
    /// # Errors
    /// While the secret cannot be read.
    fn is_ready(&self) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Whether it could have given this id.
    fn takes(&self, id: &ExternalId) -> bool;

    /// What it says of a film or series.
    ///
    /// # Errors
    /// Why it says nothing; see [`FetchError`].
    fn fetch<'a>(&'a self, kind: TitleKind, id: &'a ExternalId) -> BoxFuture<'a, Result<Metadata, FetchError>>;

    /// What it says of a season of a series and of its episodes.
    ///
    /// # Errors
    /// Why it says nothing; see [`FetchError`].
    fn fetch_season<'a>(&'a self, series: &'a ExternalId, number: u16) -> BoxFuture<'a, Result<Season, FetchError>>;
}

/// Why a provider says nothing. They differ in what may be done next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It knows no such title.
    #[error("not found")]
    NotFound,
    /// Its answer is none that can be read.
    #[error("an answer that cannot be read: {0}")]
    Unreadable(String),
    /// Our key is missing, or not taken.
    #[error("no key that it takes: {0}")]
    NoAccess(String),
    /// We ask too often: again after this time, if it says one.
    #[error("busy")]
    Busy(Option<Duration>),
    /// It does not answer now.
    #[error("not available: {0}")]
    Unavailable(String),
}

/// What a provider says of a title, as far as it can be kept. What is absent or empty says nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata {
    pub original_title: Option<Name>,
    pub year: Option<Year>,
    pub countries: Vec<Territory>,
    /// Slugs; not all of them need exist.
    pub genres: Vec<Slug>,
    pub texts: BTreeMap<Locale, Text>,
    pub credits: Vec<Credit>,
    /// What others call the title; the provider's own id is among them.
    pub external_ids: BTreeMap<Slug, ExternalId>,
    /// The numbers of a series' seasons: each is asked for by itself.
    pub seasons: Vec<u16>,
    pub left_out: Vec<LeftOut>,
}

/// What a provider says of a season or an episode.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// JSON pointer into the provider's answer.
    pub pointer: String,
    /// Its place in the series or season.
    pub number: u16,
    /// The provider's own id.
    pub id: ExternalId,
    pub about: Metadata,
}

/// What a provider says of a season. Whatever is left out of its episodes is named in its own list.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    pub part: Part,
    /// By number, each once.
    pub episodes: Vec<Part>,
}

/// What a provider says of a title in one language.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    pub name: Option<Name>,
    pub synopsis: Option<Synopsis>,
}

/// A part of a provider's answer that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    /// JSON pointer (RFC 6901) into the provider's answer.
    pub pointer: String,
    /// What must be there.
    pub reason: String,
}

impl Metadata {
    /// Notes what is not kept; never its content.
    pub(crate) fn leave_out(&mut self, pointer: impl Into<String>, reason: &str) {
        if self.left_out.len() < MOST_LEFT_OUT {
            self.left_out.push(LeftOut { pointer: pointer.into(), reason: reason.to_owned() });
        }
    }

    /// What to call the title where it has no name yet.
    pub fn best_name(&self) -> Option<&Name> {
        let translated = || self.texts.values().find_map(|text| text.name.as_ref());
        self.original_title.as_ref().or_else(translated)
    }
}

/// All providers that are configured.
#[derive(Clone)]
pub struct Providers(Arc<[Arc<dyn Provider>]>);

impl Wire for Providers {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        let keys = Keys::wire(boot, SECRET)?;
        // Without the setting nobody can be asked, which is said when somebody would be.
        let text = boot.setting(SETTING).unwrap_or_else(|| "[]".to_owned());
        let configs = parse(&text).map_err(|reason| BootError::Invalid { name: SETTING.to_owned(), reason })?;
        Ok(Self(configs.iter().map(|config| config.provider(&keys)).collect()))
    }
}

impl Providers {
    /// The provider of this name; `None` when it is not configured.
    pub fn find(&self, name: ProviderName) -> Option<&dyn Provider> {
        self.0.iter().find(|provider| provider.name() == name).map(AsRef::as_ref)
    }

    /// The same, if it also has a key.
    ///
    /// # Errors
    /// While the secret cannot be read.
    pub async fn ready(&self, name: ProviderName) -> Result<Option<&dyn Provider>, StoreError> {
        let Some(provider) = self.find(name) else { return Ok(None) };
        Ok(provider.is_ready().await?.then_some(provider))
    }
}

/// An entry of [`SETTING`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
enum Config {
    Tmdb(tmdb::Config),
}

impl Config {
    fn name(&self) -> &'static str {
        match self {
            Self::Tmdb(_) => tmdb::NAME,
        }
    }

    fn provider(&self, keys: &Keys) -> Arc<dyn Provider> {
        match self {
            Self::Tmdb(config) => Arc::new(tmdb::Tmdb::new(config, keys.clone())),
        }
    }
}

fn parse(text: &str) -> Result<Vec<Config>, String> {
    let configs: Vec<Config> = serde_json::from_str(text).map_err(|error| {
        // The parser's own text quotes values.
        format!("not a list of tmdb with what it needs: column {}", error.column())
    })?;
    for (index, config) in configs.iter().enumerate() {
        if configs[..index].iter().any(|before| before.name() == config.name()) {
            return Err(format!("{} is named twice", config.name()));
        }
    }
    Ok(configs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_provider_without_a_key_is_none_and_a_stand_in_has_a_key_of_its_own() {
        let providers = |setting: &str, keys: &str| {
            let configs = parse(setting).unwrap();
            Providers(configs.iter().map(|config| config.provider(&Keys::fixed(keys))).collect())
        };
        let real = r#"[{"provider": "tmdb"}]"#;
        let local = r#"[{"provider": "tmdb", "url": "http://127.0.0.1:9420/tmdb"}]"#;
        for (setting, keys, is_ready) in [
            ("[]", r#"{"tmdb": "0123456789abcdef"}"#, false),
            (real, "{}", false),
            (real, r#"{"tmdb": ""}"#, false),
            (real, r#"{"tmdb": "0123456789abcdef"}"#, true),
            // A key of the real one never goes elsewhere, nor the other way round.
            (local, r#"{"tmdb": "0123456789abcdef"}"#, false),
            (real, r#"{"sandbox": "0123456789abcdef"}"#, false),
            (local, r#"{"sandbox": "0123456789abcdef"}"#, true),
        ] {
            let found = providers(setting, keys).ready(ProviderName::Tmdb).await.unwrap().is_some();
            assert_eq!(found, is_ready, "{setting} {keys}");
        }
        assert!(providers(real, "no keys").ready(ProviderName::Tmdb).await.is_err());
    }

    #[test]
    fn a_setting_that_cannot_work_is_refused_without_repeating_it() {
        assert_eq!(parse("[]"), Ok(Vec::new()));
        for wrong in [
            "",
            "{}",
            r#"[{"provider": "hidden"}]"#,
            r#"[{"provider": "tmdb", "key": "hidden"}]"#,
            r#"[{"provider": "tmdb"}, {"provider": "tmdb"}]"#,
            r#"[{"provider": "tmdb", "url": "https://hidden.example"}]"#,
            r#"[{"provider": "tmdb", "url": "http://127.0.0.1@hidden"}]"#,
        ] {
            let reason = parse(wrong).unwrap_err();
            assert!(!reason.contains("hidden"), "{reason}");
        }
    }

    #[test]
    fn a_list_of_what_is_left_out_is_short() {
        let mut metadata = Metadata::default();
        (0..1000).for_each(|at| metadata.leave_out(format!("/{at}"), "must be a text"));
        assert_eq!(metadata.left_out.len(), MOST_LEFT_OUT);
    }
}
