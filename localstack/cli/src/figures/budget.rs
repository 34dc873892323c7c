//! What a function may cost.

use std::{collections::BTreeSet, mem::discriminant};

use manifest::{Access, Function, Use};
use serde::{Deserialize, Serialize};

/// Most memory in MiB.
const HIGH_WATER_MIB: f64 = 15.0;
/// The same where a password or PIN is hashed: 19 MiB of it are the hash's.
const HIGH_WATER_HASHING_MIB: f64 = 45.0;

/// Most CPU of a warm call (ms), where it is promised.
const CALL_CPU_MS: [(&str, f64); 6] = [
    ("auth-refresh-session", 0.25),
    ("catalog-get-title", 0.15),
    ("catalog-list-titles", 0.15),
    ("search-titles", 0.4),
    ("streaming-heartbeat", 0.25),
    ("streaming-start-session", 0.4),
];

/// What a function consists of, by which it may weigh more or less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Class {
    /// Public and without any engine.
    #[serde(rename = "HTTP only")]
    HttpOnly,
    /// Without any engine, for callers with a token.
    #[serde(rename = "HTTP with token check")]
    HttpWithToken,
    /// Postgres and nothing else.
    Postgres,
    /// Up to two kinds of AWS clients, with or without Postgres.
    #[serde(rename = "one or two SDK clients")]
    FewClients,
    /// All others.
    #[serde(rename = "anything")]
    Anything,
}

impl Class {
    /// By what the yaml says that the function uses.
    pub fn of(function: &Function) -> Self {
        let clients: BTreeSet<&Use> = function.uses.iter().filter(|item| !matches!(item, Use::Layer(_))).collect();
        let mut sdks: Vec<_> = clients.iter().filter(|item| is_sdk(item)).map(|item| discriminant(*item)).collect();
        sdks.dedup();
        let is_plain = clients.iter().all(|item| is_sdk(item) || **item == Use::Postgres);
        match (clients.is_empty(), sdks.len(), is_plain) {
            (true, ..) if function.access == Some(Access::Public) => Self::HttpOnly,
            (true, ..) => Self::HttpWithToken,
            (_, 0, true) => Self::Postgres,
            (_, 1..=2, true) => Self::FewClients,
            _ => Self::Anything,
        }
    }

    /// As the tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::HttpOnly => "HTTP only",
            Self::HttpWithToken => "HTTP with token check",
            Self::Postgres => "Postgres",
            Self::FewClients => "one or two SDK clients",
            Self::Anything => "anything",
        }
    }

    /// Most bytes of the program, in 10⁶.
    pub fn size_mb(self) -> f64 {
        match self {
            Self::HttpOnly => 2.5,
            Self::HttpWithToken => 3.2,
            Self::Postgres => 4.5,
            Self::FewClients => 6.5,
            Self::Anything => 9.0,
        }
    }

    /// Most CPU from the start to the first request for work, in ms.
    pub fn init_ms(self) -> f64 {
        match self {
            Self::HttpOnly | Self::HttpWithToken => 2.0,
            Self::Postgres => 3.0,
            Self::FewClients => 4.0,
            Self::Anything => 5.0,
        }
    }
}

fn is_sdk(item: &Use) -> bool {
    match item {
        Use::S3 { .. }
        | Use::Dynamodb { .. }
        | Use::Sqs(_)
        | Use::EventQueues
        | Use::DeadLetters
        | Use::Redrive
        | Use::Kinesis(_)
        | Use::Secret { .. }
        | Use::Ses => true,
        Use::Postgres | Use::Redis | Use::Opensearch | Use::Clickhouse | Use::Layer(_) => false,
    }
}

/// Most memory in MiB. Whoever hashes has a whole processor, which comes with this memory; what works on films has no budget.
pub fn high_water_mib(function: &Function) -> Option<f64> {
    let is_worker = function.service == "media" && !function.is_http();
    let hashes = function.memory >= 1024;
    (!is_worker).then_some(if hashes { HIGH_WATER_HASHING_MIB } else { HIGH_WATER_MIB })
}

/// Most CPU of a warm call in ms.
pub fn call_cpu_ms(function: &str) -> Option<f64> {
    CALL_CPU_MS.iter().find(|(name, _)| *name == function).map(|(_, most)| *most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_of_calls_is_promised_of_functions() {
        let manifest = manifest::Manifest::load(&crate::root().unwrap()).unwrap();
        for (name, _) in CALL_CPU_MS {
            assert!(manifest.function(name).is_some(), "there is no {name}");
        }
    }
}
