//! The same problem documents as the functions give.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let document = serde_json::json!({
        "type": format!("https://cinema.example/problems/{code}"), "title": code.replace('_', " "),
        "status": status.as_u16(), "code": code, "detail": detail,
    });
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, document.to_string()).into_response()
}
