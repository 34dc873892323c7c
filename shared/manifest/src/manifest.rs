//! The functions and resources of a repository, as its yaml lists them.

use crate::function::Function;
use crate::resources::Resources;

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

    /// Whether a service keeps which login sessions have ended, and changes nothing with their tokens.
    pub fn refuses_ended_sessions(&self, service: &str) -> bool {
        self.service(service).any(|function| function.operation() == "project_sessions")
    }

    /// One function by name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }
}
