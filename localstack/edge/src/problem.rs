//! The same problem documents as the functions give.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

pub(crate) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let mut letters = code.chars().map(|letter| if letter == '_' { ' ' } else { letter });
    let title: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let document = serde_json::json!({
        "type": format!("https://cinema.example/problems/{code}"), "title": title,
        "status": status.as_u16(), "code": code, "detail": detail,
    });
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, document.to_string()).into_response()
}
