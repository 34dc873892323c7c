//! A service's shipped binaries, each started when it is asked first.

use std::collections::HashMap;

use serde_json::Value;

use crate::{
    Function, Service,
    lambda::{accepted, pairs},
};

/// The binaries beside this one, with the variables of a service.
pub struct Programs {
    variables: Vec<(String, String)>,
    running: HashMap<String, Function>,
}

impl Programs {
    /// None runs yet.
    pub fn of(service: &Service) -> Self {
        Self { variables: pairs(service.vars()), running: HashMap::new() }
    }

    /// The running function.
    pub async fn function(&mut self, name: &str) -> &mut Function {
        if !self.running.contains_key(name) {
            let started = Function::start(name, &self.variables).await;
            self.running.insert(name.to_owned(), started);
        }
        self.running.get_mut(name).expect("just started")
    }

    /// Has a function do something; the body of its answer. It fails unless that was accepted.
    pub async fn ask(&mut self, name: &str, payload: &Value) -> Value {
        let answer = self.function(name).await.invoke(payload).await;
        accepted(answer).unwrap_or_else(|error| panic!("{name}: {error}"))
    }
}
