//! What a function is asked again and again.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use testkit::{Function, Service, gateway, golden, golden_anew, lambda::pairs};

/// Makes each request, from the answer to the one before (`null` at first).
pub struct Workload(Box<dyn FnMut(&Value) -> Value>);

impl Workload {
    /// The same request every time.
    pub fn same(payload: Value) -> Self {
        Self(Box::new(move |_| payload.clone()))
    }

    /// Another request every time, from its number.
    pub fn each(mut payload: impl FnMut(usize) -> Value + 'static) -> Self {
        let mut number = 0;
        Self(Box::new(move |_| {
            number += 1;
            payload(number)
        }))
    }

    /// A request that carries what the last answer gave.
    pub fn after(payload: impl FnMut(&Value) -> Value + 'static) -> Self {
        Self(Box::new(payload))
    }

    /// The next request.
    pub fn next(&mut self, last: &Value) -> Value {
        (self.0)(last)
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
        accepted(function, self.running.get_mut(function).expect("just started").invoke(payload).await)
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

/// The answer's body; fails unless the request was accepted, and every record of a batch.
pub fn accepted(function: &str, answer: Result<Value, Value>) -> Value {
    let answer = answer.unwrap_or_else(|error| panic!("{function} fails: {error}"));
    if let Some(status) = answer["statusCode"].as_u64() {
        assert!((200..300).contains(&status), "{function} refuses what it is asked: {answer}");
        return serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
    }
    let failed = answer["batchItemFailures"].as_array().is_some_and(|failed| !failed.is_empty());
    assert!(!failed, "{function} leaves records: {answer}");
    answer
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
