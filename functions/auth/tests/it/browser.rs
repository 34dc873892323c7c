//! A browser at the issuer, as far as a test needs one.

use std::collections::BTreeMap;

use cinema_http::axum::http::{Request, Response, header};
use stores::Fetch;

const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

pub struct Browser {
    issuer: String,
    fetch: Fetch,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    pub fn new() -> Self {
        Self { issuer: testkit::engines::issuer(), fetch: Fetch::default(), cookies: BTreeMap::new() }
    }

    /// Signs in at the issuer and returns where it sends the browser: path and query of the callback.
    pub async fn sign_in(&mut self, authorization_url: &str, person: &str) -> String {
        self.answer(authorization_url, &format!("login={person}%40people.example&password=cinema")).await
    }

    /// Goes where the issuer sends a browser that it knows: path and query of the callback, or `None` when it asks who it is.
    pub async fn pass(&mut self, authorization_url: &str) -> Option<String> {
        let place = self.go(Request::get(authorization_url), "").await;
        place.strip_prefix("http://localhost:8080").map(str::to_owned)
    }

    /// The same for somebody who thinks better of it.
    pub async fn cancel(&mut self, authorization_url: &str) -> String {
        self.answer(authorization_url, "cancel=1").await
    }

    async fn answer(&mut self, authorization_url: &str, form: &str) -> String {
        let login = self.go(Request::get(authorization_url), "").await;
        let request = Request::post(&login).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let resume = self.go(request, form).await;
        let callback = self.go(Request::get(&resume), "").await;
        callback.strip_prefix("http://localhost:8080").unwrap_or_else(|| panic!("sent to {callback}")).to_owned()
    }

    /// Where an answer sends the browser.
    async fn go(&mut self, request: cinema_http::axum::http::request::Builder, body: &str) -> String {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header(header::COOKIE, cookies.join("; ")).body(body.to_owned().into()).unwrap();
        let place = request.uri().clone();
        let response = self.fetch.send(request, PATIENCE).await.unwrap();
        self.keep(&response);
        let text = || String::from_utf8_lossy(response.body()).into_owned();
        let location = response.headers().get(header::LOCATION);
        let location = location.unwrap_or_else(|| panic!("{place} answered {}: {}", response.status(), text()));
        let location = location.to_str().unwrap();
        if location.starts_with('/') { format!("{}{location}", self.issuer) } else { location.to_owned() }
    }

    fn keep<T>(&mut self, response: &Response<T>) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
    }
}
