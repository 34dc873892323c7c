//! The smallest HTTP client that can ask an engine how it is.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An engine that needs longer for its health page is not healthy.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request to a server on this machine.
pub(crate) struct Request<'a> {
    pub method: &'a str,
    pub port: u16,
    pub path: &'a str,
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a str,
    pub patience: Duration,
}

impl Request<'_> {
    /// Status and body.
    pub async fn send(&self) -> io::Result<(u16, String)> {
        let mut text = format!("{} {} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n", self.method, self.path, self.port);
        for (name, value) in self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n{}", self.body.len(), self.body));
        let exchange = async {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
            stream.write_all(text.as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            io::Result::Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        let answer = tokio::time::timeout(self.patience, exchange).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
        let status = head.split_whitespace().nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or(io::ErrorKind::InvalidData)?, body.to_owned()))
    }
}

/// `GET` from a server on this machine: status and body.
pub(crate) async fn get(port: u16, path: &str, headers: &[(&str, &str)]) -> io::Result<(u16, String)> {
    Request { method: "GET", port, path, headers, body: "", patience: PATIENCE }.send().await
}

/// Sends one line to a server on this machine and returns what comes back first.
pub(crate) async fn exchange(port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.write_all(request).await?;
        let mut answer = vec![0; 512];
        let read = stream.read(&mut answer).await?;
        answer.truncate(read);
        io::Result::Ok(answer)
    };
    tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| io::ErrorKind::TimedOut)?
}
