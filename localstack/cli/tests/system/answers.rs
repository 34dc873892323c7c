//! Every answer that leaves the edge is an operation's or a problem document, whatever is asked and however.

use std::fmt::Write as _;

use kernel::World;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{title, visitor};

/// Requests of each run: enough to meet every pair of a method and an oddity.
const REQUESTS: usize = 150;

/// What came back, header names in lower case.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn is_document(&self) -> bool {
        let problem = self.json();
        self.header("content-type") == Some("application/problem+json")
            && problem["status"] == self.status
            && ["type", "title", "code", "detail"].iter().all(|name| problem[name].is_string())
    }
}

/// One request, byte by byte: no client in between that would tidy it up.
async fn raw(method: &str, target: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
    let base = visitor().base().to_owned();
    let host = base.strip_prefix("http://").expect("http");
    let mut request = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| name == "host") {
        write!(request, "host: {host}\r\n").expect("text");
    }
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("text");
    }
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(host).await.expect("the edge");
    stream.write_all(request.as_bytes()).await.expect("sent");
    // A refusal may come before the body was read, and the connection is closed then.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    parsed(&answer).unwrap_or_else(|| panic!("{method} {target}: {:?}", String::from_utf8_lossy(&answer)))
}

fn parsed(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Some(Answer { status, headers, body: answer[end + 4..].to_vec() })
}

fn header(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// Draws from lists.
struct Dice(World);

impl Dice {
    fn draw<'a, T: ?Sized>(&self, from: &[&'a T]) -> &'a T {
        let [high, low] = self.0.bytes::<2>();
        from[usize::from(u16::from_be_bytes([high, low])) % from.len()]
    }
}

#[tokio::test]
async fn random_requests_meet_operations_or_documents() {
    let film = title("clockwork").await;
    let shown = format!("/v1/titles/{film}");
    let dice = Dice(World::system());
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "PROPFIND", "BREW"];
    let paths = [
        "/v1",
        "/v1/",
        "//v1//titles",
        "/V1/Titles",
        "/v1/titles",
        shown.as_str(),
        "/v1/titles/ttl_nonsense",
        "/v1/health",
        "/v1/auth/login",
        "/v1/events",
        "/v1/search?q=%ff",
        "/v1/titles?limit=0",
        "/v1/titles?cursor=%00",
        "/v1/nothing",
        "/v1/playback/sessions",
        "/v1/playback/sessions/pbs_x",
        "/v1/playback/sessions/pbs_x/heartbeat",
        "/v1/playback/sessions/pbs_x/master.m3u8",
        "/v1/admin/titles",
        "/media/x/master.m3u8",
        "/media/",
        "/media/%2e%2e/x",
        "/v1/../../_localstack/health",
        "/v1/%2e%2e/%2e%2e/_aws/ses",
        "/v1/titles/..%2f..%2f_localstack/health",
        "/v1/%252e%252e/x",
    ];
    let kinds =
        ["application/json", "text/csv", "multipart/form-data", "application/x-www-form-urlencoded", "", "a/b;c=\""];
    let encodings = ["identity", "gzip", "deflate", "br", "zstd", "gzip, gzip", "x"];
    let accepts = ["*/*", "application/json", "text/csv", "image/png", ""];
    let others = [
        ("authorization", "Bearer x"),
        ("range", "bytes=5-1"),
        ("if-none-match", "W/\"x\""),
        ("if-match", "*"),
        ("expect", "x"),
        ("x-http-method-override", "DELETE"),
        ("accept-encoding", "br"),
        ("x-origin-verify", "x"),
        ("traceparent", "00-x"),
        ("accept-language", "q=1,;;"),
        ("idempotency-key", "\t"),
        ("cookie", "a=b; =; ;"),
        ("te", "trailers"),
    ];
    let bodies: [&[u8]; 6] = [b"", b"{", b"{}", b"\x1f\x8b\x08\x00\x00", b"\xef\xbb\xbf{}", b"\xff\xfe\x00"];
    for _ in 0..REQUESTS {
        let (method, path) = (dice.draw(&methods), dice.draw(&paths));
        let (name, value) = *dice.draw(&others.each_ref());
        let headers = [
            header("content-type", dice.draw(&kinds)),
            header("content-encoding", dice.draw(&encodings)),
            header("accept", dice.draw(&accepts)),
            header(name, value),
        ];
        let body = dice.draw(&bodies);
        let answer = raw(method, path, &headers, body).await;
        let said = format!(
            "{method} {path} {headers:?} {body:?}: {} {}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
        // Engines rest for a moment now and then: 503 is an honest document, 500 and 502 are faults.
        assert!(answer.status < 500 || answer.status == 503, "{said}");
        assert!(method == "HEAD" || answer.status < 400 || answer.is_document(), "{said}");
        assert!(method != "HEAD" || answer.body.is_empty(), "{said}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{said}");
        assert!(!said.contains("localstack.cloud") && !said.contains("Traceback"), "{said}");
    }
}

#[tokio::test]
async fn head_is_answered_wherever_get_is() {
    let film = title("clockwork").await;
    for path in
        ["/v1/titles".to_owned(), format!("/v1/titles/{film}"), "/v1/genres".to_owned(), "/v1/health".to_owned()]
    {
        let (get, head) = (raw("GET", &path, &[], b"").await, raw("HEAD", &path, &[], b"").await);
        assert_eq!((get.status, head.status), (200, 200), "{path}");
        assert_eq!(get.header("content-type"), head.header("content-type"), "{path}");
        assert!(head.body.is_empty() && !get.body.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_wrong_method_says_which_are_right_and_other_names_are_not_ours() {
    for kind in ["application/json", "text/csv", "multipart/form-data"] {
        for path in
            ["/v1/playback/sessions/pbs_x/heartbeat", "/v1/playback/sessions/pbs_x/master.m3u8", "/v1/auth/login"]
        {
            let answer = raw("PUT", path, &[header("content-type", kind), header("accept", "text/csv")], b"{}").await;
            assert!(answer.status == 405 && answer.is_document(), "{path} {kind}: {}", answer.status);
            assert!(answer.header("allow").is_some_and(|allow| !allow.contains("PUT")), "{path}: {:?}", answer.headers);
        }
    }
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example"] {
        for path in ["/", "/mail", "/v1/titles", "/media/x"] {
            let answer = raw("GET", path, &[header("host", host)], b"").await;
            assert!(answer.status == 421 && answer.is_document(), "{host}{path}: {}", answer.status);
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_by_name() {
    let long = "a".repeat(20_000);
    let answer = raw("GET", &format!("/v1/titles?x={long}"), &[], b"").await;
    assert!(answer.status == 414 && answer.is_document(), "{}", answer.status);
    let answer = raw("GET", "/v1/titles", &[header("x-long", &long)], b"").await;
    assert!(answer.status == 431 && answer.is_document(), "{}", answer.status);
}
