//! Spans over OTLP/HTTP in its JSON encoding (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>), for whoever is named in
//! `OTEL_EXPORTER_OTLP_ENDPOINT`; without that variable nothing is kept and nothing sent. See docs/architecture/0074-spans.md.

use std::{
    sync::{Mutex, OnceLock, PoisonError},
    time::Duration,
};

use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt as _;
use kernel::{TraceParent, World};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::{Instant, timeout};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// A collector beside the function answers within a few; an invocation waits no longer for one.
const PATIENCE: Duration = Duration::from_millis(300);
/// After a failure nothing is sent for so long.
const REST: Duration = Duration::from_secs(10);
/// What an invocation makes beyond so many is dropped.
const MOST: usize = 1_000;

/// Which side of a hop the span is, by OTLP's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Answers a request.
    Server = 2,
    /// Handles a message that somebody sent.
    Consumer = 5,
}

/// A hop of a trace while it runs.
#[derive(Debug)]
pub struct Span {
    own: TraceParent,
    parent: Option<TraceParent>,
    kind: Kind,
    begun_at: OffsetDateTime,
}

/// What came of a hop.
#[derive(Debug, Default)]
pub struct Ending {
    /// What was done, without ids: `GET /v1/titles/{id}`.
    pub name: String,
    /// By the names of OpenTelemetry's semantic conventions.
    pub attributes: Vec<(&'static str, String)>,
    /// Why it failed, where it did.
    pub error: Option<String>,
}

impl Span {
    /// Begins the hop `own` of a trace, which came from `parent`; `None` where nobody wants spans or this trace is not sampled.
    pub fn begin(kind: Kind, own: TraceParent, parent: Option<TraceParent>, world: &World) -> Option<Self> {
        (are_wanted() && own.is_sampled()).then(|| Self { own, parent, kind, begun_at: world.now() })
    }

    /// Ends the hop; [`flush`] sends it.
    pub fn end(self, ending: Ending, world: &World) {
        if let Some(exporter) = exporter() {
            exporter.keep(self.ended(ending, world.now()));
        }
    }

    fn ended(self, Ending { name, attributes, error }: Ending, at: OffsetDateTime) -> Value {
        let attributes: Vec<Value> = attributes.iter().map(|(key, value)| attribute(key, value)).collect();
        let mut span = json!({
            "traceId": self.own.trace_id(),
            "spanId": self.own.span_id(),
            "name": name,
            "kind": self.kind as u8,
            "startTimeUnixNano": self.begun_at.unix_timestamp_nanos().to_string(),
            "endTimeUnixNano": at.unix_timestamp_nanos().to_string(),
            "attributes": attributes,
            // 2: error. Whether it is unset or in order is the same to whoever reads it.
            "status": error.map_or_else(|| json!({}), |message| json!({ "code": 2, "message": message })),
        });
        if let Some(parent) = self.parent {
            span["parentSpanId"] = json!(parent.span_id());
        }
        span
    }
}

fn attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

/// Whether somebody collects spans.
pub fn are_wanted() -> bool {
    exporter().is_some()
}

/// Sends what ended since the last time, before the environment is frozen. Whatever becomes of it, the invocation goes on.
pub async fn flush() {
    if let Some(exporter) = exporter() {
        exporter.flush().await;
    }
}

fn exporter() -> Option<&'static Exporter> {
    static EXPORTER: OnceLock<Option<Exporter>> = OnceLock::new();
    let of_environment = || {
        let endpoint = std::env::var(ENDPOINT).ok().filter(|endpoint| !endpoint.is_empty())?;
        let name = |variable| std::env::var(variable).unwrap_or_else(|_| "unknown".to_owned());
        Some(Exporter::new(&endpoint, &name("FUNCTION"), &name("SERVICE")))
    };
    EXPORTER.get_or_init(of_environment).as_ref()
}

struct Exporter {
    url: String,
    resource: Value,
    ended: Mutex<Vec<Value>>,
    rests_until: Mutex<Option<Instant>>,
}

impl Exporter {
    fn new(endpoint: &str, function: &str, service: &str) -> Self {
        // A function is the unit that is measured, alarmed and paid for.
        let attributes =
            json!([attribute("service.name", function), attribute("service.namespace", &format!("cinema.{service}"))]);
        Self {
            url: format!("{}/v1/traces", endpoint.trim_end_matches('/')),
            resource: json!({ "attributes": attributes }),
            ended: Mutex::default(),
            rests_until: Mutex::default(),
        }
    }

    fn keep(&self, span: Value) {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() < MOST {
            ended.push(span);
        }
    }

    async fn flush(&self) {
        let spans = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        if spans.is_empty() || self.rests() {
            return;
        }
        let sent = timeout(PATIENCE, self.send(&spans)).await;
        if let Err(reason) = sent.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
            tracing::warn!(reason, spans = spans.len(), "spans are lost");
        }
    }

    fn rests(&self) -> bool {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    async fn send(&self, spans: &[Value]) -> Result<(), String> {
        let scope = json!({ "name": "cinema" });
        let scoped = json!([{ "scope": scope, "spans": spans }]);
        let body = json!({ "resourceSpans": [{ "resource": self.resource, "scopeSpans": scoped }] });
        let request = http::Request::post(&self.url).header(http::header::CONTENT_TYPE, "application/json");
        let request = request.body(SdkBody::from(body.to_string())).map_err(|error| error.to_string())?;
        let answer = transport::client().request(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        // Read to its end, the connection serves the next one.
        let _ = answer.into_body().collect().await;
        if status.is_success() { Ok(()) } else { Err(format!("the collector answered {status}")) }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    const CAME: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn span() -> Value {
        let (world, clock) = World::replay(OffsetDateTime::UNIX_EPOCH, 1);
        let came: TraceParent = CAME.parse().unwrap();
        let span = Span { own: came.child(&world), parent: Some(came), kind: Kind::Server, begun_at: world.now() };
        clock.advance(time::Duration::milliseconds(12));
        let attributes = vec![("http.route", "/v1/titles/{id}".to_owned())];
        let ending = Ending { name: "GET /v1/titles/{id}".to_owned(), attributes, error: Some("down".to_owned()) };
        span.ended(ending, world.now())
    }

    /// Answers one request with `status`, if any, and gives back what came.
    async fn collector(status: Option<&'static str>) -> (String, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut came = Vec::new();
            while !came.ends_with(b"]}]}]}") {
                stream.read_buf(&mut came).await.unwrap();
            }
            match status {
                Some(status) => {
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
                None => tokio::time::sleep(PATIENCE * 10).await,
            }
            String::from_utf8(came).unwrap()
        });
        (url, served)
    }

    #[test]
    fn a_span_is_what_the_protocol_says() {
        let span = span();
        assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
        assert_ne!(span["spanId"], span["parentSpanId"]);
        assert_eq!((&span["kind"], &span["status"]["code"]), (&json!(2), &json!(2)));
        assert_eq!((&span["startTimeUnixNano"], &span["endTimeUnixNano"]), (&json!("0"), &json!("12000000")));
        assert_eq!(span["attributes"][0]["value"]["stringValue"], "/v1/titles/{id}");
    }

    #[test]
    fn without_a_collector_nothing_begins() {
        let world = World::system();
        assert!(Span::begin(Kind::Consumer, TraceParent::new(&world), None, &world).is_none());
    }

    // A function has one thread: what is sent before the answer must not wait for another.
    #[tokio::test(flavor = "current_thread")]
    async fn spans_are_sent_before_the_answer_on_one_thread() {
        let (url, served) = collector(Some("200 OK")).await;
        let exporter = Exporter::new(&format!("{url}/"), "catalog-get-title", "catalog");
        exporter.flush().await;
        exporter.keep(span());
        exporter.keep(span());
        exporter.flush().await;
        assert!(exporter.ended.lock().unwrap().is_empty() && !exporter.rests());
        let came = served.await.unwrap();
        let (head, body) = came.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        let sent = &body["resourceSpans"][0];
        assert_eq!(sent["resource"]["attributes"][0]["value"]["stringValue"], "catalog-get-title");
        assert_eq!(sent["scopeSpans"][0]["spans"].as_array().unwrap().len(), 2);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_collector_that_is_gone_refuses_or_hangs_keeps_nobody() {
        let (hangs, _served) = collector(None).await;
        let (refuses, _refused) = collector(Some("503 Busy")).await;
        for url in [hangs, refuses, "http://127.0.0.1:1".to_owned(), "no url".to_owned()] {
            let exporter = Exporter::new(&url, "catalog-get-title", "catalog");
            exporter.keep(span());
            let begun = Instant::now();
            exporter.flush().await;
            assert!(begun.elapsed() < PATIENCE * 2 && exporter.rests(), "{url}");
            // Who is not there is not asked again at once, and what waits for them does not grow.
            exporter.keep(span());
            exporter.flush().await;
            assert!(exporter.ended.lock().unwrap().is_empty(), "{url}");
        }
    }

    #[test]
    fn one_invocation_keeps_so_many() {
        let exporter = Exporter::new("http://127.0.0.1:1", "f", "s");
        for _ in 0..=MOST {
            exporter.keep(Value::Null);
        }
        assert_eq!(exporter.ended.lock().unwrap().len(), MOST);
    }
}
