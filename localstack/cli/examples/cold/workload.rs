//! What a function is asked again and again.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use testkit::{Function, Service, gateway, golden, golden_anew, lambda::pairs};

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
    running: HashMap<String, Function>,
}

impl Stage {
    pub fn new(service: Service) -> Self {
        Self { service, workloads: BTreeMap::new(), running: HashMap::new() }
    }

    /// Has a program do something now; what it answers.
    pub async fn ask(&mut self, function: &str, payload: &Value) -> Value {
        if !self.running.contains_key(function) {
            let started = Function::start(function, &pairs(self.service.vars())).await;
            self.running.insert(function.to_owned(), started);
        }
        let answer = self.running.get_mut(function).expect("just started").invoke(payload).await;
        accepted(answer).unwrap_or_else(|error| panic!("{function}: {error}"))
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

/// The answer's body, if the request was accepted, and every record of a batch.
fn accepted(answer: Result<Value, Value>) -> Result<Value, String> {
    let answer = answer.map_err(|error| format!("failed: {error}"))?;
    if let Some(status) = answer["statusCode"].as_u64() {
        if !(200..300).contains(&status) {
            return Err(format!("refused: {answer}"));
        }
        return Ok(serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default());
    }
    let has_failed = answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
    if has_failed { Err(format!("records are left: {answer}")) } else { Ok(answer) }
}

/// A request as the gateway passes it on, with a body of JSON.
pub fn request(route: &str, token: Option<&str>, body: Option<&Value>) -> Value {
    let (method, path) = route.split_once(' ').expect("GET /path");
    let authorization = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("accept-language", "en"), ("content-type", "application/json")];
    headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
    gateway::event(method, path, &headers, body.map(Value::to_string).as_deref())
}

/// The same from an address of its own: limits count by it.
pub fn from_elsewhere(mut request: Value, number: usize) -> Value {
    let address = format!("10.{}.{}.1:443", number / 250, number % 250);
    request["headers"]["cloudfront-viewer-address"] = json!(address);
    request["multiValueHeaders"]["cloudfront-viewer-address"] = json!([address]);
    request
}
