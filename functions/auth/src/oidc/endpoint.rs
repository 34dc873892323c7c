//! Which addresses of a provider may be asked, and be sent codes and secrets.

use http::{Uri, uri::Scheme};

/// How an address is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// By TLS.
    Tls,
    /// Without TLS, but not beyond this machine.
    ThisMachine,
}

/// How an absolute URL is reached; `None` for one that may not be asked at all.
pub(super) fn reach(url: &str) -> Option<Reach> {
    // A browser and `http` read what stands before `@` and behind `#` differently, and no endpoint needs either.
    if url.contains(['@', '#']) {
        return None;
    }
    let uri: Uri = url.parse().ok()?;
    let host = uri.host().filter(|host| !host.is_empty())?.to_ascii_lowercase();
    let is_this_machine = host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost");
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTPS => Some(Reach::Tls),
        Some(scheme) if *scheme == Scheme::HTTP && is_this_machine => Some(Reach::ThisMachine),
        _ => None,
    }
}

/// Whether an issuer may name this endpoint: by TLS, or on this machine if the issuer itself is there without TLS.
pub(super) fn may_name(issuer: &str, endpoint: &str) -> bool {
    match reach(endpoint) {
        Some(Reach::Tls) => true,
        Some(Reach::ThisMachine) => reach(issuer) == Some(Reach::ThisMachine),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_nothing_beyond_this_machine_is_reached() {
        for (url, reached) in [
            ("https://accounts.google.com", Some(Reach::Tls)),
            ("HTTPS://accounts.google.com/o/oauth2?a=b", Some(Reach::Tls)),
            ("https://localhost:8443", Some(Reach::Tls)),
            ("http://127.0.0.1:9410/token", Some(Reach::ThisMachine)),
            ("http://localhost", Some(Reach::ThisMachine)),
            ("http://issuer.localhost:9410/", Some(Reach::ThisMachine)),
            ("http://accounts.google.com", None),
            ("http://localhost.evil.example", None),
            ("http://127.0.0.1.evil.example", None),
            ("http://localhost:80@evil.example/", None),
            ("http://evil.example?.localhost", None),
            ("http://evil.example#.localhost", None),
            ("https://a.example/#fragment", None),
            ("https://name@a.example/", None),
            ("ftp://localhost/", None),
            ("javascript:alert(1)", None),
            ("//accounts.google.com/token", None),
            ("/token", None),
            ("https://", None),
            ("https:///token", None),
            ("https:accounts.google.com", None),
            ("", None),
        ] {
            assert_eq!(reach(url), reached, "{url}");
        }
    }

    #[test]
    fn only_an_issuer_of_this_machine_names_endpoints_without_tls() {
        let (google, local) = ("https://accounts.google.com", "http://127.0.0.1:9410");
        assert!(may_name(google, "https://oauth2.googleapis.com/token"));
        assert!(may_name(local, "http://127.0.0.1:9410/token") && may_name(local, "https://a.example/token"));
        for (issuer, endpoint) in [
            (google, "http://oauth2.googleapis.com/token"),
            (google, "http://127.0.0.1:9410/token"),
            (local, "http://a.example/token"),
        ] {
            assert!(!may_name(issuer, endpoint), "{issuer} {endpoint}");
        }
    }
}
