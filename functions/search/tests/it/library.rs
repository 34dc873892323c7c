//! A searched library with an index of its own.

use std::time::Duration;

use events::{Consumer, Deadline, Event, Outcome};
use kernel::{Id, TitleId, World};
use opensearch::{
    OpenSearch,
    indices::{IndicesDeleteParts, IndicesRefreshParts},
};
use proto::types::TITLE_CHANGED;
use serde_json::{Value, json};
use testkit::{App, Service};
use time::OffsetDateTime;

pub struct Library {
    pub service: Service,
    pub app: App,
    pub alias: String,
}

impl Library {
    pub async fn open() -> Self {
        let alias = format!("titles-{}", World::system().id::<kernel::EventId>().to_string().replace('_', "-"));
        let service = Service::start("search").await.with("SEARCH_ALIAS", &alias);
        let app = service.app(search::operations::routes);
        Self { service, app, alias }
    }

    pub fn engine(&self) -> OpenSearch {
        self.service.boot().opensearch(Duration::from_secs(10)).unwrap()
    }

    pub async fn deliver(&self, events: Vec<Event>) -> Vec<Outcome> {
        let consumer = search::operations::consumers::index_title(&self.service.boot()).unwrap();
        consumer.consume_all(events, &Deadline::unlimited(World::system())).await
    }

    /// Makes what was indexed visible at once.
    pub async fn refresh(&self) {
        let response =
            self.engine().indices().refresh(IndicesRefreshParts::Index(&[&self.alias])).send().await.unwrap();
        assert!(response.status_code().is_success(), "{}", response.text().await.unwrap());
    }

    pub async fn with(titles: &[Value]) -> Self {
        let library = Self::open().await;
        let events = titles.iter().enumerate().map(|(number, title)| event(id(number), 1, title)).collect();
        let outcomes = library.deliver(events).await;
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
        library.refresh().await;
        library
    }

    /// The same library while the search engine is down.
    pub fn without_engine(&self) -> App {
        let vars = self.service.vars().clone().set("OPENSEARCH_URL", "http://127.0.0.1:1");
        let boot = runtime::Boot::new(vars);
        self.service.app_with(&boot, search::operations::routes)
    }

    pub async fn close(self) {
        let index = search::index::first_index(&self.alias);
        self.engine().indices().delete(IndicesDeleteParts::Index(&[&index])).send().await.unwrap();
    }
}

pub fn id(number: usize) -> TitleId {
    TitleId::from_parts(OffsetDateTime::UNIX_EPOCH, [u8::try_from(number).unwrap(); 10])
}

pub fn event(id: TitleId, sequence: i64, title: &Value) -> Event {
    let mut data = title.clone();
    data["title_id"] = json!(id);
    Event::new(&World::system(), TITLE_CHANGED, id, sequence, &data)
}

pub fn film(name: &str) -> Value {
    json!({
        "kind": "film", "slug": "film", "publication": "published", "rating": 12, "year": 2010, "original_title": name,
        "genres": ["animation"], "localisations": [{"locale": "en", "name": name}],
    })
}

pub fn named(english: &str, russian: &str, people: &[&str]) -> Value {
    let mut title = film(english);
    title["localisations"] = json!([{"locale": "en", "name": english}, {"locale": "ru", "name": russian}]);
    title["credits"] = people.iter().map(|name| json!({"name": name, "role": "actor"})).collect();
    title
}

pub fn path(parameters: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        query.push_str(&format!("{}{name}={encoded}", if query.is_empty() { "?" } else { "&" }));
    }
    format!("/v1/search{query}")
}

pub async fn search(app: &App, q: &str) -> Value {
    app.get(&path(&[("q", q)])).send().await.expect(200)
}

pub fn names(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}
