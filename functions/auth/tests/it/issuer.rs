//! An issuer that says what a test wants: its codes are the claims that it signs.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use cinema_http::axum::http::Uri;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use crate::{
    oauth::{Journey, come_back},
    stage::{Stage, fresh_address, from_the_edge},
};

pub struct Issuer {
    pub url: String,
    /// How often somebody has come with a code.
    exchanges: Arc<AtomicUsize>,
}

struct Answering {
    url: String,
    discovery: Value,
    key: EcdsaKeyPair,
    exchanges: Arc<AtomicUsize>,
}

impl Issuer {
    pub fn start() -> Self {
        Self::describing_itself(|_| {})
    }

    /// With another discovery document; the endpoints are `/auth`, `/token`, `/keys` and `/me`, and `/moved/…` redirects to them.
    pub fn describing_itself(change: impl FnOnce(&mut Value)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut discovery = json!({
            "issuer": url, "authorization_endpoint": format!("{url}/auth"), "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/keys"), "userinfo_endpoint": format!("{url}/me"),
        });
        change(&mut discovery);
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap();
        let exchanges = Arc::new(AtomicUsize::new(0));
        let answering = Answering { url: url.clone(), discovery, key, exchanges: exchanges.clone() };
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                answering.answer(connection);
            }
        });
        Self { url, exchanges }
    }

    /// The setting that names it `scripted`.
    pub fn setting(&self) -> String {
        json!({ "scripted": { "issuer": self.url, "client_id": "cinema", "client_secret": "secret" } }).to_string()
    }

    pub fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::Relaxed)
    }

    /// Comes back from it as `subject`, about whom it says this.
    pub async fn come_back(&self, stage: &Stage, journey: &Journey, subject: &str, said: &Value) -> testkit::Answer {
        come_back(&stage.app, &self.callback(stage, journey, subject, said), &journey.cookie).await
    }

    /// The same in a browser that shows the answer.
    pub async fn come_back_in_a_browser(
        &self,
        stage: &Stage,
        journey: &Journey,
        subject: &str,
        said: &Value,
    ) -> testkit::Answer {
        let callback = self.callback(stage, journey, subject, said);
        let call = from_the_edge(stage.app.get(&callback), &fresh_address()).header("accept", "text/html,*/*;q=0.8");
        call.header("cookie", &journey.cookie).send().await
    }

    fn callback(&self, stage: &Stage, journey: &Journey, subject: &str, said: &Value) -> String {
        let asked = |name: &str| query(&journey.authorization_url, name).unwrap();
        let now = stage.world.now().unix_timestamp();
        let mut claims = json!({
            "iss": self.url, "aud": "cinema", "sub": subject, "nonce": asked("nonce"), "iat": now, "exp": now + 600,
        });
        claims.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let code = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        format!("/v1/auth/oauth/scripted/callback?code={code}&state={}", asked("state"))
    }
}

/// A parameter of an address; those of a journey need no decoding.
pub fn query(address: &str, name: &str) -> Option<String> {
    let address: Uri = address.parse().unwrap();
    let mut pairs = address.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

impl Answering {
    fn answer(&self, mut connection: TcpStream) {
        let (path, body) = read(&connection);
        let (status, more, answer) = match path.as_str() {
            "/.well-known/openid-configuration" => ("200 OK", String::new(), self.discovery.clone()),
            "/keys" => ("200 OK", String::new(), json!({ "keys": [self.public_key()] })),
            "/token" => {
                self.exchanges.fetch_add(1, Ordering::Relaxed);
                let code = body.split('&').find_map(|pair| pair.strip_prefix("code=")).unwrap_or_default();
                let claims = BASE64_URL_SAFE_NO_PAD.decode(code).unwrap_or_default();
                ("200 OK", String::new(), json!({ "id_token": self.sign(&claims), "access_token": "opaque" }))
            }
            "/me" => ("200 OK", String::new(), json!({ "sub": "nobody" })),
            moved => match moved.strip_prefix("/moved") {
                Some(place) => ("307 Temporary Redirect", format!("Location: {}{place}\r\n", self.url), json!({})),
                None => ("404 Not Found", String::new(), json!({})),
            },
        };
        let answer = answer.to_string();
        let length = answer.len();
        let head = format!("HTTP/1.1 {status}\r\n{more}Connection: close\r\nContent-Length: {length}\r\n\r\n");
        let _ = connection.write_all((head + &answer).as_bytes());
    }

    fn public_key(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let coordinate = |range| BASE64_URL_SAFE_NO_PAD.encode(&point[range]);
        json!({ "kty": "EC", "crv": "P-256", "kid": "1", "x": coordinate(1..33), "y": coordinate(33..65) })
    }

    fn sign(&self, claims: &[u8]) -> String {
        let header = json!({ "alg": "ES256", "kid": "1" }).to_string();
        let message = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Path and body of a request.
fn read(connection: &TcpStream) -> (String, String) {
    let mut reader = BufReader::new(connection);
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let path = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    (path, String::from_utf8_lossy(&body).into_owned())
}
