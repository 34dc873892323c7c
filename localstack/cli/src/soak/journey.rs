//! What people do on an evening.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use anyhow::{Context, Result};
use engines::{Home, progress::Progress};
use kernel::{AccountId, EventId, World};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::{
    accounts::{ACCOUNTS, grant_plan},
    client::Cinema,
    films,
    soak::ledger::Ledger,
    studio,
};

const PASSWORD: &str = "an evening at the cinema";
const HEARTBEATS: u32 = 6;
/// What somebody types, whatever the catalogue holds.
const WORDS: [&str; 6] = ["bunny", "buny", "clock", "life", "the", "кино"];

/// Somebody with an account and a plan.
pub(super) struct Viewer {
    /// From nobody's address.
    cinema: Cinema,
    email: String,
    number: u8,
    world: World,
    ledger: Arc<Ledger>,
}

impl Viewer {
    /// The same people come to every soak of a platform.
    pub async fn arrive(cinema: &Cinema, aws_url: &str, number: u8, ledger: Arc<Ledger>) -> Result<Self> {
        let email = format!("soak-{number}@example.com");
        let account = cinema.ensure_account(aws_url, &email, PASSWORD, "en").await.context("an account")?;
        grant_plan(aws_url, &account).await?;
        Ok(Self { cinema: cinema.clone(), email, number, world: World::system(), ledger })
    }

    /// One evening, to its end or to the first step without which the next makes no sense.
    pub async fn visit(&self) {
        let visit = async {
            let cinema = self.sign_in().await?;
            let titles = self.browse(&cinema).await?;
            self.search(&cinema).await;
            let title = self.any(&titles)?;
            self.keep(&cinema, &title).await;
            self.play(&cinema, &title).await
        };
        visit.await;
    }

    /// From another address of this machine each time, so that nobody's limit is used up.
    async fn sign_in(&self) -> Option<Cinema> {
        let [network, host] = self.world.bytes::<2>();
        let address = IpAddr::V4(Ipv4Addr::new(127, 1 + self.number, network, host.max(1)));
        let home = reqwest::Client::builder().no_proxy().local_address(address).build().ok()?;
        let signed_in = self.cinema.with_client(home).sign_in(&self.email, PASSWORD).await;
        self.ledger.outcome("sign in", signed_in.as_ref().err().map(|error| format!("{error:#}")));
        signed_in.ok()
    }

    /// Calls and counts; the answer where it is a good one.
    async fn call(&self, cinema: &Cinema, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let step = format!("{method} {}", shape(path));
        let answer = cinema.raw(method, path, body.as_ref(), &[]).await;
        let (value, failure) = match answer {
            Ok((200..300, value)) => (Some(value), None),
            Ok((status, problem)) => (None, Some(format!("{status} {problem}"))),
            Err(error) => (None, Some(format!("{error:#}"))),
        };
        self.ledger.outcome(&step, failure);
        value
    }

    async fn get(&self, cinema: &Cinema, path: &str) -> Option<Value> {
        self.call(cinema, Method::GET, path, None).await
    }

    async fn browse(&self, cinema: &Cinema) -> Option<Vec<String>> {
        let listed = self.get(cinema, "/v1/titles?limit=20").await?;
        let ids = listed["items"].as_array()?.iter().filter_map(|title| title["id"].as_str().map(str::to_owned));
        let ids: Vec<String> = ids.collect();
        for path in ["/v1/genres", "/v1/users/me", "/v1/continue-watching", "/v1/history"] {
            self.get(cinema, path).await;
        }
        self.get(cinema, &format!("/v1/titles/{}", self.any(&ids)?)).await;
        Some(ids)
    }

    async fn search(&self, cinema: &Cinema) {
        if let Some(word) = self.any(&WORDS) {
            let mut path = Url::parse("http://localhost/v1/search").ok();
            let query = path
                .as_mut()
                .map(|url| url.query_pairs_mut().append_pair("q", word).finish().query().map(str::to_owned));
            if let Some(Some(query)) = query {
                self.get(cinema, &format!("/v1/search?{query}")).await;
            }
        }
    }

    async fn keep(&self, cinema: &Cinema, title: &str) {
        self.call(cinema, Method::PUT, &format!("/v1/watchlist/{title}"), None).await;
        self.call(cinema, Method::PUT, &format!("/v1/ratings/{title}"), Some(json!({ "value": 7 }))).await;
        self.call(cinema, Method::DELETE, &format!("/v1/watchlist/{title}"), None).await;
    }

    async fn play(&self, cinema: &Cinema, title: &str) -> Option<()> {
        let device = format!("soak-{}", self.number);
        let start = json!({ "title_id": title, "device_id": device });
        let session = self.call(cinema, Method::POST, "/v1/playback/sessions", Some(start)).await?;
        let path = format!("/v1/playback/sessions/{}", session["session_id"].as_str()?);
        let master = self.fetch(cinema, "master playlist", session["manifest_url"].as_str()?).await?;
        let rendition = self.fetch(cinema, "rendition", &first_address(&master.0, &master.1)?).await?;
        self.fetch(cinema, "segment", &first_address(&rendition.0, &rendition.1)?).await?;
        for beat in 1..=HEARTBEATS {
            let report = json!({ "position": f64::from(beat) * 0.5, "state": "playing" });
            self.call(cinema, Method::POST, &format!("{path}/heartbeat"), Some(report)).await;
            let sample = json!({
                "id": self.world.id::<EventId>().to_string(), "type": "rebuffer", "value": 0.1, "position": beat,
                "at": self.world.now().format(&Rfc3339).ok()?,
            });
            let events = json!({ "token": session["token"], "events": [sample] });
            self.call(cinema, Method::POST, "/v1/events", Some(events)).await;
        }
        self.call(cinema, Method::DELETE, &format!("{path}?position=3.5"), None).await;
        Some(())
    }

    /// A playlist or a segment: its address and its text.
    async fn fetch(&self, cinema: &Cinema, step: &str, url: &str) -> Option<(String, String)> {
        let fetched = async {
            let answer = cinema.http().get(url).send().await?.error_for_status()?;
            Ok::<_, reqwest::Error>(String::from_utf8_lossy(&answer.bytes().await?).into_owned())
        };
        let fetched = fetched.await;
        self.ledger.outcome(step, fetched.as_ref().err().map(ToString::to_string));
        Some((url.to_owned(), fetched.ok()?))
    }

    fn any<T: Clone>(&self, list: &[T]) -> Option<T> {
        let [high, low] = self.world.bytes::<2>();
        let drawn = usize::from(u16::from_be_bytes([high, low]));
        list.get(drawn % list.len().max(1)).cloned()
    }
}

/// A path without its ids and query: one row for all calls of an operation.
fn shape(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let is_id = |part: &&str| part.len() == 30 && part.as_bytes().get(3) == Some(&b'_');
    path.split('/').map(|part| if is_id(&part) { "{id}" } else { part }).collect::<Vec<_>>().join("/")
}

/// The first line of a playlist that is an address, seen from the playlist.
fn first_address(base: &str, playlist: &str) -> Option<String> {
    let line = playlist.lines().find(|line| !line.is_empty() && !line.starts_with('#'))?;
    Some(Url::parse(base).ok()?.join(line).ok()?.to_string())
}

/// Somebody who brings a film now and then.
pub(super) struct Studio {
    cinema: Cinema,
    film: PathBuf,
}

impl Studio {
    pub async fn open(cinema: &Cinema, home: &Home) -> Result<Self> {
        let [_, editor] = ACCOUNTS;
        let cinema = cinema.sign_in(editor.email, editor.password).await.context("the editor: `cargo cinema seed`")?;
        let film = films::make(home, &home.cache().join("films"), "bars", true, &Progress::quiet()).await?;
        Ok(Self { cinema, film })
    }

    /// A draft of eight seconds, through the whole pipeline.
    pub async fn upload(&self) -> Result<()> {
        let name = format!("Soak {}", World::system().id::<AccountId>());
        let title = json!({ "kind": "film", "original_title": name, "localisations": { "en": { "name": name } } });
        let title = self.cinema.post("/v1/admin/titles", &title).await?;
        studio::film(&self.cinema, title["id"].as_str().context("no id")?, &self.film, &Progress::quiet()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_one_operation_are_one_row() {
        assert_eq!(shape("/v1/titles/ttl_01jd3k5m7n9pqrstvwxyz01234?x=1"), "/v1/titles/{id}");
        assert_eq!(shape("/v1/search?q=a"), "/v1/search");
    }

    #[test]
    fn a_playlists_first_address_is_seen_from_the_playlist() {
        let playlist = "#EXTM3U\n\n#EXT-X-VERSION:7\nv720/0.m4s?sig=1\nv720/1.m4s";
        let found = first_address("http://localhost:8080/media/a/master.m3u8", playlist);
        assert_eq!(found.as_deref(), Some("http://localhost:8080/media/a/v720/0.m4s?sig=1"));
        assert_eq!(first_address("http://localhost/", "#EXTM3U"), None);
    }
}
