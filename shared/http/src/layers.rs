//! Around every request: its id, its log span, gunzip, and problem documents for whatever the router itself refuses.

use std::{panic::AssertUnwindSafe, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, header},
    middleware::{Next, from_fn, map_response},
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use kernel::{TraceParent, World};
use telemetry::{
    spans::{self, Ending, Kind, Span},
    trace,
};
use tower_http::decompression::RequestDecompressionLayer;
use tracing::Instrument;

use crate::{Gate, Problem, address::came_through_the_edge, problem::REQUEST_ID};

const REQUEST_ID_HEADER: &str = "x-request-id";

pub(crate) fn wrap(router: Router, gate: Arc<Gate>) -> Router {
    let world = gate.world.clone();
    let edge = gate.clone();
    router
        .layer(axum::Extension(gate))
        .layer(from_fn(move |request: Request, next: Next| only_from_the_edge(edge.clone(), request, next)))
        .layer(RequestDecompressionLayer::new().gzip(true))
        .layer(map_response(refusals_as_problems))
        .layer(from_fn(move |request: Request, next: Next| {
            let fresh = hex::encode(world.bytes::<16>());
            let came = request.headers().get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
            correlate(request, next, fresh, Hop::of(came, world.clone()))
        }))
}

/// Territory and address are the edge's to tell: around it nobody gets in.
async fn only_from_the_edge(gate: Arc<Gate>, request: Request, next: Next) -> Response {
    if came_through_the_edge(request.headers(), &gate) {
        return next.run(request).await;
    }
    Problem::forbidden("edge_required", "Use the public address of this service.").into_response()
}

/// This request's place in its trace.
struct Hop {
    came: Option<TraceParent>,
    own: TraceParent,
    world: World,
}

impl Hop {
    fn of(came: Option<TraceParent>, world: World) -> Self {
        let own = came.map_or_else(|| TraceParent::new(&world), |came| came.child(&world));
        Self { came, own, world }
    }
}

async fn correlate(request: Request, next: Next, fresh: String, hop: Hop) -> Response {
    let request_id = given(&request, REQUEST_ID_HEADER, 128).filter(|id| id.bytes().all(is_plain)).unwrap_or(fresh);
    let method = request.method().clone();
    let route = request.extensions().get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned());
    let span = tracing::info_span!("request", request_id, traceparent = %hop.own, %method, route);
    let begun = Span::begin(Kind::Server, hop.own, hop.came, &hop.world);
    let answer = async {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = answer.unwrap_or_else(|_| Problem::internal("the handler panicked").into_response());
        tracing::info!(status = response.status().as_u16(), "answered");
        response
    };
    let answer = REQUEST_ID.scope(request_id.clone(), trace::within(Some(hop.own), answer));
    let mut response = answer.instrument(span).await;
    if let Some(begun) = begun {
        begun.end(told(&method, route.as_deref(), &request_id, &response), &hop.world);
        spans::flush().await;
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

/// What the span of a request tells, by the conventions for HTTP servers.
fn told(method: &Method, route: Option<&str>, request_id: &str, response: &Response) -> Ending {
    let status = response.status();
    let mut attributes = vec![
        ("http.request.method", method.to_string()),
        ("http.response.status_code", status.as_u16().to_string()),
        ("cinema.request_id", request_id.to_owned()),
    ];
    attributes.extend(route.map(|route| ("http.route", route.to_owned())));
    let name = route.map_or_else(|| method.to_string(), |route| format!("{method} {route}"));
    Ending { name, attributes, error: status.is_server_error().then(|| status.to_string()) }
}

/// A header of at most `longest` bytes.
fn given(request: &Request, name: &str, longest: usize) -> Option<String> {
    let value = request.headers().get(name)?.to_str().ok()?;
    (1..=longest).contains(&value.len()).then(|| value.to_owned())
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte)
}

/// The router's own refusals have no document.
async fn refusals_as_problems(response: Response) -> Response {
    let status = response.status();
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return response;
    }
    let problem = match status {
        StatusCode::NOT_FOUND => {
            Problem::new(status, "route_not_found", "There is nothing at this address. Check how it is written.")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(status, "method_not_allowed", "This address does not know this method; see the Allow header.")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(
            status,
            "unsupported_media_type",
            "This Content-Encoding is not known here. Send the body as it is, or as gzip.",
        ),
        _ => Problem::new(
            status,
            "request_refused",
            "The request cannot be processed. Check it against the documentation.",
        ),
    };
    let allow = response.headers().get(header::ALLOW).cloned();
    match allow {
        Some(allow) => problem.with_header(header::ALLOW, allow).into_response(),
        None => problem.into_response(),
    }
}
