//! Cookies that only this host can have set and that no script can read.

use http::{HeaderMap, HeaderValue, header, header::InvalidHeaderValue};
use time::Duration;

/// One cookie. The prefix `__Host-` of its name makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis, 4.1.3.2).
pub struct HostCookie {
    name: &'static str,
    same_site: &'static str,
    lifetime: Duration,
}

impl HostCookie {
    /// Goes only with requests that this site's pages make.
    pub const fn strict(name: &'static str, lifetime: Duration) -> Self {
        Self { name, same_site: "Strict", lifetime }
    }

    /// Goes with a navigation from another site as well.
    pub const fn lax(name: &'static str, lifetime: Duration) -> Self {
        Self { name, same_site: "Lax", lifetime }
    }

    /// Its value in a request.
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value.trim()).next()
    }

    /// For `Set-Cookie`.
    pub fn set(&self, value: &str) -> Result<HeaderValue, InvalidHeaderValue> {
        self.line(value, self.lifetime)
    }

    /// Makes the browser forget it.
    pub fn forget(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        self.line("", Duration::ZERO)
    }

    fn line(&self, value: &str, age: Duration) -> Result<HeaderValue, InvalidHeaderValue> {
        let (name, same_site, seconds) = (self.name, self.same_site, age.whole_seconds());
        let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}; Max-Age={seconds}");
        HeaderValue::from_str(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: HostCookie = HostCookie::strict("__Host-refresh", Duration::MINUTE);

    fn sent(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(value))])
    }

    #[test]
    fn it_is_found_among_others() {
        assert_eq!(COOKIE.read(&sent("a=b; __Host-refresh=ses_1.x=; c")), Some("ses_1.x="));
        assert_eq!(COOKIE.read(&sent("x__Host-refresh=1; __host-refresh=2")), None);
        assert_eq!(COOKIE.read(&HeaderMap::new()), None);
    }

    #[test]
    fn no_script_and_no_other_host_has_it() {
        let set = COOKIE.set("v").unwrap();
        assert_eq!(set, "__Host-refresh=v; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=60");
        let forget = HostCookie::lax("__Host-oauth", Duration::MINUTE).forget().unwrap();
        assert_eq!(forget, "__Host-oauth=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
        assert!(COOKIE.set("a\nb").is_err());
    }
}
