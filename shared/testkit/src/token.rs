//! Access tokens for tests, signed by a key whose public half a small server publishes as `JWKS_URL`.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::OnceLock,
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cinema_http::token::{AUDIENCE, Claims, ISSUER, Jwks, Signer};
use events::Event;
use kernel::{AccountId, Locale, ProfileId, SessionId, World};
use proto::{auth::SessionEnded, types};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

const KID: &str = "test-key";

struct Keys {
    pkcs8: Vec<u8>,
    url: String,
}

fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let pkcs8 = new_key();
        let set = Jwks { keys: vec![Signer::public(KID, &pkcs8).expect("a P-256 key")] };
        Keys { pkcs8, url: publish(serde_json::to_string(&set).expect("a key set")) }
    })
}

/// A fresh P-256 key as PKCS#8.
pub fn new_key() -> Vec<u8> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    document.expect("random bytes").as_ref().to_vec()
}

/// Serves a JSON document on loopback for as long as the process lives; returns its URL.
pub fn publish(document: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/document.json", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let document = document.clone();
            std::thread::spawn(move || answer(connection, &document));
        }
    });
    url
}

fn answer(mut connection: std::net::TcpStream, document: &str) {
    let mut buffer = [0; 4096];
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
        }
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    let _ = write!(connection, "{head} {}\r\n\r\n{document}", document.len());
}

/// The URL of the test's key set.
pub fn jwks_url() -> String {
    keys().url.clone()
}

/// An access token under construction.
#[derive(Debug, Clone)]
pub struct Token(pub Claims);

impl Token {
    /// For an account, without profile or roles, valid from now on.
    pub fn account(id: AccountId) -> Self {
        let world = World::system();
        let now = world.now().unix_timestamp();
        Self(Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + 600,
            jti: world.id::<kernel::EventId>().to_string(),
            sub: id,
            sid: world.id::<SessionId>(),
            pid: None,
            roles: vec![],
            max_rating: 18,
            locale: Locale::english(),
            auth_time: now,
            amr: vec!["pwd".to_owned()],
        })
    }

    /// For a fresh account.
    pub fn fresh() -> Self {
        Self::account(World::system().id())
    }

    /// For a fresh account with a role.
    pub fn role(role: &str) -> Self {
        let mut token = Self::fresh();
        token.0.roles.push(role.to_owned());
        token
    }

    /// For a fresh account with a fresh profile.
    pub fn viewer() -> Self {
        Self::fresh().profile(World::system().id())
    }

    /// With a chosen profile.
    #[must_use]
    pub fn profile(mut self, id: ProfileId) -> Self {
        self.0.pid = Some(id);
        self
    }

    /// With a rating cap.
    #[must_use]
    pub fn max_rating(mut self, age: u8) -> Self {
        self.0.max_rating = age;
        self
    }

    /// Signed at a moment, with a proof of identity of that moment: for a service whose clock is not the machine's, or stands still.
    #[must_use]
    pub fn at(mut self, moment: OffsetDateTime) -> Self {
        let moment = moment.unix_timestamp();
        (self.0.iat, self.0.auth_time, self.0.exp) = (moment, moment, moment + 600);
        self
    }

    /// What auth tells when its login session has ended.
    pub fn session_ended(&self, ended_at: OffsetDateTime) -> Event {
        let data = SessionEnded {
            session_id: self.0.sid.to_string(),
            account_id: self.0.sub.to_string(),
            ended_at: ended_at.format(&Rfc3339).expect("a year of four digits"),
        };
        Event::new(&World::system(), types::SESSION_ENDED, self.0.sid, 1, &data)
    }

    /// Signed with the test's key.
    pub fn sign(&self) -> String {
        self.sign_with(KID, &keys().pkcs8)
    }

    /// Signed with any key, to forge one.
    pub fn sign_with(&self, kid: &str, pkcs8: &[u8]) -> String {
        Signer::new(kid, pkcs8).sign(&self.0).expect("a P-256 key")
    }

    /// Signed with the test's key under a header of one's own.
    pub fn sign_under(&self, header: &serde_json::Value) -> String {
        let part = |value: String| BASE64_URL_SAFE_NO_PAD.encode(value);
        let claims = serde_json::to_string(&self.0).expect("claims");
        let signed = format!("{}.{}", part(header.to_string()), part(claims));
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &keys().pkcs8, &random).expect("a key");
        let signature = pair.sign(&random, signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token whose time is over.
    pub fn expired() -> String {
        let mut token = Self::viewer();
        token.0.iat -= 3600;
        token.0.exp -= 3600;
        token.sign()
    }

    /// A token that says the right things, signed by somebody else under our key id.
    pub fn forged(&self) -> String {
        self.sign_with(KID, &new_key())
    }
}
