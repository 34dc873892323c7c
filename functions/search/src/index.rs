//! The search engine.

use std::time::Duration;

use events::Outcome;
use opensearch::{
    BulkOperation, BulkParts, SearchParts,
    http::StatusCode,
    indices::{IndicesCreateParts, IndicesExistsAliasParts, IndicesPutAliasParts},
    params::VersionType,
};
use runtime::{Boot, BootError};
use serde::Deserialize;
use serde_json::Value;
use stores::{OpenSearch, StoreError};

use crate::{
    criteria::{Criteria, Slice},
    document::{Document, Found, Revision},
    mapping,
};

const ENGINE: &str = "opensearch";
/// `SEARCH_ALIAS` names another one.
const ALIAS: &str = "titles";

/// The index of titles behind its alias.
#[derive(Clone)]
pub struct Index {
    client: OpenSearch,
    alias: String,
}

#[derive(Deserialize)]
struct SearchAnswer {
    timed_out: bool,
    #[serde(rename = "_shards")]
    shards: Shards,
    hits: Hits,
}

#[derive(Deserialize)]
struct Shards {
    failed: u64,
}

#[derive(Deserialize)]
struct Hits {
    total: Total,
    hits: Vec<Hit>,
}

#[derive(Deserialize)]
struct Total {
    value: u64,
}

#[derive(Deserialize)]
struct Hit {
    #[serde(rename = "_source")]
    source: Source,
}

#[derive(Deserialize)]
struct Source {
    document: Document,
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
    pub(crate) async fn search(&self, criteria: &Criteria, slice: Slice) -> Result<Found, StoreError> {
        let names = [self.alias.as_str()];
        let request = self.client.search(SearchParts::Index(&names)).allow_partial_search_results(false);
        let response = request.body(criteria.query(slice)).send().await.map_err(failed)?;
        let status = response.status_code();
        if !status.is_success() {
            return Err(refused("search", status, &response.text().await.unwrap_or_default()));
        }
        let answer: SearchAnswer = response.json().await.map_err(failed)?;
        if answer.timed_out || answer.shards.failed > 0 {
            return Err(StoreError { engine: ENGINE, detail: "the search is incomplete".to_owned() });
        }
        let documents = answer.hits.hits.into_iter().map(|hit| hit.source.document).collect();
        Ok(Found { documents, total: answer.hits.total.value })
    }

    /// Indexes each revision unless a newer one is there; one outcome per revision.
    pub(crate) async fn put(&self, revisions: &[&Revision]) -> Vec<Outcome> {
        let mut outcomes = self.bulk(revisions).await;
        let missing: Vec<usize> = (0..outcomes.len()).filter(|at| outcomes[*at].is_none()).collect();
        if !missing.is_empty() {
            let again = match ensure_index(&self.client, &self.alias).await {
                Ok(()) => self.bulk(&missing.iter().map(|at| revisions[*at]).collect::<Vec<_>>()).await,
                Err(error) => missing.iter().map(|_| Some(Outcome::retry(&error))).collect(),
            };
            for (at, outcome) in missing.into_iter().zip(again) {
                outcomes[at] = outcome;
            }
        }
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Outcome::retry("there is no index"))).collect()
    }

    /// `None` for what needs an index that is not there.
    async fn bulk(&self, revisions: &[&Revision]) -> Vec<Option<Outcome>> {
        match self.try_bulk(revisions).await {
            Ok(outcomes) if outcomes.len() == revisions.len() => outcomes,
            Ok(_) => revisions.iter().map(|_| Some(Outcome::retry("the engine's answer is incomplete"))).collect(),
            Err(error) => revisions.iter().map(|_| Some(Outcome::retry(&error))).collect(),
        }
    }

    async fn try_bulk(&self, revisions: &[&Revision]) -> Result<Vec<Option<Outcome>>, StoreError> {
        let operation = |revision: &&Revision| -> BulkOperation<Value> {
            BulkOperation::index(revision.document.indexed())
                .id(revision.document.title_id.to_string())
                .version(revision.sequence)
                .version_type(VersionType::External)
                .into()
        };
        let operations: Vec<_> = revisions.iter().map(operation).collect();
        // Without the alias the engine would make an index of its own guesses.
        let request = self.client.bulk(BulkParts::Index(&self.alias)).require_alias(true).body(operations);
        let response = request.send().await.map_err(failed)?;
        let status = response.status_code();
        if !status.is_success() {
            return Err(refused("bulk", status, &response.text().await.unwrap_or_default()));
        }
        let answer: BulkAnswer = response.json().await.map_err(failed)?;
        Ok(answer.items.into_iter().map(|item| outcome(&item.index)).collect())
    }
}

fn outcome(result: &BulkResult) -> Option<Outcome> {
    match result.status {
        // Conflict: a newer version is there.
        200..=299 | 409 => Some(Outcome::Done),
        404 => None,
        429 | 500.. => Some(Outcome::retry(&result.error)),
        _ => Some(Outcome::poison(&result.error)),
    }
}

/// Creates the index `<alias>-v1` behind the alias unless the alias leads somewhere already. Safe to call from anywhere at any time.
///
/// # Errors
/// When the engine does not do it.
pub async fn ensure_index(client: &OpenSearch, alias: &str) -> Result<(), StoreError> {
    let exists = client.indices().exists_alias(IndicesExistsAliasParts::Name(&[alias])).send().await.map_err(failed)?;
    if exists.status_code().is_success() {
        return Ok(());
    }
    let name = format!("{alias}-v1");
    let created = client
        .indices()
        .create(IndicesCreateParts::Index(&name))
        .body(mapping::index(alias))
        .send()
        .await
        .map_err(failed)?;
    let status = created.status_code();
    if status.is_success() {
        return Ok(());
    }
    let text = created.text().await.unwrap_or_default();
    if !text.contains("resource_already_exists_exception") {
        return Err(refused("creating the index", status, &text));
    }
    // Somebody else was first; an index that lost its alias gets it back.
    let parts = IndicesPutAliasParts::IndexName(&[&name], alias);
    let response = client.indices().put_alias(parts).send().await.map_err(failed)?;
    let status = response.status_code();
    if status.is_success() {
        Ok(())
    } else {
        Err(refused("naming the index", status, &response.text().await.unwrap_or_default()))
    }
}

fn failed(error: opensearch::Error) -> StoreError {
    StoreError::new(ENGINE, error)
}

fn refused(what: &str, status: StatusCode, text: &str) -> StoreError {
    const SHOWN: usize = 500;
    let text: String = text.chars().take(SHOWN).collect();
    StoreError { engine: ENGINE, detail: format!("{what} answered {status}: {text}") }
}
