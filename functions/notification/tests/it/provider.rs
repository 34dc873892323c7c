//! A provider of mail that remembers what it has taken, and that can be slow to say so.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use mail_parser::MessageParser;

use crate::house::House;

#[derive(Clone)]
pub struct Provider {
    url: String,
    /// The emulator.
    upstream: String,
    accepted: Arc<Mutex<Vec<Vec<u8>>>>,
    is_mute: Arc<AtomicBool>,
}

impl Provider {
    /// Behind it stands whatever the house used before.
    fn before(house: &House) -> Self {
        let upstream = house.service.var("AWS_ENDPOINT_URL");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let provider = Self { url, upstream, accepted: Arc::default(), is_mute: Arc::default() };
        let serving = provider.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let provider = serving.clone();
                std::thread::spawn(move || provider.answer(connection));
            }
        });
        provider
    }

    /// Mails of the house go to a provider; secrets and queues stay where they were.
    pub fn serve(house: House) -> (Self, House) {
        let provider = Self::before(&house);
        let service = house.service.with("AWS_ENDPOINT_URL", &provider.url);
        let app = service.app(notification::operations::routes);
        (provider, House { service, app })
    }

    /// Takes mails from now on, and breaks the connection before it says so.
    pub fn fall_mute(&self, is_mute: bool) {
        self.is_mute.store(is_mute, Ordering::SeqCst);
    }

    /// How often a mail was taken.
    pub fn count(&self, id: &str) -> usize {
        self.accepted().iter().filter(|raw| String::from_utf8_lossy(raw).contains(id)).count()
    }

    /// The raw messages, in the order in which they were taken.
    pub fn accepted(&self) -> Vec<Vec<u8>> {
        self.accepted.lock().unwrap().clone()
    }

    /// The path of the link that ends marketing, in the newest mail's header.
    pub fn way_out(&self) -> String {
        let raw = self.accepted().pop().unwrap();
        let parsed = MessageParser::default().parse(&raw).unwrap();
        assert_eq!(parsed.header_raw("List-Unsubscribe-Post").unwrap().trim(), "List-Unsubscribe=One-Click");
        let header = parsed.header_raw("List-Unsubscribe").unwrap().replace(['\r', '\n', ' ', '\t'], "");
        header.strip_prefix("<http://localhost:8080").unwrap().strip_suffix('>').unwrap().to_owned()
    }

    /// Takes a mail; whatever else is asked goes to the emulator.
    fn answer(&self, mut connection: TcpStream) {
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).is_err() || line.len() <= 2 {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or_default();
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap();
            }
            if !name.eq_ignore_ascii_case("connection") {
                head.push_str(&line);
            }
        }
        let mut body = vec![0; length];
        if head.is_empty() || reader.read_exact(&mut body).is_err() {
            return;
        }
        let raw = form_urlencoded::parse(&body).find(|(name, _)| name == "RawMessage.Data");
        let Some((_, raw)) = raw else {
            let upstream = self.upstream.strip_prefix("http://").unwrap();
            let mut upstream = TcpStream::connect(upstream).unwrap();
            upstream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).unwrap();
            upstream.write_all(&body).unwrap();
            let _ = std::io::copy(&mut upstream, &mut connection);
            return;
        };
        self.accepted.lock().unwrap().push(BASE64_STANDARD.decode(&*raw).unwrap());
        if self.is_mute.load(Ordering::SeqCst) {
            return;
        }
        let answer = "<SendRawEmailResponse xmlns=\"http://ses.amazonaws.com/doc/2010-12-01/\"><SendRawEmailResult><MessageId>0100</MessageId>\
                      </SendRawEmailResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></SendRawEmailResponse>";
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length:";
        let _ = write!(connection, "{head} {}\r\n\r\n{answer}", answer.len());
    }
}
