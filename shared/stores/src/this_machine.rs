//! Addresses of programs that run beside ours.

use http::Uri;

/// Whether a URL leads, without TLS, to a program of this machine and nowhere else: what stands in for a provider is reached there alone.
pub fn is_on_this_machine(url: &str) -> bool {
    let is_here = |host: &str| host == "localhost" || host == "127.0.0.1" || host.ends_with(".localhost");
    // What stands before `@` and behind `#` is read differently by different programs.
    let uri: Option<Uri> = url.parse().ok().filter(|_| !url.contains(['@', '#']));
    uri.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some_and(is_here))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_without_tls_is_here() {
        for here in ["http://localhost:1", "http://127.0.0.1:9420", "http://sandbox.localhost:9420/a"] {
            assert!(is_on_this_machine(here), "{here}");
        }
        for elsewhere in
            ["", "/a", "https://localhost", "http://127.0.0.1.evil", "http://127.0.0.1@evil", "http://evil#.localhost"]
        {
            assert!(!is_on_this_machine(elsewhere), "{elsewhere}");
        }
    }
}
