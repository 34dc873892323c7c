//! `/_otlp/v1/traces` and `/_traces`: a small collector of spans, and pages on which a trace is followed from hop to hop.

mod page;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::problem;

/// The oldest go when there are more.
const MOST_SPANS: usize = 20_000;
const MOST_LISTED: usize = 100;

/// A hop of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    trace: String,
    id: String,
    parent: Option<String>,
    function: String,
    name: String,
    /// In nanoseconds since 1970.
    from: u64,
    to: u64,
    error: Option<String>,
}

/// The newest spans of this platform.
#[derive(Default)]
pub(crate) struct Traces(Mutex<VecDeque<Span>>);

/// The part of `ExportTraceServiceRequest` that is shown, in OTLP's JSON encoding.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Export {
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default)]
    resource: Value,
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    spans: Vec<Exported>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Exported {
    trace_id: String,
    span_id: String,
    #[serde(default)]
    parent_span_id: Option<String>,
    name: String,
    start_time_unix_nano: String,
    end_time_unix_nano: String,
    #[serde(default)]
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    code: u8,
    message: String,
}

/// OTLP's code of a span that failed.
const FAILED: u8 = 2;

impl Span {
    /// `None` where a time is no number.
    fn of(exported: Exported, function: &str) -> Option<Self> {
        let Status { code, message } = exported.status;
        Some(Self {
            trace: exported.trace_id,
            id: exported.span_id,
            parent: exported.parent_span_id.filter(|parent| !parent.is_empty()),
            function: function.to_owned(),
            name: exported.name,
            from: exported.start_time_unix_nano.parse().ok()?,
            to: exported.end_time_unix_nano.parse().ok()?,
            error: (code == FAILED).then_some(message),
        })
    }
}

impl Traces {
    fn keep(&self, export: Export) {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for ResourceSpans { resource, scope_spans } in export.resource_spans {
            let attributes = resource["attributes"].as_array().cloned().unwrap_or_default();
            let name = attributes.iter().find(|attribute| attribute["key"] == "service.name");
            let function = name.and_then(|name| name["value"]["stringValue"].as_str()).unwrap_or("unknown");
            let exported = scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(exported.filter_map(|exported| Span::of(exported, function)));
        }
        let beyond = spans.len().saturating_sub(MOST_SPANS);
        spans.drain(..beyond);
    }

    /// Of one trace, in the order in which they began.
    fn of(&self, trace: &str) -> Vec<Span> {
        let spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Vec<Span> = spans.iter().filter(|span| span.trace == trace).cloned().collect();
        found.sort_by_key(|span| (span.from, span.to));
        found
    }

    /// The traces whose last hop is newest, each with its hops.
    fn newest(&self) -> Vec<Vec<Span>> {
        let mut traces: BTreeMap<String, Vec<Span>> = BTreeMap::new();
        for span in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            traces.entry(span.trace.clone()).or_default().push(span.clone());
        }
        let mut traces: Vec<Vec<Span>> = traces.into_values().collect();
        for trace in &mut traces {
            trace.sort_by_key(|span| (span.from, span.to));
        }
        traces.sort_by_key(|trace| std::cmp::Reverse(trace.iter().map(|span| span.to).max()));
        traces.truncate(MOST_LISTED);
        traces
    }
}

pub(crate) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/_otlp/v1/traces", post(collect))
        .route("/_traces", get(list))
        .route("/_traces/{trace}", get(show))
        .with_state(Arc::new(Traces::default()))
}

async fn collect(State(traces): State<Arc<Traces>>, Json(export): Json<Export>) -> Response {
    traces.keep(export);
    Json(json!({})).into_response()
}

async fn list(State(traces): State<Arc<Traces>>) -> Response {
    html(page::list(&traces.newest()))
}

async fn show(State(traces): State<Arc<Traces>>, Path(trace): Path<String>) -> Response {
    let spans = traces.of(&trace);
    if spans.is_empty() {
        let detail = "No hop of this trace is kept here. The newest traces are at /_traces.";
        return problem(StatusCode::NOT_FOUND, "trace_not_found", detail);
    }
    html(page::one(&spans))
}

fn html(page: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], page).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn export(trace: &str, spans: &[(&str, &str, u64, u64)]) -> Export {
        let spans: Vec<Value> = spans
            .iter()
            .map(|(id, parent, from, to)| {
                json!({"traceId": trace, "spanId": id, "parentSpanId": parent, "name": format!("process <{id}>"), "kind": 5,
                    "startTimeUnixNano": from.to_string(), "endTimeUnixNano": to.to_string(), "status": {"code": 2, "message": "down"}})
            })
            .collect();
        let name = json!({"key": "service.name", "value": {"stringValue": "media-probe"}});
        let resource = json!({ "attributes": [name] });
        let scoped = json!([{ "spans": spans }]);
        serde_json::from_value(json!({"resourceSpans": [{ "resource": resource, "scopeSpans": scoped }]})).unwrap()
    }

    #[test]
    fn hops_come_in_any_order_and_are_shown_as_a_tree() {
        let traces = Traces::default();
        traces.keep(export("t1", &[("c", "b", 4_000_000, 5_000_000)]));
        traces.keep(export("t2", &[("z", "", 1, 2)]));
        traces.keep(export("t1", &[("b", "a", 2_000_000, 9_000_000), ("a", "", 1_000_000, 3_000_000)]));
        let spans = traces.of("t1");
        assert_eq!(spans.iter().map(|span| span.id.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!((&spans[0].parent, spans[1].parent.as_deref()), (&None, Some("a")));
        let newest = traces.newest();
        assert_eq!(newest.iter().map(|trace| trace[0].trace.as_str()).collect::<Vec<_>>(), ["t1", "t2"]);
        let page = page::one(&spans);
        let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} is not in {page}"));
        assert!(
            place("process &lt;a&gt;") < place("process &lt;b&gt;")
                && place("process &lt;b&gt;") < place("process &lt;c&gt;")
        );
        assert!(page.contains("media-probe") && page.contains("down") && page.contains("8.0 ms"), "{page}");
        assert!(page::list(&newest).contains("/_traces/t1"));
    }

    #[test]
    fn a_hop_whose_sender_is_unknown_or_its_own_is_shown() {
        let traces = Traces::default();
        traces.keep(export(
            "t",
            &[("b", "gone", 2, 3), ("loop", "loop", 4, 5), ("one", "two", 6, 7), ("two", "one", 8, 9)],
        ));
        let page = page::one(&traces.of("t"));
        for id in ["b", "loop", "one", "two"] {
            assert_eq!(page.matches(&format!("process &lt;{id}&gt;")).count(), 1, "{id}: {page}");
        }
    }

    #[test]
    fn the_oldest_go() {
        let traces = Traces::default();
        for at in 0..=MOST_SPANS as u64 {
            traces.keep(export(if at == 0 { "old" } else { "new" }, &[("a", "", at, at)]));
        }
        assert!(traces.of("old").is_empty());
        assert_eq!(traces.of("new").len(), MOST_SPANS);
    }
}
