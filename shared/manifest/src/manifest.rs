//! The functions and resources of a repository, as its yaml lists them.

use std::collections::BTreeMap;

use crate::function::Function;
use crate::resources::Resources;
use crate::trigger::Trigger;

/// Everything the repository says about its functions; names are unique and every reference resolves.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// By service, in the order of the file.
    pub functions: Vec<Function>,
    /// What they share.
    pub resources: Resources,
}

impl Manifest {
    /// The functions of one service.
    pub fn service<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Function> {
        self.functions.iter().filter(move |function| function.service == service)
    }

    /// The services that have functions, sorted.
    pub fn services(&self) -> Vec<&str> {
        let mut services: Vec<&str> = self.functions.iter().map(|function| function.service.as_str()).collect();
        services.sort_unstable();
        services.dedup();
        services
    }

    /// One function by name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Event type → the queues that get a copy of each event, sorted.
    pub fn event_routes(&self) -> BTreeMap<String, Vec<String>> {
        let mut routes: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for function in &self.functions {
            for trigger in &function.triggers {
                let Trigger::Events(types) = trigger else { continue };
                for event_type in types {
                    routes.entry(event_type.clone()).or_default().push(function.name.clone());
                }
            }
        }
        for queues in routes.values_mut() {
            queues.sort_unstable();
            queues.dedup();
        }
        routes
    }
}
