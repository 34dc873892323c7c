//! No function writes down who somebody is or what proves it.

use std::time::Duration;

use aws_sdk_cloudwatchlogs::Client;
use engines::aws;
use reqwest::Method;
use serde_json::json;

use crate::{
    aws_url,
    identity::{PASSWORD, call, live},
    visitor,
};

/// Every line of every function since `since` (ms), with the function's name.
pub async fn lines(since: i64) -> Vec<(String, String)> {
    let client = Client::new(&aws::config(&aws_url()));
    let mut lines = Vec::new();
    let mut groups = client.describe_log_groups().log_group_name_prefix("/aws/lambda/").into_paginator().send();
    while let Some(page) = groups.next().await {
        for group in page.expect("log groups").log_groups().iter().filter_map(|group| group.log_group_name()) {
            let mut next = None;
            loop {
                let request = client.filter_log_events().log_group_name(group).start_time(since);
                let page = request.set_next_token(next).send().await.expect("log lines");
                let name = group.rsplit('/').next().unwrap_or(group);
                let found = page.events().iter().filter_map(|event| event.message());
                lines.extend(found.map(|line| (name.to_owned(), line.to_owned())));
                next = page.next_token().map(str::to_owned);
                if next.is_none() || page.events().is_empty() {
                    break;
                }
            }
        }
    }
    lines
}

/// `eyJ…` with two dots behind it: a JWT of anybody.
fn has_jwt(line: &str) -> bool {
    line.match_indices("eyJ").any(|(at, _)| {
        let token: String =
            line[at..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter)).collect();
        token.len() > 40 && token.matches('.').count() >= 2
    })
}

#[test]
fn a_jwt_is_known_when_it_is_seen() {
    let token = testkit::Token::fresh().sign();
    assert!(has_jwt(&format!("{{\"authorization\":\"Bearer {token}\"}}")));
    assert!(!has_jwt("eyJ is how they begin. So do others. Some."));
}

#[tokio::test]
async fn no_line_of_any_function_holds_an_address_a_secret_or_a_token() {
    let since = kernel::World::system().now().unix_timestamp() * 1000 - 1000;
    let life = live("logs").await;
    let wrong_password = format!("not the password of {}", life.account);
    // Failures are where logs talk.
    for (path, body) in [
        ("/v1/auth/login", json!({ "email": life.email, "password": wrong_password })),
        ("/v1/auth/verify-email", json!({ "email": life.email, "code": "000000", "password": PASSWORD })),
        ("/v1/auth/register", json!({ "email": life.email, "password": PASSWORD })),
        ("/v1/auth/password/forgot", json!({ "email": life.email })),
        ("/v1/auth/refresh", json!({ "refresh_token": format!("{}x", life.refresh) })),
        ("/v1/auth/refresh", json!({ "refresh_token": life.refresh })),
    ] {
        visitor().raw(Method::POST, path, Some(&body), &[]).await.expect("an answer");
    }
    call(Method::GET, "/v1/users/me", &format!("{}x", life.access), None).await;
    let (status, begun) = call(Method::DELETE, "/v1/auth/account", &life.access, None).await;
    assert_eq!(status, 202, "{begun}");
    // Consumers write theirs a little later.
    tokio::time::sleep(Duration::from_secs(20)).await;

    let receipts = begun["receipts_url"].as_str().unwrap().split_once("token=").unwrap().1.to_owned();
    let mails = edge::mails(visitor().http(), &aws_url(), &life.email).await.unwrap();
    let codes = mails.iter().flat_map(|mail| mail.text.split(|letter: char| !letter.is_ascii_digit()));
    let mut secrets: Vec<(&str, String)> = codes
        .filter(|run| run.len() == 6)
        .map(|code| ("a code from a mail", code.to_owned()))
        .chain(life.codes.iter().map(|code| ("a code of the authenticator", code.clone())))
        .collect();
    let refresh_secret = life.refresh.split_once('.').map_or(life.refresh.clone(), |(_, secret)| secret.to_owned());
    secrets.extend([
        ("the address", life.email.clone()),
        ("the password", PASSWORD.to_owned()),
        ("a wrong password", wrong_password),
        ("the access token", life.access.clone()),
        ("the refresh token", refresh_secret),
        ("the authenticator's secret", life.secret.clone()),
        ("the token of the receipts", receipts),
        ("a bearer header", "Bearer eyJ".to_owned()),
    ]);

    let lines = lines(since).await;
    let functions: std::collections::BTreeSet<&String> = lines.iter().map(|(function, _)| function).collect();
    assert!(functions.len() >= 5, "hardly anything was logged: {functions:?}");
    let is_code = |what: &str| what.starts_with("a code");
    let mut told = Vec::new();
    for (function, line) in &lines {
        // Six digits may be part of any number: they count as a word of their own only.
        let words: std::collections::BTreeSet<&str> =
            line.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| word.len() == 6).collect();
        for (what, secret) in &secrets {
            let is_there = if is_code(what) { words.contains(secret.as_str()) } else { line.contains(secret.as_str()) };
            if is_there {
                told.push(format!("{function} tells {what}: {line}"));
            }
        }
        if has_jwt(line) {
            told.push(format!("{function} tells a token: {line}"));
        }
    }
    assert!(told.is_empty(), "{} of {} lines:\n{}", told.len(), lines.len(), told.join("\n"));
}
