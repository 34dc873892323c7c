//! A function for trying the deployer: answers HTTP with what it was asked and its environment, and takes every record.
//!
//! Speaks the Runtime API over a plain socket, so that it is small and builds in a second.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

fn main() -> Result<()> {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").map_err(std::io::Error::other)?;
    loop {
        let (id, event) = call(&api, "GET", "next", b"")?;
        println!("event {event}");
        let path = format!("{id}/response");
        call(&api, "POST", &path, answer(&event).to_string().as_bytes())?;
    }
}

fn answer(event: &Value) -> Value {
    let Some(method) = event.get("httpMethod") else { return json!({"batchItemFailures": []}) };
    let environment: BTreeMap<String, String> = std::env::vars().collect();
    let body = json!({"method": method, "path": event["path"], "parameters": event["pathParameters"], "environment": environment});
    json!({"statusCode": 200, "headers": {"content-type": "application/json"}, "body": body.to_string()})
}

/// One request; returns the id of the invocation, where there is one, and the body.
fn call(api: &str, method: &str, path: &str, body: &[u8]) -> Result<(String, Value)> {
    let mut stream = TcpStream::connect(api)?;
    let head = format!(
        "{method} /2018-06-01/runtime/invocation/{path} HTTP/1.1\r\nHost: {api}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut reader = BufReader::new(stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "lambda-runtime-aws-request-id" => value.trim().clone_into(&mut id),
            "content-length" => length = value.trim().parse().map_err(std::io::Error::other)?,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((id, serde_json::from_slice(&body).unwrap_or_default()))
}
