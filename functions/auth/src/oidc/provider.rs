//! One provider: its documents, kept in this environment, and the exchange of a code.

use std::{collections::HashMap, sync::Arc, time::Duration as Patience};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use jsonwebtoken::{Algorithm, DecodingKey};
use kernel::{VisibleLine, World};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use stores::Fetch;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use super::{
    Purpose, Ticket, endpoint,
    id_token::{self, Expected, Identity, Said},
};

/// How long the provider's documents are used before they are read again.
const KEEP: Duration = Duration::hours(1);
/// How often an unknown key may cause a read.
const REREAD: Duration = Duration::seconds(30);
/// A provider that needs longer is down.
const PATIENCE: Patience = Patience::from_secs(4);

/// An entry of `OAUTH_PROVIDERS`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// What people call it; without it, the name of the entry with a capital.
    display_name: Option<VisibleLine<40>>,
    pub issuer: String,
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    #[serde(default = "openid_and_email")]
    pub scopes: Vec<String>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

fn openid_and_email() -> Vec<String> {
    vec!["openid".to_owned(), "email".to_owned()]
}

/// A provider whose accounts can sign in.
pub struct Provider {
    config: Config,
    redirect_uri: String,
    fetch: Fetch,
    world: World,
    kept: Mutex<Option<Arc<Documents>>>,
}

/// What a provider says of itself (OpenID Connect Discovery).
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    /// Whether it names itself in every answer (RFC 9207).
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// The first endpoint that may not be asked, as the document calls it.
    fn untrusted_endpoint(&self) -> Option<&'static str> {
        let endpoints = [
            ("authorization_endpoint", Some(&self.authorization_endpoint)),
            ("token_endpoint", Some(&self.token_endpoint)),
            ("jwks_uri", Some(&self.jwks_uri)),
            ("userinfo_endpoint", self.userinfo_endpoint.as_ref()),
        ];
        let untrusted = |url: Option<&String>| url.is_some_and(|url| !endpoint::may_name(&self.issuer, url));
        endpoints.into_iter().find(|(_, url)| untrusted(*url)).map(|(name, _)| name)
    }
}

struct Documents {
    read_at: OffsetDateTime,
    metadata: Metadata,
    keys: HashMap<Option<String>, (Algorithm, DecodingKey)>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
    access_token: Option<String>,
}

/// Why a provider signs nobody in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    #[error("the provider does not know the code")]
    CodeRefused,
    /// It does not answer as it should; for the log.
    #[error("{0}")]
    Down(String),
}

fn down(reason: impl std::fmt::Display) -> ProviderError {
    ProviderError::Down(reason.to_string())
}

impl Provider {
    pub(super) fn new(config: Config, redirect_uri: String, fetch: Fetch, world: World) -> Self {
        Self { config, redirect_uri, fetch, world, kept: Mutex::default() }
    }

    /// What people call it; `name` is what the setting calls it.
    pub fn display_name(&self, name: &str) -> String {
        if let Some(display_name) = &self.config.display_name {
            return display_name.as_str().to_owned();
        }
        let mut letters = name.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }

    /// Where the browser goes.
    ///
    /// # Errors
    /// [`ProviderError::Down`].
    pub async fn authorization_url(&self, ticket: &Ticket) -> Result<String, ProviderError> {
        let documents = self.documents(None).await?;
        let endpoint = &documents.metadata.authorization_endpoint;
        let (scope, challenge) = (self.config.scopes.join(" "), ticket.challenge());
        let mut pairs = vec![
            ("client_id", self.config.client_id.as_str()),
            ("response_type", "code"),
            ("scope", &scope),
            ("redirect_uri", &self.redirect_uri),
            ("state", &ticket.state),
            ("nonce", &ticket.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if matches!(ticket.purpose, Purpose::StepUp(_)) {
            // Each alone may be overlooked; with `max_age` the ID token has to say when (OpenID Connect Core, 2).
            pairs.extend([("prompt", "login"), ("max_age", "0")]);
        }
        let query = form(&pairs);
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{separator}{query}"))
    }

    /// Whether an answer comes from this provider: it names it, or names none as this provider's answers do (RFC 9207, 2.4).
    ///
    /// # Errors
    /// [`ProviderError::Down`].
    pub async fn has_answered(&self, named: Option<&str>) -> Result<bool, ProviderError> {
        match named {
            Some(named) => Ok(named == self.config.issuer),
            None => Ok(!self.documents(None).await?.metadata.authorization_response_iss_parameter_supported),
        }
    }

    /// Who has come back with a code.
    ///
    /// # Errors
    /// Either.
    pub async fn identity(&self, code: &str, ticket: &Ticket) -> Result<Identity, ProviderError> {
        let tokens = self.exchange(code, ticket).await?;
        let header = jsonwebtoken::decode_header(&tokens.id_token).map_err(down)?;
        let documents = self.documents(Some(&header.kid)).await?;
        let key = documents.keys.get(&header.kid).ok_or_else(|| down("ID token signed by an unknown key"))?;
        let expected = Expected {
            issuer: &self.config.issuer,
            client_id: &self.config.client_id,
            nonce: &ticket.nonce,
            now: self.world.now(),
        };
        let said = id_token::verify(&tokens.id_token, (key.0, &key.1), &expected).map_err(down)?;
        match (&documents.metadata.userinfo_endpoint, tokens.access_token) {
            (Some(url), Some(token)) if !said.has_email() => {
                let request = Request::get(url).header(header::AUTHORIZATION, format!("Bearer {token}"));
                let rest: Said = self.json(request.body(Bytes::new()).map_err(down)?).await?;
                Ok(said.complete(rest).identity(expected.now))
            }
            _ => Ok(said.identity(expected.now)),
        }
    }

    async fn exchange(&self, code: &str, ticket: &Ticket) -> Result<Tokens, ProviderError> {
        let documents = self.documents(None).await?;
        let body = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &ticket.verifier),
        ]);
        // RFC 6749, 2.3.1: both halves are encoded before they are joined.
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let client =
            format!("{}:{}", encoded(&self.config.client_id), encoded(self.config.client_secret.expose_secret()));
        let request = Request::post(&documents.metadata.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Basic {}", BASE64_STANDARD.encode(client)))
            .body(Bytes::from(body))
            .map_err(down)?;
        self.json(request).await
    }

    async fn json<T: DeserializeOwned>(&self, request: Request<Bytes>) -> Result<T, ProviderError> {
        let response = self.fetch.send(request, PATIENCE).await.map_err(down)?;
        let (status, body) = (response.status(), response.into_body());
        if status == StatusCode::BAD_REQUEST && error_of(&body).as_deref() == Some("invalid_grant") {
            return Err(ProviderError::CodeRefused);
        }
        if !status.is_success() {
            return Err(down(format!("answered {status}: {}", error_of(&body).unwrap_or_default())));
        }
        serde_json::from_slice(&body).map_err(down)
    }

    /// The provider's documents; with an id, those that know this key if there are any. While they cannot be read, the last ones are good.
    async fn documents(&self, kid: Option<&Option<String>>) -> Result<Arc<Documents>, ProviderError> {
        let mut kept = self.kept.lock().await;
        let now = self.world.now();
        if let Some(documents) = kept.as_ref() {
            let age = now - documents.read_at;
            let knows = kid.is_none_or(|kid| documents.keys.contains_key(kid));
            if knows && age < KEEP || !knows && age < REREAD {
                return Ok(documents.clone());
            }
        }
        match (self.read(now).await, kept.as_ref()) {
            (Ok(documents), _) => Ok(kept.insert(Arc::new(documents)).clone()),
            (Err(error), Some(last)) => {
                tracing::warn!(%error, "the provider's documents cannot be read, the last ones are used");
                Ok(last.clone())
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn read(&self, now: OffsetDateTime) -> Result<Documents, ProviderError> {
        let url = format!("{}/.well-known/openid-configuration", self.config.issuer.trim_end_matches('/'));
        let metadata: Metadata = self.json(Request::get(url).body(Bytes::new()).map_err(down)?).await?;
        if metadata.issuer != self.config.issuer {
            return Err(down(format!("calls itself {}", metadata.issuer)));
        }
        if let Some(name) = metadata.untrusted_endpoint() {
            return Err(down(format!("its {name} is not https")));
        }
        let request = Request::get(&metadata.jwks_uri).body(Bytes::new()).map_err(down)?;
        let set: KeySet = self.json(request).await?;
        Ok(Documents { read_at: now, metadata, keys: set.keys.into_iter().filter_map(Key::usable).collect() })
    }
}

impl Key {
    /// ES256 and RS256 are what we can verify.
    fn usable(self) -> Option<(Option<String>, (Algorithm, DecodingKey))> {
        let key = match (self.kty.as_str(), self.alg.as_deref(), self.crv.as_deref()) {
            ("RSA", None | Some("RS256"), _) => {
                (Algorithm::RS256, DecodingKey::from_rsa_components(&self.n?, &self.e?).ok()?)
            }
            ("EC", None | Some("ES256"), Some("P-256")) => {
                (Algorithm::ES256, DecodingKey::from_ec_components(&self.x?, &self.y?).ok()?)
            }
            _ => return None,
        };
        Some((self.kid, key))
    }
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The code of an error (RFC 6749, 5.2); its description may repeat what was sent.
fn error_of(body: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    document["error"].as_str().map(|code| code.chars().take(100).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn metadata(name: &str, url: &str) -> Metadata {
        let mut document = json!({
            "issuer": "https://a.example", "authorization_endpoint": "https://a.example/auth", "token_endpoint": "https://a.example/token",
            "jwks_uri": "https://keys.example/", "userinfo_endpoint": "https://a.example/me",
        });
        document[name] = Value::from(url);
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn every_endpoint_is_https_and_the_one_that_is_not_is_named() {
        assert_eq!(metadata("issuer", "https://a.example").untrusted_endpoint(), None);
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            for url in ["http://a.example/", "http://127.0.0.1/", "//a.example/", "javascript:alert(1)", ""] {
                assert_eq!(metadata(name, url).untrusted_endpoint(), Some(name), "{url}");
            }
        }
    }
}
