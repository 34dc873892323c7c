//! The line to ClickHouse: requests and answers are lost on it, whoever sent one dies over it, and others get ahead of it.

use std::sync::{Arc, Mutex, MutexGuard};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::Request,
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt as _;
use tokio::sync::Notify;

/// What a request meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing is done, and it says so.
    Refused,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// The caller dies before it is done.
    CrashBefore,
    /// The caller dies when it is done.
    CrashAfter,
    /// Others do something before it is done.
    Overtaken,
    /// The same, and the caller dies when it is done.
    OvertakenCrash,
}

/// What belongs together: within one of these a consumer makes one request after the other, so that "the third" is the same in every run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tables {
    Playback,
    Samples,
    Titles,
    Payments,
}

impl Tables {
    fn of(parts: &Parts, body: &Bytes) -> Self {
        // A statement is at the beginning of the body, or in the address where rows follow in the body.
        let text = format!("{} {}", parts.uri, String::from_utf8_lossy(&body[..body.len().min(2_000)]));
        match text {
            text if text.contains("player_samples") => Self::Samples,
            text if text.contains("payment_states") => Self::Payments,
            text if text.contains("titles") || text.contains("title_holders") => Self::Titles,
            _ => Self::Playback,
        }
    }
}

/// The request after so many others of these tables meets something.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    pub tables: Tables,
    pub after: usize,
    pub mishap: Mishap,
}

#[derive(Default)]
struct State {
    fate: Option<Fate>,
    /// Requests that ClickHouse works on.
    under_way: usize,
    requests: usize,
}

/// The line; it ends with the test's runtime.
#[derive(Clone)]
pub struct Line {
    /// Where ClickHouse seems to be.
    pub url: String,
    engine: String,
    state: Arc<Mutex<State>>,
    /// Told when the caller is to die.
    pub crashed: Arc<Notify>,
    /// Told when others are to get ahead; the request waits for [`Line::go_on`].
    pub held: Arc<Notify>,
    goes_on: Arc<Notify>,
    idle: Arc<Notify>,
}

impl Line {
    pub async fn open(engine: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (origin, query) = engine.split_once('?').unwrap_or((engine, ""));
        let line = Self {
            url: format!("http://{}/?{query}", listener.local_addr().unwrap()),
            engine: origin.trim_end_matches('/').to_owned(),
            state: Arc::default(),
            crashed: Arc::default(),
            held: Arc::default(),
            goes_on: Arc::default(),
            idle: Arc::default(),
        };
        let clerk = line.clone();
        let router = Router::new().fallback(move |request: Request| {
            let clerk = clerk.clone();
            async move { clerk.serve(request).await }
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        line
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the requests that follow meet.
    pub fn expect(&self, fate: Option<Fate>) {
        self.state().fate = fate;
    }

    /// Whether what was expected is still to come.
    pub fn is_expecting(&self) -> bool {
        self.state().fate.is_some()
    }

    /// The request that was held goes on.
    pub fn go_on(&self) {
        self.goes_on.notify_one();
    }

    /// Waits until ClickHouse has done what it was asked, by whoever has died since as well.
    pub async fn quiet(&self) {
        loop {
            let idle = self.idle.notified();
            if self.state().under_way == 0 {
                return;
            }
            idle.await;
        }
    }

    /// How many requests there were.
    pub fn requests(&self) -> usize {
        self.state().requests
    }

    fn meets(&self, parts: &Parts, body: &Bytes) -> Option<Mishap> {
        let mut state = self.state();
        state.requests += 1;
        let fate = state.fate.as_mut().filter(|fate| fate.tables == Tables::of(parts, body))?;
        if fate.after > 0 {
            fate.after -= 1;
            return None;
        }
        state.fate.take().map(|fate| fate.mishap)
    }

    async fn serve(self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        // Whoever died over it has not asked.
        let Ok(body) = to_bytes(body, usize::MAX).await else { return StatusCode::BAD_REQUEST.into_response() };
        let mishap = self.meets(&parts, &body);
        match mishap {
            Some(Mishap::Refused) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
            Some(Mishap::CrashBefore) => return self.crash().await,
            Some(Mishap::Overtaken | Mishap::OvertakenCrash) => {
                self.held.notify_one();
                self.goes_on.notified().await;
            }
            _ => {}
        }
        self.state().under_way += 1;
        // A task: what ClickHouse has begun it ends, whether or not somebody waits for it.
        let line = self.clone();
        let asked = tokio::spawn(async move {
            let answer = line.forward(parts, body).await;
            line.state().under_way -= 1;
            line.idle.notify_waiters();
            answer
        });
        let answer = asked.await.unwrap();
        match mishap {
            Some(Mishap::AnswerLost) => StatusCode::BAD_GATEWAY.into_response(),
            Some(Mishap::CrashAfter | Mishap::OvertakenCrash) => self.crash().await,
            _ => answer,
        }
    }

    async fn forward(&self, mut parts: Parts, body: Bytes) -> Response {
        parts.uri = format!("{}{}", self.engine, parts.uri).parse().unwrap();
        for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        let request = axum::http::Request::from_parts(parts, body.into());
        let (mut parts, body) = transport::client().request(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        Response::from_parts(parts, Body::from(body))
    }

    /// The caller is killed; it never gets an answer.
    async fn crash(&self) -> Response {
        self.crashed.notify_one();
        std::future::pending().await
    }
}
