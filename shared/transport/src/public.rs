//! A client for addresses that strangers name: over TLS to the public internet, never to what is around the function.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
};

use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        self,
        connect::{
            HttpConnector,
            dns::{GaiResolver, Name},
        },
    },
    rt::TokioExecutor,
};
use tower::Service;

/// The client; a clone shares its connections.
pub type PublicClient = legacy::Client<HttpsConnector<HttpConnector<PublicNames>>, SdkBody>;

/// A client of its own, built without I/O. A name counts only with those of its addresses that are public; the address that was looked at is
/// the one that is called. Addresses instead of names are not looked up: whoever uses this refuses them.
pub fn public_client() -> PublicClient {
    crate::install_ring();
    let mut tcp = HttpConnector::new_with_resolver(PublicNames(GaiResolver::new()));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(crate::CONNECT));
    let tls = HttpsConnectorBuilder::new().with_webpki_roots().https_only().enable_http1().wrap_connector(tcp);
    legacy::Client::builder(TokioExecutor::new()).build(tls)
}

/// Looks names up and leaves out addresses that are not public.
#[derive(Clone)]
pub struct PublicNames(GaiResolver);

impl Service<Name> for PublicNames {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let found = self.0.call(name);
        Box::pin(async move {
            let public: Vec<SocketAddr> = found.await?.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the name has no public address"));
            }
            Ok(public.into_iter())
        })
    }
}

/// Whether an address belongs to the public internet (RFC 6890 lists what does not).
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let is_special = first == 0
        || first >= 224
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        // Shared by the customers of a provider.
        || (first == 100 && (64..128).contains(&second))
        || (first, second, third) == (192, 0, 0)
        // Measurements of networks.
        || (first == 198 && (18..20).contains(&second));
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Global unicast, without tunnels to addresses that could be anything, and without documentation.
    let is_global = (0x2000..0x4000).contains(&first);
    let is_special = first == 0x2002 || (first == 0x2001 && (second < 0x200 || second == 0xdb8)) || first == 0x3fff;
    is_global && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_public() {
        for address in
            ["1.1.1.1", "142.250.74.74", "99.255.255.255", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_called() {
        let request = http::Request::get("https://localhost:1/").body(SdkBody::empty()).unwrap();
        let error = public_client().request(request).await.unwrap_err();
        let mut causes = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(next) = cause {
            causes.push(next.to_string());
            cause = next.source();
        }
        assert!(error.is_connect() && causes.iter().any(|cause| cause.contains("no public address")), "{causes:?}");
        let plain = http::Request::get("http://example.com/").body(SdkBody::empty()).unwrap();
        assert!(public_client().request(plain).await.unwrap_err().is_connect());
    }
}
