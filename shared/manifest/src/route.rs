//! A method and a path.

use std::fmt;
use std::str::FromStr;

/// A method and a path template.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// Upper case: `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: String,
    /// `/v1/titles/{id}`; a variable fills its whole segment.
    pub path: String,
}

impl Route {
    /// The path's segments: `["v1", "titles", "{id}"]`.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').skip(1)
    }
}

impl FromStr for Route {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| format!("route `{text}`: {why}");
        let (method, path) = text.split_once(' ').ok_or_else(|| refuse("expected `METHOD /path`"))?;
        if !matches!(method, "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            return Err(refuse("the method is GET, POST, PUT, PATCH or DELETE"));
        }
        if !path.starts_with('/') || !path.split('/').skip(1).all(is_segment) {
            return Err(refuse("a path segment is a lower-case word or one whole {variable}"));
        }
        Ok(Route { method: method.to_owned(), path: path.to_owned() })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

fn is_segment(segment: &str) -> bool {
    let is_word = |word: &str, extra: &[u8]| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || extra.contains(&b))
    };
    match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(variable) => is_word(variable, b"_"),
        None => is_word(segment, b".-_"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_whole_segments() {
        for good in ["GET /v1/titles/{id}", "GET /v1/auth/.well-known/jwks.json", "DELETE /v1/auth/mfa/totp"] {
            assert_eq!(good.parse::<Route>().unwrap().to_string(), good);
        }
        for bad in ["GET v1", "FETCH /v1", "GET /v1/", "GET /v1/{id}.json", "GET /v1/Titles", "/v1/titles", "GET  /v1"]
        {
            assert!(bad.parse::<Route>().is_err(), "{bad}");
        }
    }
}
