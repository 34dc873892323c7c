//! One Lambda as its `functions.yaml` entry describes it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::access::{Access, Proof};
use crate::route::Route;
use crate::trigger::{Payload, Trigger};
use crate::uses::Use;

/// One entry of a `functions.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// `<service>-<verb>-<noun>`: the Lambda's name, the bin's name and the key in the yaml.
    pub name: String,
    pub service: String,
    /// HTTP routes it answers; empty for event functions.
    pub routes: Vec<Route>,
    /// Who may call its routes; `None` for functions without routes.
    pub access: Option<Access>,
    /// How fresh the caller's proof of identity must be.
    pub proof: Option<Proof>,
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

    /// What it is invoked with; `None` when that is HTTP.
    pub fn payload(&self) -> Option<Payload> {
        let has = |is: fn(&Trigger) -> bool| self.triggers.iter().any(is);
        Some(if self.is_http() {
            return None;
        } else if self.uses.contains(&Use::EventQueues) {
            // It passes on what it does not read.
            Payload::Kinesis
        } else if has(|trigger| matches!(trigger, Trigger::Events(_) | Trigger::Kinesis { .. })) {
            Payload::Events
        } else if has(|trigger| matches!(trigger, Trigger::Sqs { .. })) {
            Payload::Sqs
        } else if has(|trigger| matches!(trigger, Trigger::Dynamodb { .. })) {
            Payload::Dynamodb
        } else if has(|trigger| matches!(trigger, Trigger::S3 { .. })) {
            Payload::S3
        } else {
            Payload::Schedule
        })
    }

    /// The layers it asks for, by name.
    pub fn layers(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().filter_map(|item| match item {
            Use::Layer(name) => Some(name.as_str()),
            _ => None,
        })
    }
}
