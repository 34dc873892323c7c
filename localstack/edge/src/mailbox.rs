//! `/mail`: the mails that the platform has sent, newest first.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{mail, origins::Origins, problem::problem};

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) async fn page(State(origins): State<Arc<Origins>>, RawQuery(query): RawQuery) -> Response {
    let address = query.as_deref().and_then(|query| query.strip_prefix("to=")).unwrap_or_default();
    let address = percent_encoding::percent_decode_str(address).decode_utf8_lossy();
    let mails = match mail::list(&origins.client, &origins.aws_url, &address).await {
        Ok(mails) => mails,
        Err(error) => {
            eprintln!("mails cannot be read: {error:#}");
            return problem(
                StatusCode::BAD_GATEWAY,
                "mailbox_unreachable",
                "The mailbox cannot be read. Try again in a few seconds.",
            );
        }
    };
    let rows: String = mails
        .iter()
        .map(|mail| {
            let (to, subject, text) = (escape(&mail.to), escape(&mail.subject), escape(&mail.text));
            format!("<article><h2>{subject}</h2><p>to {to}, {}</p><pre>{text}</pre></article>", escape(&mail.sent_at))
        })
        .collect();
    let style = "body{font:16px system-ui;max-width:48rem;margin:2rem auto}article{border-top:1px solid #ccc}pre{white-space:pre-wrap}";
    let page = format!(
        "<!doctype html><meta charset=utf-8><title>Mailbox</title><style>{style}</style><h1>Mailbox</h1>{}",
        if rows.is_empty() { "<p>No mail yet.</p>" } else { &rows }
    );
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")], page).into_response()
}
