//! The same questions without the functions: what they send to the engine is written down once, and sent again by nothing but the client that they
//! have.

use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri, header::CONTENT_TYPE},
};
use testkit::{Costs, Engines};
use tokio::net::TcpListener;

/// Longer than any search may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a function sent.
#[derive(Clone)]
pub struct Sent {
    path: String,
    content_type: String,
    body: Bytes,
}

#[derive(Default)]
struct Notes(Mutex<Vec<Sent>>);

/// An engine that passes everything on and writes it down.
pub struct Recorder {
    notes: Arc<Notes>,
    pub url: String,
}

impl Recorder {
    pub async fn start() -> Self {
        let notes = Arc::new(Notes::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(pass_on).with_state((notes.clone(), reqwest::Client::new()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { notes, url }
    }

    /// What was sent since the last time.
    pub fn take(&self) -> Vec<Sent> {
        take(&mut *self.notes.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn pass_on(
    State((notes, client)): State<(Arc<Notes>, reqwest::Client)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri.path_and_query().expect("a path").to_string();
    let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    let url = format!("{}{path}", Engines::from_env().opensearch);
    let request = client.request(method, url).header(CONTENT_TYPE, &content_type).body(body.clone());
    notes.0.lock().unwrap_or_else(PoisonError::into_inner).push(Sent { path, content_type, body });
    let answer = request.send().await.expect("the engine answers");
    let status = answer.status();
    let kind = answer.headers().get(CONTENT_TYPE).cloned();
    let mut response = Response::new(Body::from(answer.bytes().await.expect("a body")));
    *response.status_mut() = status;
    response.headers_mut().extend(kind.map(|kind| (CONTENT_TYPE, kind)));
    response
}

/// Sends what functions sent, each list as one call, and reads the answers as bytes. On a thread of its own, whose CPU time is counted.
pub fn bare(calls: Vec<Vec<Sent>>, warm_up: usize) -> Costs {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let client = stores::opensearch::client(&Engines::from_env().opensearch, PATIENCE).expect("a URL");
            let mut costs = Costs::default();
            for (number, sent) in calls.into_iter().enumerate() {
                if number == warm_up {
                    costs = Costs::default();
                }
                let (before, begun) = (cpu_of_this_thread(), Instant::now());
                for sent in sent {
                    let headers = HeaderMap::from_iter([(CONTENT_TYPE, sent.content_type.parse().expect("a kind"))]);
                    let method = opensearch::http::Method::Post;
                    let answer = client.send(method, &sent.path, headers, None::<&()>, Some(sent.body), None).await;
                    let answer = answer.expect("the engine answers");
                    assert!(answer.status_code().is_success(), "{}: {}", sent.path, answer.status_code());
                    answer.text().await.expect("an answer");
                }
                costs.add(begun.elapsed(), cpu_of_this_thread() - before);
            }
            costs
        })
    });
    thread.join().expect("the thread ends")
}

fn cpu_of_this_thread() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the scheduler's figures");
    let nanoseconds = schedstat.split_whitespace().next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}
