//! What a function is asked again and again.

use std::collections::BTreeMap;

use serde_json::{Value, json};
pub use testkit::gateway::request;
use testkit::{Function, Programs, Service, golden, golden_anew, lambda::accepted};

/// Makes each request, from the answer to the one before (`null` at first), and knows what a good answer is.
pub struct Workload {
    next: Box<dyn FnMut(&Value) -> Value>,
    fits: fn(&Value) -> bool,
}

impl Workload {
    /// The same request every time.
    pub fn same(payload: Value) -> Self {
        Self::after(move |_| payload.clone())
    }

    /// Another request every time, from its number.
    pub fn each(mut payload: impl FnMut(usize) -> Value + 'static) -> Self {
        let mut number = 0;
        Self::after(move |_| {
            number += 1;
            payload(number)
        })
    }

    /// A request that carries what the last answer gave.
    pub fn after(payload: impl FnMut(&Value) -> Value + 'static) -> Self {
        Self { next: Box::new(payload), fits: |_| true }
    }

    /// Where an answer that is 2xx may still say that the work was not done.
    pub fn answering(self, fits: fn(&Value) -> bool) -> Self {
        Self { fits, ..self }
    }

    /// Asks once more; the body of the answer.
    ///
    /// # Errors
    /// The answer, when the request was not accepted or its work not done.
    pub async fn call(&mut self, function: &mut Function, last: &Value) -> Result<Value, String> {
        let body = accepted(function.invoke(&(self.next)(last)).await)?;
        if (self.fits)(&body) { Ok(body) } else { Err(format!("the work was not done: {body}")) }
    }
}

/// A service with engines and data, and what its functions can be asked. Its data come through its own programs, those beside this one.
pub struct Stage {
    pub service: Service,
    pub workloads: BTreeMap<String, Workload>,
    programs: Programs,
}

impl Stage {
    pub fn new(service: Service) -> Self {
        Self { programs: Programs::of(&service), service, workloads: BTreeMap::new() }
    }

    /// Has a program do something now; what it answers.
    pub async fn ask(&mut self, function: &str, payload: &Value) -> Value {
        self.programs.ask(function, payload).await
    }

    pub fn measure(&mut self, function: &str, workload: Workload) {
        self.workloads.insert(function.to_owned(), workload);
    }

    /// Functions that answer the golden payload of their trigger again and again.
    pub fn measure_golden(&mut self, functions: &[&str]) {
        for function in functions {
            self.measure(function, Workload::same(golden(function)));
        }
    }

    /// Functions to which each event is about something new.
    pub fn measure_golden_anew(&mut self, functions: &[&'static str]) {
        for function in functions {
            self.measure(function, Workload::each(|_| golden_anew(function)));
        }
    }
}

/// A request from an address of its own: limits count by it.
pub fn from_elsewhere(mut request: Value, number: usize) -> Value {
    let address = format!("10.{}.{}.1:443", number / 250, number % 250);
    request["headers"]["cloudfront-viewer-address"] = json!(address);
    request["multiValueHeaders"]["cloudfront-viewer-address"] = json!([address]);
    request
}
