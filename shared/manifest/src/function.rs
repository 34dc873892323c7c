//! One Lambda as its `functions.yaml` entry describes it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::uses::Use;

/// One entry of a `functions.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// `<service>-<verb>-<noun>`: the Lambda's name, the bin's name and the key in the yaml.
    pub name: String,
    /// The service it belongs to.
    pub service: String,
    /// HTTP routes it answers; empty for event functions.
    pub routes: Vec<Route>,
    /// Who may call its routes; `None` for functions without routes.
    pub access: Option<Access>,
    /// What starts it besides HTTP.
    pub triggers: Vec<Trigger>,
    /// Memory in MiB.
    pub memory: u32,
    /// Limit of one invocation in seconds.
    pub timeout: u32,
    /// Clients it builds.
    pub uses: BTreeSet<Use>,
    /// Platform settings copied into its environment.
    pub settings: Vec<String>,
    /// Size of `/tmp` in MiB, where the default of 512 is not enough.
    pub ephemeral_mib: Option<u32>,
    /// Limit of simultaneous invocations.
    pub concurrency: Option<u32>,
    /// The yaml file, relative to the repository.
    pub file: PathBuf,
    /// The line of its entry, counted from 1.
    pub line: usize,
}

impl Function {
    /// The module of its operation: `get_title` for `catalog-get-title`.
    pub fn operation(&self) -> String {
        let name = self.name.strip_prefix(&self.service).unwrap_or(&self.name);
        name.trim_start_matches('-').replace('-', "_")
    }

    /// Whether it answers HTTP.
    pub fn is_http(&self) -> bool {
        !self.routes.is_empty()
    }

    /// The layers it asks for, by name.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().filter_map(|item| match item {
            Use::Layer(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// How long a message that this function works on stays hidden, in seconds. A killed batch-1 job comes back soon
    /// after its deadline; a batch may wait behind throttling, hence AWS's factor of six.
    pub fn visibility_seconds(&self, batch: u32) -> u32 {
        if batch == 1 { self.timeout + 30 } else { self.timeout * 6 }
    }
}

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

/// Who may call a route; enforced by the extractor in the handler's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Anyone, signed in or not.
    Public,
    /// A signed-in account.
    Account,
    /// A signed-in account with a chosen profile.
    Profile,
    /// An account with a role; admin implies the others.
    Role(Role),
    /// The bearer of a signed URL.
    UrlToken,
    /// Nobody from outside: triggers only.
    Internal,
}

/// A role of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Works on the catalogue.
    Editor,
    /// May do everything.
    Admin,
    /// Helps customers.
    Support,
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "public" => Ok(Access::Public),
            "account" => Ok(Access::Account),
            "profile" => Ok(Access::Profile),
            "role:editor" => Ok(Access::Role(Role::Editor)),
            "role:admin" => Ok(Access::Role(Role::Admin)),
            "role:support" => Ok(Access::Role(Role::Support)),
            "url-token" => Ok(Access::UrlToken),
            "internal" => Ok(Access::Internal),
            _ => Err(format!(
                "access `{text}`: expected public, account, profile, role:<editor|admin|support>, url-token or internal"
            )),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Public => "public",
            Access::Account => "account",
            Access::Profile => "profile",
            Access::Role(Role::Editor) => "role:editor",
            Access::Role(Role::Admin) => "role:admin",
            Access::Role(Role::Support) => "role:support",
            Access::UrlToken => "url-token",
            Access::Internal => "internal",
        })
    }
}

/// What starts a function besides HTTP. A trigger grants consuming.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// Event types; the function has a queue of its own, filled from `domain-events`.
    Events(Vec<String>),
    /// `rate(1 minute)` or `cron(…)`.
    Schedule(String),
    /// Objects created under a prefix.
    S3 {
        /// Logical name of the bucket.
        bucket: String,
        /// Key prefix, possibly empty.
        prefix: String,
    },
    /// Messages of a queue.
    Sqs {
        /// Logical name of the queue.
        queue: String,
        /// Most messages per invocation.
        batch: u32,
    },
    /// Records of a stream.
    Kinesis {
        /// Logical name of the stream.
        stream: String,
        /// Most records per invocation.
        batch: u32,
        /// Longest wait for a batch to fill, in seconds.
        window: u32,
    },
    /// Changes of a table.
    Dynamodb {
        /// Logical name of the table.
        table: String,
        /// Most records per invocation.
        batch: u32,
    },
}

impl Trigger {
    /// Most messages per invocation of an `events` consumer.
    pub const EVENTS_BATCH: u32 = 10;
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

    #[test]
    fn access_survives_reading_and_printing() {
        for word in
            ["public", "account", "profile", "role:editor", "role:admin", "role:support", "url-token", "internal"]
        {
            assert_eq!(word.parse::<Access>().unwrap().to_string(), word);
        }
        assert!("role:owner".parse::<Access>().is_err());
    }
}
