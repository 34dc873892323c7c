//! The product's own API, called as any client would call it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::{Value, json};

/// How long is waited each time nobody answered.
const BUSY: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(10)];

/// A client of one platform, signed in or not.
#[derive(Clone)]
pub struct Cinema {
    http: reqwest::Client,
    base: String,
    /// Of the session, shared by all clones.
    tokens: Option<Arc<Session>>,
    witness: Option<Witness>,
}

/// Sees every answer: the request's method and path, then the answer's status, `Content-Type` and body.
pub type Witness = fn(&Method, &str, u16, Option<&str>, &[u8]);

struct Session {
    tokens: Mutex<Tokens>,
    /// Held by whoever refreshes: a refresh token that is used twice ends the session.
    refreshing: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    fn of(answer: &Value) -> Result<Self> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned).with_context(|| format!("no {name}"));
        Ok(Self { access: text("access_token")?, refresh: text("refresh_token")? })
    }
}

impl Cinema {
    /// A client that is not signed in; `base` is the edge's origin.
    pub fn new(base: &str) -> Result<Self> {
        Ok(Self {
            http: edge::http_client()?,
            base: base.trim_end_matches('/').to_owned(),
            tokens: None,
            witness: None,
        })
    }

    /// The same, with somebody who sees every answer.
    pub fn seen_by(self, witness: Witness) -> Self {
        Self { witness: Some(witness), ..self }
    }

    /// The same, through another HTTP client.
    pub fn with_client(&self, http: reqwest::Client) -> Self {
        Self { http, ..self.clone() }
    }

    /// The plain HTTP client.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The edge's origin.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Signs in, with the default profile.
    pub async fn sign_in(&self, email: &str, password: &str) -> Result<Self> {
        let body = json!({ "email": email, "password": password, "device_name": "cargo cinema" });
        let tokens = Tokens::of(&self.post("/v1/auth/login", &body).await?).context("the answer to the login")?;
        let session = Session { tokens: Mutex::new(tokens), refreshing: tokio::sync::Mutex::default() };
        Ok(Self { tokens: Some(Arc::new(session)), ..self.clone() })
    }

    fn tokens(&self) -> Option<Tokens> {
        let session = self.tokens.as_ref()?;
        Some(session.tokens.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// The access token, for a client of another kind.
    pub fn access_token(&self) -> Result<String> {
        Ok(self.tokens().context("not signed in")?.access)
    }

    /// A film takes longer than an access token lives. Calls side by side find theirs expired together: the first one refreshes for all.
    async fn refresh(&self, refresh: &str) -> Result<()> {
        let Some(session) = &self.tokens else { return Ok(()) };
        let _refreshing = session.refreshing.lock().await;
        if self.tokens().is_some_and(|tokens| tokens.refresh != refresh) {
            return Ok(());
        }
        let url = format!("{}/v1/auth/refresh", self.base);
        let call = self.http.post(url).json(&json!({ "refresh_token": refresh }));
        let answer: Value = call.send().await?.error_for_status().context("the session has ended")?.json().await?;
        *session.tokens.lock().unwrap_or_else(PoisonError::into_inner) = Tokens::of(&answer)?;
        Ok(())
    }

    /// The account and profile of the token.
    pub fn claims(&self) -> Result<Value> {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
        let token = self.tokens().context("not signed in")?.access;
        let claims = token.split('.').nth(1).context("not a JWT")?;
        Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims)?)?)
    }

    /// GET
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None, &[]).await
    }

    /// POST
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body), &[]).await
    }

    /// POST with an Idempotency-Key: again is no second effect.
    pub async fn post_once(&self, path: &str, body: &Value, key: &str) -> Result<Value> {
        self.call(Method::POST, path, Some(body), &[("idempotency-key", key)]).await
    }

    /// PUT
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PUT, path, Some(body), &[]).await
    }

    /// PATCH
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::PATCH, path, Some(body), &[]).await
    }

    /// The answer's status and body, whatever they are.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<(u16, Value)> {
        let tokens = self.tokens();
        let answer = self.send(&method, path, body, headers, tokens.as_ref()).await?;
        match tokens {
            Some(tokens) if answer.0 == 401 && answer.1["code"] == "token_expired" => {
                self.refresh(&tokens.refresh).await?;
                self.send(&method, path, body, headers, self.tokens().as_ref()).await
            }
            _ => Ok(answer),
        }
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
        tokens: Option<&Tokens>,
    ) -> Result<(u16, Value)> {
        let mut call = self.http.request(method.clone(), format!("{}{path}", self.base));
        if let Some(tokens) = tokens {
            call = call.bearer_auth(&tokens.access);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        for (name, value) in headers {
            call = call.header(*name, *value);
        }
        let response = call.send().await.with_context(|| format!("{method} {path}: {} does not answer", self.base))?;
        let status = response.status().as_u16();
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let text = response.text().await?;
        if let Some(witness) = self.witness {
            witness(method, path.split('?').next().unwrap_or_default(), status, kind.as_deref(), text.as_bytes());
        }
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// A machine that encodes a film may be too busy to answer in time: whoever only asks, asks again.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Result<Value> {
        let mut waits = BUSY.into_iter().filter(|_| method == Method::GET);
        let (status, answer) = loop {
            let (status, answer) = self.raw(method.clone(), path, body, headers).await?;
            match waits.next() {
                Some(wait) if (502..=504).contains(&status) => tokio::time::sleep(wait).await,
                _ => break (status, answer),
            }
        };
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let mut reasons: Vec<String> = vec![answer["detail"].as_str().unwrap_or("no reason given").to_owned()];
        for error in answer["errors"].as_array().into_iter().flatten() {
            let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
            reasons.push(format!("{} {}", text("pointer"), text("detail")));
        }
        Err(anyhow!("{method} {path}: {status} {}: {}", answer["code"].as_str().unwrap_or("-"), reasons.join("; ")))
    }

    /// Signs in, and makes the account when that fails.
    pub async fn ensure_account(&self, aws_url: &str, email: &str, password: &str, locale: &str) -> Result<Self> {
        match self.sign_in(email, password).await {
            Ok(client) => Ok(client),
            Err(_) => self.new_account(aws_url, email, password, locale).await,
        }
    }

    /// Makes an account by the way that every person takes: register, read the mail, confirm, sign in.
    pub async fn new_account(&self, aws_url: &str, email: &str, password: &str, locale: &str) -> Result<Self> {
        let body = json!({ "email": email, "password": password, "locale": locale });
        self.post("/v1/auth/register", &body).await?;
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mails = edge::mails(&self.http, aws_url, email).await?;
            let Some(code) = mails.first().and_then(|mail| six_digits(&mail.text)) else { continue };
            let body = json!({ "email": email, "code": code, "password": password });
            self.post("/v1/auth/verify-email", &body).await?;
            return self.sign_in(email, password).await;
        }
        bail!("no mail with a code came for {email} within 60 s; see `cargo cinema logs notification-send-email`")
    }
}

/// The first run of exactly six digits.
fn six_digits(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit()).find(|run| run.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{
        Json, Router,
        extract::State,
        http::{HeaderMap, StatusCode},
        routing::{get, post},
    };
    use serde_json::{Value, json};

    use super::Cinema;

    /// The number of the tokens that were given out last; those of the login, 0, have expired.
    type Issued = Arc<AtomicUsize>;

    fn tokens(number: usize) -> Json<Value> {
        Json(json!({ "access_token": number.to_string(), "refresh_token": format!("r{number}") }))
    }

    async fn refresh(State(issued): State<Issued>, Json(body): Json<Value>) -> Result<Json<Value>, StatusCode> {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let last = issued.load(Ordering::SeqCst);
        if body["refresh_token"] != format!("r{last}") {
            return Err(StatusCode::UNAUTHORIZED);
        }
        issued.store(last + 1, Ordering::SeqCst);
        Ok(tokens(last + 1))
    }

    async fn show(State(issued): State<Issued>, headers: HeaderMap) -> (StatusCode, Json<Value>) {
        let last = issued.load(Ordering::SeqCst);
        if last > 0 && headers["authorization"] == format!("Bearer {last}") {
            (StatusCode::OK, Json(json!({})))
        } else {
            (StatusCode::UNAUTHORIZED, Json(json!({ "code": "token_expired" })))
        }
    }

    #[tokio::test]
    async fn calls_side_by_side_refresh_once() {
        let issued = Issued::default();
        let router = Router::new()
            .route("/v1/auth/login", post(async || tokens(0)))
            .route("/v1/auth/refresh", post(refresh))
            .route("/v1/shown", get(show))
            .with_state(issued.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let cinema = Cinema::new(&base).unwrap().sign_in("viewer@example.com", "password").await.unwrap();
        let calls = futures::future::join_all((0..8).map(|_| cinema.get("/v1/shown"))).await;
        assert!(calls.iter().all(Result::is_ok), "{calls:?}");
        assert_eq!(issued.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn whoever_only_asks_asks_again_when_nobody_answered() {
        let asked = Issued::default();
        async fn busy(State(asked): State<Issued>) -> (StatusCode, Json<Value>) {
            let code = if asked.fetch_add(1, Ordering::SeqCst) < 2 { StatusCode::BAD_GATEWAY } else { StatusCode::OK };
            (code, Json(json!({})))
        }
        let router = Router::new().route("/v1/busy", get(busy).post(busy)).with_state(asked.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let cinema = Cinema::new(&base).unwrap();
        assert!(cinema.post("/v1/busy", &json!({})).await.is_err(), "it may have been done");
        cinema.get("/v1/busy").await.unwrap();
        assert_eq!(asked.load(Ordering::SeqCst), 3);
    }

    #[test]
    fn the_code_is_the_run_of_six_digits() {
        assert_eq!(super::six_digits("In 2026: your code is 012345, valid 60 minutes").as_deref(), Some("012345"));
        assert_eq!(super::six_digits("1234567"), None);
    }
}
