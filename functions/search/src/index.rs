//! The search engine.
//!
//! Searches read through the alias. Writes go to every index that one of three aliases names: the live one, the one that is being built, and the
//! one that was live before, so that either can become live without having lost an edit.

use std::{collections::BTreeMap, time::Duration};

use events::Outcome;
use kernel::{EventId, TitleId, World, policy::search_filter};
use opensearch::{
    BulkOperation, BulkParts, MsearchParts, SearchParts,
    http::{StatusCode, request::JsonBody, response::Response},
    indices::{IndicesCreateParts, IndicesGetAliasParts, IndicesPutAliasParts, IndicesRefreshParts},
    params::VersionType,
};
use runtime::{Boot, BootError};
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::{Value, json};
use stores::{OpenSearch, StoreError};

use crate::{
    asked::Reach,
    criteria::{Criteria, Slice},
    document::{Document, NamedTitle, Revision},
    facets::{FacetCount, Facets, ordered},
    found::{Found, Suggested},
    mapping, query,
};

const ENGINE: &str = "opensearch";
/// `SEARCH_ALIAS` names another one.
const ALIAS: &str = "titles";

/// The index of titles behind its aliases.
#[derive(Clone)]
pub struct Index {
    client: OpenSearch,
    alias: String,
}

/// Of documents, or of the parts of them that were asked for.
#[derive(Deserialize)]
struct SearchAnswer<D> {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits<D>,
    #[serde(default)]
    aggregations: BTreeMap<String, Aggregation>,
}

#[derive(Deserialize)]
struct Shards {
    failed: u64,
}

#[derive(Deserialize)]
struct Hits<D> {
    #[serde(default)]
    total: Total,
    hits: Vec<Hit<D>>,
}

#[derive(Default, Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit<D> {
    #[serde(rename = "_source")]
    source: Source<D>,
}

#[derive(Deserialize)]
struct Source<D> {
    document: D,
}

/// A part of a [`Document`].
#[derive(Deserialize)]
struct People {
    people: Vec<String>,
}

#[derive(Deserialize)]
struct Aggregation {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
struct Bucket {
    key: Value,
    doc_count: u64,
}

#[derive(Deserialize)]
struct BulkAnswer {
    items: Vec<BulkItem>,
}

#[derive(Deserialize)]
struct BulkItem {
    index: BulkResult,
}

#[derive(Deserialize)]
struct BulkResult {
    status: u16,
    #[serde(default)]
    error: Value,
}

/// Of several searches at once.
#[derive(Serialize)]
#[serde(untagged)]
enum Line<'a> {
    Header {},
    Body(&'a query::Search<'a>),
}

/// What an alias is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Live,
    Building,
    Previous,
}

/// What was found of an index that is being built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It was not there, and is empty.
    Created,
    /// It is there and gets edits.
    Known,
    /// It is, or was, live.
    Live,
}

impl<D> SearchAnswer<D> {
    /// The answer, if it is a whole one.
    fn whole(self) -> Result<Self, StoreError> {
        if self.timed_out || self.shards.failed > 0 {
            return Err(StoreError { engine: ENGINE, detail: "the search is incomplete".to_owned() });
        }
        Ok(self)
    }

    fn counts(&mut self, name: &str) -> Vec<FacetCount> {
        let buckets = self.aggregations.remove(name).map(|found| found.buckets).unwrap_or_default();
        let text = |key: Value| match key {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let counts = buckets.into_iter().map(|found| FacetCount { value: text(found.key), count: found.doc_count });
        ordered(counts.collect())
    }

    fn documents(self) -> impl Iterator<Item = D> {
        self.hits.hits.into_iter().map(|hit| hit.source.document)
    }
}

impl Index {
    /// Each call to the engine ends after `limit`.
    ///
    /// # Errors
    /// When a variable is missing.
    pub fn new(boot: &Boot, limit: Duration) -> Result<Self, BootError> {
        let alias = boot.var("SEARCH_ALIAS").unwrap_or_else(|| ALIAS.to_owned());
        Ok(Self { client: boot.opensearch(limit)?, alias })
    }

    /// A slice of what fits, best first. Half an answer is an error.
    pub(crate) async fn search(&self, criteria: &Criteria, reach: Reach, slice: Slice) -> Result<Found, StoreError> {
        self.search_in(&self.alias, criteria, reach, slice).await
    }

    /// The same in one index.
    pub(crate) async fn search_in(
        &self,
        name: &str,
        criteria: &Criteria,
        reach: Reach,
        slice: Slice,
    ) -> Result<Found, StoreError> {
        let names = [name];
        let request = self.client.search(SearchParts::Index(&names)).allow_partial_search_results(false);
        let visible = search_filter(&criteria.audience, criteria.now);
        let body = query::search(criteria, &visible, reach, slice);
        let response = request.body(body).send().await.map_err(failed)?;
        let mut answer = read::<SearchAnswer<Document>>("search", response).await?.whole()?;
        let facets =
            Facets { types: answer.counts("kinds"), genres: answer.counts("genres"), years: answer.counts("years") };
        Ok(Found { total: answer.hits.total.value, facets, documents: answer.documents().collect() })
    }

    /// What is suggested for a text that is being typed.
    pub(crate) async fn suggest(&self, criteria: &Criteria, reach: Reach) -> Result<Suggested, StoreError> {
        #[derive(Deserialize)]
        struct Answers {
            responses: (SearchAnswer<NamedTitle>, SearchAnswer<People>, SearchAnswer<IgnoredAny>),
        }
        let names = [self.alias.as_str()];
        let visible = search_filter(&criteria.audience, criteria.now);
        let bodies = query::suggest(criteria, &visible, reach);
        let body: Vec<JsonBody<Line<'_>>> =
            bodies.iter().flat_map(|body| [Line::Header {}, Line::Body(body)]).map(JsonBody::from).collect();
        let response = self.client.msearch(MsearchParts::Index(&names)).body(body).send().await.map_err(failed)?;
        let Answers { responses: (titles, people, genres) } = read("suggest", response).await?;
        Ok(Suggested {
            titles: titles.whole()?.documents().collect(),
            people: people.whole()?.documents().flat_map(|found| found.people).collect(),
            genres: genres.whole()?.counts("genres").into_iter().map(|genre| genre.value).collect(),
        })
    }

    /// Indexes each revision everywhere unless a newer one is there; one outcome per revision.
    pub(crate) async fn put(&self, revisions: &[&Revision]) -> Vec<Outcome> {
        match self.try_put(revisions).await {
            Ok(outcomes) => outcomes,
            Err(error) => revisions.iter().map(|_| Outcome::retry(&error)).collect(),
        }
    }

    async fn try_put(&self, revisions: &[&Revision]) -> Result<Vec<Outcome>, StoreError> {
        let mut roles = self.roles().await?;
        if !roles.contains(&Role::Live) {
            ensure_index(&self.client, &self.alias).await?;
            roles = self.roles().await?;
        }
        let outcomes = self.write(&roles, revisions).await?;
        if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Retry(_))) {
            return Ok(outcomes);
        }
        // Between the look and the write another index became live: its alias of before leads nowhere.
        let present = self.roles().await?;
        if present == roles { Ok(outcomes) } else { self.write(&present, revisions).await }
    }

    /// What there is an index for.
    async fn roles(&self) -> Result<Vec<Role>, StoreError> {
        Ok(self.targets().await?.into_iter().map(|(role, _)| role).collect())
    }

    /// Each revision into the index of each alias; one outcome per revision.
    async fn write(&self, roles: &[Role], revisions: &[&Revision]) -> Result<Vec<Outcome>, StoreError> {
        let mut operations: Vec<BulkOperation<Value>> = Vec::with_capacity(roles.len() * revisions.len());
        for revision in revisions {
            let body = revision.document.indexed();
            operations.extend(roles.iter().map(|role| {
                let operation = BulkOperation::index(body.clone()).id(revision.document.title_id.to_string());
                let operation = operation.index(self.alias_of(*role));
                operation.version(revision.sequence).version_type(VersionType::External).into()
            }));
        }
        // Without the alias, which may have gone just now, the engine would make an index of its own guesses.
        let request = self.client.bulk(BulkParts::None).require_alias(true).body(operations);
        let answer: BulkAnswer = read("bulk", request.send().await.map_err(failed)?).await?;
        if answer.items.len() != roles.len() * revisions.len() || roles.is_empty() {
            return Err(StoreError { engine: ENGINE, detail: "the bulk answer is incomplete".to_owned() });
        }
        let outcome_of = |items: &[BulkItem]| {
            let each = items.iter().zip(roles).map(|(item, role)| outcome(&item.index, *role));
            each.fold(Outcome::Done, worse)
        };
        Ok(answer.items.chunks(roles.len()).map(outcome_of).collect())
    }

    fn alias_of(&self, role: Role) -> String {
        match role {
            Role::Live => self.alias.clone(),
            Role::Building => format!("{}-building", self.alias),
            Role::Previous => format!("{}-previous", self.alias),
        }
    }

    /// With which every name of an index of the present mapping begins.
    pub(crate) fn first_name(&self) -> String {
        first_index(&self.alias)
    }

    /// A name for a new index of the present mapping.
    pub(crate) fn next_name(&self, world: &World) -> String {
        let unique = world.id::<EventId>().to_string();
        let unique = unique.split('_').next_back().unwrap_or_default();
        format!("{}-{unique}", self.first_name())
    }

    /// Whether searches read an index of an outdated mapping.
    pub(crate) async fn is_outdated(&self) -> Result<bool, StoreError> {
        let live = self.targets().await?.into_iter().find(|(role, _)| *role == Role::Live);
        let is_present = |name: &str| name == self.first_name() || name.starts_with(&format!("{}-", self.first_name()));
        Ok(live.is_some_and(|(_, name)| !is_present(&name)))
    }

    /// Sees to it that the index is there and gets edits.
    pub(crate) async fn begin(&self, name: &str) -> Result<Begun, StoreError> {
        match self.targets().await?.into_iter().find(|(_, index)| index == name) {
            Some((Role::Building, _)) => return Ok(Begun::Known),
            Some(_) => return Ok(Begun::Live),
            None => {}
        }
        create(&self.client, name, &self.alias_of(Role::Building)).await?;
        Ok(Begun::Created)
    }

    /// Writes titles to the index that is being built. What the engine refuses for ever is left out.
    pub(crate) async fn copy(&self, revisions: &[&Revision]) -> Result<(), StoreError> {
        let outcomes = self.write(&[Role::Building], revisions).await?;
        for (outcome, revision) in outcomes.into_iter().zip(revisions) {
            match outcome {
                Outcome::Done => {}
                Outcome::Retry(reason) => return Err(StoreError { engine: ENGINE, detail: reason }),
                Outcome::Poison(reason) => {
                    tracing::error!(title = %revision.document.title_id, reason, "a title cannot be indexed");
                }
            }
        }
        Ok(())
    }

    /// What was written can be found from now on.
    pub(crate) async fn refresh(&self, name: &str) -> Result<(), StoreError> {
        let response =
            self.client.indices().refresh(IndicesRefreshParts::Index(&[name])).send().await.map_err(failed)?;
        read::<Value>("refreshing", response).await.map(drop)
    }

    /// Every title of an index with its version.
    pub(crate) async fn versions(&self, name: &str) -> Result<BTreeMap<TitleId, i64>, StoreError> {
        #[derive(Deserialize)]
        struct Answer {
            hits: Page,
        }
        #[derive(Deserialize)]
        struct Page {
            hits: Vec<Versioned>,
        }
        #[derive(Deserialize)]
        struct Versioned {
            #[serde(rename = "_id")]
            id: TitleId,
            #[serde(rename = "_version")]
            version: i64,
        }
        const PAGE: usize = 2_000;
        let mut found = BTreeMap::new();
        let mut last = String::new();
        loop {
            let body = json!({
                "size": PAGE, "version": true, "_source": false, "sort": [{ "title_id": "asc" }], "search_after": [last],
            });
            let names = [name];
            let response = self.client.search(SearchParts::Index(&names)).body(body).send().await.map_err(failed)?;
            let Answer { hits } = read("listing", response).await?;
            let Some(newest) = hits.hits.last() else { return Ok(found) };
            last = newest.id.to_string();
            found.extend(hits.hits.into_iter().map(|hit| (hit.id, hit.version)));
        }
    }

    /// Makes the index live; the one that was live goes on getting edits, the one before that goes.
    pub(crate) async fn exchange(&self, name: &str) -> Result<(), StoreError> {
        let mut actions = vec![
            json!({ "remove": { "index": name, "alias": self.alias_of(Role::Building) } }),
            json!({ "add": { "index": name, "alias": self.alias } }),
        ];
        for (role, index) in self.targets().await? {
            match role {
                Role::Live => actions.extend(self.step_back(&index)),
                Role::Previous => actions.push(json!({ "remove_index": { "index": index } })),
                Role::Building => {}
            }
        }
        self.change_aliases(actions).await
    }

    /// Puts the index before back; the names of the one that is live now and of the one that was, or `None` if there is none from before.
    pub(crate) async fn roll_back(&self) -> Result<Option<(String, String)>, StoreError> {
        let targets = self.targets().await?;
        let of = |wanted: Role| targets.iter().find(|(role, _)| *role == wanted).map(|(_, index)| index.clone());
        let Some((live, before)) = of(Role::Live).zip(of(Role::Previous)) else { return Ok(None) };
        let mut actions = vec![
            json!({ "remove": { "index": before, "alias": self.alias_of(Role::Previous) } }),
            json!({ "add": { "index": before, "alias": self.alias } }),
        ];
        actions.extend(self.step_back(&live));
        self.change_aliases(actions).await?;
        Ok(Some((before, live)))
    }

    /// Takes a new index away that did not become live.
    pub(crate) async fn discard(&self, name: &str) -> Result<(), StoreError> {
        self.change_aliases(vec![json!({ "remove_index": { "index": name } })]).await
    }

    /// A live index becomes the one before.
    fn step_back(&self, index: &str) -> [Value; 2] {
        [
            json!({ "remove": { "index": index, "alias": self.alias } }),
            json!({ "add": { "index": index, "alias": self.alias_of(Role::Previous) } }),
        ]
    }

    /// All or none.
    async fn change_aliases(&self, actions: Vec<Value>) -> Result<(), StoreError> {
        let response =
            self.client.indices().update_aliases().body(json!({ "actions": actions })).send().await.map_err(failed)?;
        read::<Value>("changing aliases", response).await.map(drop)
    }

    /// The indices that writes go to.
    async fn targets(&self) -> Result<Vec<(Role, String)>, StoreError> {
        #[derive(Deserialize)]
        struct Named {
            aliases: BTreeMap<String, Value>,
        }
        const ROLES: [Role; 3] = [Role::Live, Role::Building, Role::Previous];
        let aliases = ROLES.map(|role| self.alias_of(role));
        let names = aliases.each_ref().map(String::as_str);
        let indices = self.client.indices();
        let response = indices.get_alias(IndicesGetAliasParts::Name(&names)).send().await.map_err(failed)?;
        // 404 names the aliases that are not there beside the indices that are.
        let status = response.status_code();
        if !status.is_success() && status != StatusCode::NOT_FOUND {
            return Err(refused("looking for the index", status, &response.text().await.unwrap_or_default()));
        }
        let found: BTreeMap<String, Value> = response.json().await.map_err(failed)?;
        let mut targets = Vec::new();
        for (index, named) in found {
            let Ok(named) = serde_json::from_value::<Named>(named) else { continue };
            let role = ROLES.into_iter().zip(&aliases).find(|(_, alias)| named.aliases.contains_key(*alias));
            targets.extend(role.map(|(role, _)| (role, index)));
        }
        targets.sort();
        Ok(targets)
    }
}

fn outcome(result: &BulkResult, role: Role) -> Outcome {
    match result.status {
        // Conflict: a newer version is there.
        200..=299 | 409 => Outcome::Done,
        // Postgres has the title: what is built from it will have it too.
        _ if role == Role::Previous || result.error["type"] == "strict_dynamic_mapping_exception" => {
            tracing::warn!(?role, error = %result.error, "an older index does not take the title");
            Outcome::Done
        }
        404 | 429 | 500.. => Outcome::retry(&result.error),
        _ => Outcome::poison(&result.error),
    }
}

/// All must be done; where one refuses for ever, no retry helps.
fn worse(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (Outcome::Poison(reason), _) | (_, Outcome::Poison(reason)) => Outcome::Poison(reason),
        (Outcome::Retry(reason), _) | (_, Outcome::Retry(reason)) => Outcome::Retry(reason),
        (Outcome::Done, Outcome::Done) => Outcome::Done,
    }
}

/// The name of the first index behind an alias: of another mapping, or with other keys of names, it is another index.
pub fn first_index(alias: &str) -> String {
    format!("{alias}-v{}-{}", mapping::VERSION, collation::VERSION)
}

/// Creates the first index behind the alias unless the alias leads somewhere already. Safe to call from anywhere at any time.
///
/// # Errors
/// When the engine does not do it.
pub async fn ensure_index(client: &OpenSearch, alias: &str) -> Result<(), StoreError> {
    let exists = client.indices().get_alias(IndicesGetAliasParts::Name(&[alias])).send().await.map_err(failed)?;
    if exists.status_code().is_success() {
        return Ok(());
    }
    create(client, &first_index(alias), alias).await
}

/// Creates an index behind an alias. One that is there gets the alias.
async fn create(client: &OpenSearch, name: &str, alias: &str) -> Result<(), StoreError> {
    let indices = client.indices();
    let request = indices.create(IndicesCreateParts::Index(name)).body(mapping::index(alias));
    let created = request.send().await.map_err(failed)?;
    let status = created.status_code();
    if status.is_success() {
        return Ok(());
    }
    let text = created.text().await.unwrap_or_default();
    if !text.contains("resource_already_exists_exception") {
        return Err(refused("creating the index", status, &text));
    }
    // Somebody else was first; an index that lost its alias gets it back.
    let response = indices.put_alias(IndicesPutAliasParts::IndexName(&[name], alias)).send().await.map_err(failed)?;
    read::<Value>("naming the index", response).await.map(drop)
}

async fn read<T: DeserializeOwned>(what: &str, response: Response) -> Result<T, StoreError> {
    let status = response.status_code();
    if !status.is_success() {
        return Err(refused(what, status, &response.text().await.unwrap_or_default()));
    }
    response.json().await.map_err(failed)
}

fn failed(error: opensearch::Error) -> StoreError {
    StoreError::new(ENGINE, error)
}

fn refused(what: &str, status: StatusCode, text: &str) -> StoreError {
    const SHOWN: usize = 500;
    let text: String = text.chars().take(SHOWN).collect();
    StoreError { engine: ENGINE, detail: format!("{what} answered {status}: {text}") }
}
