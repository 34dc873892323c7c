//! The address at a push service under which a browser is reached. It comes from a client, and the function calls it: only public names over
//! TLS are taken, so that nobody reaches into the network around the function. What a name resolves to is looked at once more when it is called.

use std::fmt;

use runtime::{Boot, BootError, Wire};

const LONGEST_ENDPOINT: usize = 2_048;
/// Names that mean something only inside of a network.
const INNER: [&str; 5] = ["localhost", "local", "internal", "lan", "arpa"];

/// A URL of a push service.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: String,
    /// Length of scheme, host and port.
    origin: usize,
    is_trusted: bool,
}

/// No push service is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no https address of a push service")]
pub struct NotAnEndpoint;

/// Origins of push services that an operator runs: they may be inside of the network, and may do without TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedOrigins(Vec<String>);

impl TrustedOrigins {
    /// Reads a list with commas; empty: there are none.
    pub fn parse(list: &str) -> Self {
        let origins = list.split(',').map(|origin| origin.trim().trim_end_matches('/'));
        Self(origins.filter(|origin| !origin.is_empty()).map(str::to_owned).collect())
    }
}

impl Wire for TrustedOrigins {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self::parse(&boot.setting("PUSH_TRUSTED_ORIGINS").unwrap_or_default()))
    }
}

impl Endpoint {
    /// Reads a URL.
    ///
    /// # Errors
    /// When it is none that may be called.
    pub fn parse(url: &str, trusted: &TrustedOrigins) -> Result<Self, NotAnEndpoint> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}#".contains(&byte);
        if url.len() > LONGEST_ENDPOINT || !url.bytes().all(is_plain) {
            return Err(NotAnEndpoint);
        }
        let host_at = url.find("://").ok_or(NotAnEndpoint)? + 3;
        let origin = url[host_at..].find(['/', '?']).map_or(url.len(), |end| host_at + end);
        let endpoint = |is_trusted| Self { url: url.to_owned(), origin, is_trusted };
        if trusted.0.iter().any(|trusted| *trusted == url[..origin]) {
            return Ok(endpoint(true));
        }
        let host = &url[host_at..origin];
        let is_allowed = url.starts_with("https://") && is_public_name(host.strip_suffix(":443").unwrap_or(host));
        if is_allowed { Ok(endpoint(false)) } else { Err(NotAnEndpoint) }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port: for whom a signature is good.
    pub fn origin(&self) -> &str {
        &self.url[..self.origin]
    }

    /// Whether an operator vouches for it.
    pub fn is_trusted(&self) -> bool {
        self.is_trusted
    }
}

/// A name of at least two labels whose last is no number: an address in whatever writing is none.
fn is_public_name(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = labels[labels.len() - 1].to_ascii_lowercase();
    host.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(is_label)
        && last.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && !INNER.contains(&last.as_str())
}

/// Whoever knows the address can ask the browser to wake up: it is not printed.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Endpoint, NotAnEndpoint> {
        Endpoint::parse(url, &TrustedOrigins::default())
    }

    #[test]
    fn push_services_are_taken() {
        for (url, origin) in [
            ("https://fcm.googleapis.com/fcm/send/abc:APA91b-x_y", "https://fcm.googleapis.com"),
            ("https://updates.push.services.mozilla.com/wpush/v2/gAAA", "https://updates.push.services.mozilla.com"),
            ("https://web.push.apple.com/QGui?x=1", "https://web.push.apple.com"),
            ("https://push.example:443/x", "https://push.example:443"),
            ("https://push.example?x", "https://push.example"),
        ] {
            let endpoint = parse(url).unwrap();
            assert_eq!((endpoint.as_str(), endpoint.origin(), endpoint.is_trusted()), (url, origin, false));
            assert_eq!(format!("{endpoint:?}"), origin);
        }
    }

    #[test]
    fn nothing_inside_of_the_network_can_be_named() {
        for url in [
            "",
            "push.example/x",
            "http://push.example/x",
            "HTTPS://push.example/x",
            "ftp://push.example/x",
            "https:///x",
            "https://localhost/x",
            "https://push/x",
            "https://metadata.internal/x",
            "https://printer.local/x",
            "https://127.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
            "https://2130706433/x",
            "https://0x7f.0x0.0x0.0x1/x",
            "https://0177.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://push.example:8080/x",
            "https://push.example:/x",
            "https://user@push.example/x",
            "https://push.example@127.0.0.1/x",
            "https://push.example./x",
            "https://push..example/x",
            "https://-push.example/x",
            "https://push.example/a b",
            "https://push.example/a\r\nHost: x",
            "https://push.example/#x",
            "https://пуш.example/x",
            &format!("https://push.example/{}", "x".repeat(2_048)),
        ] {
            assert_eq!(parse(url), Err(NotAnEndpoint), "{url:?}");
        }
    }

    #[test]
    fn only_whole_origins_are_trusted() {
        let trusted = TrustedOrigins::parse(" http://10.0.0.5:8080/, https://push.corp ,");
        let parse = |url: &str| Endpoint::parse(url, &trusted).map(|endpoint| endpoint.is_trusted());
        assert_eq!((parse("http://10.0.0.5:8080/x"), parse("https://push.corp/x")), (Ok(true), Ok(true)));
        for other in ["http://10.0.0.5/x", "http://10.0.0.5:80801/x", "http://10.0.0.5:8080@evil.example/x"] {
            assert_eq!(parse(other), Err(NotAnEndpoint), "{other}");
        }
        assert_eq!(parse("https://push.corp.example/x"), Ok(false));
        assert_eq!(TrustedOrigins::parse(""), TrustedOrigins::default());
    }
}
