//! Where a request comes from: believed only from the edge, which proves itself with a shared secret.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use kernel::Territory;
use lambda_http::request::RequestContext;

use crate::Gate;

/// The client's network address, for limits and the security log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

/// Longest `User-Agent` that is looked at, in bytes: no browser's is longer.
const LONGEST_USER_AGENT: usize = 1_000;

/// Where a request comes from, and what with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// IPv4 or IPv6 address, or `unknown`.
    pub address: String,
    /// From the edge. Where there is an edge and it does not know, [`Territory::unknown`]; where there is none, `DEFAULT_TERRITORY`.
    pub territory: Territory,
    /// As the client calls itself: nothing that can be relied on.
    pub user_agent: Option<String>,
}

impl Origin {
    pub(crate) fn of(parts: &Parts, gate: &Gate) -> Self {
        let has_edge = gate.origin_verify.is_some();
        let trusted = has_edge && came_through_the_edge(&parts.headers, gate);
        let edge = |name: &str| parts.headers.get(name).filter(|_| trusted).and_then(|value| value.to_str().ok());
        let address = edge("cloudfront-viewer-address").map(without_port).or_else(|| gateway_address(parts));
        let territory = edge("cloudfront-viewer-country").and_then(|text| text.parse().ok());
        let otherwise = || if has_edge { Territory::unknown() } else { gate.default_territory.clone() };
        Self {
            address: address.unwrap_or_else(|| "unknown".to_owned()),
            territory: territory.unwrap_or_else(otherwise),
            user_agent: user_agent(&parts.headers),
        }
    }
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::USER_AGENT)?.as_bytes();
    Some(String::from_utf8_lossy(value.get(..LONGEST_USER_AGENT).unwrap_or(value)).into_owned())
}

/// Whether the request proves that it came through the edge; true where no secret is configured, because there is no edge then.
pub(crate) fn came_through_the_edge(headers: &HeaderMap, gate: &Gate) -> bool {
    let Some(secret) = &gate.origin_verify else { return true };
    let mut sent = headers.get_all("x-origin-verify").iter();
    match (sent.next(), sent.next()) {
        (Some(header), None) => secret.is(header.as_bytes()),
        _ => false,
    }
}

/// `192.0.2.1:443` and `2001:db8::1:443` as CloudFront writes them: the port is after the last colon.
fn without_port(address: &str) -> String {
    address.rsplit_once(':').map_or(address, |(address, _)| address).trim_matches(['[', ']']).to_owned()
}

fn gateway_address(parts: &Parts) -> Option<String> {
    match parts.extensions.get::<RequestContext>()? {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.clone(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.clone(),
        _ => None,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Origin {
    type Rejection = crate::Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(parts, &*Gate::of(parts)?))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = crate::Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Origin::of(parts, &*Gate::of(parts)?).address))
    }
}
