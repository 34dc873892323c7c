//! A provider for tests: answers what was recorded, on a real socket, and keeps what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// What happens to one request.
pub enum Answer {
    /// A status and a JSON document.
    Json(u16, &'static str),
    /// The request is read and never answered.
    Silence,
    /// The request is read and the connection closed.
    Close,
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `POST /v1/refunds`
    pub line: String,
    /// `name: value`, the name in lower case.
    pub headers: Vec<String>,
    pub body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// A pair of a form's body.
    pub fn field(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.body.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The server; ends with the test's runtime.
pub struct Recorded {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorded {
    /// Gives each request the next answer; whoever asks more often finds the connection closed.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut answers: VecDeque<Answer> = answers.into_iter().collect();
        let noted = asked.clone();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let mut stream = BufReader::new(stream);
                let Some(request) = read(&mut stream).await else { continue };
                noted.lock().unwrap().push(request);
                match answers.pop_front() {
                    Some(Answer::Json(status, document)) => write(&mut stream, status, document).await,
                    Some(Answer::Silence) => open.push(stream),
                    Some(Answer::Close) | None => {}
                }
            }
        });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The one request that came.
    pub fn only(&self) -> Asked {
        let asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

/// An address at which nobody listens.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut lines = head.trim_end().lines();
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers: Vec<String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| format!("{}: {value}", name.to_lowercase()))
        .collect();
    let asked = Asked { line, headers, body: String::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked { body: String::from_utf8(body).ok()?, ..asked })
}

async fn write(stream: &mut BufReader<TcpStream>, status: u16, document: &str) {
    let head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Type: application/json\r\n");
    let answer = format!("{head}Content-Length: {}\r\n\r\n{document}", document.len());
    let _ = stream.write_all(answer.as_bytes()).await;
}
